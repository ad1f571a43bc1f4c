"""Marks on pictures: boxes and colours laid over pixels (H, W, 3) uint8. Pillow is imported when something is drawn."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

BOX_COLOUR = (255, 40, 40)
_BOX_SHARE = 50
"""A box's line is this part of the picture's shorter side, so that it shows in a thumbnail too."""


def with_box(pixels: "Pixels", box: tuple[int, int, int, int] | None) -> "Pixels":
    """The picture with a box (left, top, right, bottom; half-open) drawn inside its edges; without one as it is."""
    if box is None:
        return pixels
    import numpy as np
    from PIL import Image, ImageDraw

    image = Image.fromarray(pixels)
    left, top, right, bottom = box
    line = max(1, min(pixels.shape[:2]) // _BOX_SHARE)
    ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), outline=BOX_COLOUR, width=line)
    return np.asarray(image)
