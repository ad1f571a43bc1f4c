"""Sets of variants that differ in which steps are applied: every combination of some steps, each in one order.

Such a set is a 2^k factorial design: each of k steps is applied or not, so there are 2^k variants. It can say what a
step does whatever else is done, and whether two steps add up (see `engine.statistics.factorial`).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from engine.config.variants import COMBINABLE, find_variant, name_of, words_of

ALL_COMBINATIONS = "all-combinations"
"""In a list of names stands for `COMBINATIONS`."""

STUDY_STEPS = ("bbox", "denoise", "superres")
"""The steps of the study's variants, in the order in which combinations apply them."""

LEAST_STEPS, MOST_STEPS = 2, 3


def combinations_of(steps: Sequence[str]) -> tuple[str, ...]:
    """The 2^k variants of k steps in this order: none of them first, all of them last."""
    return tuple(name_of(words) for size in range(len(steps) + 1) for words in combinations(steps, size))


COMBINATIONS = combinations_of(STUDY_STEPS)
"""The eight combinations of the study's steps."""


def expand_names(names: Sequence[str]) -> tuple[str, ...]:
    """A list of variants in which `ALL_COMBINATIONS` is replaced by the eight; what it adds is added once."""
    if ALL_COMBINATIONS not in names:
        return tuple(names)
    expanded = (part for name in names for part in (COMBINATIONS if name == ALL_COMBINATIONS else (name,)))
    return tuple(dict.fromkeys(expanded))


def complete_sets(variants: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The steps of every complete 2^k set (k = 2, 3) among these variants; a set within a larger one is left out.

    Each is a tuple of words in the order in which they are applied; `combinations_of` gives its variants.
    """
    found: list[tuple[str, ...]] = []
    for steps in _possible_sets():
        members = set(combinations_of(steps))
        if members <= set(variants) and not any(members < set(combinations_of(larger)) for larger in found):
            found.append(steps)
    return tuple(found)


def nearest_set(variants: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The steps of the set that lacks the fewest variants, and which: for variants that hold no complete set."""
    gaps = [
        (steps, tuple(name for name in combinations_of(steps) if name not in variants)) for steps in _possible_sets()
    ]
    return min((gap for gap in gaps if gap[1]), key=lambda gap: len(gap[1]))


def _possible_sets() -> Iterator[tuple[str, ...]]:
    """Every order of 3, then of 2 steps whose combinations all make sense, the study's steps before others."""
    for size in range(MOST_STEPS, LEAST_STEPS - 1, -1):
        for steps in permutations(COMBINABLE, size):
            if find_variant(name_of(steps)) is not None:
                yield steps


def has_steps(variant: str, steps: Sequence[str]) -> tuple[bool, ...]:
    """For each of the steps whether the variant applies it."""
    return tuple(step in words_of(variant) for step in steps)
