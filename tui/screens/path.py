"""A window that asks for a path."""

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from tui.looks.keys import bind, key

CLOSE = bind("window.close", "escape", "dismiss(None)", "Close", "Close and change nothing", display="esc")


def leaving(verb: str) -> str:
    """What the keys of a window do, of which Enter does the verb."""
    return f"enter: {verb}   {key('window.close', 'esc')}: leave"


class PathScreen(ModalScreen[str | None]):
    """One line to type in; the answer is a path, by default of something that exists, None to change nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [CLOSE]
    HEADING: ClassVar[str]
    VERB: ClassVar[str]
    """What Enter does."""
    QUESTION: ClassVar[str]
    EMPTY: ClassVar[str]
    """Stands in the field while it is empty."""
    REQUIRED: ClassVar[bool] = True
    """Whether a path must be named; the answer may be "" where not."""

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        """One line to type in."""
        with Vertical(classes="dialog") as box:
            box.border_title, box.border_subtitle = self.HEADING, leaving(self.VERB)
            yield Label(self.QUESTION)
            field = Input(self._path, placeholder=self.EMPTY, id="path", compact=True)
            field.cursor_blink = False
            yield field
            yield Static(id="complaint")

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        if not self.is_current:  # Enter pressed twice is handled twice
            return
        text = event.value.strip()
        if complaint := self.complaint_about(text):
            self.query_one("#complaint", Static).update(complaint)
        else:
            self.dismiss(text)

    def complaint_about(self, text: str) -> str:
        """Why what was typed is no answer; "" where it is one."""
        fits = Path(text).expanduser().exists() if text else not self.REQUIRED
        return "" if fits else f"{text or 'nothing named'}: there is no such file or folder"
