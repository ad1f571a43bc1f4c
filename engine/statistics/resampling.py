"""Bootstrap over groups of near-duplicates and over seeds.

A resample draws whole groups, so that copies of one picture do not count as several pieces of evidence. Scores come
from counts, so a resample is one row of a matrix product.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from scipy.stats import t as student

from engine.reports.statistics import LEVEL, Interval

Floats = npt.NDArray[np.float64]
Score = Callable[[Floats], Floats]
"""From counts (..., 3, K), see `Outcomes.group_counts`, to scores (...)."""

REPLICATES = 4000
"""Resamples; the limits of an interval then move by about a fiftieth of its width from seed to seed."""

PAIRED_BOOTSTRAP = "paired bootstrap over images and seeds"
"""How a p over several seeds came about, for people."""

_ENTRIES_AT_A_TIME = 4_000_000
"""Weights held at once, so that memory stays flat however many images are tested."""


def accuracy(counts: Floats) -> Floats:
    """Share of images that are recognised."""
    return np.asarray(counts[..., 0, :].sum(axis=-1) / counts[..., 1, :].sum(axis=-1), dtype=np.float64)


def resample(counts: Floats, *, replicates: int, seed: int) -> Floats:
    """Counts (S, G, 3, K) of `replicates` draws of G groups, as (B, S, 3, K).

    The draws depend on G and `seed` alone: two variants with the same groups get the same draws, so they stay paired.
    """
    seeds, n_groups, *rest = counts.shape
    flat = counts.reshape(seeds, n_groups, -1)
    totals = [np.swapaxes(weights @ flat, 0, 1) for weights in _draws(n_groups, replicates, seed)]
    return np.concatenate(totals).reshape(replicates, seeds, *rest)


def _draws(n_groups: int, replicates: int, seed: int) -> Iterator[Floats]:
    """How often each group is drawn, (b, G), all the draws in a few pieces."""
    random = np.random.default_rng(seed)
    at_a_time = max(1, _ENTRIES_AT_A_TIME // n_groups)
    for start in range(0, replicates, at_a_time):
        rows = min(at_a_time, replicates - start)
        chosen = random.integers(n_groups, size=(rows, n_groups)) + np.arange(rows)[:, None] * n_groups
        yield np.bincount(chosen.ravel(), minlength=rows * n_groups).reshape(rows, n_groups).astype(np.float64)


def bca_interval(counts: Floats, draws: Floats, score: Score) -> Interval | None:
    """Bias-corrected and accelerated interval of a score for one seed; None where every draw has the same score.

    `counts` is (1, G, 3, K) and `draws` (B, 1, 3, K). The acceleration comes from leaving out one group at a time.
    Source: B. Efron, "Better Bootstrap Confidence Intervals", JASA 82 (1987). In simulations it covers as the
    percentile interval does, and better where scores are high or classes small.
    """
    total = counts[0].sum(axis=0)
    estimate, drawn = float(score(total)), score(draws[:, 0])
    if np.ptp(drawn) == 0:
        return None
    below = (np.count_nonzero(drawn < estimate) + np.count_nonzero(drawn == estimate) / 2) / len(drawn)
    bias = norm.ppf(np.clip(below, 1 / len(drawn), 1 - 1 / len(drawn)))
    without = score(total - counts[0])
    gaps = without[np.isfinite(without)].mean() - without[np.isfinite(without)]
    scale = (gaps**2).sum() ** 1.5
    acceleration = (gaps**3).sum() / (6 * scale) if scale > 0 else 0.0
    ends = bias + norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = np.quantile(drawn, norm.cdf(bias + ends / (1 - acceleration * ends)))
    return Interval(float(low), float(high), "bootstrap over groups of images, BCa")


@dataclass(frozen=True)
class Spread:
    """The error of a mean over seeds, in parts.

    Attributes:
        images: variance that comes from which images are in the test set.
        seeds: variance that comes from which seeds were trained.
        total: of both; their interaction, which is in each of the parts, is counted once.
        degrees: Satterthwaite's degrees of freedom of `total`.
    """

    images: float
    seeds: float
    total: float
    degrees: float


def two_level_spread(observed: Floats, drawn: Floats, n_groups: int, *, seed: int) -> Spread:
    """The spread of the mean of `observed` (S,) from draws of groups (B, S), by drawing seeds as well.

    Groups and seeds cross, so both are drawn independently of each other (A. B. Owen, "The Pigeonhole Bootstrap",
    Annals of Applied Statistics 1, 2007). S - 1 of the S seeds are drawn, which makes the variance right for few seeds
    (T. Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69, 2015). Drawing both
    counts the interaction of images and seeds three times, drawing one counts it once; so it is what the variance of
    both exceeds the sum of the single ones by, and what is too much of it is taken off. Three seeds have no tails to
    take quantiles of, hence degrees of freedom.
    """
    images = float(drawn.mean(axis=1).var(ddof=1))
    count = len(observed)
    if count == 1:
        return Spread(images, 0.0, images, max(1, n_groups - 1))
    seeds = float(observed.var(ddof=1)) / count
    random = np.random.default_rng([seed, count])
    chosen = random.integers(count, size=(len(drawn), count - 1))
    both = float(np.take_along_axis(drawn, chosen, axis=1).mean(axis=1).var(ddof=1))
    total = max(images, seeds, 2 * (images + seeds) - both)
    parts = images**2 / max(1, n_groups - 1) + seeds**2 / (count - 1)
    return Spread(images, seeds, total, total**2 / parts if parts > 0 else count - 1)


def spread_interval(estimate: float, spread: Spread, lowest: float) -> Interval | None:
    """Student's interval around a mean over seeds, cut to [lowest, 1]; None where there is no spread at all."""
    if spread.total <= 0:
        return None
    reach = float(student.ppf((1 + LEVEL) / 2, spread.degrees)) * spread.total**0.5
    method = "bootstrap over groups of images and seeds, t"
    return Interval(max(lowest, estimate - reach), min(1.0, estimate + reach), method)


def spread_p(estimate: float, spread: Spread) -> float:
    """Two-sided p of a true mean of 0, where there is a spread."""
    return float(2 * student.sf(abs(estimate) / spread.total**0.5, spread.degrees))
