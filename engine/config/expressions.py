"""Expressions: entries of a list of variants that stand for several.

    denoise(weight=0.02|0.05|0.1)   a sweep: a variant for each value, for each pair of values of two parameters
    orders(a,b,c)                   every selection of these steps in every order, nothing selected first
    subsets(a,b,c)                  every selection in this order
    all-combinations                subsets(bbox,denoise,superres)
    @FILE, @FILE:SET                the named sets of a TOML file, each a list of entries; all of them, or one

Expressions joined by "+" stand for each of the left with each of the right: `bbox+orders(a,b)`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import combinations, islice, permutations, product
from math import perm
from pathlib import Path

from engine.config.combinations import STUDY_STEPS
from engine.config.grammar import JOIN, choose_from, split_outside
from engine.config.variants import PLAIN, get_variant, name_of, words_of
from engine.errors import InputError, require

ALL_COMBINATIONS = "all-combinations"
"""In a list of names stands for all combinations of the study's steps."""

MOST_VARIANTS = 1000
"""More than this is a mistake: each is a network to train."""

_Words = tuple[str, ...]
SetReader = Callable[[str], Sequence[str]]
"""The entries that a reference such as `FILE:SET` stands for."""

_SELECTION = re.compile(r"(orders|subsets)\s*\((.*)\)", re.DOTALL)


def split_entries(text: str) -> tuple[str, ...]:
    """The entries of a list with commas between them; commas inside parentheses belong to an entry.

    Raises:
        InputError: a parenthesis has no partner.
    """
    require(text.count("(") == text.count(")"), f"{text!r}: a parenthesis has no partner")
    return tuple(filter(None, split_outside(text, ",")))


def set_of(reference: str, folder: Path = Path()) -> Sequence[str]:
    """The entries that `FILE` or `FILE:SET` names, those of all sets or of one; a relative path is from the folder on.

    Raises:
        InputError: there is no such set, or the file cannot be used.
    """
    path, _, name = reference.rpartition(":")
    if not path or "/" in name or "\\" in name:
        path, name = reference, ""
    sets = _read_sets(folder / path)
    if name and name not in sets:
        raise InputError(f"{path}: there is no set {name!r}: {choose_from(name, sets)}")
    return sets[name] if name else [entry for entries in sets.values() for entry in entries]


def expand_names(entries: Sequence[str], read_set: SetReader = set_of) -> tuple[str, ...]:
    """The names of the variants that entries stand for, each in its one spelling.

    What an expression adds to the others is added once; a name that stands in the list twice stays there twice.
    What stands behind an @ is given to `read_set`.

    Raises:
        InputError: an entry is no variant and no expression, or they stand for more than `MOST_VARIANTS`.
    """
    names: list[str] = []
    given, made = set[str](), set[str]()
    for entry in entries:
        if _is_expression(entry):
            for name in map(_joined(entry), _limited(entry, _expand(entry, read_set))):
                if name not in made | given:
                    made.add(name)
                    names.append(name)
        elif (name := get_variant(entry).name) not in made:
            given.add(name)
            names.append(name)
    require(len(names) <= MOST_VARIANTS, f"{len(names)} variants: name no more than {MOST_VARIANTS}")
    return tuple(names)


def in_short(names: Sequence[str]) -> tuple[str, ...]:
    """Entries that stand for these variants: one, where they are all orders or all selections of some steps."""
    single = [name for name in names if len(words_of(name)) == 1]
    steps, selection = len(single), ",".join(single)
    sizes = {"subsets": 2**steps, "orders": sum(perm(steps, size) for size in range(steps + 1))}
    for kind in (kind for kind, size in sizes.items() if steps > 1 and size == len(names)):
        with suppress(InputError):  # steps that make no sense in this order
            if expand_names([entry := f"{kind}({selection})"]) == tuple(names):
                return (entry,)
    return tuple(names)


def _is_expression(entry: str) -> bool:
    return any(
        part.startswith("@") or part == ALL_COMBINATIONS or "|" in part or _SELECTION.fullmatch(part)
        for part in split_outside(entry, JOIN)
    )


def _joined(entry: str) -> Callable[[_Words], str]:
    def name(words: _Words) -> str:
        try:
            return get_variant(name_of(words)).name
        except InputError as error:
            raise InputError(f"{entry}: {error}") from None

    return name


def _limited(entry: str, found: Iterator[_Words]) -> list[_Words]:
    """All of them, without going on for ever where there are too many."""
    words = list(islice(found, MOST_VARIANTS + 1))
    require(len(words) <= MOST_VARIANTS, f"{entry}: stands for more than {MOST_VARIANTS} variants: name fewer steps")
    return words


def _expand(entry: str, read_set: SetReader) -> Iterator[_Words]:
    """The pipelines of an entry: one choice of each of its parts after the other."""
    parts = [_limited(part, _alternatives(part, read_set)) for part in split_outside(entry, JOIN)]
    if len(parts) > 1:
        # Refused with the rest of the name: it says nothing in a join.
        parts = [[(PLAIN,)] if part == [()] else part for part in parts]
    return (sum(chosen, ()) for chosen in product(*parts))


def _alternatives(part: str, read_set: SetReader) -> Iterator[_Words]:
    """The pipelines of a part that is no join."""
    if part == PLAIN:
        return iter([()])
    if part == ALL_COMBINATIONS:
        part = f"subsets({','.join(STUDY_STEPS)})"
    if part.startswith("@"):
        return (words for entry in read_set(part[1:]) for words in _expand(entry, read_set))
    if selection := _SELECTION.fullmatch(part):
        return _selections(part, selection[1], split_entries(selection[2]), read_set)
    return _sweep(part)


def _selections(part: str, kind: str, items: Sequence[str], read_set: SetReader) -> Iterator[_Words]:
    require(bool(items), f"{part}: name steps, as {kind}(denoise,clahe)")
    choices = [_limited(item, _expand(item, read_set)) for item in items]
    select = permutations if kind == "orders" else combinations
    return (
        sum(chosen, ())
        for size in range(len(choices) + 1)
        for selected in select(choices, size)
        for chosen in product(*selected)
    )


def _sweep(word: str) -> Iterator[_Words]:
    """A word for each combination of the values between "|"."""
    pieces = re.split(r"([(),=])", word)
    return (("".join(chosen),) for chosen in product(*(piece.split("|") for piece in pieces)))


def _read_sets(path: Path) -> dict[str, list[str]]:
    """The sets of a TOML file of lists of entries.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    import tomllib  # of use to few: the first screen need not wait for it

    try:
        sets = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"{path}: is no TOML file: {error}") from None
    require(bool(sets), f'{path}: holds no set: write some as name = ["denoise", "orders(clahe,denoise)"]')
    for name, entries in sets.items():
        fits = isinstance(entries, list) and bool(entries) and all(isinstance(entry, str) for entry in entries)
        require(fits, f'{path}: {name}: give a list of variants, as {name} = ["denoise", "orders(clahe,denoise)"]')
        nested = next((entry for entry in entries if "@" in entry), "")
        require(not nested, f"{path}: {name}: {nested}: a set names no other file")
    return sets
