"""Contrast and brightness."""

from typing import TYPE_CHECKING

from engine.steps.levels import MAX_LEVEL, to_picture, to_pixels
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "contrast and brightness raised",
    Parameter("alpha", 1.5, 0.0, 10.0, "contrast: what each level is multiplied by"),
    Parameter("beta", 15.0, -255.0, 255.0, "brightness: the levels that are added then"),
    libraries=["pillow"],
    seconds_per_megapixel=0.006,
)
def contrast(pixels: "Pixels", *, alpha: float, beta: float) -> "Pixels":
    """Each level becomes alpha * level + beta, rounded half to even and clipped to 0..255: Pillow's `Image.point`."""
    table = [min(MAX_LEVEL, max(0, round(alpha * level + beta))) for level in range(MAX_LEVEL + 1)]
    return to_pixels(to_picture(pixels).point(table * pixels.shape[2]))
