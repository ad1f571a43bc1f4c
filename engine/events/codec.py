"""Events and other frozen dataclasses as JSON, and back, by cattrs.

Numbers that are not finite become null, and null read into a `float` becomes NaN, so every line is strict JSON.
"""

import functools
import json
import math
from collections.abc import Callable, Sequence
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from engine.errors import SimpsonsError
from engine.events import search, study
from engine.events.study import Event

if TYPE_CHECKING:
    from cattrs import Converter
    from msgspec.json import Decoder

T = TypeVar("T")

_FORMER_NAMES = {
    "StudyResumed": study.StudyUnpaused,
    "StudyContinued": study.RunResumed,
    "TrainingContinued": study.TrainingResumed,
    "TuningContinued": search.TuningResumed,
}
"""How versions up to 2 of the run folder called some events."""

_EVENT_TYPES: dict[str, type[Event]] = _FORMER_NAMES | {
    name: value
    for name, value in {**vars(study), **vars(search)}.items()
    if isinstance(value, type) and issubclass(value, Event) and value is not Event
}

_BATCH = '{"event":"BatchTrained",'
_parse = json.JSONDecoder().raw_decode


@functools.cache
def _converter() -> "Converter":
    """Made when it is first used: importing cattrs takes longer than the rest of the first screen's imports."""
    from cattrs import Converter

    converter = Converter(
        detailed_validation=False, unstructure_fallback_factory=_as_it_is, unstruct_collection_overrides={tuple: list}
    )
    converter.register_unstructure_hook(float, lambda value: value if math.isfinite(value) else None)
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(float, _float)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _exactly)

    def structure_tuple(data: Any, kind: Any) -> tuple[Any, ...]:
        kinds = get_args(kind)
        if not isinstance(data, list):
            raise ValueError(f"{data!r} is no list")
        if kinds[-1] is Ellipsis or get_origin(kind) is Sequence:
            return tuple(map(converter.structure, data, repeat(kinds[0])))
        return tuple(converter.structure(*pair) for pair in zip(data, kinds, strict=True))

    converter.register_structure_hook_func(lambda kind: get_origin(kind) in _TUPLES, structure_tuple)
    return converter


_TUPLES: tuple[Any, ...] = (tuple, Sequence)


def _as_it_is(kind: Any) -> Callable[[Any], Any]:
    if kind in (str, int, bool, type(None), Any) or get_origin(kind) is Literal:
        return lambda value: value
    raise TypeError(f"no JSON form for {kind.__name__}")


def _float(data: Any, _kind: Any) -> float:
    if data is None:
        return math.nan
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise ValueError(f"{data!r} is no number")
    return float(data)


def _exactly(data: Any, kind: type[T]) -> T:
    if type(data) is not kind:
        raise ValueError(f"{data!r} is no {kind.__name__}")
    return data


def to_jsonable(value: Any) -> Any:
    """A tree of dicts, lists, strings, finite numbers, booleans and None for any of our values.

    Raises:
        TypeError: there is no such form.
    """
    return _converter().unstructure(value)


def from_jsonable(kind: type[T], data: Any) -> T:
    """The value of type `kind` that `to_jsonable` turned into `data`; fields not known are ignored.

    Raises:
        ValueError: `data` does not fit.
        SimpsonsError: it fits, but the value refuses it.
    """
    try:
        return _converter().structure(data, kind)
    except SimpsonsError:
        raise
    except Exception as error:  # what cattrs meets in odd data is of many classes
        raise ValueError(f"{getattr(kind, '__name__', kind)}: {type(error).__name__}: {error}") from None


@functools.cache
def _batch_decoder() -> "Decoder[study.BatchTrained]":
    """Reads what most lines of a run are, five times as fast."""
    from msgspec.json import Decoder

    return Decoder(study.BatchTrained)


def event_to_line(event: Event) -> str:
    """One line of strict JSON, without the line break; `event` names the type."""
    return json.dumps({"event": type(event).__name__, **to_jsonable(event)}, separators=(",", ":"), allow_nan=False)


def event_from_line(line: str | bytes) -> Event:
    """The event that `event_to_line` wrote.

    Raises:
        ValueError: the line is not such an event.
    """
    text = line if isinstance(line, str) else line.decode(errors="replace")
    if text.startswith(_BATCH):
        try:
            return _batch_decoder().decode(text)
        except ValueError:
            pass  # a loss that is not finite, or damage
    try:
        data, end = _parse(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    kind = _EVENT_TYPES.get(str(data.get("event"))) if isinstance(data, dict) else None
    if kind is None or text[end:].strip():
        raise ValueError(f"not an event: {text[:80]!r}")
    return from_jsonable(kind, data)
