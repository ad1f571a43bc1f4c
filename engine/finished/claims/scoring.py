"""Intervals of macro averages, and of differences on the same images, by the means of `engine.statistics`.

That room keeps accuracy and macro F1 with a study; the claims are about precision and recall too, and set two studies
side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.events.record import StudyRecord
from engine.reports.results import JobResult
from engine.reports.statistics import LEVEL, Interval
from engine.statistics.outcomes import Floats, Outcomes, collect_outcomes, folds_of
from engine.statistics.proportions import mcnemar_p, newcombe_interval, wilson_interval
from engine.statistics.resampling import (
    REPLICATES,
    Score,
    accuracy,
    bca_interval,
    macro_f1,
    resample,
    spread_interval,
    spread_p,
    two_level_spread,
)

Metric = Literal["accuracy", "precision", "recall", "f1"]

DRAWS = REPLICATES
"""Resamples, as many as a study's own statistics take."""

_SEED = 0
"""The draws are the same every time, so that a verdict does not change between two looks."""


def macro_precision(counts: Floats) -> Floats:
    """Mean precision of the classes that have images, from counts (..., 3, K); a class never named has 0."""
    return _macro(counts[..., 0, :], counts[..., 2, :], counts[..., 1, :])


def macro_recall(counts: Floats) -> Floats:
    """Mean recall of the classes that have images, from counts (..., 3, K)."""
    return _macro(counts[..., 0, :], counts[..., 1, :], counts[..., 1, :])


def _macro(part: Floats, whole: Floats, support: Floats) -> Floats:
    ratios = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    present = support > 0
    return np.asarray((ratios * present).sum(axis=-1) / present.sum(axis=-1), dtype=np.float64)


SCORES: Mapping[Metric, Score] = {
    "accuracy": accuracy,
    "precision": macro_precision,
    "recall": macro_recall,
    "f1": macro_f1,
}


@dataclass(frozen=True)
class Difference:
    """A score minus another on the same images; `p_value` is of no difference, two-sided."""

    value: float
    interval: Interval
    p_value: float


def copies_of(record: StudyRecord) -> dict[str, int]:
    """The number of the group of near copies that each image is in, by path, as far as the study knows."""
    groups = record.audit.groups if record.audit else ()
    return {path: number for number, group in enumerate(groups) for path in group}


def outcomes_of(variant: str, jobs: Sequence[JobResult], copies: Mapping[str, int]) -> Outcomes | None:
    """What a variant said of each test image; None where the predictions of single images were not kept."""
    folds = folds_of(jobs)
    return collect_outcomes(variant, jobs, copies, folds)[0] if folds else None


def mean_score(outcomes: Outcomes, classes: int, metric: Metric) -> float:
    """A score, the mean over seeds."""
    return float(SCORES[metric](outcomes.group_counts(classes).sum(axis=1)).mean())


def score_interval(outcomes: Outcomes, classes: int, metric: Metric) -> Interval:
    """The interval of a score: BCa bootstrap over groups of images for one seed, over images and seeds for more."""
    counts, score = outcomes.group_counts(classes), SCORES[metric]
    draws = resample(counts, replicates=DRAWS, seed=_SEED)
    if len(outcomes.seeds) == 1:
        found = bca_interval(counts, draws, score)
    else:
        by_seed = score(counts.sum(axis=1))
        spread = two_level_spread(by_seed, score(draws), outcomes.n_groups, seed=_SEED)
        found = spread_interval(float(by_seed.mean()), spread, lowest=0.0)
    # All images right, or none: there is nothing to resample.
    return found or wilson_interval(int(np.count_nonzero(outcomes.right[0])), len(outcomes.items))


def matrix_interval(matrix: Sequence[Sequence[int]], images: int, metric: Metric) -> Interval:
    """The interval of a score where only the confusion matrix is known: `images` drawn from it, percentiles."""
    draws = draw_matrix(matrix, images, _SEED)
    return _percentiles(SCORES[metric](draws), "bootstrap of the confusion matrix")


def draw_matrix(matrix: Sequence[Sequence[int]], images: int, seed: int) -> Floats:
    """Counts (B, 3, K) of as many draws of `images` from a confusion matrix."""
    cells = np.asarray(matrix, dtype=np.float64)
    drawn = np.random.default_rng(seed).multinomial(images, cells.ravel() / cells.sum(), size=DRAWS)
    matrices = drawn.reshape(-1, *cells.shape).astype(np.float64)
    right = np.diagonal(matrices, axis1=1, axis2=2)
    return np.stack([right, matrices.sum(axis=2), matrices.sum(axis=1)], axis=1)


def unpaired_difference(
    first: Sequence[Sequence[int]], second: Sequence[Sequence[int]], images: tuple[int, int], metric: Metric
) -> Interval:
    """The interval of a difference where only two confusion matrices are known; wider than one of the same images."""
    # Streams of their own, or the two would be drawn alike and look paired.
    one, other = (
        SCORES[metric](draw_matrix(matrix, count, seed))
        for seed, (matrix, count) in enumerate(zip((first, second), images, strict=True))
    )
    return _percentiles(one - other, "bootstrap of the two confusion matrices, unpaired")


def _percentiles(draws: Floats, method: str) -> Interval:
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(draws, [tail, 100 - tail])
    return Interval(float(low), float(high), method)


def paired_difference(first: Outcomes, second: Outcomes, classes: int, metric: Metric) -> Difference | None:
    """`first` minus `second` on the same images with the same seeds; None where they share none.

    Accuracies of one seed: Newcombe's interval and the exact McNemar test. Everything else: a bootstrap over groups of
    images (and seeds), in which both answer the same draws, and Student's t with its standard error.
    """
    seeds = sorted(set(first.seeds) & set(second.seeds))
    if first.items != second.items or not seeds:
        return None
    first, second = first.with_seeds(seeds), second.with_seeds(seeds)
    if metric == "accuracy" and len(seeds) == 1:
        return _mcnemar(first, second)
    score = SCORES[metric]
    counts = [outcomes.group_counts(classes) for outcomes in (first, second)]
    by_seed = score(counts[0].sum(axis=1)) - score(counts[1].sum(axis=1))
    drawn = [score(resample(one, replicates=DRAWS, seed=_SEED)) for one in counts]
    spread = two_level_spread(by_seed, drawn[0] - drawn[1], first.n_groups, seed=_SEED)
    value = float(by_seed.mean())
    interval = spread_interval(value, spread, lowest=-1.0)
    if interval is None:  # no draw differs, so there is nothing to take a spread of
        accuracies = _mcnemar(first, second).interval
        return Difference(
            value, Interval(accuracies.low, accuracies.high, f"{accuracies.method} of the accuracies"), 1.0
        )
    return Difference(value, interval, spread_p(value, spread))


def _mcnemar(first: Outcomes, second: Outcomes) -> Difference:
    one, other = first.right[0], second.right[0]
    both, first_only, second_only, neither = (
        int(np.count_nonzero(cell)) for cell in (one & other, one & ~other, ~one & other, ~one & ~other)
    )
    return Difference(
        (first_only - second_only) / len(first.items),
        newcombe_interval(both, first_only, second_only, neither),
        mcnemar_p(first_only, second_only),
    )
