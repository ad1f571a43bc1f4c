"""How a key binding is written."""

from textual.binding import Binding


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
