"""Study files: the fields of `StudyConfig` and `Recipe` as TOML, by their names, and back.

    data = "images"
    variants = ["vanilla", "@mine", "orders(denoise,clahe)"]
    repeats = 2

    [recipe]
    name = "quick"
    epochs = 3

    [sets]
    mine = ["denoise(weight=0.05|0.1)"]

Relative paths count from the file's folder on. A new field of either class is a new key.
"""

import inspect
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import tomli_w

from engine.config.execution import Execution
from engine.config.expressions import expand_names, in_short, set_of
from engine.config.grammar import choose_from
from engine.config.recipes import RECIPES, RENAMED, Recipe, entry_of, get_recipe
from engine.config.study import StudyConfig
from engine.errors import InputError, require

SHIPPED = files("data") / "studies"

NOT_THE_STUDYS = frozenset({"cache_dir", "runs_dir", "offline", "recheck", "execution", "steps"})
"""Fields that no file is written with: where files lie and jobs run, which a file may give, and the user's
own steps, whose code no file can name (`--steps` does)."""

_IN_THE_DATA = ("train", "test", "val", "labels")
"""Fields whose paths count from the data on where they lie in it."""

_MAY_NAME_FILES = ("network", "weights")
"""Fields of a recipe whose text may begin with a file's path."""

_ALWAYS_WRITTEN = frozenset({"variants", "recipe", "protocol", "seed", "repeats", "name", "image_size"})
_BASE = "base"
_LONGEST_VALUE = 40
"""Characters of a wrong value that an error repeats."""

_HEADER = """\
# A study of simpsons-tui; `simpsons-tui run --study FILE` trains it. Relative paths count from this file's folder on.
# `simpsons-tui docs studies` lists every key.
"""


# ---------------------------------------------------------------- reading


