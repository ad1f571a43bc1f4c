"""The colour space HSV."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_levels, to_unit
from engine.steps.spec import step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step("converted to HSV", libraries=["scikit-image"], seconds_per_megapixel=0.2)
def hsv(pixels: "Pixels") -> "Pixels":
    """Hue, saturation and value, each scaled from [0, 1] to 0..255: scikit-image's `rgb2hsv`.

    Hue is an angle: 0 and 255 are both red. Greys have hue 0.
    """
    from skimage.color import rgb2hsv

    return to_levels(rgb2hsv(to_unit(pixels)))
