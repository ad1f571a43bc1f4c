"""A study's events folded into what the screens show: jobs, stages, times left, log lines.

Pure: time comes in with the events (and as `now` where a screen asks), nothing here reads a clock. It wraps
`StudyRecord`, which keeps what lasts.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from engine.events.record import JobKey, StudyRecord
from engine.events.study import (
    AttemptEnded,
    AttemptStarted,
    AttemptSubmitted,
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
    WorkersChanged,
)
from engine.reports.results import JobResult, Status
from tui.looks import formatting
from tui.state.attempts import AttemptEvent, Attempts
from tui.state.event_words import MOST_TOLD, attempt_words, event_words, job_count, job_words
from tui.state.jobs import STAGE_WORDS, ActiveClock, JobView, StageView, Together
from tui.state.workload import seconds_left, share_done, work_parts

MAX_LOG_LINES = 1000
_PROGRESS_SECONDS = 0.5


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
        self.attempts = Attempts()
        """The jobs' processes; none where this study's own one does all."""
        self._shown: dict[str, JobKey] = {}
        self._estimate: tuple[float, float, float | None] | None = None
        self.last_time = 0.0
        """When the last event happened."""

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
        """The variant's job that is shown; one that waits where none has begun.

        It is the first one under way until it ends, then the next one under way, or the one chosen by `step_job`.
        """
        key = self._shown.get(variant)
        return self.jobs[key] if key is not None else JobView(variant)

    def job_key(self, variant: str) -> JobKey | None:
        """What tells the job that is shown from others; None where none has begun."""
        return self._shown.get(variant)

    def jobs_of(self, variant: str) -> list[JobView]:
        """The variant's jobs that have begun, in the order in which they did."""
        return [job for key, job in self.jobs.items() if key.variant == variant]

    def step_job(self, variant: str, step: int) -> None:
        """Show the next of the variant's jobs under way, or of all where none is."""
        jobs = self.jobs_of(variant)
        jobs = [job for job in jobs if job.stage is not None] or jobs
        if jobs:
            shown = self.job(variant)
            place = next((place for place, job in enumerate(jobs) if job is shown), -step)
            job = jobs[(place + step) % len(jobs)]
            self._shown[variant] = job.key

    def job_place(self, variant: str) -> str:
        """Which of the variant's jobs is shown, as "2/3"; empty where there is but one."""
        started, key = self.record.started, self._shown.get(variant)
        if started is None or started.jobs_per_variant == 1:
            return ""
        place = 1 if key is None else (key.seed - started.seed) * started.folds + key.fold + 1
        return f"{place}/{started.jobs_per_variant}"

    def together(self) -> dict[str, Together]:
        """How each variant's jobs stand; empty where there is no more than one at once."""
        if not self.attempts:
            return {}
        found = {variant: Together() for variant in self.variants}
        for key, job in self.jobs.items():
            found[key.variant].add(job)
        return found

    def job_counts(self) -> dict[str, int]:
        """How many jobs run, are done, stopped, failed and wait."""
        ended = Counter(result.status for result in self.record.results.values())
        running = self.attempts.running if self.attempts else sum(job.stage is not None for job in self.jobs.values())
        waiting = max(0, job_count(self.record.started) - running - ended.total())
        return {"running": running, **{status: ended[status] for status in get_args(Status)}, "waiting": waiting}

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
        return self._progress_so_far()[1]

    def seconds_left(self) -> float | None:
        """Time left for the whole study; None until something was timed."""
        if self.finished is not None:
            return 0.0
        return self._progress_so_far()[2]

    def _progress_so_far(self) -> tuple[float, float, float | None]:
        """When it was worked out, share done and time left; hundreds of jobs make it dear."""
        if self._estimate is None or abs(self.last_time - self._estimate[0]) >= _PROGRESS_SECONDS:
            parts, at_once = list(work_parts(self.record, self.jobs, self.common)), self.attempts.at_once
            left = seconds_left(parts, self.clock.at(self.last_time), at_once)
            self._estimate = self.last_time, share_done(parts, at_once), left
        return self._estimate

    # ------------------------------------------------------------------ folding

    def apply(self, event: Event) -> None:
        """Take the next event of the stream."""
        self.record.apply(event)
        before, self.last_time = self.last_time, event.time
        if isinstance(event, BatchTrained):  # nearly all are
            self._batch(event)
        elif isinstance(event, StageProgress):
            self._progress(event)
        else:
            self._estimate = None
            self._fold(event, before)

    def _fold(self, event: Event, before: float) -> None:
        match event:
            case StageStarted():
                self._stage_started(event)
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
            case AttemptSubmitted() | AttemptStarted() | AttemptEnded() | WorkersChanged():
                self._take_attempt(event)
            case StudyPaused() | StudyUnpaused():
                waits = isinstance(event, StudyPaused)
                (self.clock.pause if waits else self.clock.unpause)(event.time)
                self._say(event, "info", "paused" if waits else "unpaused")
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
                self.attempts.take(event)
                self._say(event, "error" if event.status == "failed" else "info", event_words(event))
            case _ if text := event_words(event):
                self._say(event, "info", text)

    def _take_attempt(self, event: AttemptEvent) -> None:
        self.attempts.take(event)
        if isinstance(event, AttemptEnded):
            key = JobKey(event.variant, event.seed, event.fold)
            job = self.jobs.get(key)
            if job is not None and not job.ended:
                job.break_off()
                self._show_next(key)
        if text := attempt_words(event, self.record.started):
            broken = isinstance(event, AttemptEnded) and event.reason
            held = isinstance(event, WorkersChanged) and event.held
            self._say(event, "warning" if broken or held else "info", text)

    def _resume(self, event: RunResumed | TrainingResumed, before: float) -> None:
        if isinstance(event, RunResumed):
            self.attempts.take(event)
            self._begin_anew(event, before)
            return
        self._job(event).go_back(event.epoch)
        words = f"is resumed after batch {event.step}" if event.step else "begins at its start"
        self._say(event, "info", f"{self._name(event)}: training {words}")

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
        event: BatchTrained | EpochTrained | StageStarted | StageProgress | StageFinished | TrainingResumed | JobResult,
    ) -> JobView:
        key = JobKey(event.variant, event.seed, event.fold)
        job = self.jobs.get(key)
        if job is None:
            job = self.jobs[key] = JobView(*key)
        shown = self._shown.get(event.variant)
        if shown != key and (shown is None or self.jobs[shown].stage is None):
            self._shown[event.variant] = key
        return job

    def _show_next(self, ended: JobKey) -> None:
        """Where the job that is shown has ended, show the one under way that began first, if any."""
        if self._shown.get(ended.variant) == ended:
            under_way = (job for job in self.jobs_of(ended.variant) if job.stage is not None)
            job = next(under_way, self.jobs[ended])
            self._shown[ended.variant] = job.key

    def _name(self, part: BatchTrained | StageFinished | TrainingResumed | JobResult) -> str:
        """The variant; the job where several run at once."""
        if not self.attempts:
            return part.variant
        return job_words(self.record.started, part.variant, part.seed, part.fold)

    def _stage_started(self, event: StageStarted) -> None:
        view = StageView(event.stage, event.total, event.cached, started=self.clock.at(event.time))
        match event.stage:
            case "preprocess" | "train" | "evaluate" as stage:
                job = self._job(event)
                job.stages[stage] = view
                job.status = stage
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
        job.epoch, job.losses = event.epoch, self.record.losses[job.key]
        job.version += 1
        view = job.stages.get("train")
        if view is not None:
            view.advance(self.clock.at(event.time), event.step + 1, event.images)
        if not math.isfinite(event.loss) and (len(job.losses) == 1 or math.isfinite(job.losses[-2])):
            word = "NaN" if math.isnan(event.loss) else "infinite"
            self._say(event, "warning", f"{self._name(event)}: the loss of batch {event.step + 1} is {word}")

    def _stage_finished(self, event: StageFinished) -> None:
        if not event.variant:
            if event.stage in self.common:
                self.common[event.stage].seconds = event.seconds
            return
        job = self._job(event)
        view = job.stages.get(event.stage)
        if view is not None:
            view.seconds = event.seconds
        if view is not None and (not self.attempts or job_count(self.record.started) <= MOST_TOLD):
            took = formatting.duration(event.seconds)
            from_cache = view.cached and event.stage != "train"  # which is resumed after batches done before
            cached = f", {formatting.count(view.cached)} from the cache" if from_cache else ""
            self._say(event, "info", f"{self._name(event)}: {STAGE_WORDS[event.stage]} took {took}{cached}")
        job.version += 1

    def _job_finished(self, event: JobFinished) -> None:
        result = event.result
        job = self._job(result)
        job.status, job.result = result.status, result
        job.version += 1
        self.attempts.take(event)
        self._show_next(job.key)
        accuracy = f", accuracy {job.accuracy:.3f}" if job.accuracy is not None else ""
        reason = f": {result.reason}" if result.reason else ""
        level: Level = "error" if result.status == "failed" else "info"
        self._say(event, level, f"{self._name(result)} {result.status}{reason}{accuracy}")

    def _say(self, event: Event, level: Level, text: str) -> None:
        self.log.append(LogLine(event.time, level, text))
        self.log_count += 1
