"""The last line of every screen: the keys that do something now, as many as fit, for the mouse too."""

from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

_ALWAYS = ("keys", "quit")
"""Actions whose keys stand there however narrow the line is: the list of all keys, and leaving. Escape does so too."""


class _Key(NamedTuple):
    action: str
    key: str
    display: str
    description: str
    enabled: bool
    tooltip: str

    @property
    def stays(self) -> bool:
        """However narrow the line is."""
        return self.action in _ALWAYS or self.key == "escape"

    @property
    def width(self) -> int:
        """Cells, with the one that keeps it from the next."""
        return Text(f"{self.display} {self.description} ").cell_len


class _Keys(Widget):
    """All in one piece, since a widget for each would be most of a screen's; the last that do not fit are left out."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--description", "keys--hovered"}
    DEFAULT_CSS = """
    _Keys {
        width: 1fr;
        height: 1;
        text-wrap: nowrap;
        pointer: pointer;
        & > .keys--key { color: $footer-key-foreground; background: $footer-key-background; text-style: bold; }
        & > .keys--description {
            color: $footer-description-foreground; background: $footer-description-background;
        }
        & > .keys--hovered { color: $footer-key-foreground; background: $block-hover-background; }
    }
    """
    keys: tuple[_Key, ...] = ()
    _hovered: _Key | None = None

    def show_keys(self, keys: tuple[_Key, ...]) -> None:
        """Draw these, if others are drawn."""
        if keys != self.keys:
            self.keys = keys
            self.refresh()

    def _fitting(self) -> list[_Key]:
        room = self.size.width + 1 - sum(one.width for one in self.keys if one.stays)
        found = []
        for one in self.keys:
            room -= 0 if one.stays else one.width
            if one.stays or room >= 0:
                found.append(one)
        return found

    def render(self) -> Text:
        """The line."""
        usual = self.get_component_rich_style("keys--key"), self.get_component_rich_style("keys--description")
        hovered = self.get_component_rich_style("keys--hovered")
        line = Text()
        for one in self._fitting():
            key, description = (hovered, hovered) if one == self._hovered else usual
            words = Text.assemble((one.display, key), (f" {one.description}", description))
            if not one.enabled:
                words.stylize("dim")
            line.append_text(words).append(" ")
        return line

    def _under(self, x: int) -> _Key | None:
        for one in self._fitting():
            x -= one.width
            if x < 0:
                return one if x < -1 else None
        return None

    def _hover(self, key: _Key | None) -> None:
        if key != self._hovered:
            self._hovered = key
            self.tooltip = key.tooltip if key is not None else None
            self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The key under the pointer stands out and says what it does."""
        self._hover(self._under(event.x))

    def on_leave(self) -> None:
        """None is under it any more."""
        self._hover(None)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """As if the key were pressed."""
        if (key := self._under(event.x)) is not None:
            self.app.simulate_key(key.key) if key.enabled else self.app.bell()


class KeyLine(Footer):
    """Textual's footer, compact and without its palette key, that draws anew only what changed."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    def compose(self) -> ComposeResult:
        """Empty until the screen knows which keys there are."""
        yield _Keys()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Of each action that is shown the first key."""
        if screen.app.app_focus and self.is_attached and screen is self.screen:
            self.call_after_refresh(self._show_keys)

    def _show_keys(self) -> None:
        if not self.is_attached or self._pruning:  # the screen went before its refresh
            return
        found: dict[str, _Key] = {}
        for _, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.show and binding.action not in found:
                display = self.app.get_key_display(binding)
                found[binding.action] = _Key(
                    binding.action, binding.key, display, binding.description, enabled, tooltip
                )
        for keys in self.query(_Keys):
            keys.show_keys(tuple(found.values()))
