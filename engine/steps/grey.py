"""Grey."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_picture, to_pixels
from engine.steps.spec import step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step("made grey (luma of ITU-R BT.601)", libraries=["pillow"], seconds_per_megapixel=0.0035)
def grey(pixels: "Pixels") -> "Pixels":
    """0.299 R + 0.587 G + 0.114 B in all three channels: Pillow's mode "L"."""
    return to_pixels(to_picture(pixels).convert("L").convert("RGB"))
