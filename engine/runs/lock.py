"""The right to write a run: a lock, which the system frees however its holder ends, and a heartbeat for other machines.

Where the writer is on this machine its lock says whether it lives. On another one that lock may not be seen, on disks
that carry no locks between machines, so the heartbeat decides there. A writer that was taken for dead finds another's
heartbeat in place of its own, and leaves the run to that.
"""

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from engine.errors import StorageError
from engine.events.control import POLL_SECONDS
from engine.runs.heartbeat import Heartbeat, is_beating
from engine.runs.layout import LOCK_FILE, WRITER_FILE
from engine.system.files import is_full, parse_json, replace_json
from engine.system.locks import is_locked

ACQUIRE_SECONDS = 2.0
"""How long to try: whoever asks whether a run is live holds its lock for a moment."""


class WriterLock:
    """The right to write into a run folder, held until `release`.

    Attributes:
        on_beat: called every few seconds while it is held, in a thread of its own.
        on_lost: called there once another machine's process writes the run, which took this one for dead.
    """

    def __init__(self, folder: Path) -> None:
        self.on_beat: Callable[[], None] = _do_nothing
        self.on_lost: Callable[[], None] = _do_nothing
        self._folder = folder
        # Not bound to a thread: the engine's takes it, another may let go.
        self._lock = FileLock(folder / LOCK_FILE, thread_local=False)
        self._heartbeat: Heartbeat | None = None

    def acquire(self, seconds: float | None = None) -> None:
        """Take it, waiting for as long as `seconds` (by default a moment) for its holder and for room on a full disk.

        Where another machine wrote the run last and may still do so, its heartbeat is looked at for up to a minute.

        Raises:
            StorageError: another process writes this run.
            OSError: the folder cannot be written.
        """
        try:
            self._lock.acquire(timeout=ACQUIRE_SECONDS if seconds is None else seconds, poll_interval=0.05)
        except Timeout:
            raise self._taken() from None
        except NotImplementedError:
            pass  # a disk without locks: the heartbeat must do
        if not (self._lock.is_locked and _is_of_this_machine(self._folder)) and _block_until_known(self._folder):
            self._lock.release()
            raise self._taken()
        until = time.monotonic() + (seconds or 0.0)
        while not self._sign(last_try=time.monotonic() >= until):
            time.sleep(POLL_SECONDS)

    def _taken(self) -> StorageError:
        return StorageError(
            f"{self._folder} is being written by {describe_writer(self._folder)}: watch it, or stop it first"
        )

    def _sign(self, *, last_try: bool) -> bool:
        """Say who writes, and begin to beat; whether there was room for it."""
        writer = {"pid": os.getpid(), "host": platform.node(), "since": round(time.time(), 3)}
        try:
            replace_json(self._folder / WRITER_FILE, writer)
            # Who holds the lock says later what is to be called.
            self._heartbeat = Heartbeat(self._folder, lambda: self.on_beat(), lambda: self.on_lost())  # noqa: PLW0108
        except OSError as error:
            if last_try or not is_full(error):
                raise
            return False
        return True

    def release(self) -> None:
        """Let go; harmless where it is not held."""
        if self._heartbeat is not None:
            self._heartbeat.end()
        self._lock.release()


def is_live(folder: Path, *, sure: bool = False) -> bool:
    """Whether a process writes this run now.

    A writer on another machine counts until its heartbeat was seen to stand still for a minute. `sure` looks for as
    long as that takes; otherwise the answer comes at once, and True may mean that we have not looked for long enough.
    """
    path = folder / LOCK_FILE
    try:
        locked = is_locked(path)
    except FileNotFoundError:
        return False
    except OSError:  # another user's folder
        locked = None
    if locked or (locked is False and _is_of_this_machine(folder)):
        return bool(locked)
    return _block_until_known(folder) if sure else is_beating(folder) is not False


def _block_until_known(folder: Path) -> bool:
    """Whether a run's heartbeat moves."""
    while (beating := is_beating(folder)) is None:
        time.sleep(POLL_SECONDS)
    return beating


def describe_writer(folder: Path) -> str:
    """Who writes a run, or wrote it last, for people."""
    writer = _writer(folder)
    try:
        where = "" if _is_of_this_machine(folder) else f" on {writer['host']}"
        return f"process {int(writer['pid'])}{where}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _is_of_this_machine(folder: Path) -> bool:
    return bool(_writer(folder).get("host", platform.node()) == platform.node())


def _writer(folder: Path) -> dict[str, Any]:
    try:
        writer = parse_json((folder / WRITER_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return writer if isinstance(writer, dict) else {}


def _do_nothing() -> None:
    pass
