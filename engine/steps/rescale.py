"""Rescaling of the intensity."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_levels
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "intensity rescaled to the full range",
    Parameter("low", 2.0, 0.0, 49.0, "percentile of the image's values that becomes 0"),
    Parameter("high", 98.0, 51.0, 100.0, "percentile of the image's values that becomes 255"),
    libraries=["scikit-image", "numpy"],
    seconds_per_megapixel=0.025,
)
def rescale(pixels: "Pixels", *, low: float, high: float) -> "Pixels":
    """Linear, with one range for the three channels, so that grey stays grey: scikit-image's `rescale_intensity`.

    From 0 to 100 it is min-max normalisation. An image whose two percentiles are equal stays as it is.
    """
    import numpy as np
    from skimage.exposure import rescale_intensity

    dark, bright = np.percentile(pixels, (low, high))
    if dark == bright:
        return pixels.copy(order="C")
    values = rescale_intensity(pixels.astype(np.float32), in_range=(dark, bright), out_range=(0, 1))  # type: ignore[no-untyped-call]
    return to_levels(values)
