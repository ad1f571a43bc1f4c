"""Taking a part away from the pixels that a network sees."""

from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from engine.reports.explanation import Change
from engine.training.pixels import Pixels as PixelSource

Pixels = npt.NDArray[np.uint8]
Region = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels of the network's input, half-open."""

MID_GREY = 128
"""What is taken away becomes this: not the picture's mean, which would leave a trace of its colours."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in the brightness (ITU-R BT.601)."""

_TOP_SHARE = 3
"""The upper third of a box: where hair is."""


def remove_colour(pixels: Pixels, _region: Region | None) -> Pixels:
    """The same brightness in every channel."""
    luma = np.rint(pixels.astype(np.float32) @ _LUMA).astype(np.uint8)
    return np.repeat(luma[..., None], 3, axis=-1)


def grey_background(pixels: Pixels, region: Region | None) -> Pixels:
    """Mid-grey outside the region."""
    left, top, right, bottom = _needed(region)
    changed = np.full_like(pixels, MID_GREY)
    changed[top:bottom, left:right] = pixels[top:bottom, left:right]
    return changed


def grey_box(pixels: Pixels, region: Region | None) -> Pixels:
    """Mid-grey inside the region."""
    left, top, right, bottom = _needed(region)
    changed = pixels.copy()
    changed[top:bottom, left:right] = MID_GREY
    return changed


def grey_top(pixels: Pixels, region: Region | None) -> Pixels:
    """Mid-grey in the region's upper third."""
    left, top, right, bottom = _needed(region)
    return grey_box(pixels, (left, top, right, top + max(1, round((bottom - top) / _TOP_SHARE))))


def _needed(region: Region | None) -> Region:
    if region is None:
        raise ValueError("this change needs a box")
    return region


CHANGES: MappingProxyType[Change, Callable[[Pixels, Region | None], Pixels]] = MappingProxyType(
    {
        "colour removed": remove_colour,
        "background greyed": grey_background,
        "box greyed": grey_box,
        "top of box greyed": grey_top,
    }
)
"""How each change is made to one image (H, W, 3)."""


def box_on_pixels(box: Region, original: tuple[int, int], image_size: tuple[int, int], *, cropped: bool) -> Region:
    """Where a box of the original (height, width) lies in the network's input of `image_size`.

    A variant that crops shows nothing but the box.
    """
    height, width = image_size
    if cropped:
        return 0, 0, width, height
    across, down = width / original[1], height / original[0]
    left, top = int(box[0] * across), int(box[1] * down)
    right, bottom = max(left + 1, round(box[2] * across)), max(top + 1, round(box[3] * down))
    return left, top, min(width, right), min(height, bottom)


class Changed:
    """Pixels from a source, changed as they are read; `regions` are aligned with the source's rows."""

    def __init__(self, source: PixelSource, change: Change, regions: Sequence[Region | None]) -> None:
        self._source, self._change, self._regions = source, CHANGES[change], regions

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of every image."""
        return self._source.image_size

    def gather(self, rows: npt.NDArray[np.int64], /) -> Pixels:
        """The changed images of these rows, (n, H, W, 3)."""
        pixels = self._source.gather(rows)
        return np.stack([self._change(image, self._regions[int(row)]) for image, row in zip(pixels, rows, strict=True)])
