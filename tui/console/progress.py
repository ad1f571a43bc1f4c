"""A running study on standard error: lines where it is a file, a display with a bar where it is a terminal."""

import contextlib
import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console

from engine.events.search import TrialFinished, TrialStarted, TuningStarted, is_trial, trial_name
from engine.events.study import (
    AttemptEnded,
    BaselinesMeasured,
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    Event,
    JobFinished,
    Level,
    Notice,
    Stage,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyFinished,
    StudyPaused,
    StudyStarted,
    StudyUnpaused,
    WorkersChanged,
)
from engine.reports.results import DatasetSummary, JobResult
from tui.looks.formatting import count, duration, loss, percent, rate
from tui.state.event_words import MOST_TOLD, attempt_words, event_words, job_count, job_words
from tui.state.view_state import ViewState
from tui.tables.facts import recipe_words
from tui.tables.search_facts import search_line

_STYLES: dict[Level, str] = {"info": "", "warning": "yellow", "error": "bold red"}
_DOING: dict[Stage, str] = {
    "check": "reading",
    "audit": "looking for copies among",
    "preprocess": "pre-processing",
    "train": "training",
    "evaluate": "evaluating",
    "baselines": "measuring baselines on",
    "quality": "measuring the quality of",
}
REMIND_SECONDS = 30.0
"""Nobody waits longer for a sign of life where there is no bar."""

_WORTH_A_LINE = 1.0
"""Seconds from which on the time that a stage took gets a line."""


class QuietConsole(Console):
    """A console that lets the caller see a broken pipe, where Rich would end the program."""

    def on_broken_pipe(self) -> None:
        """Pass the error on."""
        raise  # noqa: PLE0704 - called by Rich while it handles the BrokenPipeError


@dataclass
class _UnderWay:
    """A stage or a trial that has begun: its work is images, or batches of training."""

    name: str
    began: float
    total: int
    cached: int = 0
    done: int = 0
    images: int = 0
    paused_at: float | None = None

    def speed(self, now: float) -> str:
        """Images a second since it began; empty where that is not known."""
        seconds = now - self.began
        return rate(self.images / seconds) if seconds > 0 and self.images > 0 else ""

    def seconds_left(self, now: float) -> float | None:
        """At the speed so far; None where that is not known."""
        fresh = self.done - self.cached
        return (now - self.began) * (self.total - self.done) / fresh if fresh > 0 else None

    def words(self, now: float) -> str:
        """How far it is, how fast and how long it will take."""
        if not self.total:
            return f"{self.name}, under way for {duration(now - self.began)}"
        left = f"{duration(self.seconds_left(now))} left"
        parts = (percent(self.done / self.total).strip(), self.speed(now), left)
        return ", ".join((self.name, *filter(None, parts)))


