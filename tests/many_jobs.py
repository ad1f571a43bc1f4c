"""Streams of studies whose jobs run side by side: V variants x S seeds x F folds, W workers at once, made up."""

import heapq
import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.config.machine import MachineSettings
from engine.config.recipes import RECIPES
from engine.config.variants import STUDY_VARIANTS
from engine.events.record import JobKey
from engine.events.study import (
    AttemptEnded,
    AttemptStarted,
    AttemptSubmitted,
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    Event,
    JobFinished,
    MachineChosen,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyFinished,
    StudyStarted,
    TrainingResumed,
    WorkersChanged,
)
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import DatasetSummary, JobResult, Prediction, Seconds

START = 1_780_000_000.0
EPOCHS = 5
_START_SECONDS, _STEP_SECONDS, _SPREAD = 4.0, 1.0, 0.3


@dataclass(frozen=True)
class ManyJobs:
    """A study to make events of.

    Attributes:
        ends: for a job's attempt, the batch before which its process ends, and why; it is then tried again.
        images: test images of a fold.
    """

    variants: tuple[str, ...] = STUDY_VARIANTS
    seeds: int = 2
    folds: int = 2
    batches: int = 10
    workers: int = 4
    on: str = "slurm"
    classes: int = 3
    images: int = 9
    ends: Mapping[tuple[JobKey, int], tuple[int, str]] = field(default_factory=dict)

    @property
    def jobs(self) -> list[JobKey]:
        """In the order in which they begin."""
        runs = itertools.product(range(self.seeds), range(self.folds), self.variants)
        return [JobKey(variant, seed, fold) for seed, fold, variant in runs]

    @property
    def summary(self) -> DatasetSummary:
        """The made-up data set."""
        names = tuple(f"class{number:02}" for number in range(self.classes))
        train, test = (60 * self.folds,) * self.classes, (self.images * self.folds // self.classes,) * self.classes
        return DatasetSummary("skin", "/data/skin", "flat", False, names, train, test, 0, 0)

    def events(self) -> Iterator[Event]:
        """The whole stream, in the order of time."""
        chance = random.Random(0)
        yield StudyStarted(
            time=START,
            study="20260528-2026-skin",
            dataset=self.summary,
            variants=self.variants,
            protocol="clean",
            recipe=replace(RECIPES["quick"], epochs=EPOCHS),
            seed=0,
            program_version="0.1.0",
            repeats=self.seeds,
            folds=self.folds,
        )
        yield DatasetChecked(time=START, dataset=self.summary)
        yield WorkersChanged(time=START, workers=self.workers, on=self.on)
        yield MachineChosen(time=START, machine=MachineSettings("cpu", "a processor", "fp32", True, 1, "measured"))
        waiting, number = iter(self.jobs), itertools.count()
        running: list[tuple[float, int, int, Event, Iterator[Event]]] = []

        def begin(worker: int, now: float) -> None:
            job = next(waiting, None)
            if job is not None:
                events = self._job_events(job, worker, now, random.Random(chance.random()))
                event = next(events)
                heapq.heappush(running, (event.time, next(number), worker, event, events))

        for worker in range(self.workers):
            begin(worker, START + 0.1 * worker)
        now = START
        while running:
            now, _, worker, event, events = heapq.heappop(running)
            yield event
            following = next(events, None)
            if following is not None:
                heapq.heappush(running, (following.time, next(number), worker, following, events))
            else:
                begin(worker, now)
        yield StudyFinished(time=now, status="done", conclusion=("No variant is better than another.",))

    def _job_events(self, job: JobKey, worker: int, now: float, chance: random.Random) -> Iterator[Event]:
        """One job's, with every attempt of it."""
        done, where = 0, job._asdict()
        for attempt in itertools.count(1):
            stop, reason = self.ends.get((job, attempt), (self.batches, ""))
            process = 1000 + 10 * self.jobs.index(job) + attempt
            yield AttemptSubmitted(time=now, attempt=attempt, place=f"Slurm job {process}", **where)
            now += _START_SECONDS
            output = f"attempts/{job.variant}-seed{job.seed}-fold{job.fold}/{attempt}/output.log"
            yield AttemptStarted(
                time=now,
                attempt=attempt,
                host=f"node{worker:02}",
                process=process,
                device_name="a processor",
                output=output,
                **where,
            )
            for event in self._work(job, done, stop, now, chance):
                yield event
                now = event.time
            done = stop
            if reason:
                yield AttemptEnded(time=now, attempt=attempt, reason=reason, **where)
                continue
            yield JobFinished(time=now, result=self._result(job, chance))
            yield AttemptEnded(time=now, attempt=attempt, **where)
            return

    def _work(self, job: JobKey, done: int, stop: int, now: float, chance: random.Random) -> Iterator[Event]:
        """What one attempt tells, from the batches done before to those at which it stops."""
        where = job._asdict()
        cached = 0 if job.seed == job.fold == 0 and not done else 100
        yield StageStarted(time=now, stage="preprocess", total=100, cached=cached, **where)
        if not cached:
            for part in (25, 50, 75, 100):
                now += _STEP_SECONDS
                yield StageProgress(time=now, stage="preprocess", done=part, **where)
        yield StageFinished(time=now, stage="preprocess", seconds=4.0 if not cached else 0.0, **where)
        began = now
        yield StageStarted(time=now, stage="train", total=self.batches, cached=done, **where)
        if done:
            yield TrainingResumed(time=now, step=done, epoch=done * EPOCHS // self.batches, **where)
        pace = _STEP_SECONDS * chance.uniform(1 - _SPREAD, 1 + _SPREAD)
        level = 0.3 + 0.05 * self.variants.index(job.variant) + chance.uniform(0, 0.1)
        for step in range(done, stop):
            now += pace
            epoch = step * EPOCHS // self.batches
            loss = level + 2.5 * math.exp(-4 * step / self.batches) + chance.uniform(-0.15, 0.15)
            yield BatchTrained(time=now, epoch=epoch, step=step, loss=loss, images=36, **where)
            if (step + 1) * EPOCHS // self.batches > epoch:
                yield EpochTrained(time=now, epoch=epoch, loss=loss, accuracy=0.5 + 0.08 * epoch, **where)
        if stop < self.batches:
            return
        yield StageFinished(time=now, stage="train", seconds=now - began, **where)
        yield StageStarted(time=now, stage="evaluate", total=self.images, **where)
        now += _STEP_SECONDS
        yield StageProgress(time=now, stage="evaluate", done=self.images, **where)
        yield StageFinished(time=now, stage="evaluate", seconds=_STEP_SECONDS, **where)

    def _result(self, job: JobKey, chance: random.Random) -> JobResult:
        predictions = _predictions(self.classes, self.images, job.fold, chance.randrange(4))
        matrix = [[0] * self.classes for _ in range(self.classes)]
        for one in predictions:
            matrix[one.label][one.predicted] += 1
        metrics = metrics_of_matrix(matrix, self.summary.classes)
        times = Seconds(4.0, _STEP_SECONDS * self.batches, 1.0)
        return JobResult(*job, "done", "", metrics, 0.4, EPOCHS, times, predictions)


_MADE: dict[tuple[int, int, int, int], tuple[Prediction, ...]] = {}


def _predictions(classes: int, images: int, fold: int, kind: int) -> tuple[Prediction, ...]:
    """A few kinds, made once each: hundreds of jobs would take longer to make up than to read."""
    key = classes, images, fold, kind
    if key not in _MADE:
        chance, found = random.Random(repr(key)), []
        for image in range(images):
            label = image % classes
            shares = [chance.random() + 0.4 * (column == label) for column in range(classes)]
            probabilities = tuple(share / sum(shares) for share in shares)
            predicted = max(range(classes), key=probabilities.__getitem__)
            found.append(Prediction(f"test/class{label:02}/{fold}_{image}.jpg", label, predicted, probabilities))
        _MADE[key] = tuple(found)
    return _MADE[key]
