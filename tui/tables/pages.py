"""The pages of the manual: Markdown files in data/docs, which ship with the program."""

import difflib
import re
from functools import cache
from importlib.resources import files

from engine.errors import InputError

INDEX = "index"
"""The page that lists the others, one a line."""


@cache
def page_summaries() -> dict[str, str]:
    """The pages that the index lists, in its order, with what each is about."""
    return dict(re.findall(r"^\d+\. \[.*?\]\((\w+)\.md\): (.*)$", _text(INDEX), re.MULTILINE))


@cache
def page_names() -> tuple[str, ...]:
    """Every page: the index, then those that it lists."""
    return (INDEX, *page_summaries())


def read_page(name: str) -> str:
    """The Markdown of a page.

    Raises:
        InputError: there is no such page; the message has the nearest name.
    """
    if name not in page_names():
        close = difflib.get_close_matches(name, page_names(), n=1, cutoff=0.4)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(f"there is no page {name!r}: {hint}choose from {', '.join(page_names()[1:])}")
    return _text(name)


def _text(name: str) -> str:
    return (files("data") / "docs" / f"{name}.md").read_text(encoding="utf-8")
