"""Tells a tracker what a study's events say."""

from collections.abc import Mapping
from dataclasses import replace

from engine.events.record import JobKey
from engine.events.search import TrialStarted, trial_name
from engine.events.study import (
    BatchTrained,
    EpochTrained,
    Event,
    JobFinished,
    MachineChosen,
    MachineMeasured,
    StageFinished,
    StudyFinished,
    TrainingResumed,
)
from engine.tracking.points import Point, batch_values, epoch_values, score_values, tracked_name
from engine.tracking.tracker import JobLog, Parameter, TrackedJob, TrackedStudy, Tracker

TOLD = (
    *(MachineChosen, MachineMeasured, TrialStarted, BatchTrained, EpochTrained, TrainingResumed),
    *(StageFinished, JobFinished, StudyFinished),
)
"""The events that a tracker needs."""


def for_trackers(event: Event) -> Event | None:
    """What a tracker needs of an event, if anything; the predictions of every image would only be carried along."""
    if isinstance(event, JobFinished):
        return replace(event, result=replace(event.result, predictions=()))
    of_worker = isinstance(event, MachineMeasured) and event.worker
    return event if isinstance(event, TOLD) and not of_worker else None


class Following:
    """Takes a study's events and opens, feeds and closes a run a job."""

    def __init__(self, study: TrackedStudy, tracker: Tracker) -> None:
        self._study, self._tracker = study, tracker
        self._logs: dict[JobKey, JobLog] = {}
        self._last: dict[JobKey, Point] = {}
        self._machine: Mapping[str, Parameter] = {}
        self._numbers: dict[str, Mapping[str, Parameter]] = {}
        self._done = False

    def take(self, event: Event) -> None:
        """Take the next event."""
        match event:
            case MachineChosen(machine=machine):
                self._machine = {"device": machine.device, "precision": machine.precision, "threads": machine.threads}
            case TrialStarted():
                self._numbers[trial_name(event.trial)] = {f"recipe.{name}": value for name, value in event.numbers}
            case BatchTrained():
                point = Point(batch_values(event), event.epoch, event.step, event.time)
                self._log(JobKey(event.variant, event.seed, event.fold), point)
            case EpochTrained():
                key = JobKey(event.variant, event.seed, event.fold)
                step = self._last[key].step if key in self._last else event.epoch
                self._log(key, Point(epoch_values(event), event.epoch, step, event.time, of_epoch=True))
            case TrainingResumed():
                self._open(JobKey(event.variant, event.seed, event.fold)).go_back(event.step)
            case JobFinished():
                self._finish(event)
            case StudyFinished():
                self._done = event.status == "done"
            case _:
                self.flush()  # a stage ended, or some seconds are over: what is told so far can be seen

    def flush(self) -> None:
        """Bring everything to where viewers look."""
        for log in self._logs.values():
            log.flush()

    def close(self) -> None:
        """The study has ended, or goes on elsewhere."""
        for log in self._logs.values():
            log.close()
        self._logs = {}
        self._tracker.close(done=self._done)

    def _open(self, key: JobKey) -> JobLog:
        if key not in self._logs:
            alone = self._study.jobs_per_variant == 1
            own: dict[str, Parameter] = {"variant": key.variant, "seed": key.seed, "fold": key.fold}
            parameters = {**self._study.parameters, **self._machine, **self._numbers.get(key.variant, {}), **own}
            self._logs[key] = self._tracker.open(TrackedJob(key, tracked_name(key, alone=alone), parameters))
        return self._logs[key]

    def _log(self, key: JobKey, point: Point) -> None:
        self._open(key).log(point)
        self._last[key] = point

    def _finish(self, event: JobFinished) -> None:
        result = event.result
        key = JobKey(result.variant, result.seed, result.fold)
        before = self._last.pop(key, Point({}, max(0, result.epochs_done - 1), 0, event.time))
        log = self._open(key)
        last = replace(before, values=score_values(result), time=event.time, of_epoch=False)
        if last.values:
            log.log(last)
        log.finish(result, last)
        del self._logs[key]
