"""Sharpening."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_levels, to_unit
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "sharpened (unsharp mask)",
    Parameter("sigma", 1.0, 0.1, 20.0, "standard deviation in pixels of the blur that is taken off"),
    Parameter("amount", 1.0, 0.0, 10.0, "share of the difference from the blurred image that is added"),
    libraries=["scikit-image", "scipy"],
    seconds_per_megapixel=0.045,
)
def sharpen(pixels: "Pixels", *, sigma: float, amount: float) -> "Pixels":
    """Each channel by itself: scikit-image's `unsharp_mask`."""
    from skimage.filters import unsharp_mask

    # Not -1: scikit-image 0.26 then takes rows for channels and leaves the others unset.
    return to_levels(unsharp_mask(to_unit(pixels), sigma, amount, channel_axis=2))  # type: ignore[no-untyped-call]
