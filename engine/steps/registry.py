"""Which steps there are: those that ship, and those that the user has named for this process."""

import inspect
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from engine.errors import InputError, require
from engine.steps import BUILT_IN, Parameter, StepSpec

RESERVED = frozenset({"vanilla", "orders", "subsets", "all-combinations", "crop", "resize", "shrink"})
"""Words of the grammar and of the engine's own steps, which no step can be called."""

TEXT = re.compile(r"[A-Za-z0-9_.-]+")
"""What a parameter's text is made of where it has no choices: nothing that means something in a variant's name."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_RESERVED_PARAMETERS = frozenset({"step", "source", "pixels", "box"})

_BUILT_IN = {spec.name: spec for spec in BUILT_IN}
_added: dict[str, StepSpec] = {}


def known_steps() -> tuple[StepSpec, ...]:
    """All steps: those that ship, then the user's in the order in which they were registered."""
    return (*_BUILT_IN.values(), *_added.values())


def find_step(name: str) -> StepSpec | None:
    """The step of this name, if there is one."""
    return _BUILT_IN.get(name) or _added.get(name)


def added_steps() -> tuple[StepSpec, ...]:
    """The user's: part of the key of whatever is kept that depends on which steps there are."""
    return tuple(_added.values())


def named_steps() -> tuple[str, ...]:
    """What the user named in this process (`--steps`), for another process of theirs: it is named there again."""
    return tuple(dict.fromkeys(spec.origin for spec in _added.values() if spec.origin))


def register(specs: Iterable[StepSpec]) -> None:
    """Add a user's steps for the rest of this process: all of them, or none where one cannot be.

    Raises:
        InputError: a step that there is already under this name, or one that no variant could use.
    """
    specs = [spec for spec in specs if find_step(spec.name) != spec]
    for number, spec in enumerate(specs):
        _require_usable(spec)
        others = {other.name: other for other in (*known_steps(), *specs[:number])}
        if (other := others.get(spec.name)) is not None:
            where = f", of {other.origin}" if other.origin else ""
            code = getattr(spec.function, "__code__", None)
            line = f", in line {code.co_firstlineno}" if code is not None else ""
            raise InputError(f"step {spec.name!r}: there is one of this name already{where}: call it otherwise{line}")
    _replace({**_added, **{spec.name: spec for spec in specs}})


@contextmanager
def temporarily(*specs: StepSpec, alone: bool = False) -> Iterator[None]:
    """The same until the block ends, for tests; `alone` forgets those that were registered before for as long."""
    before = dict(_added)
    if alone:
        _replace({})
    register(specs)
    try:
        yield
    finally:
        _replace(before)


def _replace(steps: dict[str, StepSpec]) -> None:
    _added.clear()
    _added.update(steps)


def _require_usable(spec: StepSpec) -> None:
    where = f"step {spec.name!r}:"
    require(isinstance(spec.summary, str) and isinstance(spec.name, str), f"{where} its name or summary is no text")
    named = bool(_NAME.fullmatch(spec.name)) and spec.name not in RESERVED
    require(named, f"{where} a name is a word of letters, digits, - and _, other than {', '.join(sorted(RESERVED))}")
    require(spec.function is not None, f"{where} it has no function")
    require(spec.place in ("any", "first"), f'{where} its place is "any" or "first"; only superres-full comes last')
    cost = type(spec.seconds_per_megapixel) in (int, float) and 0 <= spec.seconds_per_megapixel < math.inf
    require(cost, f"{where} its seconds_per_megapixel is no number of seconds")
    require(spec.place == "first" or not spec.uses_box, f'{where} what uses the box has place="first"')
    listed = all(isinstance(parameter, Parameter) for parameter in spec.parameters)
    require(listed, f"{where} write each of its parameters as Parameter(name, default, ...)")
    names = [parameter.name for parameter in spec.parameters]
    require(len(set(names)) == len(names), f"{where} it has two parameters of one name")
    for parameter in spec.parameters:
        _require_parameter(parameter, where)
    _require_signature(spec, where)


def _require_signature(spec: StepSpec, where: str) -> None:
    """Refuse a function that cannot be called as the engine calls it."""
    assert spec.function is not None  # looked at before
    taken: tuple[None, ...] = (None, None) if spec.uses_box else (None,)
    try:
        signature = inspect.signature(spec.function)
    except (TypeError, ValueError):  # of a function in C, which shows when it is called
        return
    try:
        signature.bind(*taken, **{parameter.name: parameter.default for parameter in spec.parameters})
    except TypeError as error:
        names = ", ".join(["pixels", *(["box"] if spec.uses_box else []), *(p.name for p in spec.parameters)])
        raise InputError(f"{where} its function must take {names}: {error}") from None
    declared = {parameter.name for parameter in spec.parameters}
    for name, argument in list(signature.parameters.items())[len(taken) :]:
        if name not in declared and type(argument.default) in (int, float, str):
            raise InputError(
                f"{where} {name} has a default but no Parameter: add "
                f'Parameter("{name}", {argument.default!r}, ...) to its decorator'
            )


def _require_parameter(parameter: Parameter, where: str) -> None:
    where = f"{where} parameter {parameter.name!r}:"
    named = isinstance(parameter.name, str) and parameter.name.isidentifier() and parameter.name.isascii()
    named = named and parameter.name not in _RESERVED_PARAMETERS
    require(named, f"{where} give it another name, as for an argument in Python")
    texts = isinstance(parameter.meaning, str) and all(isinstance(choice, str) for choice in parameter.choices)
    require(texts, f"{where} its meaning and choices are texts")
    bounds = [bound for bound in (parameter.low, parameter.high) if bound is not None]
    require(all(type(bound) in (int, float) for bound in bounds), f"{where} its bounds are numbers, or None")
    default = parameter.default
    require(type(default) in (int, float, str), f"{where} its default is neither a number nor a text")
    if isinstance(default, str):
        fits = default in parameter.choices if parameter.choices else bool(TEXT.fullmatch(default))
    else:
        fits = math.isfinite(default) and within(parameter, default)
    require(fits, f"{where} its default {default!r} is not one of the values allowed")


def within(parameter: Parameter, value: float) -> bool:
    """Whether a number lies within the parameter's bounds."""
    return (parameter.low is None or value >= parameter.low) and (parameter.high is None or value <= parameter.high)
