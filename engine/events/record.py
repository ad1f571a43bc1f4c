"""A study's events folded into one record, which is what tables, files and screens read."""

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from engine.config.machine import MachineSettings, Precision
from engine.events import study as events
from engine.reports.aggregate import aggregate_results
from engine.reports.audit import AuditReport
from engine.reports.pipelines import PipelineAnalysis
from engine.reports.quality import QualityReport
from engine.reports.results import (
    Baseline,
    DatasetSummary,
    JobResult,
    NetworkInfo,
    ProtocolSummary,
    SuperresWeightsInfo,
)
from engine.reports.statistics import StudyStatistics

LASTING: dict[type[events.Event], str] = {
    events.DatasetChecked: "dataset",
    events.AuditFinished: "audit",
    events.ProtocolApplied: "protocol",
    events.MachineChosen: "machine",
    events.NetworkOpened: "network",
    events.StatisticsComputed: "statistics",
    events.PipelinesAnalysed: "analysis",
    events.QualityMeasured: "quality",
}
"""Events whose one value replaces the record's of the same name."""


class JobKey(NamedTuple):
    """What tells one job of a study from another."""

    variant: str
    seed: int
    fold: int


@dataclass
class StageSpan:
    """When a stage ran, in seconds since the Unix epoch; `end` is None while it does."""

    stage: events.Stage
    job: JobKey
    start: float
    end: float | None = None


@dataclass
class StudyRecord:
    """Everything known of a study so far; `apply` takes the next event."""

    started: events.StudyStarted | None = None
    dataset: DatasetSummary | None = None
    audit: AuditReport | None = None
    protocol: ProtocolSummary | None = None
    machine: MachineSettings | None = None
    network: NetworkInfo | None = None
    """None for our own, begun at random."""
    superres_weights: SuperresWeightsInfo | None = None
    superres_precision: Precision | None = None
    losses: dict[JobKey, list[float]] = field(default_factory=dict)
    times: "dict[JobKey, array[float]]" = field(default_factory=dict)
    """When each batch of `losses` was trained, in seconds since the Unix epoch."""
    images: "dict[JobKey, array[int]]" = field(default_factory=dict)
    """How many images each of them had."""
    gradient_norms: "dict[JobKey, array[float]]" = field(default_factory=dict, repr=False, compare=False)
    """Of each of them; NaN where none was measured."""
    steps: dict[JobKey, int] = field(default_factory=dict)
    """Batches of a job's whole training."""
    epoch_starts: dict[JobKey, list[events.BatchTrained]] = field(default_factory=dict)
    """The first batch of each epoch."""
    epochs: dict[JobKey, list[events.EpochTrained]] = field(default_factory=dict)
    results: dict[JobKey, JobResult] = field(default_factory=dict)
    cached: dict[JobKey, int] = field(default_factory=dict)
    """How many images of a job were pre-processed before, so that its seconds do not tell what they cost."""
    baselines: dict[str, Baseline] = field(default_factory=dict)
    statistics: StudyStatistics | None = None
    analysis: PipelineAnalysis | None = None
    """Of orders, strengths and selections of steps; None where the study has no such design."""
    quality: QualityReport | None = None
    notices: list[events.Notice] = field(default_factory=list)
    loads: list[events.MachineMeasured] = field(default_factory=list, repr=False, compare=False)
    """How busy the machine was, in the order in which it was measured."""
    spans: list[StageSpan] = field(default_factory=list, repr=False, compare=False)
    """When each stage ran; one that is run again stands here twice."""
    finished: events.StudyFinished | None = None
    _aggregates: dict[str, JobResult] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def from_events(cls, stream: Iterable[events.Event]) -> "StudyRecord":
        """Fold a whole stream."""
        record = cls()
        for event in stream:
            record.apply(event)
        return record

    def apply(self, event: events.Event) -> None:
        """Take the next event of the stream; events that say nothing lasting change nothing."""
        if isinstance(event, events.BatchTrained | events.EpochTrained):  # first: nearly all are
            self._take_training(event)
            return
        if type(event) in LASTING:
            name = LASTING[type(event)]
            setattr(self, name, getattr(event, name))
            return
        match event:
            case events.StageStarted() | events.StageFinished() | events.MachineMeasured():
                self._take_course(event)
            case events.StudyStarted():
                self.started, self.dataset = event, event.dataset
            case events.SuperresWeightsChosen():
                self.superres_weights, self.superres_precision = event.weights, event.precision
            case events.Notice():
                self.notices.append(event)
            case events.JobFinished():
                self._take_result(event.result)
            case events.BaselinesMeasured():
                self.baselines = {baseline.name: baseline for baseline in event.baselines}
            case events.StudyFinished():
                self.finished = event
            case _:
                self._take_back(event)

    def _take_course(self, event: events.StageStarted | events.StageFinished | events.MachineMeasured) -> None:
        """When what ran, and how busy the machine was then."""
        if isinstance(event, events.MachineMeasured):
            self.loads.append(event)
            return
        key = JobKey(event.variant, event.seed, event.fold)
        if isinstance(event, events.StageStarted):
            if event.stage == "preprocess":
                self.cached[key] = event.cached
            elif event.stage == "train":
                self.steps[key] = event.total
            self.spans.append(StageSpan(event.stage, key, event.time))
            return
        for span in reversed(self.spans):
            if span.end is None and (span.stage, span.job) == (event.stage, key):
                span.end = event.time
                return

    def _take_back(self, event: events.Event) -> None:
        """Where an interrupted study goes on, forget what comes again."""
        if isinstance(event, events.TrainingResumed):
            key = JobKey(event.variant, event.seed, event.fold)
            for batches in (self.losses, self.times, self.images, self.gradient_norms):
                del batches.get(key, [])[event.step :]
            self.epochs[key] = [ended for ended in self.epochs.get(key, []) if ended.epoch < event.epoch]
            self.epoch_starts[key] = [first for first in self.epoch_starts.get(key, []) if first.step < event.step]
        elif isinstance(event, events.RunResumed):
            self.finished, self._aggregates = None, {}
            last = self.loads[-1].time if self.loads else 0.0
            for span in self.spans:
                if span.end is None:  # the process ended in the middle of it
                    span.end = max(span.start, last)
            again = [result for result in self.results.values() if result.status != "done"]
            self.results = {key: result for key, result in self.results.items() if result.status == "done"}
            if any(result.metrics for result in again):
                self.statistics = self.analysis = None  # they count scores that are no more

    def _take_result(self, result: JobResult) -> None:
        """Jobs stand in the order that a study runs in; whoever reads must not see which ended first."""
        self.results[JobKey(result.variant, result.seed, result.fold)] = result
        self._aggregates.pop(result.variant, None)
        variants = {name: place for place, name in enumerate(self.started.variants if self.started else ())}
        places = [(key.seed, key.fold, variants.get(key.variant, len(variants))) for key in self.results]
        if any(after < before for before, after in pairwise(places)):
            order = sorted(zip(places, self.results.items(), strict=True), key=lambda entry: entry[0])
            self.results = dict(item for _, item in order)

    def _take_training(self, event: events.BatchTrained | events.EpochTrained) -> None:
        """A job that goes on repeats what its checkpoint had not, which replaces the first try."""
        key = JobKey(event.variant, event.seed, event.fold)
        if isinstance(event, events.EpochTrained):
            ended = self.epochs.setdefault(key, [])
            while ended and ended[-1].epoch >= event.epoch:
                ended.pop()
            ended.append(event)
            return
        self.losses.setdefault(key, []).append(event.loss)
        self.times.setdefault(key, array("d")).append(event.time)
        self.images.setdefault(key, array("q")).append(event.images)
        norm = math.nan if event.gradient_norm is None else event.gradient_norm
        self.gradient_norms.setdefault(key, array("d")).append(norm)
        starts = self.epoch_starts.setdefault(key, [])
        while starts and starts[-1].step >= event.step:
            starts.pop()
        if not starts or starts[-1].epoch != event.epoch:
            starts.append(event)

    def jobs(self, variant: str) -> list[JobResult]:
        """The ended jobs of a variant by seed and fold."""
        return [self.results[key] for key in sorted(self.results) if key.variant == variant]

    def result(self, variant: str) -> JobResult | None:
        """The ended jobs of a variant as one result (see `engine.reports.aggregate`); None where none has ended."""
        if variant not in self._aggregates and (jobs := self.jobs(variant)):
            self._aggregates[variant] = aggregate_results(jobs)
        return self._aggregates.get(variant)


