"""Main effects and interactions of k steps, from the 2^k variants in which each of them is applied or not.

The main effect of a step is the mean accuracy of the variants with it minus the mean of those without it. The
interaction of two steps A and B is half the difference of A's effect where B is applied and A's effect where B is not;
that of three is half the difference of AB's interaction with and without C. In general an effect is the sum of all 2^k
accuracies, each with the product of its steps' signs (+1 applied, -1 not), divided by 2^(k-1): the contrasts of
D. C. Montgomery, "Design and Analysis of Experiments", chapter 6 ("The 2^k Factorial Design"). All effects are on the
scale of the accuracy, and where interactions are 0 a step adds its main effect to whatever else is done.

All variants judge the same images, so each image has a contrast of its own, whose mean is the effect. With one seed
the test flips the signs of whole groups' contrasts, which for two variants and no copies is McNemar's exact test. Where
a step makes no difference to any image all flips are equally likely and it is exact; for an interaction beside main
effects it holds for many images. With several seeds, test and interval are those of the comparisons of two variants.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from engine.config.combinations import combinations_of, has_steps
from engine.reports.statistics import FactorialAnalysis, FactorialEffect, Interval
from engine.statistics.outcomes import Floats, Outcomes
from engine.statistics.proportions import corrected, newcombe_interval
from engine.statistics.resampling import PAIRED_BOOTSTRAP, spread_interval, spread_p, two_level_spread

SIGN_FLIPS = "sign flips of groups of images"

_ONE_SEED = "bootstrap over groups of images, t"


@dataclass(frozen=True)
class Cell:
    """One variant of the set: what it said, and its accuracy in every draw of groups with every seed, (B, S)."""

    outcomes: Outcomes
    drawn: Floats


def analyse_factorial(steps: Sequence[str], cells: Sequence[Cell], seed: int) -> FactorialAnalysis:
    """Main effects and interactions of `steps`.

    Args:
        steps: k words in the order in which they are applied.
        cells: one a variant in the order of `combinations_of(steps)`, all with the same images and seeds.
        seed: of the resampling.
    """
    variants, outcomes = combinations_of(steps), [cell.outcomes for cell in cells]
    first = outcomes[0]
    groups = [group for size in range(1, len(steps) + 1) for group in combinations(steps, size)]
    effects = [_effect(group, contrast_weights(steps, group), cells, seed) for group in groups]
    return FactorialAnalysis(
        steps=tuple(steps),
        variants=variants,
        accuracies=tuple(float(entry.right.mean()) for entry in outcomes),
        images=len(first.items),
        groups=first.n_groups,
        seeds=first.seeds,
        effects=corrected(effects),
    )


def contrast_weights(steps: Sequence[str], chosen: Sequence[str]) -> Floats:
    """The weight of each variant of `combinations_of(steps)` in the effect of `chosen`, (2^k,)."""
    signs = [[1.0 if applied else -1.0 for applied in has_steps(name, chosen)] for name in combinations_of(steps)]
    return np.asarray(np.prod(signs, axis=1) / 2 ** (len(steps) - 1), dtype=np.float64)


def _effect(steps: tuple[str, ...], weights: Floats, cells: Sequence[Cell], seed: int) -> FactorialEffect:
    first = cells[0].outcomes
    right = np.stack([cell.outcomes.right for cell in cells]).astype(np.float64)
    by_image = np.tensordot(weights, right, axes=1)  # (S, N)
    by_seed = by_image.mean(axis=1)
    estimate = float(by_seed.mean())
    drawn = np.tensordot(weights, np.stack([cell.drawn for cell in cells]), axes=1)
    spread = two_level_spread(by_seed, drawn, first.n_groups, seed=seed)
    interval = spread_interval(estimate, spread, lowest=-1.0)
    if interval is not None and len(first.seeds) > 1:
        method, p_value = PAIRED_BOOTSTRAP, spread_p(estimate, spread)
    else:
        interval = replace(interval, method=_ONE_SEED) if interval else _without_spread(estimate, first)
        method, p_value = SIGN_FLIPS, sign_flip_p(_whole_contrasts(by_image, first, len(cells) // 2))
    return FactorialEffect(steps, estimate, interval, method, p_value, p_value, significant=False)


def _whole_contrasts(by_image: Floats, outcomes: Outcomes, denominator: int) -> npt.NDArray[np.int64]:
    """The contrast of each group, summed over its images and the seeds: a number of answers over one denominator."""
    by_group = np.bincount(outcomes.groups, by_image.sum(axis=0), minlength=outcomes.n_groups)
    return np.rint(by_group * denominator).astype(np.int64)


def sign_flip_p(contrasts: npt.NDArray[np.int64]) -> float:
    """Two-sided p of a mean of 0 from whole-numbered contrasts: the share of all sign flips whose sum is as far from 0.

    Exact: the distribution of the sum is built up one contrast after the other. Source: R. A. Fisher, "The Design of
    Experiments" (1935), section 21.
    """
    sizes = np.abs(contrasts[contrasts != 0])
    reach = int(sizes.sum())
    if reach == 0:
        return 1.0
    chances = np.zeros(2 * reach + 1)
    chances[reach] = 1.0
    for size in sizes:
        chances = (np.roll(chances, size) + np.roll(chances, -size)) / 2
    sums = np.abs(np.arange(-reach, reach + 1))
    return float(min(1.0, chances[sums >= abs(int(contrasts.sum()))].sum()))


def _without_spread(estimate: float, outcomes: Outcomes) -> Interval:
    """Where every group has the same contrast there is nothing to resample: as wide as for two variants that agree."""
    right, images = int(np.count_nonzero(outcomes.right[0])), len(outcomes.items)
    agreeing = newcombe_interval(right, 0, 0, images - right)
    low, high = max(-1.0, estimate + agreeing.low), min(1.0, estimate + agreeing.high)
    return Interval(low, high, f"{agreeing.method}, as all draws are alike")
