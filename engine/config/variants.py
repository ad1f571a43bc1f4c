"""The variants: pipelines of pre-processing steps, each named by its steps in the order in which they are applied.

A name is `vanilla`, which is the resize that every variant has and nothing else, or words joined by "+" (see
`engine.config.grammar`), as `denoise(weight=0.05)+superres`. What the steps are stands in `engine.steps`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType

from engine.config.grammar import JOIN, OWN_HINT, StepCall, choose_from, parse_call, split_outside
from engine.config.recipes import Recipe
from engine.errors import InputError
from engine.steps.registry import added_steps, find_step, known_steps
from engine.steps.spec import StepSpec, Value

PLAIN = "vanilla"
"""The variant of no word: every image is resized, and nothing else is done."""

CROPPING = "bbox"
"""The word of the crop to the box."""

PAPER_CROPPING = "bbox-paper"
"""The word of the paper's crop, at the box's pixels in the resized image."""

ENLARGING = "superres-full"
"""The word that doubles the size of the result."""

_TWO_ENDS = ("superres", ENLARGING)
"""One step with two ends: a variant has at most one of them."""

_ENGINE_STEPS = MappingProxyType({CROPPING: ("crop",), "superres": ("superres", "shrink"), ENLARGING: ("superres",)})
"""What the engine does for words that have no function of their own."""

_SUMMARIES_ALONE = MappingProxyType(
    {
        "superres": "resized, super-resolved x2 (NinaSR-B0), shrunk back by area",
        ENLARGING: "resized, super-resolved x2 (NinaSR-B0), kept at twice the size",
    }
)
_SHORT_SUMMARIES = MappingProxyType({"denoise": "denoised"})
"""For variants of several words."""

_RECIPE_PARAMETERS = MappingProxyType({("denoise", "weight"): "denoise_weight"})
"""Parameters whose default is a field of the recipe."""

_VARIANTS_KEPT = 4096


@dataclass(frozen=True)
class Variant:
    """A pipeline of steps applied to every image.

    Attributes:
        name: its one spelling.
        calls: the steps that its name gives, with the parameters that are given there, in order.
        pipeline: the same as the engine applies them, from left to right on an RGB image: with the resize, and with
            the engine's own steps ("crop", "superres", "shrink") for words that stand for them.
        summary: what is done to an image, in words.
        scale: size of the result relative to the recipe's image size.
    """

    name: str
    calls: tuple[StepCall, ...]
    pipeline: tuple[StepCall, ...]
    summary: str = ""
    scale: int = 1

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name; none for the plain resize."""
        return tuple(call.word for call in self.calls)

    @property
    def crops(self) -> bool:
        """Whether it shows a part of an image that has a box."""
        return CROPPING in self.words or PAPER_CROPPING in self.words

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps in its pipeline."""
        return tuple(call.step for call in self.pipeline)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a variant's name in the order in which they are applied; none for the plain resize."""
    return () if name == PLAIN else tuple(split_outside(name, JOIN))


def name_of(words: Sequence[str]) -> str:
    """The one name of the variant that these words make, in their order."""
    return JOIN.join(words) if words else PLAIN


def get_variant(name: str) -> Variant:
    """The variant that a name in any spelling stands for.

    Raises:
        InputError: there is no such variant, or its steps make no sense together; the message says what to write.
    """
    return _parse(name, added_steps())


@lru_cache(_VARIANTS_KEPT)
def _parse(name: str, _added: tuple[StepSpec, ...]) -> Variant:
    words = words_of(name.strip())
    if len(words) == 1 and "(" not in name and find_step(words[0]) is None:
        known = choose_from(words[0], [PLAIN, *(spec.name for spec in known_steps())])
        raise InputError(f"unknown variant {name!r}: {known}, or join steps with {JOIN}, as denoise+superres{OWN_HINT}")
    try:
        calls = tuple(_call(word) for word in words)
        _require_sense(calls)
    except InputError as error:
        raise InputError(f"variant {name!r}: {error}") from None
    before = sum(_spec(call).place == "first" for call in calls)
    parts = [_engine_steps(call) for call in calls]
    return Variant(
        name_of([call.word for call in calls]),
        calls,
        (*sum(parts[:before], ()), StepCall("resize"), *sum(parts[before:], ())),
        _summary(calls, before),
        scale=2 if calls and calls[-1].step == ENLARGING else 1,
    )


def find_variant(name: str) -> Variant | None:
    """The same, and None for one that this process does not know, such as a run of a later version may hold."""
    try:
        return get_variant(name)
    except InputError:
        return None


def with_word(words: Sequence[str], word: str) -> tuple[str, ...]:
    """These words and one more where it makes sense: last, but for steps that have a place of their own."""
    added = parse_call(word)
    kept = [other for other in words if not _exclusion(parse_call(other), added)]
    place = sum(_rank(parse_call(other)) <= _rank(added) for other in kept)
    return (*kept[:place], word, *kept[place:])


