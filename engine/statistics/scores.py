"""The four scores of a variant and their differences, with intervals, from draws of groups that variants share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Literal, get_args

import numpy as np

from engine.reports.statistics import LEVEL, Interval
from engine.statistics.outcomes import Floats, Outcomes
from engine.statistics.proportions import mcnemar_p, newcombe_interval, wilson_interval
from engine.statistics.resampling import (
    REPLICATES,
    Score,
    accuracy,
    bca_interval,
    resample,
    spread_interval,
    spread_p,
    two_level_spread,
)

Metric = Literal["accuracy", "precision", "recall", "f1"]
"""Precision, recall and F1 are macro averages."""

_ENTRIES_AT_A_TIME = 8_000_000
"""Counts held at once."""

METRICS: tuple[Metric, ...] = get_args(Metric)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Their ratio, and 0 where it would divide by zero."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def class_scores(counts: Floats, metric: Metric) -> Floats:
    """Precision, recall (which is also the accuracy) or F1 of each class, (..., K), from counts (..., 3, K)."""
    correct, support, predicted = counts[..., 0, :], counts[..., 1, :], counts[..., 2, :]
    if metric == "f1":
        return _ratio(2 * correct, support + predicted)
    return _ratio(correct, predicted if metric == "precision" else support)


def macro_average(counts: Floats, metric: Metric) -> Floats:
    """Mean of the class scores over the classes that have images, from counts (..., 3, K)."""
    present = counts[..., 1, :] > 0
    return np.asarray((class_scores(counts, metric) * present).sum(axis=-1) / present.sum(axis=-1), dtype=np.float64)


SCORES: Mapping[Metric, Score] = {
    metric: accuracy if metric == "accuracy" else partial(macro_average, metric=metric) for metric in METRICS
}
"""From counts (..., 3, K), see `Outcomes.group_counts`."""


@dataclass(frozen=True)
class Resampled:
    """A variant's outcomes with its scores: of every seed (S,), of every draw with every seed (B, S), and the interval.

    The interval of one seed is Wilson's for the accuracy and BCa for the macro averages; of several seeds, Student's t
    on a bootstrap over groups and seeds.
    """

    outcomes: Outcomes
    by_seed: Mapping[Metric, Floats]
    drawn: Mapping[Metric, Floats]
    intervals: Mapping[Metric, Interval]

    @classmethod
    def of(
        cls,
        outcomes: Outcomes,
        n_classes: int,
        metrics: Sequence[Metric] = METRICS,
        *,
        seed: int = 0,
        replicates: int = REPLICATES,
    ) -> "Resampled":
        """Score the outcomes; the draws depend on the number of groups and `seed` alone, so variants stay paired."""
        counts = outcomes.group_counts(n_classes)
        return cls._of(outcomes, counts, resample(counts, replicates=replicates, seed=seed), metrics, seed)

    @classmethod
    def of_all(
        cls,
        entries: Sequence[Outcomes],
        n_classes: int,
        metrics: Sequence[Metric] = METRICS,
        *,
        seed: int = 0,
        replicates: int = REPLICATES,
    ) -> "list[Resampled]":
        """The same of several variants, those with equally many groups drawn together: faster, and equal to the bit."""
        found: list[Resampled] = []
        for _, same in groupby(entries, key=lambda entry: entry.n_groups):
            for batch in _batches(list(same), n_classes):
                counts = [entry.group_counts(n_classes) for entry in batch]
                draws = resample(np.concatenate(counts), replicates=replicates, seed=seed)
                ends = np.cumsum([len(entry.seeds) for entry in batch])
                parts = np.split(draws, ends[:-1], axis=1)
                found += [
                    cls._of(entry, mine, drawn, metrics, seed)
                    for entry, mine, drawn in zip(batch, counts, parts, strict=True)
                ]
        return found

    @classmethod
    def _of(
        cls, outcomes: Outcomes, counts: Floats, draws: Floats, metrics: Sequence[Metric], seed: int
    ) -> "Resampled":
        by_seed = {metric: SCORES[metric](counts.sum(axis=1)) for metric in metrics}
        drawn = {metric: SCORES[metric](draws) for metric in metrics}
        intervals = {}
        for metric in metrics:
            if len(outcomes.seeds) > 1:
                spread = two_level_spread(by_seed[metric], drawn[metric], outcomes.n_groups, seed=seed)
                found = spread_interval(float(by_seed[metric].mean()), spread, lowest=0.0)
            else:
                found = None if metric == "accuracy" else bca_interval(counts, draws, SCORES[metric])
            intervals[metric] = found or _wilson(outcomes, metric)
        return cls(outcomes, by_seed, drawn, intervals)

    def score(self, metric: Metric) -> float:
        """The mean over seeds."""
        return float(self.by_seed[metric].mean())


def _batches(entries: Sequence[Outcomes], n_classes: int) -> Iterator[Sequence[Outcomes]]:
    """As many at a time as keep memory flat."""
    each = len(entries[0].seeds) * entries[0].n_groups * 3 * n_classes
    size = max(1, _ENTRIES_AT_A_TIME // each)
    return (entries[start : start + size] for start in range(0, len(entries), size))


def _wilson(outcomes: Outcomes, metric: Metric) -> Interval:
    """Of the first seed's accuracy; where all draws are alike, there is nothing to resample, nor do seeds add to it."""
    found = wilson_interval(int(np.count_nonzero(outcomes.right[0])), len(outcomes.items))
    same = metric == "accuracy"
    return found if same else replace(found, method="Wilson of the accuracy, as all draws are alike")


