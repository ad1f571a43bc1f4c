"""Lists of names in one text, as a command line has them: with commas between, and quotes as in CSV."""

import re
from collections.abc import Iterable

from engine.errors import InputError

_FIELD = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"\s*|(?P<plain>[^",][^,]*)?)(?P<end>,|$)')


def split_names(text: str) -> tuple[str, ...]:
    """The names in `A,"B, C"," D"`: blanks around names do not count, but for those inside quotes.

    Raises:
        InputError: a quote without its end, or with something else beside it.
    """
    names, place = [], 0
    while place < len(text):
        match = _FIELD.match(text, place)
        if match is None:
            raise InputError(f'{text[place:].strip()!r}: give a name with commas in quotes, as "Simpson, Homer"')
        if match["quoted"] is not None:
            names.append(match["quoted"].replace('""', '"'))
        elif plain := (match["plain"] or "").strip():
            names.append(plain)
        place = match.end()
    return tuple(names)


def quote_name(name: str) -> str:
    """A name as `split_names` takes it: in quotes where it has to be."""
    if name == name.strip() and name and "," not in name and '"' not in name:
        return name
    return '"' + name.replace('"', '""') + '"'


def join_names(names: Iterable[str]) -> str:
    """Names as one text, which `split_names` takes apart again."""
    return ",".join(map(quote_name, names))
