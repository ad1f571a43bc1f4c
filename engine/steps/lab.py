"""The colour space CIE LAB."""

from typing import TYPE_CHECKING

from engine.steps.levels import MAX_LEVEL, to_levels, to_unit
from engine.steps.spec import step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels

ZERO_LEVEL = 128
"""The level of no colour in a* and b*."""

MOST_LIGHTNESS = 100


@step("converted to CIE LAB", libraries=["scikit-image"], seconds_per_megapixel=0.11)
def lab(pixels: "Pixels") -> "Pixels":
    """L* scaled from 0..100 to 0..255, a* and b* shifted by 128, as OpenCV does: scikit-image's `rgb2lab`.

    sRGB in, white D65, observer 2 degrees. a* and b* of sRGB colours lie in -108..99, so nothing is clipped.
    """
    import numpy as np
    from skimage.color import rgb2lab

    values = rgb2lab(to_unit(pixels))
    scale = np.array([1 / MOST_LIGHTNESS, 1 / MAX_LEVEL, 1 / MAX_LEVEL], np.float32)
    shift = np.array([0, ZERO_LEVEL, ZERO_LEVEL], np.float32) / np.float32(MAX_LEVEL)
    return to_levels(values * scale + shift)
