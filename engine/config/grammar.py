"""The grammar of a variant's name: words joined by "+", each a step with the parameters given to it in parentheses.

    denoise(weight=0.05)+clahe(clip=2,tiles=4)

Blanks count nowhere, and numbers have one spelling (0.10 is 0.1), so that a pipeline has one name.
"""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.errors import InputError, require
from engine.steps.registry import TEXT, find_step, known_steps, within
from engine.steps.spec import Parameter, StepSpec, Value

JOIN = "+"
"""Stands between the words of a variant's name."""

OWN_HINT = "; or, if it is a step of your own, name its file with --steps FILE.py"

_CALL = re.compile(r"([^()]*)(?:\(([^()]*)\))?")
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class StepCall:
    """A step with the parameters that were given to it, in the order of its specification."""

    step: str
    parameters: tuple[tuple[str, Value], ...] = ()

    @property
    def word(self) -> str:
        """Its one spelling, a word of variants' names."""
        return self.step + self.parameter_text("({})", ",", "=")

    def parameter_text(self, frame: str, between: str, equals: str) -> str:
        """The parameters as a text in a frame; "" where none was given."""
        pairs = between.join(f"{name}{equals}{spell(value)}" for name, value in self.parameters)
        return frame.format(pairs) if pairs else ""


def spell(value: Value) -> str:
    """The one spelling of a parameter's value: the shortest that gives the same number."""
    if isinstance(value, float):
        return repr(value + 0.0).removesuffix(".0").replace("e+", "e")
    return str(value)


def split_outside(text: str, separator: str) -> list[str]:
    """Split at a character where it stands outside parentheses; blanks around the parts are dropped."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == separator and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def parse_call(word: str) -> StepCall:
    """The step and the parameters that a word names.

    Raises:
        InputError: there is no such step or parameter, or a value that it cannot have; the message says which can be.
    """
    match = _CALL.fullmatch(word)
    if match is None:
        raise InputError(f"{word!r}: write a step as clahe(clip=2,tiles=4)")
    name, inside = match[1].strip(), match[2]
    spec = find_step(name)
    if spec is None:
        raise InputError(f"unknown step {name!r}: {choose_from(name, [step.name for step in known_steps()])}{OWN_HINT}")
    given: dict[str, Value] = {}
    _refuse_list(inside or "", spec)
    for pair in inside.split(",") if inside and inside.strip() else ():
        parameter, value = _parse_pair(pair, spec)
        require(parameter not in given, f"{name}: {parameter} is given twice")
        given[parameter] = value
    return StepCall(name, tuple((known.name, given[known.name]) for known in spec.parameters if known.name in given))


def _refuse_list(inside: str, spec: StepSpec) -> None:
    """Say how several values of a parameter are written, where they stand as a list or a range."""
    for parameter in spec.parameters:
        written = re.search(rf"(?:^|,)\s*{parameter.name}\s*=([^=]*)(?:,[^,=]*=|$)", inside)
        between = r"," if isinstance(parameter.default, str) else r",|\.\.+"
        values = [value.strip() for value in re.split(between, written[1])] if written else []
        if len(values) > 1 and not {one.name for one in spec.parameters} & set(values):
            sweep = f"{spec.name}({parameter.name}={'|'.join(filter(None, values))})"
            raise InputError(f"{parameter.name} has one value in a word: for several values write {sweep}")


def choose_from(name: str, known: Iterable[str]) -> str:
    """What there is in place of an unknown name, the nearest first."""
    close = difflib.get_close_matches(name, known := list(known), n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}choose from {', '.join(known)}"


def _parse_pair(pair: str, spec: StepSpec) -> tuple[str, Value]:
    name, equals, text = (part.strip() for part in pair.partition("="))
    known = {parameter.name: parameter for parameter in spec.parameters}
    if not known:
        raise InputError(f"{spec.name} has no parameters: write {spec.name}")
    if name not in known or not equals:
        example = f"{spec.name}({next(iter(known))}={spell(next(iter(known.values())).default)})"
        problem = f"unknown parameter {name!r}" if equals else f"{name!r} has no value"
        raise InputError(f"{spec.name}: {problem}: {choose_from(name, known)}, as {example}")
    try:
        return name, _parse_value(text, known[name])
    except ValueError:
        raise InputError(f"{spec.name}: {name}={text}: give {describe_values(known[name])}") from None


def _parse_value(text: str, parameter: Parameter) -> Value:
    """A value of a parameter; raises ValueError where it cannot have it."""
    if isinstance(parameter.default, str):
        if text not in parameter.choices if parameter.choices else not TEXT.fullmatch(text):
            raise ValueError
        return text
    whole = isinstance(parameter.default, int)
    if not (_WHOLE if whole else _NUMBER).fullmatch(text):
        raise ValueError
    value = int(text) if whole else float(text)
    if not math.isfinite(value) or not within(parameter, value):
        raise ValueError
    return value


def describe_values(parameter: Parameter) -> str:
    """Which values a parameter can have, as "a whole number from 1 to 64"."""
    if isinstance(parameter.default, str):
        return f"one of {', '.join(parameter.choices)}" if parameter.choices else "a word"
    kind = "a whole number" if isinstance(parameter.default, int) else "a number"
    low, high = (None if bound is None else spell(float(bound)) for bound in (parameter.low, parameter.high))
    if low is not None and high is not None:
        return f"{kind} from {low} to {high}"
    return kind + (f" of at least {low}" if low is not None else f" of at most {high}" if high is not None else "")
