"""How the dashboard is left while a study runs: by handing it over, by a closed terminal, or by a signal."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import SIGNAL_STATUS
from tui.session.background import in_background
from tui.session.work import LocalStudy

if TYPE_CHECKING:
    from tui.app.app import DashboardApp


LOG_FILE = "worker.log"
"""In the run folder: what the process would show if it had a screen."""

WAIT_SECONDS = 600.0
"""How long it waits for this process to save its place, after its batch, and to let go of the run."""


class Leaving:
    """Ends the program without losing its study.

    Attributes:
        worker: the process that the study was handed to.
    """

    def __init__(self, app: "DashboardApp", spawn_worker: Callable[[Path], int], end: Callable[[int], object]) -> None:
        self.worker: int | None = None
        self._app, self._spawn_worker, self._end = app, spawn_worker, end
        self._signal = 0

    @property
    def begun(self) -> bool:
        """Whether the program ends as soon as the study has saved its place."""
        return self.worker is not None or bool(self._signal)

    @property
    def exit_status(self) -> int:
        """That of a program that was handed over, or told by a signal to end."""
        return SIGNAL_STATUS + self._signal if self._signal else 0

    def obey_signals(self) -> None:
        """Take the signals that would end the program; within its running loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.terminate, number)
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, self.hang_up)

    def detach(self) -> None:
        """Hand the study to a process of its own; this one ends when the batch under way is saved."""
        folder, source = self._app.run_folder, self._app.source
        if not self._app.can_detach or folder is None or not isinstance(source, LocalStudy):
            return
        try:
            self.worker = self._spawn_worker(folder)
        except OSError as error:
            self._app.notify(f"no process for the study: {error.strerror or error}", severity="error")
            return
        source.control.hand_over()
        self._app.show_load()

    def finish(self) -> None:
        """Wait until a study that is handed over has saved its place; what a closed terminal ended is not over yet."""
        if self.worker is not None and isinstance(self._app.source, LocalStudy):
            self._app.source.wait()

    def hang_up(self) -> None:
        """The terminal was closed or the connection lost: the study goes on without it."""
        if self._app.can_detach:
            self.detach()

        def leave() -> None:
            self.finish()
            # Nothing of the screen can be put in order: whatever writes to a terminal that is gone, waits for ever.
            self._end(SIGNAL_STATUS + signal.SIGHUP)

        in_background("leaving", leave)

    def terminate(self, number: int) -> None:
        """Stop after the batch, save, and leave."""
        self._signal = number
        if self._app.source is not None and self._app.studying:
            self._app.source.control.stop()
        else:
            self._app.exit(return_code=SIGNAL_STATUS + number)


def spawn_worker(folder: Path) -> int:
    """Start a process that goes on with a run as soon as nobody else writes it; returns its number.

    It begins in a session of its own at once, so it lives even where this process is ended in the middle of saving:
    it then goes on from the checkpoint before.

    Raises:
        OSError: it cannot be started, or its log cannot be written.
    """
    command = [sys.executable, "-m", "tui.cli", "resume", str(folder), "--headless", "--wait", str(WAIT_SECONDS)]
    with (folder / LOG_FILE).open("ab") as log:
        worker = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    return worker.pid