def parameters_of(call: StepCall, recipe: Recipe) -> dict[str, Value]:
    """All parameters of a step in a study: what is given, else what the recipe says, else the step's defaults."""
    given = dict(call.parameters)
    for parameter in _spec(call).parameters:
        field = _RECIPE_PARAMETERS.get((call.step, parameter.name))
        given.setdefault(parameter.name, getattr(recipe, field) if field else parameter.default)
    return given


def same_pipeline(names: Sequence[str], recipe: Recipe) -> tuple[str, str] | None:
    """Two of these variants that do the same by other names, as `clahe` and `clahe(clip=2)`; None if there are none."""
    seen: dict[tuple[object, ...], str] = {}
    for name, variant in ((name, variant) for name in names if (variant := find_variant(name)) is not None):
        pipeline = tuple((call.step, *sorted(parameters_of(call, recipe).items())) for call in variant.calls)
        if (other := seen.setdefault(pipeline, name)) != name:
            return other, name
    return None


def spelled_as_in(names: Sequence[str], variant: str, recipe: Recipe) -> str:
    """The one of these names that is the same pipeline as a variant in any spelling; else the variant's own name."""
    known = find_variant(variant)
    if variant in names or known is None:
        return variant
    return next((name for name in names if name == known.name or same_pipeline((name, known.name), recipe)), known.name)


def _call(word: str) -> StepCall:
    if word == PLAIN:
        raise InputError(f"{PLAIN} is the plain resize, which is in every variant: leave it out")
    return parse_call(word)


def _spec(call: StepCall) -> StepSpec:
    spec = find_step(call.step)
    assert spec is not None  # a call is made of a known step
    return spec


def _engine_steps(call: StepCall) -> tuple[StepCall, ...]:
    return tuple(map(StepCall, _ENGINE_STEPS[call.step])) if call.step in _ENGINE_STEPS else (call,)


def _rank(call: StepCall) -> int:
    """Where a step stands among others: on the original with its box, on the original, after the resize, last."""
    spec = _spec(call)
    return {"first": 0 if spec.uses_box else 1, "any": 2, "last": 3}[spec.place]


def _exclusion(one: StepCall, other: StepCall) -> str:
    """Why a variant cannot have both of two steps; "" where it can."""
    if one.step != other.step and {one.step, other.step} == set(_TWO_ENDS):
        return f"{' and '.join(_TWO_ENDS)} are one step with two ends: name one of them"
    if one != other and _rank(one) == _rank(other) == 0:
        return f"{one.word} and {other.word} both use the box, which the first takes away: name one of them"
    return ""


def _require_sense(calls: Sequence[StepCall]) -> None:
    """Refuse steps that make no variant in this order, and say what to write.

    Raises:
        InputError: they make none.
    """
    for number, call in enumerate(calls):
        for other in calls[:number]:
            if other == call:
                raise InputError(f"{call.word} stands in it twice: name each step once")
            if problem := _exclusion(other, call):
                raise InputError(problem)
    ordered = sorted(calls, key=_rank)
    if ordered == list(calls):
        return
    better = name_of([call.word for call in ordered])
    moved = next(right for call, right in zip(calls, ordered, strict=True) if call != right)
    if _rank(moved) > 1:
        raise InputError(
            f"{ordered[-1].word} comes last, for the other steps work at the recipe's size: write {better}"
        )
    why = "boxes are in the original's pixels" if _rank(moved) == 0 else "it works on the original"
    raise InputError(f"{moved.word} comes first, for {why}: write {better}")


def _summary(calls: Sequence[StepCall], before: int) -> str:
    if not calls:
        return "resized only"
    if len(calls) == 1:
        (call,) = calls
        words = _spec(call).summary + _parameter_words(call)
        return _SUMMARIES_ALONE.get(call.step, f"{words}, then resized" if before else f"resized, then {words}")
    words_each = [_SHORT_SUMMARIES.get(call.step, _spec(call).summary) + _parameter_words(call) for call in calls]
    return ", ".join([*words_each[:before], "resized", *words_each[before:]])


def _parameter_words(call: StepCall) -> str:
    """The parameters that are not as they usually are, as " with clip 4 and tiles 4"."""
    usual = {
        (parameter.name, parameter.default)
        for parameter in _spec(call).parameters
        if (call.step, parameter.name) not in _RECIPE_PARAMETERS
    }
    other = StepCall(call.step, tuple(pair for pair in call.parameters if pair not in usual))
    return other.parameter_text(" with {}", " and ", " ")


COMBINABLE = (CROPPING, "denoise", *_TWO_ENDS)
"""The steps of the variants in the table below."""

VARIANTS = MappingProxyType({name: get_variant(name) for name in (PLAIN, *COMBINABLE)})
"""The variants that need no explanation."""

STUDY_VARIANTS = (PLAIN, CROPPING, "denoise", "superres")
"""The four variants that the paper compares, in its order."""
