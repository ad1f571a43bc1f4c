"""Image quality: how close a variant's images are to plain ones, and whether closer ones are classified better."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import permutation_test, rankdata, spearmanr
from scipy.stats import t as student

from engine.reports.quality import LEAST_VARIANTS, ImageQuality, QualityRelation, accuracy_gain
from engine.reports.statistics import LEVEL, Interval, StudyStatistics
from engine.statistics.proportions import holm

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

MAX_LEVEL = 255
WINDOW = 7
"""Side in pixels of the window of SSIM, scikit-image's own."""

SMALLEST_WINDOW = 3

PERMUTATIONS = 9999
"""Drawn where there are more orders of the variants than this; up to seven variants all are gone through."""


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


def relate_to_accuracy(
    quality: Sequence[ImageQuality], statistics: StudyStatistics, seed: int = 0
) -> tuple[QualityRelation, ...]:
    """Rank correlations of SSIM and PSNR with the accuracy gained over the reference, of at least four variants.

    C. Spearman's, with a permutation test: the null is that the gains could as well belong to the variants in any
    other order. A PSNR that is infinite ranks above all others. None where all gains or all values are the same.
    """
    gains = [(entry, gain) for entry in quality if (gain := accuracy_gain(entry, statistics)) is not None]
    ssim = [(entry, entry.ssim, gain) for entry, gain in gains if entry.ssim is not None]
    psnr = [(entry, math.inf if entry.psnr is None else entry.psnr, gain) for entry, gain in gains]
    found = [relation for relation in (_relate("SSIM", ssim, seed), _relate("PSNR", psnr, seed)) if relation]
    adjusted = holm([relation.p_value for relation in found])
    return tuple(
        replace(relation, adjusted_p=p, significant=p < 1 - LEVEL) for relation, p in zip(found, adjusted, strict=True)
    )


def _relate(
    measure: Literal["SSIM", "PSNR"], entries: Sequence[tuple[ImageQuality, float, float]], seed: int
) -> QualityRelation | None:
    values, gains = (rankdata([entry[place] for entry in entries]) for place in (1, 2))
    count = len(entries)
    if count < LEAST_VARIANTS or not np.ptp(values) or not np.ptp(gains):
        return None

    def statistic(permuted: Floats, axis: int) -> Floats:
        return np.asarray((permuted * gains).sum(axis=axis))  # of ranks: grows with their correlation

    # Ranks are halves, so that sums of their products are exact, and ties among them are found.
    test = permutation_test(
        (values,),
        statistic,
        permutation_type="pairings",
        vectorized=True,
        n_resamples=PERMUTATIONS,
        rng=np.random.default_rng(seed),
    )
    exact = math.factorial(count) <= PERMUTATIONS
    return QualityRelation(
        measure,
        variants=tuple(entry.variant for entry, _, _ in entries),
        correlation=float(spearmanr(values, gains).statistic),
        method="exact permutation test" if exact else f"permutation test of {PERMUTATIONS:,} orders",
        p_value=float(test.pvalue),
        adjusted_p=float(test.pvalue),
        significant=False,
    )
