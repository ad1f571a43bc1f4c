"""The statistics of a whole study, from the results of its jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from engine.results import JobResult
from engine.statistics.calibration import measure_calibration
from engine.statistics.outcomes import Floats, Outcomes, collect_outcomes, folds_of
from engine.statistics.proportions import holm, mcnemar_p, newcombe_interval, wilson_interval
from engine.statistics.resampling import (
    REPLICATES,
    accuracy,
    bca_interval,
    macro_f1,
    resample,
    spread_interval,
    spread_p,
    two_level_spread,
)
from engine.statistics_report import LEVEL, Comparison, Interval, StudyStatistics, VariantStatistics

MCNEMAR = "exact McNemar"
PAIRED_BOOTSTRAP = "paired bootstrap over images and seeds"


def compute_statistics(
    variants: Sequence[str],
    results: Sequence[JobResult],
    groups: Mapping[str, int],
    n_classes: int,
    seed: int = 0,
    *,
    replicates: int = REPLICATES,
) -> StudyStatistics:
    """Intervals of every variant and a comparison of every two, from the jobs that are done.

    Args:
        variants: names in the study's order.
        results: ended jobs of any variant, seed and fold. A seed counts where all folds are done that any variant has
            done; its folds are pooled.
        groups: number of the group of near copies of each test image, by path; a path that is missing is alone.
        n_classes: number of classes.
        seed: of the resampling. The same seed gives the same statistics.
        replicates: number of resamples.
    """
    mine = [result for result in results if result.variant in variants]
    folds = folds_of(mine)
    refused, outcomes = [], []
    for variant in variants:
        found, note = collect_outcomes(variant, mine, groups, folds)
        if note and folds:
            refused.append(note)
        if found is not None:
            outcomes.append(found)
    comparisons = []
    for first, second in combinations(outcomes, 2):
        if why := _why_refused(first, second):
            refused.append(f"{first.variant} and {second.variant} are not compared: {why}.")
        else:
            comparisons.append(_compare(first, second, n_classes, seed, replicates))
    return StudyStatistics(
        variants=tuple(_describe(entry, n_classes, seed, replicates) for entry in outcomes),
        comparisons=_corrected(comparisons),
        refused=tuple(refused),
    )


def _why_refused(first: Outcomes, second: Outcomes) -> str:
    if first.items != second.items:
        return "they were not tested on the same images"
    if not set(first.seeds) & set(second.seeds):
        return "no seed is complete for both"
    return ""


# ---------------------------------------------------------------- one variant


def _describe(outcomes: Outcomes, n_classes: int, seed: int, replicates: int) -> VariantStatistics:
    counts = outcomes.group_counts(n_classes)
    draws = resample(counts, replicates=replicates, seed=seed)
    by_seed = accuracy(counts.sum(axis=1))
    spread = two_level_spread(by_seed, accuracy(draws), outcomes.n_groups, seed=seed)
    mean = float(by_seed.mean())
    return VariantStatistics(
        variant=outcomes.variant,
        images=len(outcomes.items),
        groups=outcomes.n_groups,
        seeds=outcomes.seeds,
        accuracy=mean,
        accuracy_interval=_accuracy_interval(outcomes, draws, seed),
        macro_f1=float(macro_f1(counts.sum(axis=1)).mean()),
        macro_f1_interval=_f1_interval(outcomes, counts, draws, seed),
        seed_accuracies=tuple(float(value) for value in by_seed),
        seed_spread=float(by_seed.std(ddof=1)) if len(by_seed) > 1 else None,
        sampling_error=spread.images**0.5,
        calibration=measure_calibration(outcomes),
    )


def _accuracy_interval(outcomes: Outcomes, draws: Floats, seed: int) -> Interval:
    by_seed = outcomes.right.mean(axis=1)
    if len(by_seed) > 1:
        found = _mean_interval(by_seed, accuracy(draws), outcomes.n_groups, seed)
        if found is not None:
            return found
    # Without any spread (every image right with every seed) the seeds add nothing to what one says.
    return wilson_interval(int(np.count_nonzero(outcomes.right[0])), len(outcomes.items))


def _f1_interval(outcomes: Outcomes, counts: Floats, draws: Floats, seed: int) -> Interval:
    if len(outcomes.seeds) > 1:
        found = _mean_interval(macro_f1(counts.sum(axis=1)), macro_f1(draws), outcomes.n_groups, seed)
    else:
        found = bca_interval(counts, draws, macro_f1)
    if found is not None:
        return found
    # All images right, or none: there is nothing to resample, and F1 is near the accuracy.
    wilson = wilson_interval(int(np.count_nonzero(outcomes.right[0])), len(outcomes.items))
    return Interval(wilson.low, wilson.high, "Wilson of the accuracy, as all draws are alike")


def _mean_interval(by_seed: Floats, drawn: Floats, n_groups: int, seed: int) -> Interval | None:
    spread = two_level_spread(by_seed, drawn, n_groups, seed=seed)
    return spread_interval(float(by_seed.mean()), spread, lowest=0.0)


# ---------------------------------------------------------------- two variants


def _compare(first: Outcomes, second: Outcomes, n_classes: int, seed: int, replicates: int) -> Comparison:
    seeds = sorted(set(first.seeds) & set(second.seeds))
    first, second = first.with_seeds(seeds), second.with_seeds(seeds)
    first_only = int(np.count_nonzero(first.right & ~second.right))
    second_only = int(np.count_nonzero(~first.right & second.right))
    difference = (first_only - second_only) / first.right.size
    interval = _newcombe(first, second)
    method, p_value = MCNEMAR, mcnemar_p(first_only, second_only)
    if len(seeds) > 1:
        method = PAIRED_BOOTSTRAP
        drawn = _drawn_accuracy(first, n_classes, seed, replicates) - _drawn_accuracy(
            second, n_classes, seed, replicates
        )
        by_seed = first.right.mean(axis=1) - second.right.mean(axis=1)
        spread = two_level_spread(by_seed, drawn, first.n_groups, seed=seed)
        if found := spread_interval(difference, spread, lowest=-1.0):
            interval, p_value = found, spread_p(difference, spread)
    return Comparison(
        first=first.variant,
        second=second.variant,
        difference=difference,
        interval=interval,
        first_only=first_only,
        second_only=second_only,
        method=method,
        p_value=p_value,
        adjusted_p=p_value,
        significant=False,
        seeds=tuple(seeds),
    )


def _newcombe(first: Outcomes, second: Outcomes) -> Interval:
    """For the first seed."""
    one, other = first.right[0], second.right[0]
    cells = (one & other, one & ~other, ~one & other, ~one & ~other)
    both, first_only, second_only, neither = (int(np.count_nonzero(cell)) for cell in cells)
    return newcombe_interval(both, first_only, second_only, neither)


def _drawn_accuracy(outcomes: Outcomes, n_classes: int, seed: int, replicates: int) -> Floats:
    """Of each draw of groups with each seed, (B, S)."""
    return accuracy(resample(outcomes.group_counts(n_classes), replicates=replicates, seed=seed))


def _corrected(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    adjusted = holm([comparison.p_value for comparison in comparisons])
    return tuple(
        replace(comparison, adjusted_p=p, significant=p < 1 - LEVEL)
        for comparison, p in zip(comparisons, adjusted, strict=True)
    )
