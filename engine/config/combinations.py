"""Sets of variants that differ in which steps are applied: every combination of some steps, each in one order.

Such a set is a 2^k factorial design: each of k steps is applied or not, so there are 2^k variants. It can say what a
step does whatever else is done, and whether two steps add up (see `engine.statistics.factorial`). Expressions write
them in short (see `engine.config.expressions`).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations

from engine.config.variants import COMBINABLE, find_variant, name_of, words_of

STUDY_STEPS = ("bbox", "denoise", "superres")
"""The steps of the study's variants, in the order in which combinations apply them."""

LEAST_STEPS, MOST_STEPS = 2, 4

_MOST_CANDIDATES = 6
"""Steps among which the nearest set is looked for."""


def combinations_of(steps: Sequence[str]) -> tuple[str, ...]:
    """The 2^k variants of k steps in this order: none of them first, all of them last."""
    return tuple(map(name_of, _parts(steps)))


def _parts(steps: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (words for size in range(len(steps) + 1) for words in combinations(steps, size))


COMBINATIONS = combinations_of(STUDY_STEPS)
"""The eight combinations of the study's steps."""


def complete_sets(variants: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The steps of every complete 2^k set (k = 2 to 4) among these variants; a set within a larger one is left out.

    Each is a tuple of words in the order in which they are applied; `combinations_of` gives its variants. Larger sets
    come first, those of the study's steps before others.
    """
    members = {words_of(name): None for name in variants}
    place = _places(members)
    longest = [words for words in members if LEAST_STEPS <= len(words) <= MOST_STEPS and len(set(words)) == len(words)]
    found: list[tuple[str, ...]] = []
    for steps in sorted(longest, key=lambda words: (-len(words), [place[word] for word in words])):
        parts = set(_parts(steps))
        if parts <= members.keys() and not any(parts < set(_parts(larger)) for larger in found):
            found.append(steps)
    return tuple(found)


def nearest_set(variants: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The steps of the set that lacks the fewest variants, and which: for variants that hold no complete set."""
    place = _places([*(words_of(name) for name in variants), STUDY_STEPS])
    words = sorted(place, key=lambda word: place[word])[:_MOST_CANDIDATES]
    possible = (
        steps
        for size in (LEAST_STEPS + 1, LEAST_STEPS)
        for steps in permutations(words, size)
        if find_variant(name_of(steps)) is not None
    )
    gaps = [(steps, tuple(name for name in combinations_of(steps) if name not in variants)) for steps in possible]
    return min((gap for gap in gaps if gap[1]), key=lambda gap: len(gap[1]))


def _places(pipelines: Iterable[Sequence[str]]) -> dict[str, int]:
    """An order of the words in these pipelines: the table's, then others as they come."""
    words = dict.fromkeys(word for pipeline in pipelines for word in pipeline)
    known = [word for word in COMBINABLE if word in words]
    return {word: place for place, word in enumerate(dict.fromkeys([*known, *words]))}


def has_steps(variant: str, steps: Sequence[str]) -> tuple[bool, ...]:
    """For each of the steps whether the variant applies it."""
    return tuple(step in words_of(variant) for step in steps)
