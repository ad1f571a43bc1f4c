"""Every binding of the program by its id, and the other keys that the user gave them."""

import pkgutil
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TypeGuard

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys

import tui.app
import tui.screens
import tui.widgets
from engine.config.grammar import choose_from

_MODIFIERS = ("ctrl+", "shift+", "alt+", "super+", "meta+", "hyper+")
_NAMES = frozenset(key.value for key in Keys)


@cache
def owners() -> tuple[type[DOMNode], ...]:
    """The classes that bind keys; imports all screens."""
    found: list[type[DOMNode]] = []
    for package in (tui.app, tui.screens, tui.widgets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            found += [thing for thing in vars(import_module(module.name)).values() if _binds(thing, module.name)]
    return tuple(found)


def _binds(thing: object, module: str) -> TypeGuard[type[DOMNode]]:
    return isinstance(thing, type) and thing.__module__ == module and "BINDINGS" in vars(thing)


def bindings_of(owner: type[DOMNode]) -> list[Binding]:
    """What a class itself binds."""
    return [binding for binding in vars(owner)["BINDINGS"] if isinstance(binding, Binding)]


@cache
def bindings() -> Mapping[str, tuple[type[DOMNode], Binding]]:
    """Every binding by its id, with the class that has it."""
    return {binding.id: (owner, binding) for owner in owners() for binding in bindings_of(owner) if binding.id}


def with_own_keys(binding: Binding, keymap: Mapping[str, str]) -> Binding:
    """A binding with the keys that the user gave it, if any."""
    own = keymap.get(binding.id or "")
    return binding.with_key(own, key_display=None) if own else binding


def usable(keymap: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What of a key map can be used, and a line on everything that can not or that takes another binding's key."""
    problems = []
    good = {}
    for name, keys in keymap.items():
        unknown = [key for key in _split(keys) if not _is_key(key)]
        if name not in bindings():
            problems.append(f"keys.{name}: no such binding: {_nearest(name)}")
        elif unknown:
            problems.append(f"keys.{name} = {keys!r}: no key {unknown[0]!r}: {choose_from(unknown[0], sorted(_NAMES))}")
        else:
            good[name] = keys
    return good, [*problems, *conflicts(good)]


def conflicts(keymap: Mapping[str, str]) -> Iterator[str]:
    """A line for every other binding of the same screen, or of everywhere, that has one of the user's keys too."""
    for name, keys in keymap.items():
        owner, binding = bindings()[name]
        new = _keys(with_own_keys(binding, keymap)) - _keys(binding)
        for other_name, (other_owner, other) in bindings().items():
            if other_name == name or not _together(owner, other_owner):
                continue
            if shared := new & _keys(with_own_keys(other, keymap)):
                yield f"keys.{name} = {keys!r}: {min(shared)} is also the key of {other_name} ({other.description})"


def _together(owner: type[DOMNode], other: type[DOMNode]) -> bool:
    """Whether keys of both classes work at the same time."""
    title, other_title = owner.BINDING_GROUP_TITLE, other.BINDING_GROUP_TITLE
    return owner is other or (title is not None and title == other_title) or App in {*owner.__mro__, *other.__mro__}


def _keys(binding: Binding) -> set[str]:
    return {one.key for one in Binding.make_bindings([binding])}


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",")] if keys != "," else [keys]


def _nearest(name: str) -> str:
    screen = name.partition(".")[0]
    known = [one for one in bindings() if one.startswith(f"{screen}.")] or sorted(
        {one.partition(".")[0] for one in bindings()}
    )
    return choose_from(name, known)


def _is_key(key: str) -> bool:
    while key.startswith(_MODIFIERS) and key not in _NAMES:
        key = key.partition("+")[2]
    if len(key) == 1 or key in _NAMES:
        return True
    try:
        unicodedata.lookup(key.replace("_", " "))
    except KeyError:
        return False
    return True
