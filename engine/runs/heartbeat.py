"""A run's heartbeat: a small file that changes while its writer lives, for machines that do not see the writer's lock.

Clocks of two machines are never compared: whoever looks remembers, by its own clock, when it last saw a change.
"""

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.runs.layout import HEARTBEAT_FILE

BEAT_SECONDS = 10.0
SILENT_SECONDS = 60.0
"""A heartbeat that has stood still for so long is a dead writer's: network disks show changes late."""


class Heartbeat:
    """Beats in a thread until `end`, or until it finds that another process beats in its place."""

    def __init__(self, folder: Path, on_beat: Callable[[], None], on_lost: Callable[[], None]) -> None:
        """Begin; `on_beat` is called with each beat but the first, `on_lost` at the end by another, in the thread.

        Raises:
            OSError: the folder cannot be written.
        """
        self._path = folder / HEARTBEAT_FILE
        self._on_beat, self._on_lost = on_beat, on_lost
        self._name, self._number = secrets.token_hex(8).encode(), 0
        self._ended, self._busy = threading.Event(), threading.Lock()
        self._write()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def beat(self) -> None:
        """Write the next beat, unless another process has written its own."""
        with self._busy:
            if self._ended.is_set():
                return
            if lost := not self._is_ours():
                self._ended.set()
            else:
                with contextlib.suppress(OSError):  # whoever looks then takes this process for dead
                    self._write()
        (self._on_lost if lost else self._on_beat)()

    def end(self) -> None:
        """Beat no more: nobody has to wait to learn that the writer is gone."""
        with self._busy:
            self._ended.set()
            if self._is_ours():
                with contextlib.suppress(OSError):
                    self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self.beat()

    def _is_ours(self) -> bool:
        return _read(self._path)[: len(self._name)] in (self._name, b"")

    def _write(self) -> None:
        """In place, as whoever opens a file of a network disk sees its newest content, but not its newest file."""
        self._number += 1
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, b"%s %010d\n" % (self._name, self._number))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_seen: dict[Path, tuple[bytes, float, bool]] = {}
"""The heartbeat of each run as this process saw it last, since when, and whether it ever saw it change."""


def is_beating(folder: Path) -> bool | None:
    """Whether a run's heartbeat moves; False where there is none, None where we have not looked for long enough."""
    content, now = _read(folder / HEARTBEAT_FILE), time.monotonic()
    if not content:
        _seen.pop(folder, None)
        return False
    before, since, moved = _seen.get(folder, (content, now, False))
    if content != before:
        since, moved = now, True
    _seen[folder] = content, since, moved
    if now - since >= SILENT_SECONDS:
        return False
    return moved or None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
