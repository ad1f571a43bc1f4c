"""Wavelet denoising."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_levels, to_unit
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "wavelet-denoised",
    Parameter("method", "BayesShrink", choices=("BayesShrink", "VisuShrink"), meaning="how thresholds are chosen"),
    Parameter("basis", "db1", choices=("db1", "db2", "db4", "sym4", "coif1"), meaning="the wavelet, db1 being Haar's"),
    libraries=["scikit-image", "pywavelets"],
    seconds_per_megapixel=0.17,
)
def wavelet(pixels: "Pixels", *, method: str, basis: str) -> "Pixels":
    """Chang 2000 or Donoho and Johnstone 1994 on luma and chroma: scikit-image's `denoise_wavelet`, soft thresholds.

    The noise is estimated, channel by channel, from the finest diagonal details. A channel without any has none, and an
    image that is too small to be split stays as it is.
    """
    import pywt
    from skimage.color import rgb2ycbcr, ycbcr2rgb
    from skimage.restoration import denoise_wavelet

    if not pywt.dwtn_max_level(pixels.shape[:2], basis):
        return pixels.copy(order="C")
    channels = rgb2ycbcr(to_unit(pixels))
    # Not the library's own loop over channels: without details its estimate is NaN, and so is the whole image then.
    for channel in range(channels.shape[2]):
        plane = channels[..., channel]
        if pywt.dwtn(plane, basis)["dd"].any():
            plane[...] = denoise_wavelet(plane, wavelet=basis, method=method, mode="soft")
    return to_levels(ycbcr2rgb(channels))
