"""Edges."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_levels, to_picture, to_pixels, to_unit
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "replaced by its edges",
    Parameter("method", "sobel", choices=("sobel", "scharr", "prewitt"), meaning="the filter that finds them"),
    libraries=["scikit-image", "scipy", "pillow"],
    seconds_per_megapixel=0.028,
)
def edges(pixels: "Pixels", *, method: str) -> "Pixels":
    """Magnitude of the grey image's gradient in all three channels: scikit-image's `sobel`, `scharr` or `prewitt`.

    The magnitude lies in [0, 1], which is scaled to 0..255. `gaussian+edges` finds the edges of a smoothed image.
    """
    import numpy as np
    from skimage import filters

    luma = to_unit(to_pixels(to_picture(pixels).convert("L")))
    return to_levels(np.repeat(getattr(filters, method)(luma)[..., np.newaxis], 3, axis=2))
