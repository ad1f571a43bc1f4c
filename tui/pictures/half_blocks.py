"""Pictures in text cells: two pixels a cell in colour (an upper half block), or one shade a cell where there is none.

Our own rather than the library's: these strips are made away from the screen's thread, once, and they know terminals
that have no colours.
"""

from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.looks.heat import SHADES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    Pixels = npt.NDArray[np.uint8]

UPPER = "▀"
_LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the brightness (ITU-R BT.601)."""


def fitted(pixels: "Pixels", width: int, height: int, *, sharp: bool = False) -> "Image":
    """The picture at the largest size that fits into `width` x `height` square pixels, at least one by one.

    `sharp` keeps the edges of pixels where it is enlarged: for maps whose every value counts.
    """
    from PIL import Image

    rows, columns = pixels.shape[:2]
    scale = min(width / columns, height / rows)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    how = Image.Resampling.NEAREST if sharp and scale > 1 else Image.Resampling.BOX
    if scale > 1 and not sharp:
        how = Image.Resampling.BILINEAR
    return Image.fromarray(pixels).resize(size, how)


def half_blocks(pixels: "Pixels", width: int, height: int, *, sharp: bool = False) -> list[Strip]:
    """`height` lines of at most `width` cells with the whole picture (H, W, 3) in them, in true colour."""
    import numpy as np

    small = np.asarray(fitted(pixels, width, 2 * height, sharp=sharp))
    if len(small) % 2:
        small = np.concatenate([small, small[-1:]])
    lines = []
    for upper, lower in zip(small[::2].tolist(), small[1::2].tolist(), strict=True):
        segments, run, last = [], 0, None
        for pair in zip(map(tuple, upper), map(tuple, lower), strict=True):
            if pair != last and last is not None:
                segments.append(_cells(run, *last))
                run = 0
            last, run = pair, run + 1
        if last is not None:
            segments.append(_cells(run, *last))
        lines.append(Strip(segments, len(upper)))
    return lines


def _cells(count: int, upper: tuple[int, int, int], lower: tuple[int, int, int]) -> Segment:
    return Segment(UPPER * count, Style.from_color(Color.from_rgb(*upper), Color.from_rgb(*lower)))


def shades(pixels: "Pixels", width: int, height: int, *, dark: bool, sharp: bool = False) -> list[Strip]:
    """The same in shades of the text's colour, one a cell, brighter where the picture is on a dark ground."""
    import numpy as np

    # Cells are twice as high as wide.
    image = fitted(pixels, width, 2 * height, sharp=sharp)
    image = image.resize((image.width, max(1, image.height // 2)))
    brightness = np.asarray(image, dtype=np.float32) @ np.array(_LUMA, np.float32) / 255
    levels = np.clip(np.rint((brightness if dark else 1 - brightness) * (len(SHADES) - 1)), 0, len(SHADES) - 1)
    return [Strip([Segment("".join(SHADES[int(level)] for level in row))], len(row)) for row in levels]
