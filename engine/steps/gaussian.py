"""Gaussian blur."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_levels, to_unit
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "blurred (Gaussian)",
    Parameter("sigma", 1.0, 0.1, 20.0, "standard deviation of the blur in pixels"),
    libraries=["scikit-image", "scipy"],
    seconds_per_megapixel=0.045,
)
def gaussian(pixels: "Pixels", *, sigma: float) -> "Pixels":
    """Cut off at four standard deviations, the border repeated outwards: scikit-image's `gaussian`."""
    from skimage.filters import gaussian as gaussian_filter

    return to_levels(gaussian_filter(to_unit(pixels), sigma, channel_axis=-1))  # type: ignore[no-untyped-call]
