"""The variants: named lists of pre-processing steps.

A variant is one entry in `VARIANTS`, or a combination of them: their names joined by "+" in the order in which they are
applied, as `denoise+superres`. What each step does stands in `engine.preprocess`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from engine.errors import InputError


@dataclass(frozen=True)
class Variant:
    """An ordered list of step names (keys of the step registry) applied to every image.

    `steps` work from left to right on an RGB image; `scale` is the size of the result relative to the recipe's
    image size.
    """

    name: str
    steps: tuple[str, ...]
    summary: str
    scale: int = 1


def _table(*variants: Variant) -> MappingProxyType[str, Variant]:
    return MappingProxyType({variant.name: variant for variant in variants})


VARIANTS = _table(
    Variant("vanilla", ("resize",), "resized only"),
    Variant("bbox", ("crop", "resize"), "cropped to the character's box, then resized"),
    Variant("denoise", ("resize", "denoise"), "resized, then total-variation denoised (Chambolle)"),
    Variant(
        "superres", ("resize", "superres", "shrink"), "resized, super-resolved x2 (NinaSR-B0), shrunk back by area"
    ),
    Variant(
        "superres-full",
        ("resize", "superres"),
        "resized, super-resolved x2 (NinaSR-B0), kept at twice the size",
        scale=2,
    ),
)

STUDY_VARIANTS = ("vanilla", "bbox", "denoise", "superres")
"""The four variants that the study compares, in its order."""


JOIN = "+"
"""Stands between the words of a combination."""

PLAIN = "vanilla"
"""The variant of no word: every image is resized, and nothing else is done."""

CROPPING = "bbox"
"""The word that can only come first: boxes are in the original's pixels, which the resize takes away."""

ENLARGING = "superres-full"
"""The word that can only come last: the other steps work at the recipe's size."""


@dataclass(frozen=True)
class _Word:
    """What a word of a combination adds to the plain resize."""

    steps: tuple[str, ...]
    summary: str
    scale: int = 1


def with_word(words: Sequence[str], word: str) -> tuple[str, ...]:
    """These words and one more where it makes sense: last, but for those that have a place of their own."""
    kept = [other for other in words if {other, word} != {"superres", ENLARGING}]
    place = 0 if word == CROPPING else len(kept) - (ENLARGING in kept)
    return (*kept[:place], word, *kept[place:])


_WORDS = MappingProxyType(
    {
        CROPPING: _Word((), "cropped to the character's box"),  # the step stands before the resize
        "denoise": _Word(("denoise",), "denoised"),
        "superres": _Word(("superres", "shrink"), "super-resolved x2 and shrunk back"),
        ENLARGING: _Word(("superres",), "super-resolved x2 and kept at twice the size", scale=2),
    }
)

COMBINABLE = tuple(_WORDS)
"""The words that combinations are made of."""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a variant's name in the order in which they are applied; none for the plain resize."""
    return () if name == PLAIN else tuple(name.split(JOIN))


def name_of(words: Sequence[str]) -> str:
    """The one name of the variant that these words make, in their order."""
    return JOIN.join(words) if words else PLAIN


@cache
def get_variant(name: str) -> Variant:
    """Look a variant up by name, or build it where the name is a combination.

    Raises:
        InputError: there is no such variant, or the combination makes no sense; the message says what to write.
    """
    if name in VARIANTS:
        return VARIANTS[name]
    if JOIN not in name:
        known = ", ".join(VARIANTS)
        raise InputError(
            f"unknown variant {name!r}: choose from {known}, or join some with {JOIN}, as denoise+superres"
        )
    words = words_of(name)
    if problem := _problem(words):
        raise InputError(f"variant {name!r}: {problem}")
    cropped = CROPPING in words
    parts = [_WORDS[word] for word in words]
    heads = ["resized"] if not cropped else [parts[0].summary, "resized"]
    return Variant(
        name,
        (*(("crop",) if cropped else ()), "resize", *(step for part in parts for step in part.steps)),
        ", ".join([*heads, *(part.summary for part in parts[cropped:])]),
        scale=parts[-1].scale,
    )


def find_variant(name: str) -> Variant | None:
    """The same, and None for one that this version does not know, such as a run of a later version may hold."""
    try:
        return get_variant(name)
    except InputError:
        return None


def _problem(words: Sequence[str]) -> str:
    """Why these words make no variant, and what to write; "" where they do."""
    return next(filter(None, (_word_problem(word, words) for word in words)), "") or _order_problem(words)


def _word_problem(word: str, words: Sequence[str]) -> str:
    if word == PLAIN:
        return f"{PLAIN} is the plain resize, which is in every variant: leave it out"
    if word not in _WORDS:
        known = ", ".join(COMBINABLE)
        return f"unknown step {word!r}: join steps of {known} with {JOIN}, in the order in which they are applied"
    return f"{word} stands in it twice: name each step once" if words.count(word) > 1 else ""


def _order_problem(words: Sequence[str]) -> str:
    if CROPPING in words[1:]:
        better = name_of([CROPPING, *(word for word in words if word != CROPPING)])
        return f"{CROPPING} comes first, for boxes are in the original's pixels: write {better}"
    if {"superres", ENLARGING} <= set(words):
        return f"superres and {ENLARGING} are one step with two ends: name one of them"
    if ENLARGING in words[:-1]:
        better = name_of([*(word for word in words if word != ENLARGING), ENLARGING])
        return f"{ENLARGING} comes last, for the other steps work at the recipe's size: write {better}"
    return ""
