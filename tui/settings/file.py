"""The file of settings: read at every start, written by the settings screen."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config.grammar import choose_from
from engine.errors import InputError, StorageError, require
from tui.settings.values import ENTRIES, USUAL, Settings

KEYS = "keys"
_KEYS_WORDS = 'Other keys, by the ids that "simpsons-tui settings --keys" lists, as training.pause = "space,f2".'
_HEADER = 'Settings of simpsons-tui, for every start; "simpsons-tui docs settings" says more.'


def read_settings(path: Path) -> tuple[Settings, list[str]]:
    """The settings of a file, and a line on everything in it that cannot be used, which keeps its usual value.

    Where there is no file all is as usual. The ids of keys are not looked at here: see `tui.screens.key_table`.
    """
    try:
        data = _load(path)
    except InputError as error:
        return USUAL, [str(error)]
    problems: list[str] = []
    settings = USUAL
    known = {entry.key: entry for entry in ENTRIES}
    for key, value in _flat(data):
        try:
            if key.startswith(f"{KEYS}."):
                binding = key.removeprefix(f"{KEYS}.")
                require(
                    isinstance(value, str) and bool(value.strip()), f'{key}: give keys as a text, as "space" or "x,f2"'
                )
                settings = replace(settings, keys={**settings.keys, binding: value})
            else:
                require(key in known, f"unknown setting {key!r}: {choose_from(key, [*known, KEYS])}")
                settings = known[key].put(settings, value)
        except InputError as error:
            problems.append(f"{path}: {error}")
    return settings, problems


def write_setting(path: Path, key: str, value: str | float | bool | None) -> None:
    """Write one setting over the file, whole: what else is in it, comments too, stays. None takes it out of the file.

    A new file lists every setting with what it does.

    Args:
        path: the file.
        key: as "charts.x", or "keys.training.pause" for a binding's keys.
        value: as the file has it.

    Raises:
        InputError: the file that is there is no TOML; nothing is written.
        StorageError: it cannot be written.
    """
    import tomlkit  # of use to those who change a setting

    from engine import replacing

    _load(path)
    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else _template())
    *sections, name = key.split(".")
    table: Any = document
    for number, section in enumerate(sections, start=1):
        if (rest := key.split(".", number)[-1]) in table.get(section, {}):  # an id in quotes
            table, name = table[section], rest
            break
        table = table.setdefault(section, tomlkit.table())
    if value is None:
        table.pop(name, None)
    elif table.get(name) != value:
        table[name] = value
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:
            stream.write(tomlkit.dumps(document).encode())
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from None


def _template() -> str:
    """A file with every setting as it usually is."""
    lines, section = [f"# {_HEADER}"], ""
    for entry in ENTRIES:
        within, _, name = entry.key.rpartition(".")
        if within != section:
            section = within
            lines.append(f"\n[{section}]")
        lines += ["", f"# {entry.words}", f"{name} = {json.dumps(entry.of(USUAL))}"]
    return "\n".join([*lines, "", f"[{KEYS}]", f"# {_KEYS_WORDS}", ""])


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from None


def _flat(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every key, with its sections before it."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{name}", part) for name, part in _flat(value))
        else:
            yield key, value
