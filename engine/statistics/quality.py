"""Image quality: how close a variant's images are to plain ones, image by image and on the mean."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from engine.reports.quality import ImageQuality
from engine.reports.statistics import LEVEL, Interval

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

MAX_LEVEL = 255
WINDOW = 7
"""Side in pixels of the window of SSIM, scikit-image's own."""

SMALLEST_WINDOW = 3


class Closeness(NamedTuple):
    """Of one image: PSNR in dB, infinite where it is identical, and SSIM, NaN where it is too small for a window."""

    psnr: float
    ssim: float


def compare_image(pixels: Pixels, plain: Pixels) -> Closeness:
    """PSNR and SSIM of (H, W, 3) pixels against plain ones of the same size.

    scikit-image's `peak_signal_noise_ratio` and `structural_similarity`: Z. Wang et al., "Image quality assessment:
    from error visibility to structural similarity", IEEE TIP 13 (2004), with a flat window and the mean over channels.
    """
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    side = min(pixels.shape[:2])
    window = min(WINDOW, side - 1 + side % 2)
    identical = np.array_equal(pixels, plain)
    if identical or window < SMALLEST_WINDOW:
        ssim = 1.0 if window >= SMALLEST_WINDOW else float("nan")
    else:
        ssim = float(structural_similarity(plain, pixels, win_size=window, channel_axis=-1, data_range=MAX_LEVEL))  # type: ignore[no-untyped-call]
    psnr = float("inf") if identical else float(peak_signal_noise_ratio(plain, pixels, data_range=MAX_LEVEL))  # type: ignore[no-untyped-call]
    return Closeness(psnr, ssim)


def summarise_quality(variant: str, reference: str, images: Sequence[Closeness], groups: Sequence[int]) -> ImageQuality:
    """The means over a variant's test images, at least one, and their intervals.

    Args:
        variant: name of the variant.
        reference: name of the variant that its images were compared with.
        images: one entry a test image.
        groups: number of each image's group of near copies, aligned with `images`.
    """
    values, numbers = np.array(images, dtype=np.float64).reshape(-1, 2), np.asarray(groups)
    differs, measured = np.isfinite(values[:, 0]), ~np.isnan(values[:, 1])
    psnr, psnr_interval = _mean(values[differs, 0], numbers[differs])
    ssim, ssim_interval = _mean(values[measured, 1], numbers[measured], limit=1.0)
    identical = int(np.count_nonzero(~differs))
    return ImageQuality(variant, reference, len(values), identical, psnr, psnr_interval, ssim, ssim_interval)


def _mean(
    values: Floats, groups: npt.NDArray[np.integer], limit: float = float("inf")
) -> tuple[float | None, Interval | None]:
    """The mean, and Student's interval from the residuals' sums by group, cut to +-limit.

    Near copies are not independent, so the groups are what is drawn (W. G. Cochran, "Sampling Techniques", 1977,
    chapter 9: the ratio estimate for clusters of unequal size); without copies it is the usual interval of a mean.
    """
    if not len(values):
        return None, None
    mean = float(values.mean())
    _, places = np.unique(groups, return_inverse=True)
    sums = np.bincount(places, values - mean)
    count = len(sums)
    if count < 2:  # noqa: PLR2004
        return mean, None
    error = float(np.sqrt(count / (count - 1) * np.square(sums).sum())) / len(values)
    reach = float(student.ppf((1 + LEVEL) / 2, count - 1)) * error
    return mean, Interval(max(-limit, mean - reach), min(limit, mean + reach), "Student's t over groups of images")
