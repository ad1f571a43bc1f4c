"""The pre-processed images of one variant, read row by row from wherever they lie."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.preprocess.cache import Leases
from engine.preprocess.segment import PixelFile, pixel_checksum
from engine.preprocess.step import Pixels, Size

IN_MEMORY = -1
"""In place of a file's number."""


class TablePlace(NamedTuple):
    """Image `number` of a file, with the CRC-32 that its pixels must have, or of those in memory."""

    file: int
    number: int
    checksum: int = 0


class PixelTable:
    """(N, H, W, 3) uint8 images that need not lie in memory.

    Reading is safe from several threads. While the table is open the cache keeps what it reads from; close it when
    done, or use it as a context manager. Pixels from a file are checked each time: a disk may damage them, and another
    node may evict the file where it does not see the lease. Such images are made again.

    Attributes:
        image_size: (height, width) in pixels.
        note: a sentence for the user where the images could not be kept on disk, else empty.
        tell: called with a sentence, in the thread that reads, when the first image is made again.
    """

    def __init__(
        self,
        image_size: Size,
        places: Sequence[TablePlace],
        memory: list[Pixels],
        files: Sequence[PixelFile],
        leases: Leases,
        *,
        remake: Callable[[int], Pixels],
        note: str = "",
    ) -> None:
        """Take over the images in memory and the leases of the files; `remake` makes the pixels of a row again."""
        self.image_size = image_size
        self.note = note
        self.tell: Callable[[str], None] = _say_nothing
        self._places = np.array(places, dtype=np.int64).reshape(-1, len(TablePlace._fields))
        self._memory, self._files, self._leases = memory, files, leases
        self._remake = remake
        self._remade = False
        self._mending = threading.Lock()

    def __len__(self) -> int:
        return len(self._places)

    def gather(self, rows: npt.NDArray[np.integer]) -> Pixels:
        """Copy images out.

        Args:
            rows: row numbers, (n,), in any order, repeated or not.

        Returns:
            (n, H, W, 3) uint8, C-contiguous, a copy.

        Raises:
            IndexError: there is no such row.
            DatasetError: an image had to be made again, and its file is gone or has changed.
        """
        self._leases.renew()
        places = self._places[rows]
        pixels = np.empty((len(places), *self.image_size, 3), np.uint8)
        for target, row, (file, number, checksum) in zip(pixels, rows.tolist(), places.tolist(), strict=True):
            if file == IN_MEMORY:
                target[...] = self._memory[number]
            elif not self._files[file].read(number, target) or pixel_checksum(target) != checksum:
                target[...] = self._mended(row)
        return pixels

    def _mended(self, row: int) -> Pixels:
        """A row's pixels made again, once; they stay in memory, for all rows that lay at its place."""
        with self._mending:
            place = self._places[row].copy()
            if place[0] == IN_MEMORY:  # by another thread meanwhile
                return self._memory[int(place[1])]
            if not self._remade:
                self._remade = True
                self.tell(
                    "the cache of pre-processed images no longer holds what was kept there: such images are made again "
                    "(a damaged disk, or another machine that makes room on a shared one: --cache-dir names another "
                    "folder)"
                )
            self._memory.append(self._remake(row))
            self._places[(self._places == place).all(axis=1)] = TablePlace(IN_MEMORY, len(self._memory) - 1)
            return self._memory[-1]

    def close(self) -> None:
        """Let go of the files; the cache may then drop them."""
        self._leases.close()

    def __enter__(self) -> "PixelTable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _say_nothing(_sentence: str) -> None:
    pass
