"""An attempt as the study's coordinator follows it: what is new in its stream, whether it lives, what it left."""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from engine.config.execution import Execution
from engine.errors import SimpsonsError, StorageError
from engine.events import study as events
from engine.events.record import JobKey
from engine.executing.attempts import Attempt, attempts_of
from engine.executing.opening import open_executor
from engine.runs import layout
from engine.runs.writer import RunFolder
from engine.study.reporting import Reporter

STALE_SECONDS = 60.0
"""Without another heartbeat for so long a process is taken for dead, whatever its engine says."""

BEGIN_SECONDS = 600.0
"""How long it may take to its first heartbeat: it imports from a disk that may be far away."""

PROBE = JobKey("", 0, 0)
"""In place of a job: an attempt that chooses how the study computes."""

Mark = tuple[type[events.Event], float, object]
"""What tells an event from all others of its attempt."""


def mark_of(event: events.Event) -> Mark:
    """The same for an event in its attempt's stream and in the run's."""
    return type(event), event.time, getattr(event, "step", getattr(event, "message", getattr(event, "done", "")))


@dataclass
class Followed:
    """An attempt that is not over.

    Attributes:
        merged: of the events that an earlier coordinator has passed on.
        reason: why it ended, in its own words.
        finished: whether its job's result is in the run.
        paused: whether it said that it waits.
        over_since: when its end was first heard of, by our own clock.
    """

    attempt: Attempt
    merged: set[Mark] = field(default_factory=set)
    reason: str = ""
    finished: bool = False
    paused: bool = False
    over_since: float | None = None
    _beat: bytes = b""
    _beaten: float = field(default_factory=time.monotonic)

    @property
    def key(self) -> JobKey:
        """The job."""
        return self.attempt.task.key

    @property
    def process(self) -> str:
        """The engine's ID."""
        return self.attempt.task.process

    @property
    def begun(self) -> bool:
        """Whether anything was heard of it."""
        return bool(self._beat)

    def news(self) -> list[events.Event]:
        """The events since the last call, each once whoever coordinates.

        Raises:
            StorageError: the stream is damaged.
        """
        return [event for event in self.attempt.drain() if not (self.merged and mark_of(event) in self.merged)]

    def is_stale(self) -> bool:
        """Whether its heartbeat has stood still too long (by our clock: hosts have others)."""
        beat, now = self.attempt.heartbeat(), time.monotonic()
        if beat != self._beat:
            self._beat, self._beaten = beat, now
        return now - self._beaten > (STALE_SECONDS if self.begun else BEGIN_SECONDS)

    def forgive(self) -> None:
        """We did not look for a while."""
        self._beaten = time.monotonic()

    def ended_for(self, seconds: float) -> bool:
        """Whether its end was first heard of so long ago: its last words may come later than that."""
        self.over_since = time.monotonic() if self.over_since is None else self.over_since
        return time.monotonic() - self.over_since >= seconds


def unended_attempts(run: Path, past: Iterable[events.Event]) -> list[Followed]:
    """The attempts in a run's folder whose end its stream does not tell of."""
    attempts = list(attempts_of(run))
    if not attempts:
        return []
    ended: set[tuple[JobKey, int]] = set()
    marks: set[Mark] = set()
    for event in past:
        if isinstance(event, events.AttemptEnded):
            ended.add((JobKey(event.variant, event.seed, event.fold), event.attempt))
        elif hasattr(event, "variant") or isinstance(event, events.MachineMeasured):
            marks.add(mark_of(event))
    return [
        Followed(attempt, merged=marks) for attempt in attempts if (attempt.task.key, attempt.task.number) not in ended
    ]


class Merger:
    """Passes the events of attempts on into the run's stream.

    Attributes:
        prepared: the variants whose images are pre-processed.
    """

    def __init__(self, reporter: Reporter[RunFolder]) -> None:
        self._reporter, self._folder = reporter, reporter.folder
        self._heard: set[str] = set()
        self.prepared: set[str] = set()

    def say_once(self, message: str) -> None:
        """Tell something that would be told again and again."""
        if message not in self._heard:
            self._heard.add(message)
            self._reporter.notice(message, "warning")

    def take(self, work: Followed, news: Iterable[events.Event]) -> None:
        """Pass on what is for the run's stream; the result of a job with the files that it speaks of."""
        emit = self._reporter.emit
        for event in news:
            match event:
                case events.AttemptEnded():
                    work.reason, work.finished = event.reason, not event.reason
                case events.StudyPaused() | events.StudyUnpaused():
                    work.paused = isinstance(event, events.StudyPaused)
                case events.JobFinished():
                    self._take_result(work, event)
                case events.Notice(variant=""):  # of the machine, so that all its attempts say it
                    self.say_once(event.message)
                case events.AttemptStarted() if work.key == PROBE:
                    pass
                case events.StageStarted(stage="train"):
                    self.prepared.add(event.variant)
                    emit(event)
                case _:
                    emit(event)

    def _take_result(self, work: Followed, event: events.JobFinished) -> None:
        work.finished = True
        if work.key in self._reporter.record.results:
            return
        self._folder.adopt(work.key, layout.WEIGHTS, work.attempt.weights)
        self._reporter.emit(event)
        if event.result.status == "done":
            self._folder.drop_checkpoint(work.key)
            work.attempt.checkpoint.unlink(missing_ok=True)

    def retire(self, work: Followed) -> None:
        """End an attempt of an earlier coordinator, wherever it runs, and take over what it left."""
        task = work.attempt.task
        self._folder.room.wait(work.attempt.raise_fence)
        if task.process and task.on != "local":  # those end with their coordinator
            with contextlib.suppress(SimpsonsError, ImportError):
                executor = open_executor(Execution(on=task.on))
                executor.end([task.process])
                executor.close()
        collect(work, self._folder)
        self.take(work, last_words(work))
        if task.key != PROBE:
            reason = "" if work.finished else work.reason or "the study's process was ended"
            self._reporter.emit(events.AttemptEnded(**task.key._asdict(), attempt=task.number, reason=reason))


def collect(followed: Followed, folder: RunFolder) -> None:
    """Take over what an attempt leaves for the next one, and for whoever looks for an error of ours."""
    attempt = followed.attempt
    folder.adopt(followed.key, layout.CHECKPOINTS, attempt.checkpoint)
    with contextlib.suppress(OSError):
        tracebacks = (attempt.folder / layout.ERRORS_FILE).read_bytes()
        with (folder.folder / layout.ERRORS_FILE).open("ab") as errors:
            errors.write(tracebacks)


def last_words(followed: Followed) -> list[events.Event]:
    """As `news` of an attempt that is over: what is damaged there is worth nothing any more."""
    try:
        return followed.news()
    except StorageError:
        return []
