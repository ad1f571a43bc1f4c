"""The lock of a run's one writer, which the system frees however its process ends, and who holds it."""

import os
import platform
import time
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import StorageError
from engine.events.control import POLL_SECONDS
from engine.runs.layout import LOCK_FILE, WRITER_FILE
from engine.system.files import is_full, parse_json, replace_json

ACQUIRE_SECONDS = 2.0
"""How long to try: whoever asks whether a run is live holds its lock for a moment."""


class WriterLock:
    """The right to write into a run folder, held until `release`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Not bound to a thread: the engine's takes it, another may let go.
        self._lock = FileLock(folder / LOCK_FILE, thread_local=False)

    def acquire(self, seconds: float | None = None) -> None:
        """Take it, waiting for as long as `seconds` (by default a moment) for its holder and for room on a full disk.

        Raises:
            StorageError: another process writes this run.
            OSError: the folder cannot be written.
        """
        try:
            self._lock.acquire(timeout=ACQUIRE_SECONDS if seconds is None else seconds, poll_interval=0.05)
        except Timeout:
            raise StorageError(
                f"{self._folder} is being written by {describe_writer(self._folder)}: watch it, or stop it first"
            ) from None
        until = time.monotonic() + (seconds or 0.0)
        while not self._sign(last_try=time.monotonic() >= until):
            time.sleep(POLL_SECONDS)

    def _sign(self, *, last_try: bool) -> bool:
        """Say who writes; whether there was room for it."""
        writer = {"pid": os.getpid(), "host": platform.node(), "since": round(time.time(), 3)}
        try:
            replace_json(self._folder / WRITER_FILE, writer)
        except OSError as error:
            if last_try or not is_full(error):
                raise
            return False
        return True

    def release(self) -> None:
        """Let go; harmless where it is not held."""
        self._lock.release()


def is_live(folder: Path) -> bool:
    """Whether a process writes this run now."""
    path = folder / LOCK_FILE
    try:
        if not path.exists():
            return False
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # a folder that is gone or that we may not write into: nobody of ours writes there
        return False


def describe_writer(folder: Path) -> str:
    """Who writes a run, or wrote it last, for people."""
    try:
        writer = parse_json((folder / WRITER_FILE).read_bytes())
        where = "" if writer["host"] == platform.node() else f" on {writer['host']}"
        return f"process {int(writer['pid'])}{where}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
