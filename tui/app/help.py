"""Every key, from the classes that bind them."""

from collections.abc import Mapping

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui.app.key_table import bindings_of, owners, with_own_keys
from tui.looks.keys import bind, key

_KEY_WIDTH, _NAME_WIDTH = 14, 13

_SHORT_NAMES = (
    "  A variant's name that does not fit has its steps cut to their first letters and its values without the "
    "parameters' names: equ+nlm(0.1)+hsv. Where that is too long as well, it is the variant's number in the study "
    "with its first and last step: #17 equalize+…+hsv. {} in tables and on curves shows the whole pipeline."
)


class HelpScreen(ModalScreen[None]):
    """A list that scrolls; the keys of the screen below come first."""

    BINDINGS = [  # noqa: RUF012 - Textual's declaration
        bind("help.close", "escape,q,question_mark", "dismiss", "Close", "Back to the screen", display="esc")
    ]

    def __init__(self, screen: type[DOMNode], app: type[App[int]], keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._screen, self._app, self._keymap = screen, app, keymap

    def compose(self) -> ComposeResult:
        """The sections, the present screen's first."""
        with VerticalScroll(classes="dialog help") as box:
            box.border_title = "keys"
            box.border_subtitle = f"{key('help.close', 'esc')} closes"
            yield Static(self._text())

    def _text(self) -> Group:
        table = sections(self._screen, self._app)
        parts: list[Text | Table] = []
        for title, bindings in table.items():
            parts += [Text(title, "bold"), self._section(bindings), Text()]
        return Group(
            *parts, Text("Short names", "bold"), Text(_SHORT_NAMES.format(key("results.pipeline", "d")), "dim")
        )

    def _section(self, bindings: list[Binding]) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold cyan", no_wrap=True, min_width=_KEY_WIDTH)
        grid.add_column(no_wrap=True, min_width=_NAME_WIDTH)
        grid.add_column(style="dim", ratio=1)
        for binding in bindings:
            own = Binding.make_bindings([with_own_keys(binding, self._keymap)])
            keys = " ".join(dict.fromkeys(map(self.app.get_key_display, own)))
            grid.add_row(f"  {keys}", binding.description, binding.tooltip)
        return grid


def sections(screen: type[DOMNode], app: type[App[int]]) -> Mapping[str, list[Binding]]:
    """The keys by `BINDING_GROUP_TITLE`: of the screen that is seen, of the app, of all other screens by name."""
    found: dict[str, list[Binding]] = {}
    for title in (screen.BINDING_GROUP_TITLE, app.BINDING_GROUP_TITLE):
        if title is not None:
            found[title] = []
    for owner in sorted(owners(), key=lambda owner: not issubclass(owner, Screen)):
        if title := vars(owner).get("BINDING_GROUP_TITLE"):
            found.setdefault(title, []).extend(bindings_of(owner))
    return found
