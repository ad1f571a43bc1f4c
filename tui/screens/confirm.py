"""A question with yes and no: before leaving or stopping a study that runs."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Label

from tui.looks.keys import bind, key


class ConfirmScreen(ModalScreen[bool]):
    """Asks once; closes with the answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("confirm.yes", "y", "answer(True)", "Yes", "Do it"),
        bind("confirm.no", "n,escape,q", "answer(False)", "No", "Do nothing", display="n"),
    ]

    def __init__(self, question: str, detail: str) -> None:
        super().__init__()
        self._question, self._detail = question, detail

    def compose(self) -> ComposeResult:
        """The question over its two answers; "no" has the focus."""
        with Vertical(classes="dialog"):
            yield Label(self._question, classes="dialog-title")
            yield Label(self._detail)
            with Horizontal(classes="dialog-buttons"):
                yield Button(f"Yes ({key('confirm.yes', 'y')})", id="yes", variant="warning", compact=True)
                yield Button(f"No ({key('confirm.no', 'n')})", id="no", compact=True)

    def on_mount(self) -> None:
        """Enter alone must not end a study."""
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A click answers too."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)
