"""Short names of variants, for places that a whole pipeline does not fit into.

A name that fits stays as it is. A longer one is written with its steps cut to their first letters and its values
without the parameters' names, as `equ+nlm(0.1)+hsv`; where that is too long as well, or stands for two variants of the
study, with its number in the study and its ends, as `#17 equalize+…+hsv`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import count

from rich.cells import cell_len

from engine.config.grammar import JOIN
from engine.config.variants import name_of, words_of
from tui.looks.formatting import fit

MANY = 9
"""More variants than this need lists that scroll, pages of charts and short names."""

_LEAST_NAME, _NAMES_SHARE = 16, 4
"""A column of names in a table takes a fourth of the width, and never fewer cells than this."""

_FEWEST_LETTERS = 3
_TWO_ENDS = 2
_NAMED_VALUE = re.compile(r"([(,])\s*\w+=")


@lru_cache(64)
def short_variants(variants: tuple[str, ...], width: int) -> dict[str, str]:
    """A name of at most `width` cells for each of a study's variants, no two alike.

    `width` must hold a variant's number (`#65`).
    """
    letters = _letters_needed(variants)
    cut = {name: _abbreviated(name, letters) for name in variants}
    names = {name: name if cell_len(name) <= width else cut[name] for name in variants}
    told = Counter(names.values())
    return {
        name: short if cell_len(short) <= width and told[short] == 1 else _numbered(number, name, cut[name], width)
        for number, (name, short) in enumerate(names.items(), start=1)
    }


def column_names(variants: tuple[str, ...], width: int) -> dict[str, str]:
    """Short names for a column of a table on a screen of `width` cells; none where few variants leave room for all."""
    return short_variants(variants, max(_LEAST_NAME, width // _NAMES_SHARE)) if len(variants) > MANY else {}


def short_variant(variant: str, variants: Sequence[str], width: int) -> str:
    """The same for one of them; one that is not among them is cut."""
    return short_variants(tuple(variants), width).get(variant) or fit(variant, width)


def name_width(variants: Sequence[str], most: int) -> int:
    """The cells that the longest of the names takes where none may have more than `most`."""
    return max(map(cell_len, short_variants(tuple(variants), most).values()), default=0)


def _abbreviated(name: str, letters: int) -> str:
    words = []
    for word in words_of(name):
        step, bracket, values = word.partition("(")
        words.append(_cut(step, letters) + _NAMED_VALUE.sub(r"\1", bracket + values))
    return name_of(words)


def _cut(step: str, letters: int) -> str:
    return "-".join(part[:letters] for part in step.split("-"))


def _letters_needed(variants: Sequence[str]) -> int:
    """How many first letters tell the steps of these variants apart."""
    steps = {word.partition("(")[0] for name in variants for word in words_of(name)}
    return next(n for n in count(_FEWEST_LETTERS) if len({_cut(step, n) for step in steps}) == len(steps))


def _numbered(number: int, name: str, cut: str, width: int) -> str:
    """The number with the first and the last word where they fit, whole or cut, else with as much as fits."""
    mark = f"#{number}"
    room = width - len(mark) - 1
    ends = (f"{words[0]}{JOIN}…{JOIN}{words[-1]}" for words in map(words_of, (name, cut)) if len(words) > _TWO_ENDS)
    found = next((words for words in (*ends, cut) if cell_len(words) <= room), fit(cut, room))
    return f"{mark} {found}" if room > 1 else mark
