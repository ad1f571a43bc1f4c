"""A pipeline that is being put together: its steps, their parameters as they are written, and what is made of it."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from engine.config.grammar import JOIN, StepCall, parse_call, spell, split_outside
from engine.config.recipes import Recipe
from engine.config.variants import get_variant, name_of, parameters_of, with_word
from engine.steps.registry import find_step
from engine.steps.spec import Parameter, StepSpec
from tui.screens.setup.parameter_values import step_value

SWEEP = "|"
"""Stands between several values of a parameter."""

Selection = Literal["", "orders", "subsets"]
"""What is made of the steps: the one pipeline, every selection in every order, or every selection in this order."""

_WORD = re.compile(r"([^()]+)(?:\(([^()]*)\))?")
_SELECTION = re.compile(r"(orders|subsets)\((.*)\)")


@dataclass(frozen=True)
class DraftStep:
    """A step and what is written for its parameters, as "0.05" or "0.02|0.05"; the others are as they usually are."""

    name: str
    written: tuple[tuple[str, str], ...] = ()

    @property
    def spec(self) -> StepSpec:
        """What is known of the step."""
        spec = find_step(self.name)
        assert spec is not None  # a draft is made of known steps
        return spec

    @property
    def word(self) -> str:
        """As it stands in the expression."""
        pairs = ",".join(f"{name}={text}" for name, text in self.written)
        return f"{self.name}({pairs})" if pairs else self.name

    @property
    def example(self) -> str:
        """The word of one variant: of several values the last, which is the one that was set."""
        last = tuple((name, text.rpartition(SWEEP)[2]) for name, text in self.written)
        return parse_call(DraftStep(self.name, last).word).word

    def text(self, parameter: Parameter, recipe: Recipe) -> str:
        """What is written for a parameter, or what it usually is in a study of this recipe."""
        return dict(self.written).get(parameter.name) or self.usual(parameter, recipe)

    def usual(self, parameter: Parameter, recipe: Recipe) -> str:
        """The parameter's value where none is written."""
        return spell(parameters_of(StepCall(self.name), recipe)[parameter.name])

    def with_text(self, parameter: Parameter, text: str, recipe: Recipe) -> "DraftStep":
        """With other values of a parameter, each in its one spelling; the usual one alone need not be written.

        Raises:
            InputError: it cannot have one of them; the message says which it can.
        """
        calls = [parse_call(f"{self.name}({parameter.name}={value})") for value in text.split(SWEEP)]
        values = SWEEP.join(dict.fromkeys(spell(call.parameters[0][1]) for call in calls))
        written = {**dict(self.written), parameter.name: values}
        if values == self.usual(parameter, recipe):
            del written[parameter.name]
        order = [known.name for known in self.spec.parameters]
        return DraftStep(self.name, tuple(sorted(written.items(), key=lambda pair: order.index(pair[0]))))

    def stepped(self, parameter: Parameter, direction: int, recipe: Recipe) -> "DraftStep":
        """With the next larger (1) or smaller (-1) value of a parameter; of several the last one changes."""
        *others, last = self.text(parameter, recipe).split(SWEEP)
        value = self._free_value(parameter, last, others, direction, recipe)
        return self.with_text(parameter, SWEEP.join([*others, value]), recipe)

    def swept(self, parameter: Parameter, recipe: Recipe) -> "DraftStep":
        """With one more value of a parameter: the next larger one, or the next smaller where there is none."""
        values = self.text(parameter, recipe).split(SWEEP)
        both = (self._free_value(parameter, values[-1], values, direction, recipe) for direction in (1, -1))
        added = next((value for value in both if value not in values), values[-1])
        return self.with_text(parameter, SWEEP.join([*values, added]), recipe)

    def _free_value(self, parameter: Parameter, text: str, taken: list[str], direction: int, recipe: Recipe) -> str:
        """The next value that is not taken, or `text` where there is none."""
        found, usual = text, self.usual(parameter, recipe)
        while (following := step_value(parameter, found, usual, direction)) != found:
            found = following
            if found not in taken:
                return found
        return text


@dataclass(frozen=True)
class Draft:
    """Steps in the order in which they are applied, and which variants are made of them."""

    steps: tuple[DraftStep, ...] = ()
    selection: Selection = ""

    @property
    def expression(self) -> str:
        """The entry of a list of variants that stands for it; "" for no step.

        Where all orders are wanted, steps that have a place of their own keep it.
        """
        if not self.selection:
            return JOIN.join(step.word for step in self.steps)
        free = [step for step in self.steps if self.selection == "subsets" or step.spec.place == "any"] or self.steps
        inside = f"{self.selection}({','.join(step.word for step in free)})"
        before = [step.word for step in self.steps if step not in free and step.spec.place == "first"]
        after = [step.word for step in self.steps if step not in free and step.spec.place == "last"]
        return JOIN.join([*before, inside, *after]) if self.steps else ""

    @property
    def example(self) -> str:
        """The name of the one pipeline, with the values that were set last.

        Raises:
            InputError: it makes no sense; the message says what to write.
        """
        return get_variant(name_of([step.example for step in self.steps])).name

    def with_step(self, name: str) -> "Draft":
        """With one more step, last but for those that have a place of their own.

        Raises:
            InputError: it is in it already.
        """
        known = {step.example: step for step in self.steps}
        words = with_word(tuple(known), name)
        get_variant(name_of(words))
        return replace(self, steps=tuple(known.get(word) or DraftStep(word) for word in words))

    def without(self, place: int) -> "Draft":
        """Without the step at a place."""
        return replace(self, steps=self.steps[:place] + self.steps[place + 1 :])

    def moved(self, place: int, by: int) -> "Draft":
        """With the step at a place earlier (-1) or later (1); at an end it stays.

        Raises:
            InputError: the order makes no sense; the message says why.
        """
        steps = list(self.steps)
        if not 0 <= place + by < len(steps):
            return self
        steps[place], steps[place + by] = steps[place + by], steps[place]
        moved = replace(self, steps=tuple(steps))
        get_variant(moved.example)
        return moved

    def with_changed(self, place: int, step: DraftStep) -> "Draft":
        """With another step at a place."""
        return replace(self, steps=(*self.steps[:place], step, *self.steps[place + 1 :]))


def read_draft(expression: str) -> Draft | None:
    """The draft that an expression comes from; None for one that cannot be put together step by step."""
    text = "".join(expression.split())
    words = split_outside(text, JOIN) if text else []
    selection: Selection = ""
    for place, word in enumerate(words):
        if match := _SELECTION.fullmatch(word):
            selection = "orders" if match[1] == "orders" else "subsets"
            words[place : place + 1] = split_outside(match[2], ",")
            break
    steps = tuple(step for word in words if (step := _read_step(word)) is not None)
    draft = Draft(steps, selection)
    return draft if draft.expression == text else None  # steps that could not be read are missing in it


def _read_step(word: str) -> DraftStep | None:
    match = _WORD.fullmatch(word)
    spec = find_step(match[1]) if match is not None else None
    if match is None or spec is None:
        return None
    pairs = [pair.partition("=")[::2] for pair in (match[2] or "").split(",") if pair]
    known = {parameter.name for parameter in spec.parameters}
    return DraftStep(spec.name, tuple(pairs)) if known >= {name for name, _ in pairs} else None
