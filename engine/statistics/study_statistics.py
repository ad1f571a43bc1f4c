"""The statistics of a whole study, from the results of its jobs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from engine.config.combinations import combinations_of, complete_sets
from engine.config.variants import PLAIN
from engine.reports.results import JobResult
from engine.reports.statistics import (
    MOST_IN_PAIRS,
    Comparison,
    FactorialAnalysis,
    StudyStatistics,
    VariantStatistics,
)
from engine.statistics.calibration import measure_calibration
from engine.statistics.factorial import Cell, analyse_factorial
from engine.statistics.outcomes import Outcomes, collect_outcomes, folds_of
from engine.statistics.proportions import corrected
from engine.statistics.resampling import PAIRED_BOOTSTRAP, REPLICATES, two_level_spread
from engine.statistics.scores import Difference, Resampled, discordant, paired_difference

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
    """Intervals of every variant, comparisons of two and the effects of steps, from the jobs that are done.

    With one seed, Wilson's and Newcombe's intervals and McNemar's test take every image as evidence of its own, so near
    copies within the test set make them too sure; all that is resampled draws whole groups of near copies. Folds are
    pooled as if one network had judged all their images: that they share training images is in none of the methods.
    Up to `MOST_IN_PAIRS` variants are compared with each other; of more, each with the plain resize.

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
        collected, note = collect_outcomes(variant, mine, groups, folds)
        if note and folds:
            refused.append(note)
        if collected is not None:
            outcomes.append(collected)
    resampled = Resampled.of_all(outcomes, n_classes, ("accuracy", "f1"), seed=seed, replicates=replicates)
    pairs, left_out = _pairs(resampled)
    refused += left_out
    comparisons = []
    for first, second in pairs:
        if found := paired_difference(first, second, "accuracy", seed=seed):
            comparisons.append(_compare(first, second, found))
        else:
            names = f"{first.outcomes.variant} and {second.outcomes.variant}"
            refused.append(f"{names} are not compared: {_why_refused(first.outcomes, second.outcomes)}.")
    factorials, not_analysed = _analyse_sets(resampled, seed)
    return StudyStatistics(
        variants=tuple(_describe(entry, seed) for entry in resampled),
        comparisons=corrected(comparisons),
        refused=(*refused, *not_analysed),
        factorials=tuple(factorials),
    )


def _pairs(entries: Sequence[Resampled]) -> tuple[list[tuple[Resampled, Resampled]], list[str]]:
    """Every two variants; of many, the plain resize with each other one, and that this is so."""
    pairs = list(combinations(entries, 2))
    plain = [entry for entry in entries if entry.outcomes.variant == PLAIN]
    if len(entries) <= MOST_IN_PAIRS or not plain:
        return pairs, []
    kept = [pair for pair in pairs if plain[0] in pair]
    words = (
        f"{len(entries)} variants make {len(pairs):,} pairs, too many for a correction to leave much to find: each is "
        f"compared with {PLAIN} alone."
    )
    return kept, [words]


def _why_refused(first: Outcomes, second: Outcomes) -> str:
    if first.items != second.items:
        return "they were not tested on the same images"
    return "no seed is complete for both"


# ---------------------------------------------------------------- one variant


def _describe(entry: Resampled, seed: int) -> VariantStatistics:
    outcomes, by_seed = entry.outcomes, entry.by_seed["accuracy"]
    spread = two_level_spread(by_seed, entry.drawn["accuracy"], outcomes.n_groups, seed=seed)
    return VariantStatistics(
        variant=outcomes.variant,
        images=len(outcomes.items),
        groups=outcomes.n_groups,
        seeds=outcomes.seeds,
        accuracy=entry.score("accuracy"),
        accuracy_interval=entry.intervals["accuracy"],
        macro_f1=entry.score("f1"),
        macro_f1_interval=entry.intervals["f1"],
        seed_accuracies=tuple(float(value) for value in by_seed),
        seed_spread=float(by_seed.std(ddof=1)) if len(by_seed) > 1 else None,
        sampling_error=spread.images**0.5,
        calibration=measure_calibration(outcomes),
    )


# ---------------------------------------------------------------- two variants


def _compare(one: Resampled, other: Resampled, found: Difference) -> Comparison:
    first, second = (entry.outcomes.with_seeds(found.seeds) for entry in (one, other))
    first_only, second_only = discordant(first, second)
    return Comparison(
        first=first.variant,
        second=second.variant,
        difference=found.value,
        interval=found.interval,
        first_only=first_only,
        second_only=second_only,
        method=PAIRED_BOOTSTRAP if len(found.seeds) > 1 else MCNEMAR,
        p_value=found.p_value,
        adjusted_p=found.p_value,
        significant=False,
        seeds=found.seeds,
    )


# ---------------------------------------------------------------- all combinations of some steps


def _analyse_sets(entries: Sequence[Resampled], seed: int) -> tuple[list[FactorialAnalysis], list[str]]:
    """Every complete set of combinations that was tested on the same images with a common seed; the others in words."""
    by_name = {entry.outcomes.variant: entry for entry in entries}
    found, refused = [], []
    sets = complete_sets(tuple(by_name))
    orders = Counter(map(frozenset, sets))
    for steps in sets:
        if orders[frozenset(steps)] > 1:
            continue
        members = [by_name[name] for name in combinations_of(steps)]
        seeds = sorted(set.intersection(*(set(entry.outcomes.seeds) for entry in members)))
        if not seeds or any(entry.outcomes.items != members[0].outcomes.items for entry in members):
            refused.append(
                f"The effects of {', '.join(steps)} are not computed: their combinations have no seed in common or "
                "were not tested on the same images."
            )
            continue
        found.append(analyse_factorial(steps, [_cell(entry, seeds) for entry in members], seed))
    if several := sum(count > 1 for count in orders.values()):
        refused.append(
            f"The effects of steps are not computed for each order by itself ({several} set"
            f"{'s' if several > 1 else ''} of steps in several orders): the pipelines' tables take all orders together."
        )
    return found, refused


def _cell(entry: Resampled, seeds: Sequence[int]) -> Cell:
    rows = [entry.outcomes.seeds.index(common) for common in seeds]
    return Cell(entry.outcomes.with_seeds(seeds), entry.drawn["accuracy"][:, rows])
