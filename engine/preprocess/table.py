"""The pre-processed images of one variant, read row by row from wherever they lie."""

from collections.abc import Callable, Sequence
from types import TracebackType

import numpy as np
import numpy.typing as npt

from engine.preprocess.steps import Pixels, Size

Part = Sequence[Pixels] | npt.NDArray[np.uint8]
"""Images of one size by number: a (n, H, W, 3) array, memory-mapped or not, or a list of (H, W, 3)."""


class PixelTable:
    """(N, H, W, 3) uint8 images that need not lie in memory.

    Reading is safe from several threads. While the table is open the cache keeps what it reads from; close it when
    done, or use it as a context manager.

    Attributes:
        image_size: (height, width) in pixels.
        note: a sentence for the user where the images could not be kept on disk, else empty.
    """

    def __init__(
        self,
        image_size: Size,
        parts: Sequence[Part],
        places: Sequence[tuple[int, int]],
        *,
        note: str = "",
        release: Callable[[], None] | None = None,
    ) -> None:
        """Take over the parts; row i is image `places[i][1]` of part `places[i][0]`."""
        self.image_size = image_size
        self.note = note
        self._parts = list(parts)
        self._places = np.array(places, dtype=np.int64).reshape(-1, 2)
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
        """
        places = self._places[rows]
        pixels = np.empty((len(places), *self.image_size, 3), np.uint8)
        parts = self._parts
        for target, (part, slot) in zip(pixels, places.tolist(), strict=True):
            target[...] = parts[part][slot]
        return pixels

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
