"""Every key, from the table that binds them."""

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.bindings import EVERYWHERE_NAME, section_of, sections

_KEY_WIDTH, _NAME_WIDTH = 14, 13


class HelpScreen(ModalScreen[None]):
    """A list that scrolls; the screen below comes first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", tooltip="Back to the screen", key_display="esc")
    ]

    def __init__(self, screen: type) -> None:
        super().__init__()
        self._first = section_of(screen)

    def compose(self) -> ComposeResult:
        """The sections, the present screen's first."""
        with VerticalScroll(classes="dialog help") as box:
            box.border_title = "keys"
            box.border_subtitle = "esc closes"
            yield Static(self._text())

    def _text(self) -> Group:
        table = dict(sections())
        order = [name for name in (self._first, EVERYWHERE_NAME) if name in table]
        order += [name for name in table if name not in order]
        parts: list[Text | Table] = []
        for name in order:
            parts += [Text(name, "bold"), self._section(table[name]), Text()]
        return Group(*parts[:-1])

    def _section(self, bindings: Sequence[Binding]) -> Table:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold cyan", no_wrap=True, min_width=_KEY_WIDTH)
        grid.add_column(no_wrap=True, min_width=_NAME_WIDTH)
        grid.add_column(style="dim", ratio=1)
        for binding in bindings:
            keys = " ".join(self.app.get_key_display(part) for part in Binding.make_bindings([binding]))
            grid.add_row(f"  {keys}", binding.description, binding.tooltip)
        return grid
