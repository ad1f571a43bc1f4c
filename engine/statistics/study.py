"""The statistics of a whole study, from the results of its jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from engine.config.combinations import combinations_of, complete_sets
from engine.reports.results import JobResult
from engine.reports.statistics import Comparison, FactorialAnalysis, Interval, StudyStatistics, VariantStatistics
from engine.statistics.calibration import measure_calibration
from engine.statistics.factorial import Cell, analyse_factorial
from engine.statistics.outcomes import Floats, Outcomes, collect_outcomes, folds_of
from engine.statistics.proportions import corrected, mcnemar_p, newcombe_interval, wilson_interval
from engine.statistics.resampling import (
    PAIRED_BOOTSTRAP,
    REPLICATES,
    accuracy,
    bca_interval,
    macro_f1,
    resample,
    spread_interval,
    spread_p,
    two_level_spread,
)

MCNEMAR = "exact McNemar"


def compute_statistics(
    variants: Sequence[str],
    results: Sequence[JobResult],
    groups: Mapping[str, int],
    n_classes: int,
    seed: int = 0,
    *,
    replicates: int = REPLICATES,
) -> StudyStatistics:
    """Intervals of every variant, a comparison of every two and the effects of steps, from the jobs that are done.

    With one seed, Wilson's and Newcombe's intervals and McNemar's test take every image as evidence of its own, so near
    copies within the test set make them too sure; all that is resampled draws whole groups of near copies. Folds are
    pooled as if one network had judged all their images: that they share training images is in none of the methods.

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
    resampled = [_Resampled.of(entry, n_classes, seed, replicates) for entry in outcomes]
    comparisons = []
    for first, second in combinations(resampled, 2):
        if why := _why_refused(first.outcomes, second.outcomes):
            names = f"{first.outcomes.variant} and {second.outcomes.variant}"
            refused.append(f"{names} are not compared: {why}.")
        else:
            comparisons.append(_compare(first, second, seed))
    factorials, not_analysed = _analyse_sets(resampled, seed)
    return StudyStatistics(
        variants=tuple(_describe(entry, seed) for entry in resampled),
        comparisons=corrected(comparisons),
        refused=(*refused, *not_analysed),
        factorials=tuple(factorials),
    )


def _why_refused(first: Outcomes, second: Outcomes) -> str:
    if first.items != second.items:
        return "they were not tested on the same images"
    if not set(first.seeds) & set(second.seeds):
        return "no seed is complete for both"
    return ""


# ---------------------------------------------------------------- one variant


@dataclass(frozen=True)
class _Resampled:
    """A variant's outcomes with the scores of every seed (S,) and of every draw of groups with every seed (B, S)."""

    outcomes: Outcomes
    accuracies: Floats
    drawn_accuracies: Floats
    f1s: Floats
    drawn_f1s: Floats
    f1_interval: Interval | None

    @classmethod
    def of(cls, outcomes: Outcomes, n_classes: int, seed: int, replicates: int) -> "_Resampled":
        counts = outcomes.group_counts(n_classes)
        draws = resample(counts, replicates=replicates, seed=seed)
        total = counts.sum(axis=1)
        alone = bca_interval(counts, draws, macro_f1) if len(outcomes.seeds) == 1 else None
        return cls(outcomes, accuracy(total), accuracy(draws), macro_f1(total), macro_f1(draws), alone)


def _describe(entry: _Resampled, seed: int) -> VariantStatistics:
    outcomes, by_seed = entry.outcomes, entry.accuracies
    spread = two_level_spread(by_seed, entry.drawn_accuracies, outcomes.n_groups, seed=seed)
    return VariantStatistics(
        variant=outcomes.variant,
        images=len(outcomes.items),
        groups=outcomes.n_groups,
        seeds=outcomes.seeds,
        accuracy=float(by_seed.mean()),
        accuracy_interval=_accuracy_interval(entry, seed),
        macro_f1=float(entry.f1s.mean()),
        macro_f1_interval=_f1_interval(entry, seed),
        seed_accuracies=tuple(float(value) for value in by_seed),
        seed_spread=float(by_seed.std(ddof=1)) if len(by_seed) > 1 else None,
        sampling_error=spread.images**0.5,
        calibration=measure_calibration(outcomes),
    )


