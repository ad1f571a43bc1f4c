"""How a key binding is written, and how words on the screen name its key."""

from collections.abc import Mapping

from textual.binding import Binding
from textual.keys import format_key

_own: dict[str, str] = {}
"""The keys that the user gave to bindings, by their ids."""


def bind(
    name: str,
    keys: str,
    action: str,
    description: str,
    tooltip: str,
    *,
    show: bool = True,
    display: str | None = None,
    priority: bool = False,
) -> Binding:
    """A binding with an id and an explanation; footer, help and command palette read it from its class."""
    return Binding(
        keys, action, description, show=show, key_display=display, priority=priority, tooltip=tooltip, id=name
    )


def use_keys(own: Mapping[str, str]) -> bool:
    """From now on words name these keys, by the bindings' ids, several separated by commas; whether others before."""
    changed = _own != own
    _own.clear()
    _own.update(own)
    return changed


def key(name: str, usual: str) -> str:
    """What words call the key of the binding `name`: the first that the user gave it, else `usual`."""
    if not (own := _own.get(name)):
        return usual
    modifiers, pressed = Binding(own.split(",")[0].strip() or own, "").parse_key()
    return "+".join([*modifiers, "enter" if pressed == "enter" else format_key(pressed)])
