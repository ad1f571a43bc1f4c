"""Events and other frozen dataclasses as JSON, and back.

Numbers that are not finite become null, and null read into a `float` becomes NaN, so every line is strict JSON.
"""

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from engine.events import search as tuning_events
from engine.events import study as events_module
from engine.events.study import Event

T = TypeVar("T")

_EVENT_TYPES: dict[str, type[Event]] = {
    name: value
    for name, value in {**vars(events_module), **vars(tuning_events)}.items()
    if isinstance(value, type) and issubclass(value, Event) and value is not Event
}


def to_jsonable(value: Any) -> Any:
    """A tree of dicts, lists, strings, finite numbers, booleans and None for any of our values."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def from_jsonable(annotation: Any, data: Any) -> Any:
    """The value of type `annotation` that `to_jsonable` turned into `data`; fields not known are ignored.

    Raises:
        ValueError: `data` does not fit.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Union or origin is types.UnionType:
        inner = next(a for a in arguments if a is not type(None))
        return None if data is None else from_jsonable(inner, data)
    if origin is tuple:
        return _tuple(arguments, data)
    if dataclasses.is_dataclass(annotation):
        return _dataclass(typing.cast(type, annotation), data)
    return _scalar(annotation, arguments, data)


def _scalar(annotation: Any, choices: tuple[Any, ...], data: Any) -> Any:
    if annotation is float:
        return _float(data)
    if annotation is Path:
        return Path(data)
    fits = data in choices if choices else isinstance(data, annotation)
    if not fits:
        raise ValueError(f"{data!r} is no {choices or annotation.__name__}")
    return data


def _float(data: Any) -> float:
    if data is None:
        return math.nan
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise ValueError(f"{data!r} is no number")
    return float(data)


def _tuple(arguments: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ValueError(f"{data!r} is no list")
    if arguments[-1:] == (Ellipsis,):
        return tuple(from_jsonable(arguments[0], item) for item in data)
    if len(arguments) != len(data):
        raise ValueError(f"{data!r} has not {len(arguments)} entries")
    return tuple(from_jsonable(kind, item) for kind, item in zip(arguments, data, strict=True))


def _dataclass(cls: type[T], data: Any) -> T:
    if not isinstance(data, dict):
        raise ValueError(f"{data!r} is no object")
    hints = _hints(typing.cast(typing.Hashable, cls))
    names = [f.name for f in dataclasses.fields(typing.cast(Any, cls)) if f.name in data]
    try:
        return cls(**{name: from_jsonable(hints[name], data[name]) for name in names})
    except TypeError as error:
        raise ValueError(f"{cls.__name__}: {error}") from None


def event_to_line(event: Event) -> str:
    """One line of strict JSON, without the line break; `event` names the type."""
    return json.dumps({"event": type(event).__name__, **to_jsonable(event)}, separators=(",", ":"), allow_nan=False)


def event_from_line(line: str | bytes) -> Event:
    """The event that `event_to_line` wrote.

    Raises:
        ValueError: the line is not such an event.
    """
    try:
        data = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(data, dict) or not isinstance(data.get("event"), str) or data["event"] not in _EVENT_TYPES:
        raise ValueError(f"not an event: {line[:80]!r}")
    name = data.pop("event")
    kind, plain = _EVENT_TYPES[name], _plain_fields(name)
    if plain is not None and (tuple(data), tuple(map(type, data.values()))) == plain:
        # What a long training consists of: checked like the rest, at a fifth of the time.
        event = object.__new__(kind)
        vars(event).update(data)
        return event
    return _dataclass(kind, data)


@functools.cache
def _plain_fields(name: str) -> tuple[tuple[str, ...], tuple[type, ...]] | None:
    """Names and types of the fields of an event that holds nothing but strings and finite numbers."""
    fields = typing.get_type_hints(_EVENT_TYPES[name])
    return (tuple(fields), tuple(fields.values())) if {*fields.values()} <= {str, int, float} else None