@dataclass(frozen=True)
class Difference:
    """A score minus another on the same images with the same `seeds`; `p_value` is of no difference, two-sided."""

    value: float
    interval: Interval
    p_value: float
    seeds: tuple[int, ...] = ()

    def turned(self) -> "Difference":
        """The second minus the first."""
        low, high = -self.interval.high, -self.interval.low
        return replace(self, value=-self.value, interval=replace(self.interval, low=low, high=high))


def paired_difference(one: Resampled, other: Resampled, metric: Metric, *, seed: int = 0) -> Difference | None:
    """`one` minus `other`; None where they were tested on other images or have no seed in common.

    Accuracies of one seed: Newcombe's interval and the exact McNemar test. Everything else: a bootstrap over groups of
    images (and seeds), in which both answer the same draws, and Student's t with its standard error.
    """
    seeds = tuple(sorted(set(one.outcomes.seeds) & set(other.outcomes.seeds)))
    if one.outcomes.items != other.outcomes.items or not seeds:
        return None
    first, second = (entry.outcomes.with_seeds(seeds) for entry in (one, other))
    rows = [[entry.outcomes.seeds.index(common) for common in seeds] for entry in (one, other)]
    by_seed = one.by_seed[metric][rows[0]] - other.by_seed[metric][rows[1]]
    value = float(by_seed.mean())
    if metric == "accuracy":
        only = discordant(first, second)
        value = (only[0] - only[1]) / first.right.size
    if metric != "accuracy" or len(seeds) > 1:
        drawn = one.drawn[metric][:, rows[0]] - other.drawn[metric][:, rows[1]]
        spread = two_level_spread(by_seed, drawn, first.n_groups, seed=seed)
        if interval := spread_interval(value, spread, lowest=-1.0):
            return Difference(value, interval, spread_p(value, spread), seeds)
    # One seed's accuracies; or no draw differs, so there is no spread to take and the first seed's must do.
    right, wrong = first.right[0], second.right[0]
    cells = (right & wrong, right & ~wrong, ~right & wrong, ~right & ~wrong)
    found = newcombe_interval(*(int(np.count_nonzero(cell)) for cell in cells))
    if metric != "accuracy" or len(seeds) > 1:
        found = replace(found, method=f"{found.method} of the accuracies")
    return Difference(value, found, mcnemar_p(*only) if metric == "accuracy" else 1.0, seeds)


def discordant(first: Outcomes, second: Outcomes) -> tuple[int, int]:
    """Images that only the first and only the second got right, summed over seeds."""
    right, other = first.right, second.right
    return int(np.count_nonzero(right & ~other)), int(np.count_nonzero(~right & other))


# ---------------------------------------------------------------- where only the confusion matrix is known


def draw_matrix(matrix: Sequence[Sequence[int]], images: int, seed: int = 0) -> Floats:
    """Counts (B, 3, K) of as many draws of `images` from a confusion matrix."""
    cells = np.asarray(matrix, dtype=np.float64)
    drawn = np.random.default_rng(seed).multinomial(images, cells.ravel() / cells.sum(), size=REPLICATES)
    matrices = drawn.reshape(-1, *cells.shape).astype(np.float64)
    right = np.diagonal(matrices, axis1=1, axis2=2)
    return np.stack([right, matrices.sum(axis=2), matrices.sum(axis=1)], axis=1)


def percentile_interval(draws: Floats, method: str = "bootstrap of the confusion matrix") -> Interval:
    """The interval of a score from its draws (B,)."""
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(draws, [tail, 100 - tail])
    return Interval(float(low), float(high), method)


def unpaired_interval(
    first: Sequence[Sequence[int]], second: Sequence[Sequence[int]], images: tuple[int, int], metric: Metric
) -> Interval:
    """The interval of a difference where only two confusion matrices are known; wider than one of the same images."""
    # Streams of their own, or the two would be drawn alike and look paired.
    one, other = (
        SCORES[metric](draw_matrix(matrix, count, seed))
        for seed, (matrix, count) in enumerate(zip((first, second), images, strict=True))
    )
    return percentile_interval(one - other, "bootstrap of the two confusion matrices, unpaired")
