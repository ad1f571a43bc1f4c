"""A study's events folded into what the screens show: jobs, stages, times left, log lines.

Pure: time comes in with the events (and as `now` where a screen asks), nothing here reads a clock. It wraps
`StudyRecord`, which keeps what lasts.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from engine.events.record import JobKey, StudyRecord
from engine.events.study import (
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    Event,
    JobFinished,
    Level,
    Notice,
    RunResumed,
    Stage,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyFinished,
    StudyPaused,
    StudyStarted,
    StudyUnpaused,
    TrainingResumed,
)
from tui.looks import formatting
from tui.state.event_words import event_words
from tui.state.jobs import STAGE_WORDS, ActiveClock, JobView, StageView
from tui.state.workload import WorkPart, seconds_left, share_done, work_parts

MAX_LOG_LINES = 1000


@dataclass(frozen=True)
class LogLine:
    """One line of the message log."""

    time: float
    level: Level
    text: str


class ViewState:
    """Everything the training screen shows; `apply` takes the next event."""

    def __init__(self) -> None:
        self.record = StudyRecord()
        self.jobs: dict[JobKey, JobView] = {}
        self.common: dict[Stage, StageView] = {}
        """The stages that belong to no variant."""
        self.log: deque[LogLine] = deque(maxlen=MAX_LOG_LINES)
        self.log_count = 0
        self.clock = ActiveClock()
        self._current: dict[str, JobKey] = {}
        self.last_time = 0.0
        """When the last event happened."""
        self._warned: set[tuple[str, str]] = set()

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> "ViewState":
        """Fold a whole stream, as a replay does."""
        state = cls()
        for event in events:
            state.apply(event)
        return state

    # ------------------------------------------------------------------ reading

    @property
    def variants(self) -> tuple[str, ...]:
        """The chosen variants in their order."""
        return self.record.started.variants if self.record.started else ()

    @property
    def finished(self) -> StudyFinished | None:
        """The last event, once it came."""
        return self.record.finished

    @property
    def paused(self) -> bool:
        """Whether the engine waits."""
        return self.clock.paused

    def job(self, variant: str) -> JobView:
        """The variant's present (or last) job; one that waits where none has begun."""
        key = self._current.get(variant)
        return self.jobs[key] if key is not None else JobView(variant)

    def job_key(self, variant: str) -> JobKey | None:
        """The variant's present (or last) job; None where none has begun."""
        return self._current.get(variant)

    def job_place(self, variant: str) -> str:
        """Which of the variant's jobs is shown, as "2/3"; empty where there is but one."""
        started, key = self.record.started, self._current.get(variant)
        if started is None or started.jobs_per_variant == 1:
            return ""
        place = 1 if key is None else (key.seed - started.seed) * started.folds + key.fold + 1
        return f"{place}/{started.jobs_per_variant}"

    @property
    def running_variant(self) -> str | None:
        """The variant that is worked on."""
        return next((v for v in self.variants if self.job(v).stage is not None), None)

    @property
    def common_stage(self) -> StageView | None:
        """The stage under way that belongs to no variant."""
        return next((view for view in self.common.values() if view.seconds is None), None)

    def elapsed(self, now: float) -> float:
        """Seconds of work since the study started, pauses left out."""
        if self.record.started is None:
            return 0.0
        end = self.record.finished.time if self.record.finished else now
        return max(0.0, self.clock.at(end) - self.record.started.time)

    def share(self) -> float:
        """How much of the study is done, in [0, 1], by the typical cost of its stages."""
        if self.finished is not None and self.finished.status == "done":
            return 1.0
        return share_done(self._work())

    def seconds_left(self) -> float | None:
        """Time left for the whole study; None until something was timed."""
        if self.finished is not None:
            return 0.0
        return seconds_left(self._work(), self.clock.at(self.last_time))

    def _work(self) -> list[WorkPart]:
        return list(work_parts(self.record, self.jobs, self.common))

    # ------------------------------------------------------------------ folding

    def apply(self, event: Event) -> None:
        """Take the next event of the stream."""
        self.record.apply(event)
        before, self.last_time = self.last_time, event.time
        match event:
            case BatchTrained():
                self._batch(event)
            case StageStarted():
                self._stage_started(event)
            case StageProgress():
                self._progress(event)
            case StageFinished():
                self._stage_finished(event)
            case EpochTrained():
                job = self._job(event)
                job.epoch, job.epoch_accuracy = event.epoch + 1, event.accuracy
                job.validation_accuracy = event.validation_accuracy
                job.version += 1
            case JobFinished():
                self._job_finished(event)
            case RunResumed() | TrainingResumed():
                self._resume(event, before)
            case StudyPaused():
                self.clock.pause(event.time)
                self._say(event, "info", "paused")
            case StudyUnpaused():
                self.clock.unpause(event.time)
                self._say(event, "info", "unpaused")
            case _:
                self._remark(event)

    def _remark(self, event: Event) -> None:
        match event:
            case StudyStarted():
                self._say(event, "info", f"study {event.study}: {', '.join(event.variants)}")
            case DatasetChecked():
                dataset = event.dataset
                skipped = f", {len(dataset.skipped)} skipped" if dataset.skipped else ""
                text = f"{formatting.count(dataset.train)} training and {formatting.count(dataset.test)} test images"
                self._say(event, "info", text + skipped)
            case Notice():
                self._say(event, event.level, event_words(event))
            case StudyFinished():
                self.clock.unpause(event.time)
                self._say(event, "error" if event.status == "failed" else "info", event_words(event))
            case _ if text := event_words(event):
                self._say(event, "info", text)

    def _resume(self, event: RunResumed | TrainingResumed, before: float) -> None:
        if isinstance(event, RunResumed):
            self._begin_anew(event, before)
            return
        self._job(event).go_back(event.epoch, event.step)
        words = f"is resumed after batch {event.step}" if event.step else "begins at its start"
        self._say(event, "info", f"{event.variant}: training {words}")

    def _begin_anew(self, event: RunResumed, before: float) -> None:
        """Nobody worked since the event at `before`; what was under way then begins anew."""
        self.clock.pause(before)
        self.clock.unpause(event.time)
        for view in (*self.common.values(), *(view for job in self.jobs.values() for view in job.stages.values())):
            if view.seconds is None:
                view.seconds = max(0.0, self.clock.at(event.time) - view.started)
        for job in self.jobs.values():
            if job.status != "done":
                job.status, job.result = "waiting", None
                job.version += 1
        self._say(event, "info", event_words(event))

    def _job(
        self,
        event: BatchTrained | EpochTrained | StageStarted | StageProgress | StageFinished | TrainingResumed,
    ) -> JobView:
        key = JobKey(event.variant, event.seed, event.fold)
        self._current[event.variant] = key
        return self.jobs.setdefault(key, JobView(event.variant))

    def _stage_started(self, event: StageStarted) -> None:
        view = StageView(event.stage, event.total, event.cached, started=self.clock.at(event.time))
        match event.stage:
            case "preprocess" | "train" | "evaluate" as stage:
                job = self._job(event)
                job.stages[stage] = view
                job.status = stage
                if stage == "train":
                    job.train_total = event.total
                job.version += 1
            case common:
                self.common[common] = view

    def _progress(self, event: StageProgress) -> None:
        job = self._job(event) if event.variant else None
        view = (job.stages if job else self.common).get(event.stage)
        if view is not None:
            view.advance(self.clock.at(event.time), event.done)
        if job is not None:
            job.version += 1

    def _batch(self, event: BatchTrained) -> None:
        job = self._job(event)
        job.epoch = event.epoch
        view = job.stages.get("train")
        if view is not None:
            view.advance(self.clock.at(event.time), event.step + 1, event.images)
        if job.add_loss(event.loss):
            word = "NaN" if math.isnan(event.loss) else "infinite"
            self._say(event, "warning", f"{event.variant}: the loss of batch {event.step + 1} is {word}")

    def _stage_finished(self, event: StageFinished) -> None:
        if not event.variant:
            if event.stage in self.common:
                self.common[event.stage].seconds = event.seconds
            return
        job = self._job(event)
        view = job.stages.get(event.stage)
        if view is not None:
            view.seconds = event.seconds
            took = formatting.duration(event.seconds)
            from_cache = view.cached and event.stage != "train"  # which is resumed after batches done before
            cached = f", {formatting.count(view.cached)} from the cache" if from_cache else ""
            self._say(event, "info", f"{event.variant}: {STAGE_WORDS[event.stage]} took {took}{cached}")
        job.version += 1

    def _job_finished(self, event: JobFinished) -> None:
        result = event.result
        key = JobKey(result.variant, result.seed, result.fold)
        self._current[result.variant] = key
        job = self.jobs.setdefault(key, JobView(result.variant))
        job.status, job.result = result.status, result
        job.version += 1
        accuracy = f", accuracy {job.accuracy:.3f}" if job.accuracy is not None else ""
        reason = f": {result.reason}" if result.reason else ""
        level: Level = "error" if result.status == "failed" else "info"
        self._say(event, level, f"{result.variant} {result.status}{reason}{accuracy}")

    def _say(self, event: Event, level: Level, text: str) -> None:
        self.log.append(LogLine(event.time, level, text))
        self.log_count += 1