class LineProgress:
    """One line for each thing that begins or ends, and one for what takes long; takes events in the engine's thread."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._stage: _UnderWay | None = None
        self._said_at = self._counted_at = time.time()
        self._epochs = 0
        self._state = ViewState()
        self._broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def take(self, event: Event) -> None:
        """Show an event. A standard error that nobody reads any more does not end the study."""
        if self._broken:
            return
        try:
            self._show(event)
        except (OSError, ValueError):
            self._broken = True

    def recall(self, event: Event) -> None:
        """Take from an event what later lines refer to; what was told by another process is not told again."""
        self._state.apply(event)
        if isinstance(event, StudyStarted | TuningStarted):
            self._epochs = event.recipe.epochs

    def remind(self, now: float | None = None) -> None:
        """Say how far the stage under way is where nothing was said for `REMIND_SECONDS`; `now` as events count it.

        Of jobs that run side by side, how many do and how long it takes, every so many seconds.
        """
        now = time.time() if now is None else now
        state, stage = self._state, self._stage
        if state.paused:
            return
        if stage is not None and now - self._said_at >= REMIND_SECONDS:
            self.say(stage.words(now), at=now)
        elif stage is None and state.attempts.running and now - self._counted_at >= REMIND_SECONDS:
            self._counted_at = now
            self.say(f"{jobs_words(state)}, {duration(state.seconds_left())} left", at=now)

    def say(self, message: str, level: Level = "info", at: float | None = None) -> None:
        """Write one line, with the time of day."""
        self._said_at = time.time() if at is None else at
        stamp = time.strftime("%H:%M:%S", time.localtime(at))
        with contextlib.suppress(OSError, ValueError):
            self._print(f"{stamp} {' '.join(message.split())}", _STYLES[level])

    def _print(self, line: str, style: str) -> None:
        self.console.print(line, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def _show(self, event: Event) -> None:
        self.recall(event)
        level: Level = "info"
        if isinstance(event, Notice):
            level = event.level
        elif isinstance(event, JobFinished) and event.result.status != "done":
            level = "warning" if event.result.status == "stopped" else "error"
        elif isinstance(event, AttemptEnded) and event.reason:
            level = "warning"
        self._follow(event)
        line = self._line(event)
        if line:
            self.say(line, level, event.time)
        self.remind(event.time)

    def _follow(self, event: Event) -> None:
        """Keep what is under way up to date."""
        stage = self._stage
        match event:
            case StageStarted() | StageProgress() | BatchTrained() | StageFinished() if self._side_by_side(event):
                pass
            case StageStarted():
                place = self._place() if event.variant else ""
                name = about(f"{place}{self._job(event)}", doing(event.stage))
                self._stage = _UnderWay(name, event.time, event.total, event.cached, event.cached)
            case WorkersChanged():
                self._counted_at = event.time
            case TrialStarted():
                self._stage = _UnderWay(trial_name(event.trial), event.time, event.steps)
            case StageProgress() if stage is not None:
                stage.done, stage.images = event.done, event.done - stage.cached
            case BatchTrained() if stage is not None:
                stage.done, stage.images = stage.done + 1, stage.images + event.images
            case StageFinished() | StudyFinished() | TrialFinished():
                self._stage = None
            case StudyPaused() if stage is not None:
                stage.paused_at = event.time
            case StudyUnpaused() if stage is not None and stage.paused_at is not None:
                stage.began += event.time - stage.paused_at
                stage.paused_at, self._said_at = None, event.time
            case _:
                pass

    def _side_by_side(self, event: Event) -> bool:
        """Whether an event is of one of several jobs under way."""
        return bool(self._state.attempts) and bool(getattr(event, "variant", ""))

    def _line(self, event: Event) -> str:
        words = event_words(event) or attempt_words(event, self._state.record.started)
        return self._study_line(event) or words or search_line(event) or self._job_line(event)

    def _study_line(self, event: Event) -> str:
        text = ""
        match event:
            case StudyStarted():
                recipe = recipe_words(event.recipe)
                seeds = f"seeds {event.seed} to {event.seeds[-1]}" if event.repeats > 1 else f"seed {event.seed}"
                folds = f", {event.folds} folds" if event.folds > 1 else ""
                text = f"study {event.study}: {_data_words(event.dataset)}; recipe {recipe}, {seeds}{folds}"
            case DatasetChecked():
                text = f"in use: {_data_words(event.dataset)}"
            case BaselinesMeasured():
                scores = ", ".join(f"{one.name} {one.metrics.accuracy:.3f}" for one in event.baselines)
                text = f"baselines, accuracy: {scores}"
        return text

    def _job_line(self, event: Event) -> str:
        text = ""
        match event:
            case StageStarted() | StageFinished() | EpochTrained() if event.variant and self._jobs > MOST_TOLD:
                pass
            case StageStarted():
                unit, known = ("batches", "done before") if event.stage == "train" else ("images", "from the cache")
                cached = f", {count(event.cached)} of them {known}" if event.cached else ""
                text = about(self._job(event), f"{_DOING[event.stage]} {count(event.total)} {unit}{cached}")
            case StageFinished() if event.seconds >= _WORTH_A_LINE:
                text = about(self._job(event), f"{doing(event.stage)} took {duration(event.seconds)}")
            case EpochTrained():
                scores = f"mean loss {loss(event.loss).strip()}, training accuracy {event.accuracy:.3f}"
                if event.validation_accuracy is not None:
                    scores += f", validation accuracy {event.validation_accuracy:.3f}"
                text = f"{self._job(event)}: epoch {event.epoch + 1}/{self._epochs}, {scores}"
            case JobFinished() if not is_trial(event.result.variant):
                text = (
                    f"{self._place(len(self._state.record.results))}{self._job(event.result)}: {_outcome(event.result)}"
                )
        return text

    @property
    def _jobs(self) -> int:
        return job_count(self._state.record.started)

    def _place(self, number: int | None = None) -> str:
        """Which of many jobs this is, the one under way if not given: "[17/130] "; "" where there are few."""
        number = len(self._state.record.results) + 1 if number is None else number
        return f"[{number}/{self._jobs}] " if self._jobs > MOST_TOLD else ""

    def _job(self, part: StageStarted | StageFinished | BatchTrained | EpochTrained | JobResult) -> str:
        """The variant, with seed and fold where there are several; "" for a stage of the whole study."""
        return part.variant and job_words(self._state.record.started, part.variant, part.seed, part.fold)


def jobs_words(state: ViewState) -> str:
    """How many jobs of a study run, have ended and have failed."""
    counts = state.job_counts()
    total = job_count(state.record.started)
    ended = "".join(f", {counts[word]} {word}" for word in ("stopped", "failed") if counts[word])
    return f"{count(counts['running'])} running, {count(counts['done'])} of {count(total)} done{ended}"


def doing(stage: Stage) -> str:
    """What a stage does, without the word before the number of images."""
    return re.sub(" (on|among|of)$", "", _DOING[stage])


def about(variant: str, message: str) -> str:
    """A message with what it is about before it, if anything."""
    return f"{variant}: {message}" if variant else message


def _data_words(dataset: DatasetSummary) -> str:
    kind = "the demo set (drawings made by this program)" if dataset.is_demo else dataset.name
    images = f"{count(dataset.train)} training and {count(dataset.test)} test images"
    return f"{kind}, {images} of {len(dataset.classes)} classes"


def _outcome(result: JobResult) -> str:
    reason = f" ({result.reason})" if result.reason else ""
    if result.metrics is None:
        return f"{result.status}{reason}"
    return f"{result.status}{reason}, accuracy {result.metrics.accuracy:.3f}, macro F1 {result.metrics.f1.macro:.3f}"
