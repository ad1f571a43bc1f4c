"""Gamma correction."""

from typing import TYPE_CHECKING

from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "gamma-corrected",
    Parameter("gamma", 0.8, 0.05, 20.0, "exponent of pixels in [0, 1], below 1 brighter and above 1 darker"),
    libraries=["scikit-image"],
    seconds_per_megapixel=0.007,
)
def gamma(pixels: "Pixels", *, gamma: float) -> "Pixels":
    """Each channel by itself, by a table of 256 levels: scikit-image's `adjust_gamma`."""
    import numpy as np
    from skimage.exposure import adjust_gamma

    result: Pixels = np.ascontiguousarray(adjust_gamma(pixels, gamma))  # type: ignore[no-untyped-call]
    return result