def shipped_studies() -> tuple[str, ...]:
    """The names of the study files that come with the program."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in SHIPPED.iterdir() if file.name.endswith(".toml")))


def read_study(source: str) -> tuple[dict[str, Any], ...]:
    """The fields of `StudyConfig` that a study file gives: once for each of its recipes, and once where it has none.

    Args:
        source: the path of a file, or the name of one that comes with the program.

    Raises:
        InputError: it cannot be read, or no study can have what it says; one line that names the file and the key.
    """
    path = _find(source)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from None
    try:
        return _studies(data, path.parent)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _find(source: str) -> Path:
    path = Path(source).expanduser()
    if path.suffix or path.is_file() or len(path.parts) != 1:
        return path
    known = shipped_studies()
    hint = choose_from(source, known)
    require(source in known, f"--study {source}: no such file, and none of that name comes with the program: {hint}")
    return Path(str(SHIPPED / f"{source}.toml"))


def _studies(data: dict[str, Any], folder: Path) -> tuple[dict[str, Any], ...]:
    require("steps" not in data, "steps: a file names no code, because it is only run where you name it: use --steps")
    sets, recipes = _sets(data.pop("sets", {})), data.pop("recipe", None)
    execution = data.pop("execution", None)
    study = _typed(data, StudyConfig, "", more=("sets", "recipe"))
    if execution is not None:
        study["execution"] = _execution(execution)
    if "variants" in study:
        study["variants"] = _variants(study["variants"], sets, folder)
    _place_paths(study, folder)
    entries = recipes if isinstance(recipes, list) and recipes else [] if recipes is None else [recipes]
    studies = tuple({**study, "recipe": _recipe(entry, folder)} for entry in entries) or (study,)
    for one in studies:
        StudyConfig(**one)
    return studies


def _typed(data: Mapping[str, Any], kind: type, where: str, more: Sequence[str] = ()) -> dict[str, Any]:
    """The values of a table as the fields of a class have them.

    Raises:
        InputError: there is no such field, or it takes other values.
    """
    hints = get_type_hints(kind)
    for key in data:
        require(key in hints or key in more, f"unknown key {where + key!r}: {choose_from(key, [*hints, *more])}")
    return {key: _convert(value, hints[key], where + key) for key, value in data.items()}


def _convert(value: Any, hint: Any, key: str) -> Any:
    try:
        return msgspec.convert(value, hint, dec_hook=_path)
    except (msgspec.ValidationError, OverflowError):
        raise InputError(f"{key} = {_short(value)}: give {_wanted(hint, value)}") from None


def _path(_kind: type, value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise TypeError("no path")
    return Path(value).expanduser()


def _short(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", Path: "a path"}


def _wanted(hint: Any, value: object = None) -> str:
    """What a field takes, in words; for an unknown word with the nearest that is known."""
    parts = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_wanted(part, value) for part in parts if part is not type(None))
    if get_origin(hint) is Literal:
        return f"one of {', '.join(parts)}" if not isinstance(value, str) else f"another: {choose_from(value, parts)}"
    if get_origin(hint) is tuple:
        return f"a list{'' if parts[-1] is Ellipsis else f' of {len(parts)}'}, each {_wanted(parts[0])}"
    return _KINDS.get(hint, "something else")


def _execution(table: Any) -> Execution:
    require(isinstance(table, dict), f"execution = {_short(table)}: give fields below a line [execution]")
    if table.get("workers") == "auto":
        table = {**table, "workers": None}
    return Execution(**_typed(table, Execution, "execution."))


def _sets(sets: Any) -> dict[str, list[str]]:
    fits = isinstance(sets, dict) and all(isinstance(entries, list) for entries in sets.values())
    require(fits, 'sets: write each below a line [sets], as mine = ["denoise", "orders(clahe,denoise)"]')
    for name, entries in sets.items():
        require(bool(entries), f"sets.{name}: name some variants")
        for entry in _convert(entries, tuple[str, ...], f"sets.{name}"):
            require("@" not in entry, f"sets.{name}: {entry}: a set names no other")
    return dict(sets)


def _variants(entries: Sequence[str], sets: Mapping[str, list[str]], folder: Path) -> tuple[str, ...]:
    def look_up(reference: str) -> Sequence[str]:
        if reference in sets:
            return sets[reference]
        missing = f"there is no set {reference!r}: {choose_from(reference, sets)}"
        require(not sets or bool(re.search(r"[./\\:]", reference)), missing)
        return set_of(reference, folder)

    try:
        return expand_names(entries, look_up)
    except InputError as error:
        raise InputError(f"variants: {error}") from None


def _place_paths(study: dict[str, Any], folder: Path) -> None:
    """Let relative paths count from the folder on, those of parts of the data only where they don't lie in it."""
    for key, value in study.items():
        if isinstance(value, Path) and key not in _IN_THE_DATA:
            study[key] = folder / value
    data = study.get("data")
    for key in _IN_THE_DATA:
        if (part := study.get(key)) is None or (data is not None and (data.is_file() or (data / part).exists())):
            continue
        if data is None or (folder / part).exists():
            study[key] = folder / part


def _recipe(entry: Any, folder: Path) -> Recipe:
    """One of the program's by its name, one with some fields changed, or a whole one of another name."""
    if isinstance(entry, str):
        return _known_recipe(entry, "recipe")
    require(isinstance(entry, dict), f"recipe = {_short(entry)}: give a name, or fields below a line [recipe]")
    base = _convert(entry.get(_BASE), str | None, "recipe.base")
    given = _typed({key: value for key, value in entry.items() if key != _BASE}, Recipe, "recipe.", more=(_BASE,))
    for key in _MAY_NAME_FILES:
        if "." in (text := given.get(key, "")) and (folder / text.partition(":")[0]).is_file():
            given[key] = str((folder / text).absolute())
    if "name" in given:
        given["name"] = RENAMED.get(given["name"], given["name"])
    name = given.get("name", base)
    require(name is not None, f"recipe.name is missing: that of one to change ({', '.join(RECIPES)}), or your own")
    taken = name in RECIPES and base not in (None, name)
    require(not taken, f"recipe.name = {_short(name)}: is a recipe already: give yours another name, or no base")
    if base is not None or name in RECIPES:
        start = _known_recipe(name if base is None else base, "recipe.base")
    elif "image_size" in given:
        start = Recipe(name, given["image_size"])
    else:
        raise InputError(f"recipe.name = {_short(name)}: {choose_from(name, RECIPES)}; your own gives image_size")
    try:
        return replace(start, **given)
    except InputError as error:
        raise InputError(f"recipe: {error}") from None