def _accuracy_interval(entry: _Resampled, seed: int) -> Interval:
    found = _mean_interval(entry.accuracies, entry.drawn_accuracies, entry.outcomes.n_groups, seed)
    # Without any spread (every image right with every seed) the seeds add nothing to what one says.
    return found or _wilson(entry.outcomes)


def _f1_interval(entry: _Resampled, seed: int) -> Interval:
    found = entry.f1_interval or _mean_interval(entry.f1s, entry.drawn_f1s, entry.outcomes.n_groups, seed)
    if found is not None:
        return found
    # All images right, or none: there is nothing to resample, and F1 is near the accuracy.
    return replace(_wilson(entry.outcomes), method="Wilson of the accuracy, as all draws are alike")


def _wilson(outcomes: Outcomes) -> Interval:
    """For the first seed."""
    return wilson_interval(int(np.count_nonzero(outcomes.right[0])), len(outcomes.items))


def _mean_interval(by_seed: Floats, drawn: Floats, n_groups: int, seed: int) -> Interval | None:
    """Of a mean over several seeds; None for one seed."""
    if len(by_seed) == 1:
        return None
    spread = two_level_spread(by_seed, drawn, n_groups, seed=seed)
    return spread_interval(float(by_seed.mean()), spread, lowest=0.0)


# ---------------------------------------------------------------- two variants


def _compare(one: _Resampled, other: _Resampled, seed: int) -> Comparison:
    seeds = sorted(set(one.outcomes.seeds) & set(other.outcomes.seeds))
    rows = [[entry.outcomes.seeds.index(common) for common in seeds] for entry in (one, other)]
    first, second = (entry.outcomes.with_seeds(seeds) for entry in (one, other))
    first_only = int(np.count_nonzero(first.right & ~second.right))
    second_only = int(np.count_nonzero(~first.right & second.right))
    difference = (first_only - second_only) / first.right.size
    interval = _newcombe(first, second)
    method, p_value = MCNEMAR, mcnemar_p(first_only, second_only)
    if len(seeds) > 1:
        method = PAIRED_BOOTSTRAP
        by_seed = one.accuracies[rows[0]] - other.accuracies[rows[1]]
        drawn = one.drawn_accuracies[:, rows[0]] - other.drawn_accuracies[:, rows[1]]
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


# ---------------------------------------------------------------- all combinations of some steps


def _analyse_sets(entries: Sequence[_Resampled], seed: int) -> tuple[list[FactorialAnalysis], list[str]]:
    """Every complete set of combinations that was tested on the same images with a common seed; the others in words."""
    by_name = {entry.outcomes.variant: entry for entry in entries}
    found, refused = [], []
    for steps in complete_sets(tuple(by_name)):
        members = [by_name[name] for name in combinations_of(steps)]
        seeds = sorted(set.intersection(*(set(entry.outcomes.seeds) for entry in members)))
        if not seeds or any(entry.outcomes.items != members[0].outcomes.items for entry in members):
            refused.append(
                f"The effects of {', '.join(steps)} are not computed: their combinations have no seed in common or "
                "were not tested on the same images."
            )
            continue
        found.append(analyse_factorial(steps, [_cell(entry, seeds) for entry in members], seed))
    return found, refused


def _cell(entry: _Resampled, seeds: Sequence[int]) -> Cell:
    rows = [entry.outcomes.seeds.index(common) for common in seeds]
    return Cell(entry.outcomes.with_seeds(seeds), entry.drawn_accuracies[:, rows])
