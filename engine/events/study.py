"""The events that a study reports, in the order in which they happen.

The engine makes them, the run folder keeps them, the dashboard draws them. Each is a frozen value that
survives the trip to JSON and back (`engine.events.codec`). Stages of a job are "preprocess", "train" and "evaluate".
Before the first job
"check" reads every image of the data set once and "audit" looks for copies among them; after the last "baselines"
resizes every image for the comparison and "quality" holds every variant's test images against plain ones.
"""

import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from engine.config.machine import MachineSettings, Precision
from engine.config.own_steps import OwnStep
from engine.config.protocols import Protocol
from engine.config.recipes import Recipe
from engine.reports.audit import AuditReport
from engine.reports.machine_load import GpuLoad
from engine.reports.pipelines import PipelineAnalysis
from engine.reports.quality import QualityReport
from engine.reports.results import (
    Baseline,
    DatasetSummary,
    JobResult,
    NetworkInfo,
    ProtocolSummary,
    Status,
    SuperresWeightsInfo,
)
from engine.reports.statistics import StudyStatistics

Stage = Literal["check", "audit", "preprocess", "train", "evaluate", "baselines", "quality"]
Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events; `time` is in seconds since the Unix epoch."""

    time: float = field(default_factory=clock.time)


@dataclass(frozen=True, kw_only=True)
class StudyStarted(Event):
    """The first event: what will be done. Counts may still fall when unreadable images are found (`DatasetChecked`).

    `steps` are the user's own among the variants' steps.
    """

    study: str
    dataset: DatasetSummary
    variants: tuple[str, ...]
    protocol: Protocol
    recipe: Recipe
    seed: int
    program_version: str
    folder: str = ""
    repeats: int = 1
    folds: int = 1
    steps: tuple[OwnStep, ...] = ()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that will be trained."""
        return tuple(range(self.seed, self.seed + self.repeats))

    @property
    def jobs_per_variant(self) -> int:
        """How often each variant is trained."""
        return self.repeats * self.folds


@dataclass(frozen=True, kw_only=True)
class DatasetChecked(Event):
    """Every image was read; the summary holds what is really used."""

    dataset: DatasetSummary


@dataclass(frozen=True, kw_only=True)
class AuditFinished(Event):
    """What the images say of how far scores on them can be trusted."""

    audit: AuditReport


@dataclass(frozen=True, kw_only=True)
class ProtocolApplied(Event):
    """Which images train and which test from here on."""

    protocol: ProtocolSummary


@dataclass(frozen=True, kw_only=True)
class MachineChosen(Event):
    """How the arithmetic is done from here on."""

    machine: MachineSettings