def _known_recipe(name: str, key: str) -> Recipe:
    require(name in RECIPES or name in RENAMED, f"{key} = {_short(name)}: {choose_from(name, RECIPES)}")
    return get_recipe(name)


# ---------------------------------------------------------------- writing


def study_text(config: StudyConfig, folder: Path | None = None) -> str:
    """A study as the text of a file: what differs from the usual, and what a reader looks for first.

    Args:
        config: the study; where files lie (`NOT_THE_STUDYS`) is left out.
        folder: where the file will lie: paths below it are written from it on, all others whole.
    """
    recipe = _recipe_table(config.recipe)
    table = {
        field.name: _plain(value, folder if field.name not in _IN_THE_DATA else None)
        for field in fields(config)
        if field.name not in NOT_THE_STUDYS
        and _is_written(field.name, value := getattr(config, field.name), field.default)
    }
    table |= {"variants": list(in_short(config.variants)), "recipe": config.recipe.name}
    if len(recipe) > 1:
        del table["recipe"]
    lines = [_HEADER, *_lines(table, StudyConfig)]
    if len(recipe) > 1:
        lines += ["[recipe]", *_lines(recipe, Recipe)]
    return "\n".join(lines)


def save_study(config: StudyConfig, path: Path) -> None:
    """Write a new study file.

    Raises:
        InputError: there is a file already, or it cannot be written.
    """
    text = study_text(config, path.parent)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path} exists: name another file, or remove it first") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def _recipe_table(recipe: Recipe) -> dict[str, Any]:
    """The fields that differ from the recipe of that name; the whole where there is none."""
    known = entry_of(recipe)
    usual = vars(known) if known is not None else {field.name: field.default for field in fields(Recipe)}
    return {
        name: _plain(value, None)
        for name, value in vars(recipe).items()
        if name == "name" or _is_written(name if known is None else "", value, usual[name])
    }


def _is_written(name: str, value: object, usual: object) -> bool:
    return value is not None and (name in _ALWAYS_WRITTEN or usual is MISSING or value != usual)


def _plain(value: Any, folder: Path | None) -> Any:
    if isinstance(value, Path):
        if folder is None:
            return str(value)
        place, start = value.absolute(), folder.absolute()
        return str(place.relative_to(start) if place.is_relative_to(start) else place)
    return list(value) if isinstance(value, tuple) else value


def _lines(table: Mapping[str, Any], kind: type) -> Iterator[str]:
    for key, value in table.items():
        if meaning := meanings(kind).get(key):
            yield f"# {meaning}"
        numbers = isinstance(value, list) and not any(isinstance(item, str) for item in value)
        yield f"{key} = {value}\n" if numbers else tomli_w.dumps({key: value})


_ENTRY = re.compile(r"^    (\w+(?:, \w+)*): (.*(?:\n     +.*)*)", re.MULTILINE)
_ASIDE = re.compile(r" \([^()]*\)")
_FIRST_CLAUSE = re.compile(r"(.*?)(?:; |\. |\.$|$)")


@cache
def meanings(kind: type) -> dict[str, str]:
    """What each field of one of our dataclasses is, in a few words, from the attributes in its docstring."""
    found: dict[str, str] = {}
    for names, words in _ENTRY.findall(inspect.getdoc(kind) or ""):
        clause = _FIRST_CLAUSE.match(_ASIDE.sub("", " ".join(words.split())))
        assert clause is not None
        found |= dict.fromkeys(names.split(", "), clause[1])
    return found
