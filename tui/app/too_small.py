"""What stands where nothing else fits."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

LEAST_WIDTH, LEAST_HEIGHT = 60, 16
"""Columns and lines that the screens need."""


class TooSmallScreen(ModalScreen[None]):
    """One line that says what to do; goes by itself when the terminal grows."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,ctrl+c,ctrl+q", "app.quit", "Quit", tooltip="Leave")]

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static(f"Enlarge the terminal to {LEAST_WIDTH}x{LEAST_HEIGHT} (q quits)")
