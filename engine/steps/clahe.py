"""Contrast-limited adaptive histogram equalisation."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_levels, to_unit
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels

LEVELS = 256
SMALLEST_TILE = 8
"""Pixels a side: a histogram of fewer says nothing, and of one pixel makes white."""


@step(
    "local contrast equalised (CLAHE)",
    Parameter("clip", 2.0, 1.0, 100.0, "how far a tile's histogram may rise above its mean, as in OpenCV"),
    Parameter("tiles", 8, 1, 64, "tiles along each side of the image"),
    libraries=["scikit-image"],
    seconds_per_megapixel=0.5,
)
def clahe(pixels: "Pixels", *, clip: float, tiles: int) -> "Pixels":
    """Zuiderveld 1994, on the value channel of HSV: scikit-image's `equalize_adapthist`.

    `clip` is OpenCV's `clipLimit`: a level may hold `clip` times what it would hold if the tile's pixels were spread
    evenly over 256 levels, and one pixel at least. scikit-image wants that as a share of the tile's pixels, which is
    clip / 256; its usual 0.01 is a clip of 2.56. Other than OpenCV it keeps what it cuts off below the limit, so that 1
    equalises nothing, and stretches the value channel to the full range first. Tiles are rounded up to whole pixels,
    and are never smaller than 8 x 8.
    """
    from skimage.exposure import equalize_adapthist

    value = pixels.max(axis=2)
    if value.min() == value.max():  # no contrast, which stretching would turn white
        return pixels.copy(order="C")
    kernel = tuple(max(SMALLEST_TILE, -(-side // tiles)) for side in pixels.shape[:2])
    return to_levels(equalize_adapthist(to_unit(pixels), kernel_size=kernel, clip_limit=clip / LEVELS))
