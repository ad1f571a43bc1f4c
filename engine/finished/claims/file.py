"""A file of claims, read and checked; every fault is one line that names the file, the claim and the key."""

import re
import tomllib
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from engine.config.recipes import RECIPES
from engine.config.variants import get_variant
from engine.errors import InputError
from engine.finished.claims import checks, classes, scores
from engine.finished.claims.evidence import Paper
from engine.finished.claims.paper_claim import PaperClaim
from engine.finished.claims.reading import PaperReading

T = TypeVar("T", bound=msgspec.Struct)

SHIPPED = files("data") / "claims" / "simpsons-2023.toml"

_KINDS: dict[str, type[PaperClaim]] = {
    str(kind.__struct_config__.tag): kind for room in (scores, classes, checks) for kind in room.KINDS
}
"""The ways to compare, by the name that `compare` has in a file."""


class ClaimsFile(Paper, frozen=True, kw_only=True):
    """A paper with its claims and the readings of what it leaves open, in the order of the report."""

    claims: tuple[PaperClaim, ...]
    readings: tuple[PaperReading, ...] = ()


def claims_template() -> str:
    """The shipped file, to write another one after it."""
    return SHIPPED.read_text(encoding="utf-8")


def load_claims(path: Path | None = None) -> ClaimsFile:
    """The claims of a file; without one, those of the study that the program repeats.

    Raises:
        InputError: the file cannot be read or used.
    """
    return _shipped() if path is None else _load(str(path), path.read_text)


@cache
def _shipped() -> ClaimsFile:
    return _load(SHIPPED.name, SHIPPED.read_text)


def _load(name: str, read_text: Callable[[str], str]) -> ClaimsFile:
    try:
        return _file(tomllib.loads(read_text("utf-8")))
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{name}: not a TOML file: {error}") from error
    except _FaultError as fault:
        raise InputError(f"{name}: {' '.join(str(fault).split())}") from fault


class _FaultError(Exception):
    """What is wrong, without the file's name."""


def _file(data: dict[str, Any]) -> ClaimsFile:
    claims_given, readings = _tables(data, "claim"), _tables(data, "reading")
    if not claims_given:
        raise _FaultError("there is no claim in it: write each below a line [[claim]]")
    paper = _convert(data, Paper, "")
    if not paper.variants:
        raise _FaultError('variants is missing: name those that the paper compares, as variants = ["vanilla", "bbox"]')
    _require_variants(paper.variants, "")
    if paper.recipe:
        _require(paper.recipe, RECIPES, "recipe", "")
    claims = []
    for number, entry in enumerate(claims_given, 1):
        where = f"claim {entry.get('key', number)}: "
        claims.append(claim := _claim(entry, where))
        if claim.key in {other.key for other in claims[:-1]}:
            raise _FaultError(f"{where}another claim has the same key")
        _require_variants(claim.needed(paper.variants), where)
        for name in claim.classes() if paper.classes else ():
            _require(name.casefold(), map(str.casefold, paper.classes), "class", where)
    return ClaimsFile(**msgspec.structs.asdict(paper), claims=tuple(claims), readings=_readings(readings, paper))


def _tables(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The tables of one name, taken out."""
    entries = data.pop(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _FaultError(f"there is no {name} in it: write each below a line [[{name}]]")
    return entries


def _readings(entries: list[dict[str, Any]], paper: Paper) -> tuple[PaperReading, ...]:
    readings: dict[str, PaperReading] = {}
    for number, entry in enumerate(entries, 1):
        where = f"reading {entry.get('key', number)}: "
        reading = _convert(entry, PaperReading, where)
        if not paper.recipe:
            raise _FaultError(f"{where}the paper has no recipe that it could change: name one above the claims")
        if reading.key in readings:
            raise _FaultError(f"{where}another reading has the same key")
        try:
            reading.applied(paper.recipe)
        except (ValueError, InputError) as error:
            raise _FaultError(f"{where}{error}") from error
        readings[reading.key] = reading
    return tuple(readings.values())


def _claim(entry: dict[str, Any], where: str) -> PaperClaim:
    if "compare" not in entry:
        raise _FaultError(f"{where}compare is missing: it says how the claim is judged, one of {', '.join(_KINDS)}")
    _require(entry["compare"], _KINDS, "compare", where)
    return _convert(entry, _KINDS[entry["compare"]], where)


def _convert(data: dict[str, Any], kind: type[T], where: str) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise _FaultError(where + _in_words(str(error), kind)) from error


_TYPES = {"str": "text", "int": "whole number", "float": "number", "array": "list", "bool": "true or false"}


def _in_words(message: str, kind: type[msgspec.Struct]) -> str:
    """What msgspec found, with the key first and the nearest name that would do."""
    fields = {one.encode_name: one for one in msgspec.structs.fields(kind)}
    if unknown := re.match(r"Object contains unknown field `(.*)`", message):
        return f"unknown key {unknown[1]!r}{_nearest(unknown[1], fields)}"
    if missing := re.match(r"Object missing required field `(.*)`", message):
        return f"{missing[1]} is missing"
    what, _, place = message.partition(" - at `$.")
    key = place.rstrip("`").partition("[")[0]
    what = re.sub(r"`(\w+)`", lambda name: f"a {_TYPES.get(name[1], name[1])}", what[:1].lower() + what[1:])
    if wrong := re.match(r"invalid enum value '(.*)'", what):
        what = f"{wrong[1]!r} is not known{_nearest(wrong[1], _choices(fields[key].type))}"
    return f"{key}: {what}" if key else what


def _choices(annotation: Any) -> tuple[str, ...]:
    """The values of the `Literal` in an annotation."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for inner in get_args(annotation) if (found := _choices(inner))), ())


def _require(name: Any, known: Iterable[str], key: str, where: str) -> None:
    if name not in (known := list(known)):
        raise _FaultError(f"{where}{key}: {name!r} is not known{_nearest(str(name), known)}")


def _require_variants(names: Iterable[str], where: str) -> None:
    for name in names:
        try:
            spelling = get_variant(name).name
        except InputError as error:
            raise _FaultError(f"{where}variant: {error}") from None
        if spelling != name:
            raise _FaultError(f"{where}variant: {name!r}: write {spelling}")


def _nearest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
