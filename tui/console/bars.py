"""A running study on a terminal: the lines, and bars below them."""

import contextlib
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console

from engine.events.search import TrialFinished, TrialStarted
from engine.events.study import (
    BatchTrained,
    Event,
    JobFinished,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyFinished,
)
from tui.console.progress import LineProgress, QuietConsole, about, doing, jobs_words
from tui.looks.formatting import duration, loss, rate
from tui.state.event_words import job_words

if TYPE_CHECKING:
    from rich.progress import TaskID

_REFRESHES_PER_SECOND = 5
_MOST_BARS = 4
"""Of jobs that run at once, below the bar of the study."""


class BarProgress(LineProgress):
    """The lines, and below them a bar for the stage under way with its rate and the time left.

    Where jobs run side by side: a bar for the study and one for each of the first few jobs.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        from rich.progress import BarColumn, Progress, TextColumn

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rate]:>11}", markup=False),
            TextColumn("{task.fields[left]:>7}", markup=False),
            console=console,
            expand=True,
            transient=True,
            refresh_per_second=_REFRESHES_PER_SECOND,
        )
        self._task: TaskID | None = None
        self._jobs_bars: list[TaskID] = []
        self._drawn_at = 0.0

    def __enter__(self) -> Self:
        self._task = self._bars.add_task("preparing", total=None, rate="", left="")
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._bars.stop()

    def _show(self, event: Event) -> None:
        super()._show(event)
        if self._state.attempts and self._stage is None:
            self._draw_jobs(at_once=isinstance(event, JobFinished | StudyFinished))
            return
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
            self._task = self._bars.add_task(
                stage.name, total=stage.total or None, completed=stage.cached, rate="", left=""
            )

    def _advance(self, description: str | None = None) -> None:
        if self._task is not None and (stage := self._stage):
            now = time.time()
            self._bars.update(
                self._task,
                completed=stage.done,
                description=description,
                rate=stage.speed(now),
                left=duration(stage.seconds_left(now)),
            )

    def _end(self) -> None:
        for task in (*([] if self._task is None else [self._task]), *self._jobs_bars):
            self._bars.remove_task(task)
        self._task, self._jobs_bars = None, []

    def _draw_jobs(self, *, at_once: bool) -> None:
        """The study, then the jobs in the order of their workers; no more often than the display is drawn."""
        now = time.monotonic()
        if not at_once and now - self._drawn_at < 1 / _REFRESHES_PER_SECOND:
            return
        self._drawn_at, state = now, self._state
        rows = [(jobs_words(state), state.share(), "", duration(state.seconds_left()))]
        jobs = [state.jobs.get(one.job) for one in state.attempts.lanes if one is not None]
        for job, stage in [(job, job.stage) for job in jobs if job is not None][:_MOST_BARS]:
            if stage is not None:
                name = f"  {about(job_words(state.record.started, *job.key), doing(stage.stage))}"
                rows.append((name, stage.share, rate(stage.image_rate()), duration(stage.seconds_left())))
        if state.finished is not None or len(rows) != len(self._jobs_bars):
            self._end()
        if state.finished is not None:
            return
        while len(self._jobs_bars) < len(rows):
            self._jobs_bars.append(self._bars.add_task("", total=1.0, rate="", left=""))
        for task, (description, share, speed, left) in zip(self._jobs_bars, rows, strict=True):
            self._bars.update(task, description=description, completed=share, rate=speed, left=left)


def progress_on(stream: TextIO) -> LineProgress:
    """The display that suits a stream."""
    console = QuietConsole(file=stream)
    if console.is_terminal and not console.is_dumb_terminal:
        return BarProgress(console)
    return LineProgress(console)
