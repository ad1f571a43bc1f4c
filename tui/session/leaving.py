"""How the dashboard is left while a study runs: the process that resumes it, and the signals that end this one."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from engine.steps.registry import named_steps

LOG_FILE = "worker.log"
"""In the run folder: what the process would show if it had a screen."""

WAIT_SECONDS = 600.0
"""How long it waits for this process to save its place, after its batch, and to let go of the run."""


def obey_signals(terminate: Callable[[int], None], hang_up: Callable[[], None]) -> None:
    """Have the signals that would end the program call these; within its running loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, terminate, number)
    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, hang_up)


def spawn_worker(folder: Path) -> int:
    """Start a process that resumes a run as soon as nobody else writes it; returns its number.

    It begins in a session of its own at once, so it lives even where this process is ended in the middle of saving:
    it then resumes from the checkpoint before.

    Raises:
        OSError: it cannot be started, or its log cannot be written.
    """
    from engine import named_networks

    command = [sys.executable, "-m", "tui.cli", "resume", str(folder), "--headless", "--wait", str(WAIT_SECONDS)]
    command += [word for name in named_steps() for word in ("--steps", name)]
    command += [word for name in named_networks() for word in ("--network", name)]
    with (folder / LOG_FILE).open("ab") as log:
        worker = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    return worker.pid