@dataclass(frozen=True, kw_only=True)
class MachineMeasured(Event):
    """How busy a machine was since it was last measured, every few seconds of a study.

    Attributes:
        host: its name.
        worker: the job of the process which trains ("vanilla-seed0-fold0"); empty for the one that leads the study.
        cpu: share of all cores that worked, [0, 1].
        process_cpu: the part of that share that the process had.
        memory, memory_total: bytes in use by all programs, and that there are.
        process_memory: bytes of the process.
        disk_free: bytes free where the run lies; None where that is not known.
        disk_read, disk_written: bytes a second of all disks together; None where they are not counted.
        gpus: those that the process may use.
    """

    host: str = ""
    worker: str = ""
    cpu: float = 0.0
    process_cpu: float = 0.0
    memory: int = 0
    memory_total: int = 0
    process_memory: int = 0
    disk_free: int | None = None
    disk_read: int | None = None
    disk_written: int | None = None
    gpus: tuple[GpuLoad, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SuperresWeightsChosen(Event):
    """Which super-resolution weights are used and in which precision (only where a variant needs them)."""

    weights: SuperresWeightsInfo
    precision: Precision = "fp32"


@dataclass(frozen=True, kw_only=True)
class NetworkOpened(Event):
    """Which network is trained and what it starts from, where it is not one of ours that starts at random."""

    network: NetworkInfo


@dataclass(frozen=True, kw_only=True)
class Notice(Event):
    """A line for the message log; `variant` is empty where it concerns the whole study."""

    message: str
    level: Level = "info"
    variant: str = ""


@dataclass(frozen=True, kw_only=True)
class StageStarted(Event):
    """A stage begins; `total` counts batches for "train" and images for the others.

    `variant` is empty for "check", "audit", "baselines" and "quality". `cached` of the total need no work.
    """

    stage: Stage
    total: int
    variant: str = ""
    seed: int = 0
    fold: int = 0
    cached: int = 0


@dataclass(frozen=True, kw_only=True)
class StageProgress(Event):
    """`done` of the stage's total are ready, those from the cache included. Training reports `BatchTrained` instead."""

    stage: Stage
    done: int
    variant: str = ""
    seed: int = 0
    fold: int = 0


@dataclass(frozen=True, kw_only=True)
class StageFinished(Event):
    """The stage ended (also when it was stopped); `seconds` is its wall-clock time without pauses."""

    stage: Stage
    seconds: float
    variant: str = ""
    seed: int = 0
    fold: int = 0


@dataclass(frozen=True, kw_only=True)
class BatchTrained(Event):
    """One optimiser step. `epoch` and `step` count from 0, `step` over the whole job; `loss` may be NaN or infinite.

    `gradient_norm` is the Euclidean norm of all gradients before the step; older runs have none.
    """

    variant: str
    epoch: int
    step: int
    loss: float
    images: int
    gradient_norm: float | None = None
    seed: int = 0
    fold: int = 0


@dataclass(frozen=True, kw_only=True)
class EpochTrained(Event):
    """An epoch ended. `loss` and `accuracy` are means over its training images as they were seen (dropout on).

    `validation_accuracy` and `validation_loss` (cross-entropy, no label smoothing) are measured after the epoch, on
    images kept out of training, where there are any; older runs have no such loss.
    """

    variant: str
    epoch: int
    loss: float
    accuracy: float
    seed: int = 0
    fold: int = 0
    validation_accuracy: float | None = None
    validation_loss: float | None = None


@dataclass(frozen=True, kw_only=True)
class JobFinished(Event):
    """One variant is trained and evaluated, was stopped or has failed."""

    result: JobResult


@dataclass(frozen=True, kw_only=True)
class AttemptSubmitted(Event):
    """A process for a job was asked for, where jobs run in processes of their own; `attempt` counts from 1.

    `place` is what its engine calls it ("process 4711", "Slurm job 17", "Ray task 3f2a").
    """

    variant: str
    seed: int
    fold: int
    attempt: int
    place: str


@dataclass(frozen=True, kw_only=True)
class AttemptStarted(Event):
    """The process lives and works on the job; `output` is the file with what it prints, from the run folder on."""

    variant: str
    seed: int
    fold: int
    attempt: int
    host: str
    process: int
    device_name: str
    output: str


@dataclass(frozen=True, kw_only=True)
class AttemptEnded(Event):
    """The process is no more; `reason` is empty where it did its job, else why it ended."""

    variant: str
    seed: int
    fold: int
    attempt: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkersChanged(Event):
    """How many jobs run at once from here on, and where ("local", "slurm", "ray"); `reason` is empty at the start.

    `held` is why the engine takes no more of them for now, and has not for `held_seconds`; empty where it does, after
    so many seconds in which it did not.
    """

    workers: int
    on: str = "local"
    reason: str = ""
    held: str = ""
    held_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class BaselinesMeasured(Event):
    """Scores of the rules that do not learn, on the same test images."""

    baselines: tuple[Baseline, ...]


@dataclass(frozen=True, kw_only=True)
class QualityMeasured(Event):
    """How close the variants' test images are to plain ones; a later one replaces it."""

    quality: QualityReport


@dataclass(frozen=True, kw_only=True)
class StatisticsComputed(Event):
    """What the scores bear, over all jobs that have ended so far; a later one replaces it."""

    statistics: StudyStatistics


@dataclass(frozen=True, kw_only=True)
class PipelinesAnalysed(Event):
    """What orders, strengths and selections of steps do, over all jobs so far, where the study has such a design."""

    analysis: PipelineAnalysis


@dataclass(frozen=True, kw_only=True)
class StudyPaused(Event):
    """The engine waits."""


@dataclass(frozen=True, kw_only=True)
class StudyUnpaused(Event):
    """The engine goes on after a pause (`StudyResumed` up to version 2 of the run folder)."""


@dataclass(frozen=True, kw_only=True)
class RunResumed(Event):
    """A study that was interrupted or stopped is resumed: jobs that are not done are worked on again.

    What came last before is the end no more. Events of the parts before the first job come again where they must.
    """

    program_version: str


@dataclass(frozen=True, kw_only=True)
class TrainingResumed(Event):
    """A job's training is resumed where a checkpoint has it: after `step` batches, of which `epoch` are whole epochs.

    What was told of later batches and epochs of this job is void: they come again.
    """

    variant: str
    epoch: int
    step: int
    seed: int = 0
    fold: int = 0


@dataclass(frozen=True, kw_only=True)
class StudyFinished(Event):
    """The last event, unless the study is resumed.

    `reason` is empty where all went well; `conclusion` holds sentences drawn from the numbers.
    """

    status: Status
    reason: str = ""
    conclusion: tuple[str, ...] = ()
    folder: str = ""


Emit = Callable[[Event], None]
"""Takes an event in the engine's thread; must return at once."""
