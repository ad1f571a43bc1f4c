"""The colour space YCbCr."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_picture, to_pixels
from engine.steps.spec import step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step("converted to YCbCr", libraries=["pillow"], seconds_per_megapixel=0.0055)
def ycbcr(pixels: "Pixels") -> "Pixels":
    """Luma and chroma as JPEG has them, ITU-R BT.601 over the full 0..255 with 128 for no colour: Pillow's "YCbCr"."""
    return to_pixels(to_picture(pixels).convert("YCbCr"))
