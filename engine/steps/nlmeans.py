"""Non-local means."""

from typing import TYPE_CHECKING

from engine.steps.levels import MAX_LEVEL, to_levels, to_unit
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "denoised by non-local means",
    Parameter("h", 10.0, 0.1, 255.0, "strength: how far patches may differ to be averaged, in levels"),
    Parameter("patch", 7, 1, 31, "width of the patches that are compared in pixels, usually odd"),
    Parameter("distance", 10, 1, 50, "how far away patches are looked for in pixels, 10 being a window of 21"),
    libraries=["scikit-image"],
    seconds_per_megapixel=3.5,
)
def nlmeans(pixels: "Pixels", *, h: float, patch: int, distance: int) -> "Pixels":
    """Buades 2005 in the fast form of Darbon 2008: scikit-image's `denoise_nl_means`; defaults as OpenCV's examples."""
    from skimage.restoration import denoise_nl_means

    smooth = denoise_nl_means(
        to_unit(pixels), patch_size=patch, patch_distance=distance, h=h / MAX_LEVEL, fast_mode=True, channel_axis=-1
    )
    return to_levels(smooth.reshape(pixels.shape))  # sides of one pixel are dropped on the way
