"""A running study on standard error: lines where it is a file, a display with a bar where it is a terminal."""

import contextlib
import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console

from engine.events.record import JobKey
from engine.events.search import TrialFinished, TrialStarted, TuningStarted, is_trial, trial_name
from engine.events.study import (
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
)
from engine.reports.results import DatasetSummary, JobResult
from tui.looks.formatting import count, duration, loss, percent, rate
from tui.state.event_words import event_words
from tui.tables.facts import recipe_words
from tui.tables.search_facts import search_line

if TYPE_CHECKING:
    from rich.progress import TaskID

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
_REFRESHES_PER_SECOND = 5
REMIND_SECONDS = 30.0
"""Nobody waits longer for a sign of life where there is no bar."""

_MOST_TOLD = 20
"""Of studies with more jobs than this, only what became of each job is told, and how many there are."""

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

    def words(self, now: float) -> str:
        """How far it is, how fast and how long it will take."""
        if not self.total:
            return f"{self.name}, under way for {duration(now - self.began)}"
        fresh = self.done - self.cached
        left = (now - self.began) * (self.total - self.done) / fresh if fresh > 0 else None
        parts = (percent(self.done / self.total).strip(), self.speed(now), f"{duration(left)} left")
        return ", ".join((self.name, *filter(None, parts)))


class LineProgress:
    """One line for each thing that begins or ends, and one for what takes long; takes events in the engine's thread."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._stage: _UnderWay | None = None
        self._said_at = time.time()
        self._epochs = 0
        self._seeds, self._folds = False, False
        self._jobs = 1
        self._ended: set[JobKey] = set()
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
        if isinstance(event, StudyStarted | TuningStarted):
            self._epochs = event.recipe.epochs
            self._seeds = isinstance(event, StudyStarted) and event.repeats > 1
            self._folds = isinstance(event, StudyStarted) and event.folds > 1
            self._jobs = len(event.variants) * event.jobs_per_variant if isinstance(event, StudyStarted) else 1
        elif isinstance(event, JobFinished):
            self._ended.add(JobKey(event.result.variant, event.result.seed, event.result.fold))

    def remind(self, now: float | None = None) -> None:
        """Say how far the stage under way is where nothing was said for `REMIND_SECONDS`; `now` as events count it."""
        now = time.time() if now is None else now
        if self._stage is None or self._stage.paused_at is not None or now - self._said_at < REMIND_SECONDS:
            return
        self.say(self._stage.words(now), at=now)

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
        self._follow(event)
        line = self._line(event)
        if line:
            self.say(line, level, event.time)
        self.remind(event.time)

    def _follow(self, event: Event) -> None:
        """Keep what is under way up to date."""
        stage = self._stage
        match event:
            case StageStarted():
                place = self._place() if event.variant else ""
                name = _about(f"{place}{self._job(event)}", _doing(event.stage))
                self._stage = _UnderWay(name, event.time, event.total, event.cached, event.cached)
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

    def _line(self, event: Event) -> str:
        return self._study_line(event) or event_words(event) or search_line(event) or self._job_line(event)

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
            case StageStarted() | StageFinished() | EpochTrained() if event.variant and self._jobs > _MOST_TOLD:
                pass
            case StageStarted():
                unit, known = ("batches", "done before") if event.stage == "train" else ("images", "from the cache")
                cached = f", {count(event.cached)} of them {known}" if event.cached else ""
                text = _about(self._job(event), f"{_DOING[event.stage]} {count(event.total)} {unit}{cached}")
            case StageFinished() if event.seconds >= _WORTH_A_LINE:
                text = _about(self._job(event), f"{_doing(event.stage)} took {duration(event.seconds)}")
            case EpochTrained():
                scores = f"mean loss {loss(event.loss).strip()}, training accuracy {event.accuracy:.3f}"
                if event.validation_accuracy is not None:
                    scores += f", validation accuracy {event.validation_accuracy:.3f}"
                text = f"{self._job(event)}: epoch {event.epoch + 1}/{self._epochs}, {scores}"
            case JobFinished() if not is_trial(event.result.variant):
                text = f"{self._place(len(self._ended))}{self._job(event.result)}: {_outcome(event.result)}"
        return text

    def _place(self, number: int | None = None) -> str:
        """Which of many jobs this is, the one under way if not given: "[17/130] "; "" where there are few."""
        number = len(self._ended) + 1 if number is None else number
        return f"[{number}/{self._jobs}] " if self._jobs > _MOST_TOLD else ""

    def _job(self, part: StageStarted | StageFinished | BatchTrained | EpochTrained | JobResult) -> str:
        """The variant, with seed and fold where there are several."""
        seed = f"seed {part.seed}" if self._seeds else ""
        fold = f"fold {part.fold}" if self._folds else ""
        which = ", ".join(filter(None, (seed, fold)))
        return f"{part.variant} ({which})" if part.variant and which else part.variant


class BarProgress(LineProgress):
    """The lines, and below them a bar for the stage under way with its rate and the time left."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rate]:>11}", markup=False),
            TimeRemainingColumn(),
            console=console,
            expand=True,
            transient=True,
            refresh_per_second=_REFRESHES_PER_SECOND,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._task = self._bars.add_task("preparing", total=None, rate="")
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._bars.stop()

    def _show(self, event: Event) -> None:
        super()._show(event)
        match event:
            case StageStarted() | TrialStarted():
                self._start()
            case StageProgress():
                self._advance()
            case BatchTrained():
                epoch = f"epoch {event.epoch + 1}/{self._epochs}, loss {loss(event.loss).strip()}"
                self._advance(f"{self._place()}{self._job(event)}: {epoch}")
            case StageFinished() | StudyFinished() | TrialFinished():
                self._end()
            case _:
                pass

    def remind(self, now: float | None = None) -> None:
        """The bar says it all the time."""

    def _start(self) -> None:
        self._end()
        if stage := self._stage:
            self._task = self._bars.add_task(stage.name, total=stage.total or None, completed=stage.cached, rate="")

    def _advance(self, description: str | None = None) -> None:
        if self._task is not None and (stage := self._stage):
            speed = stage.speed(time.time())
            self._bars.update(self._task, completed=stage.done, description=description, rate=speed)

    def _end(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


def progress_on(stream: TextIO) -> LineProgress:
    """The display that suits a stream."""
    console = QuietConsole(file=stream)
    if console.is_terminal and not console.is_dumb_terminal:
        return BarProgress(console)
    return LineProgress(console)


def _doing(stage: Stage) -> str:
    """What a stage does, without the word before the number of images."""
    return re.sub(" (on|among|of)$", "", _DOING[stage])


def _about(variant: str, message: str) -> str:
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
