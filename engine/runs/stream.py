"""Appending lines to a file: each is in it whole or not at all, and none is lost while the disk is full."""

import os
from pathlib import Path

from engine.system.files import sync_folder

_BLOCK = 1 << 16


class LineStream:
    """Appends lines to a file.

    Lines stay in memory until the disk has them for sure. Where writing fails, the file is cut back to the lines that
    are sure, and the others are written again by the next `flush` or `sync`.
    """

    def __init__(self, path: Path) -> None:
        """Open for appending; a last line that was cut off by a kill goes.

        Raises:
            OSError: it cannot be written.
        """
        self._file = path.open("ab", buffering=0)
        self._sure = _whole_lines(path)
        self._file.truncate(self._sure)
        self._written: list[bytes] = []
        self._waiting: list[bytes] = []
        sync_folder(path.parent)

    @property
    def behind(self) -> bool:
        """Whether lines wait to be written."""
        return bool(self._waiting)

    @property
    def length(self) -> int:
        """Bytes of the file with all lines that were taken."""
        return self._sure + sum(map(len, self._written)) + sum(map(len, self._waiting))

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._file.closed

    def add(self, line: bytes) -> None:
        """Take a line, without its line break; `flush` writes it."""
        self._waiting.append(line + b"\n")

    def flush(self) -> None:
        """Hand what waits to the system: other processes see it, a kill of this one cannot take it.

        Raises:
            OSError: it could not be written; no line is lost.
        """
        if not self._waiting:
            return
        rest = memoryview(b"".join(self._waiting))
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError:
            self._keep_whole_lines(len(rest))
            raise
        self._written += self._waiting
        self._waiting = []

    def sync(self) -> None:
        """Flush, and bring all lines to the disk, where a power cut cannot take them.

        Raises:
            OSError: it could not be written; no line is lost.
        """
        self.flush()
        if not self._written:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError:
            self._cut_back()
            raise
        self._sure += sum(map(len, self._written))
        self._written = []

    def give_up(self, length: int) -> None:
        """Forget the lines that wait and would make the file longer than this."""
        while self._waiting and self.length > length:
            self._waiting.pop()

    def close(self) -> None:
        """Give the file back; what waits is given up."""
        self._file.close()

    def _keep_whole_lines(self, missing: int) -> None:
        """Take half a line back, where so many bytes at the end were not written."""
        place = len(self._waiting)
        while place and missing > 0:
            place -= 1
            missing -= len(self._waiting[place])
        self._written += self._waiting[:place]
        del self._waiting[:place]
        self._file.truncate(self.length - sum(map(len, self._waiting)))

    def _cut_back(self) -> None:
        self._waiting, self._written = self._written + self._waiting, []
        self._file.truncate(self._sure)


def _whole_lines(path: Path) -> int:
    """Length of the file up to its last line break."""
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - _BLOCK)
            stream.seek(start)
            place = stream.read(end - start).rfind(b"\n")
            if place >= 0:
                return start + place + 1
            end = start
    return 0
