"""Median filter."""

from typing import TYPE_CHECKING

from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "median-filtered",
    Parameter("size", 3, 2, 31, "width of the square window in pixels, usually odd"),
    libraries=["scikit-image", "scipy"],
    seconds_per_megapixel=0.2,
)
def median(pixels: "Pixels", *, size: int) -> "Pixels":
    """Each channel by itself, the border repeated outwards: scikit-image's `median`, which is SciPy's.

    An even window reaches one pixel further to the left and up.
    """
    import numpy as np
    from skimage.filters import median as median_filter

    window = np.ones((size, size, 1), np.uint8)
    result: Pixels = np.ascontiguousarray(median_filter(pixels, window, mode="nearest"))  # type: ignore[no-untyped-call]
    return result
