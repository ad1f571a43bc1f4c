"""Parses the values of options."""

import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import get_type_hints

import click

from engine.config.expressions import expand_names, split_entries
from engine.config.grammar import choose_from
from engine.config.names import split_names
from engine.config.networks import DEFAULT_WEIGHTS, NO_WEIGHTS, parse_network
from engine.config.recipes import RECIPES, RENAMED, Recipe
from engine.errors import InputError

# ---------------------------------------------------------------- values of options


def names(value: str) -> tuple[str, ...]:
    """Names with commas between them; blanks around them do not count."""
    return tuple(name for name in (part.strip() for part in value.split(",")) if name)


def class_names(value: str) -> tuple[str, ...]:
    """Names with commas between them; those that hold commas or outer blanks stand in quotes, as in CSV.

    Raises:
        click.BadParameter: a quote has no end.
    """
    try:
        return split_names(value)
    except InputError as error:
        raise click.BadParameter(str(error)) from None


def own_steps(value: str) -> str:
    """Steps of the user's own: their code is run, because it was named, and its steps can be used from then on.

    Raises:
        click.BadParameter: it cannot be run, or holds no step that can be used.
    """
    from engine import name_steps, printed

    try:
        name_steps(value)
    except InputError as error:
        raise click.BadParameter(str(error).removeprefix("--steps ")) from None
    finally:
        for line in printed.drain():
            click.echo(f"{value} printed: {line}", err=True)
    return value


def variant_names(value: str) -> tuple[str, ...]:
    """Names of variants with commas between them; an expression becomes those that it stands for.

    Raises:
        click.BadParameter: one is not known, or makes no sense.
    """
    try:
        return expand_names(split_entries(value))
    except InputError as error:
        raise click.BadParameter(str(error)) from None


def recipe_name(value: str) -> str:
    """The name of a recipe.

    Raises:
        click.BadParameter: it is not known.
    """
    if value not in RECIPES and value not in RENAMED:
        raise click.BadParameter(f"unknown recipe {value!r}: {choose_from(value, RECIPES)}")
    return value


def image_size(value: str) -> tuple[int, int]:
    """(height, width) in pixels, from a text like 96x128.

    Raises:
        click.BadParameter: it is not of that form.
    """
    match = re.fullmatch(r"(\d{1,6})\s*[xX×]\s*(\d{1,6})", value.strip(), re.ASCII)
    if match is None:
        raise click.BadParameter(f"{value!r}: give height and width in pixels, as 96x128")
    return int(match[1]), int(match[2])


def screen_size(value: str) -> tuple[int, int]:
    """(columns, lines), from a text like 120x40.

    Raises:
        click.BadParameter: it is not of that form.
    """
    match = re.fullmatch(r"(\d{1,3})[xX×](\d{1,3})", value.strip(), re.ASCII)
    if match is None:
        raise click.BadParameter(f"{value!r}: give columns and lines, as 120x40")
    return int(match[1]), int(match[2])


def network_name(value: str, *, may_name_code: bool = True) -> str:
    """The name of a network; code of the user's own is named by it, and may be run from then on.

    Raises:
        click.BadParameter: it is no such name, there is no such file, or this may not name code.
    """
    try:
        if parse_network(value).source != "file":
            return value
        if not may_name_code:
            raise click.BadParameter(f"{value}: code of your own is only run where the command itself names it")
        from engine import name_network

        return name_network(value)
    except InputError as error:
        raise click.BadParameter(str(error).removeprefix("--network ")) from None


def own_network(value: str) -> str:
    """FILE.py:FUNCTION, which names code of the user's own.

    Raises:
        click.BadParameter: it is of another form, or there is no such file.
    """
    named = network_name(value)
    if parse_network(named).source != "file":
        raise click.BadParameter(f"{value}: only a network of your own is named again, as FILE.py:FUNCTION")
    return named


def start_weights(value: str) -> str:
    """What a network starts from: "none", "default", or the whole path of a file."""
    return value if value in (NO_WEIGHTS, DEFAULT_WEIGHTS) else str(Path(value).expanduser().absolute())


@cache
def recipe_numbers() -> Mapping[str, type]:
    """The fields of a recipe that are one number, with the kind of number that each is."""
    return {name: kind for name, kind in get_type_hints(Recipe).items() if kind in (int, float)}


def recipe_number(value: str) -> tuple[str, int | float]:
    """A field of the recipe and its number, from a text like dropout=0.3.

    Raises:
        click.BadParameter: it is not of that form, there is no such field, or it takes another kind of number.
    """
    name, equals, text = (part.strip() for part in value.partition("="))
    known = recipe_numbers()
    if not equals:
        raise click.BadParameter(f"{value!r}: give a name and a number, as dropout=0.3")
    if name not in known:
        raise click.BadParameter(f"{name!r} is no number of a recipe: {choose_from(name, known)}")
    try:
        number = known[name](text)
    except ValueError:
        kind = "whole number" if known[name] is int else "number"
        raise click.BadParameter(f"{name}={text}: give a {kind}") from None
    if not math.isfinite(number):
        raise click.BadParameter(f"{name}={text}: give a finite number")
    return name, number
