"""Reporting: every event goes to the record, the run folder and the listener, in this order."""

import contextlib
import math
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from engine.config.trackers import TrackerName
from engine.events import study as events
from engine.events.control import StudyControl
from engine.events.record import LASTING, JobKey, StudyRecord
from engine.reports.results import Status
from engine.runs.event_folder import EventFolder
from engine.runs.layout import ERRORS_FILE
from engine.tracking.feed import Feeds
from engine.tracking.tracker import TrackedStudy

F_co = TypeVar("F_co", bound=EventFolder, covariant=True)

_SUMMARISED = (
    events.StudyStarted,
    events.DatasetChecked,
    events.ProtocolApplied,
    events.JobFinished,
    events.StatisticsComputed,
    events.StudyPaused,
    events.StudyUnpaused,
    events.RunResumed,
    events.StudyFinished,
)
"""Events that change what a list of runs shows."""


class Stopwatch:
    """Seconds of work since it was made, pauses left out."""

    def __init__(self, control: StudyControl) -> None:
        self._control = control
        self._start = time.perf_counter() - control.paused_seconds

    @property
    def seconds(self) -> float:
        """Seconds of work so far."""
        return time.perf_counter() - self._start - self._control.paused_seconds


class StageReporter:
    """Reports one stage of one variant; `watch` times it."""

    def __init__(self, reporter: "Reporter[EventFolder]", stage: events.Stage, job: JobKey) -> None:
        self._emit = reporter.emit
        self.watch = Stopwatch(reporter.control)
        self.stage, self.job = stage, job
        self.fresh = 0
        """How many of the stage's total were not cached."""

    def start(self, total: int, cached: int = 0) -> None:
        """The amount of work is known: images, or batches of training."""
        self.fresh = total - cached
        self._emit(events.StageStarted(stage=self.stage, total=total, cached=cached, **self.job._asdict()))

    def progress(self, done: int) -> None:
        """`done` of the total are ready."""
        self._emit(events.StageProgress(stage=self.stage, done=done, **self.job._asdict()))


class Reporter(Generic[F_co]):
    """The one way out of a running study, or of an attempt at one of its jobs. `emit` may be called from any thread."""

    def __init__(self, folder: F_co, control: StudyControl, listener: events.Emit | None = None) -> None:
        self.folder, self.control = folder, control
        self.record = StudyRecord()
        self._listener = listener
        self._lock = threading.Lock()
        self._diverged: set[JobKey] = set()
        self._told: list[str] = []
        self._said: set[tuple[str, str, str]] = set()
        self._feeds: Feeds | None = None
        folder.serve(control, self._be_told)
        control.listen(lambda: self.emit(events.StudyPaused()), lambda: self.emit(events.StudyUnpaused()))

    def emit(self, event: events.Event) -> None:
        """Take the next event."""
        with self._lock:
            self._take(event)
            self._pass_on()

    def _be_told(self, message: str) -> None:
        """By the run folder, perhaps in the middle of keeping an event: the message then follows that."""
        self._told.append(message)
        if self._lock.acquire(blocking=False):
            try:
                self._pass_on()
            finally:
                self._lock.release()

    def _pass_on(self) -> None:
        """Report what the run folder said, once each, whatever it says of that."""
        told, self._told = self._told, []
        for message in told:
            self._take(events.Notice(message=message, level="warning"))

    def track(self, names: Sequence[TrackerName], study: TrackedStudy) -> None:
        """Have trackers follow from here on; what becomes of them is told, once each."""
        if names:
            self._feeds = Feeds(names, study, self._be_told)

    def end_tracking(self, status: Status | None = None) -> None:
        """Let the trackers end, within a few seconds; without a status the study goes on elsewhere."""
        feeds, self._feeds = self._feeds, None
        if feeds is not None:
            if status is not None:
                feeds.put(events.StudyFinished(status=status))
            feeds.close()
            with self._lock:
                self._pass_on()  # what was said in the middle of an event

    def _take(self, event: events.Event) -> None:
        self._keep(event)
        if self._feeds is not None:
            self._feeds.put(event)
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception as error:  # who looks on must not end a study
            self._listener = None
            self.keep_traceback()
            self._keep(
                events.Notice(message=f"events are no longer shown: {type(error).__name__}: {error}", level="warning")
            )

    def _keep(self, event: events.Event) -> None:
        self.record.apply(event)
        self.folder.append(event)
        if isinstance(event, _SUMMARISED):
            self.folder.write_summary(self.record)

    def replay(self, stream: Iterable[events.Event], listener: events.Emit | None) -> None:
        """Take in what the run folder holds already, before the study goes on; `listener` is shown it."""
        for event in stream:
            self.record.apply(event)
            if listener is not None:
                listener(event)
        self._said = {(notice.message, notice.level, notice.variant) for notice in self.record.notices}

    def tell(self, event: events.Event) -> None:
        """Take an event that says how something is, unless the record has just that already."""
        name = LASTING[type(event)]
        if getattr(self.record, name) != getattr(event, name):
            self.emit(event)

    def emit_training(self, event: events.Event) -> None:
        """Take an event of a training loop; the first loss that is not finite gets a warning beside it."""
        self.emit(event)
        if not isinstance(event, events.BatchTrained) or math.isfinite(event.loss):
            return
        job = JobKey(event.variant, event.seed, event.fold)
        if job not in self._diverged:
            self._diverged.add(job)
            message = f"the loss is not finite at batch {event.step + 1}: try a lower --lr or --precision fp32"
            self.notice(message, "warning", event.variant)

    def notice(self, message: str, level: events.Level = "info", variant: str = "") -> None:
        """Add a line to the message log; what was said before the study went on is not said again."""
        if (message, level, variant) in self._said:
            return
        self.emit(events.Notice(message=message, level=level, variant=variant))

    @contextlib.contextmanager
    def stage(self, stage: events.Stage, variant: str = "", seed: int = 0, fold: int = 0) -> Iterator[StageReporter]:
        """Frame a stage; its end is reported also when it is stopped or fails."""
        reporter = StageReporter(self, stage, JobKey(variant, seed, fold))
        try:
            yield reporter
        finally:
            seconds = reporter.watch.seconds
            self.emit(events.StageFinished(stage=stage, seconds=seconds, variant=variant, seed=seed, fold=fold))

    def keep_traceback(self) -> None:
        """Write the traceback of the error being handled into the run folder: for us, not for the screen."""
        with contextlib.suppress(OSError), (self.folder.folder / ERRORS_FILE).open("a", encoding="utf-8") as stream:
            traceback.print_exc(file=stream)
