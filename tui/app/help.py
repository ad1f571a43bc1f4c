"""Every key, from the classes that bind them."""

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

import tui.screens

_KEY_WIDTH, _NAME_WIDTH = 14, 13

_SHORT_NAMES = (
    "  A variant's name that does not fit has its steps cut to their first letters and its values without the "
    "parameters' names: equ+nlm(0.1)+hsv. Where that is too long as well, it is the variant's number in the study "
    "with its first and last step: #17 equalize+…+hsv. d in tables and on curves shows the whole pipeline."
)


class HelpScreen(ModalScreen[None]):
    """A list that scrolls; the keys of the screen below come first."""

    BINDINGS = [  # noqa: RUF012 - Textual's declaration
        Binding("escape,q,question_mark", "dismiss", "Close", tooltip="Back to the screen", key_display="esc")
    ]

    def __init__(self, screen: type[DOMNode], app: type[App[int]]) -> None:
        super().__init__()
        self._screen, self._app = screen, app

    def compose(self) -> ComposeResult:
        """The sections, the present screen's first."""
        with VerticalScroll(classes="dialog help") as box:
            box.border_title = "keys"
            box.border_subtitle = "esc closes"
            yield Static(self._text())

    def _text(self) -> Group:
        table = sections(self._screen, self._app)
        parts: list[Text | Table] = []
        for title, bindings in table.items():
            parts += [Text(title, "bold"), self._section(bindings), Text()]
        return Group(*parts, Text("Short names", "bold"), Text(_SHORT_NAMES, "dim"))

    def _section(self, bindings: list[Binding]) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold cyan", no_wrap=True, min_width=_KEY_WIDTH)
        grid.add_column(no_wrap=True, min_width=_NAME_WIDTH)
        grid.add_column(style="dim", ratio=1)
        for binding in bindings:
            keys = " ".join(dict.fromkeys(map(self.app.get_key_display, Binding.make_bindings([binding]))))
            grid.add_row(f"  {keys}", binding.description, binding.tooltip)
        return grid


def sections(screen: type[DOMNode], app: type[App[int]]) -> Mapping[str, list[Binding]]:
    """The keys by `BINDING_GROUP_TITLE`: of the screen that is seen, of the app, of all other screens by name."""
    found: dict[str, list[Binding]] = {}
    for title in (screen.BINDING_GROUP_TITLE, app.BINDING_GROUP_TITLE):
        if title is not None:
            found[title] = []
    screens_first = sorted(_owners(), key=lambda owner: not issubclass(owner, Screen))
    for owner in (app, *screens_first):
        own = vars(owner)
        if title := own.get("BINDING_GROUP_TITLE"):
            found.setdefault(title, []).extend(own["BINDINGS"])
    return found


def _owners() -> Iterator[type[DOMNode]]:
    """The classes of `tui.screens` that bind keys."""
    for module in pkgutil.walk_packages(tui.screens.__path__, "tui.screens."):
        for thing in vars(import_module(module.name)).values():
            if isinstance(thing, type) and thing.__module__ == module.name and "BINDINGS" in vars(thing):
                yield thing