def run_folder(record: StudyRecord) -> Path:
    """The folder that holds the study's run; the empty path where it kept none."""
    folders = (event.folder for event in (record.finished, record.started) if event is not None)
    return Path(next(filter(None, folders), ""))


def study_variants(record: StudyRecord) -> tuple[str, ...]:
    """The study's variants in its order."""
    return record.started.variants if record.started else tuple(dict.fromkeys(key.variant for key in record.results))


def evaluated_results(record: StudyRecord) -> list[JobResult]:
    """The results that have metrics, in the study's order."""
    results = (record.result(variant) for variant in study_variants(record))
    return [result for result in results if result is not None and result.metrics is not None]


def variant_status(record: StudyRecord, variant: str) -> str:
    """What became of a variant: done, stopped, failed, running or not run."""
    result = record.result(variant)
    if result is not None:
        return result.status
    return "running" if record.finished is None else "not run"


def protocol_name(record: StudyRecord) -> str:
    """The protocol that divided the images, "" before a study has begun."""
    if record.protocol is not None:
        return record.protocol.name
    return record.started.protocol if record.started else ""


def seeds_evaluated(record: StudyRecord) -> int:
    """How many seeds the scores are made of: those that any variant was evaluated with."""
    return len({key.seed for key, result in record.results.items() if result.metrics is not None})


def is_demo(record: StudyRecord) -> bool:
    """Whether the study's images are the project's own drawings, which every screen must say."""
    return record.dataset is not None and record.dataset.is_demo
