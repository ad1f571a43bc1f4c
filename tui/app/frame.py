"""One frame of the dashboard as text, for places where nobody can sit before it: cron, the log of CI, chat."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from textual.screen import Screen
from textual.strip import Strip

from engine import load_record, settings_file
from engine.config.study import StudyConfig
from engine.errors import InputError, StorageError
from tui.app.app import LEAST_HEIGHT, LEAST_WIDTH, DashboardApp
from tui.console.stdout import print_alone
from tui.looks.palette import MOST_RUNS, run_style
from tui.looks.refresh_rate import FASTEST_REFRESH_RATE
from tui.pictures.service import Pictures
from tui.settings.file import read_settings

USUAL_SIZE = (120, 40)

_LOOK_SECONDS, _MOST_LOOKS = 0.02, 6000
_STEADY_LOOKS = 3
"""Looks in a row at the same lines, after which a frame is taken for drawn: its parts measure each other in turns."""


class _FrameApp(DashboardApp):
    """A dashboard for one look: it begins on an empty screen, for the set-up would read data and load what trains."""

    def get_default_screen(self) -> Screen[None]:
        return Screen()

    @property
    def has_drawn(self) -> bool:
        """Whether everything that is known of the run stands on the screen."""
        watched = self.session.watched
        if watched is None:
            return len(self.screen_stack) > 1
        return watched.caught_up and (self.session.engine_running or self._announced)


def print_watched(config: StudyConfig, folder: Path, size: tuple[int, int] | None, colour: str) -> None:
    """Print what a dashboard that watches a run shows of it now; `size` is in columns and lines.

    Raises:
        InputError: the size is too small.
        StorageError: the run cannot be read.
    """
    _print(_app(config, watch=folder), None, size, colour)


def print_compared(folders: Sequence[Path], size: tuple[int, int] | None, colour: str) -> None:
    """Print the curves of several runs on one chart.

    Raises:
        InputError: the size is too small, there are too many runs, or one holds no study.
    """
    from tui.screens.history.compared_runs import MarkedRun
    from tui.screens.history.run_comparison import RunCurvesScreen

    if len(folders) > MOST_RUNS:
        raise InputError(f"{len(folders)} runs: {MOST_RUNS} at most can be told apart on one chart")
    records = {folder: load_record(folder) for folder in folders}
    for folder, record in records.items():
        if record.started is None:
            raise InputError(f"{folder} holds no study: its process ended before it began")
    runs = [MarkedRun(folder.name, run_style(n), record) for n, (folder, record) in enumerate(records.items())]
    app = _app(StudyConfig())
    _print(app, RunCurvesScreen(runs, app.session.settings.charts), size, colour)


def _app(config: StudyConfig, watch: Path | None = None) -> _FrameApp:
    settings, _ = read_settings(settings_file())
    return _FrameApp(
        config, watch=watch, settings=settings, refresh_rate=FASTEST_REFRESH_RATE, pictures=Pictures("off")
    )


def _print(app: _FrameApp, screen: Screen[None] | None, size: tuple[int, int] | None, colour: str) -> None:
    def text(results: TextIO) -> str:
        columns, lines = size or (os.get_terminal_size(results.fileno()) if results.isatty() else USUAL_SIZE)
        if columns < LEAST_WIDTH or lines < LEAST_HEIGHT:
            raise InputError(f"--size {columns}x{lines}: give {LEAST_WIDTH}x{LEAST_HEIGHT} at least")
        strips = asyncio.run(_drawn(app, screen, (columns, lines)))
        if colour == "never" or (colour == "auto" and not results.isatty()):
            return "".join(f"{strip.text.rstrip()}\n" for strip in strips)
        console = Console(file=results, force_terminal=True)
        if console.color_system is None:
            console = Console(file=results, force_terminal=True, color_system="256")
        return "".join(f"{strip.render(console)}\n" for strip in strips)

    print_alone(text)


async def _drawn(app: _FrameApp, screen: Screen[None] | None, size: tuple[int, int]) -> list[Strip]:
    """The lines of the screen, once they no longer change."""
    looks: list[list[Strip]] = []
    async with app.run_test(size=size) as pilot:
        if screen is not None:
            await app.push_screen(screen)
        for _ in range(_MOST_LOOKS):
            await pilot.pause(_LOOK_SECONDS)
            if app.return_code is not None:
                break
            if app.has_drawn:
                # Textual has no public way to the lines of a screen; its own tests of screens take this one.
                looks.append(app.screen._compositor.render_strips())
                if len(looks) >= _STEADY_LOOKS and all(look == looks[-1] for look in looks[-_STEADY_LOOKS:]):
                    return looks[-1]
    failure = app.session.exit_failure
    raise StorageError(
        failure.message if failure is not None else "the run could not be drawn: it changes all the time"
    )
