"""The pre-processed images of one variant, read row by row from wherever they lie."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.preprocess.segment import pixel_checksum
from engine.preprocess.steps import Pixels, Size

Part = Sequence[Pixels] | npt.NDArray[np.uint8]
"""Images of one size by number: a (n, H, W, 3) array, memory-mapped or not, or a list of (H, W, 3)."""


UNCHECKED = -1


class TablePlace(NamedTuple):
    """Image `number` of part `part`, and the CRC-32 that its pixels must have; `UNCHECKED` for those in memory."""

    part: int
    number: int
    checksum: int = UNCHECKED


class PixelTable:
    """(N, H, W, 3) uint8 images that need not lie in memory.

    Reading is safe from several threads. While the table is open the cache keeps what it reads from; close it when
    done, or use it as a context manager. Pixels from a file are checked each time, because on a shared disk without
    working locks another process may write over them; images with other pixels are made again.

    Attributes:
        image_size: (height, width) in pixels.
        note: a sentence for the user where the images could not be kept on disk, else empty.
        tell: called with a sentence, in the thread that reads, when the first image is made again.
    """

    def __init__(
        self,
        image_size: Size,
        parts: Sequence[Part],
        places: Sequence[TablePlace],
        *,
        remake: Callable[[int], Pixels],
        note: str = "",
        release: Callable[[], None] | None = None,
    ) -> None:
        """Take over the parts; row i lies at `places[i]`, and `remake` makes its pixels again."""
        self.image_size = image_size
        self.note = note
        self.tell: Callable[[str], None] = _say_nothing
        self._parts = list(parts)
        self._places = np.array(places, dtype=np.int64).reshape(-1, len(TablePlace._fields))
        self._remake = remake
        self._remade: list[Pixels] = []
        self._mending = threading.Lock()
        self._release = release

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
        places = self._places[rows]
        pixels = np.empty((len(places), *self.image_size, 3), np.uint8)
        parts = self._parts
        for target, row, (part, number, checksum) in zip(pixels, rows.tolist(), places.tolist(), strict=True):
            target[...] = parts[part][number]
            if checksum != UNCHECKED and pixel_checksum(target) != checksum:
                target[...] = self._mended(row)
        return pixels

    def _mended(self, row: int) -> Pixels:
        """A row's pixels made again, once; they stay in memory, for all rows that lay at its place."""
        with self._mending:
            place = self._places[row].copy()
            if place[2] == UNCHECKED:  # by another thread meanwhile
                return self._remade[int(place[1])]
            if not self._remade:
                self._parts.append(self._remade)
                self.tell(
                    "the cache of pre-processed images holds pixels that are not what was kept there: they are made "
                    "again (a damaged disk, or a shared one whose locks do not work: --cache-dir names another folder)"
                )
            self._remade.append(self._remake(row))
            self._places[(self._places == place).all(axis=1)] = TablePlace(len(self._parts) - 1, len(self._remade) - 1)
            return self._remade[-1]

    def close(self) -> None:
        """Let go of the files; the cache may then drop them."""
        self._parts = []
        if self._release is not None:
            self._release()
            self._release = None

    def __enter__(self) -> "PixelTable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _say_nothing(_sentence: str) -> None:
    pass
