"""Masking by the box."""

from typing import TYPE_CHECKING, Any

from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "made grey outside of its box",
    Parameter("level", 128, 0, 255, "grey level of what lies outside of the box"),
    place="first",
    uses_box=True,
    libraries=["numpy"],
    seconds_per_megapixel=0.0002,
)
def boxmask(pixels: "Pixels", box: Any, *, level: int) -> "Pixels":
    """The original with one grey around its box; what the box says of place and size in the image is kept.

    `box` has left, top, right and bottom in the original's pixels, half-open.
    """
    import numpy as np

    result = np.full(pixels.shape, level, np.uint8)
    inside = slice(box.top, box.bottom), slice(box.left, box.right)
    result[inside] = pixels[inside]
    return result
