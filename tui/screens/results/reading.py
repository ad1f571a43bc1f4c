"""A screen of text that is worked out in a thread: it says so until it is there, then scrolls."""

from collections.abc import Iterable
from contextlib import suppress
from typing import ClassVar

from rich.console import Group, RenderableType
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.errors import SimpsonsError
from tui.session.background import in_background


class ReadingScreen(Screen[None]):
    """`work` runs in a thread; what it returns goes to `parts`, which are drawn anew for every width."""

    DEFAULT_CSS = """
    ReadingScreen {
        & > #heading { height: auto; padding: 0 1; }
        & > #body { height: 1fr; padding: 0 1; scrollbar-size: 1 1; }
        & > #body > #text { height: auto; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_text(1)", "Down", show=False, id="reading.down", tooltip="A line down"),
        Binding("up,k", "scroll_text(-1)", "Up", show=False, id="reading.up", tooltip="A line up"),
        Binding(
            "escape", "app.pop_screen", "Back", id="reading.back", tooltip="Back to the results", key_display="esc"
        ),
    ]

    WAITING = "looking"
    """What stands there until the work is done."""

    def __init__(self) -> None:
        super().__init__()
        self.found: object = None
        self.problem = ""
        self.ready = False

    def heading(self) -> RenderableType:
        """The first line."""
        raise NotImplementedError

    def work(self) -> object:
        """Work out what is shown; called in a thread. A SimpsonsError becomes the text."""
        raise NotImplementedError

    def parts(self, width: int) -> Iterable[RenderableType]:
        """What `found` looks like on `width` columns."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Heading, text, footer."""
        yield Static(id="heading")
        with VerticalScroll(id="body"):
            yield Static(id="text")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Begin the work."""
        self.show()
        self.query_one("#body").focus()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show())
        in_background(type(self).__name__, self._work)

    def _work(self) -> None:
        try:
            found, problem = self.work(), ""
        except SimpsonsError as error:
            found, problem = None, str(error)
        except Exception as error:  # the dashboard lives on and says what happened
            found, problem = None, f"unexpected error, {type(error).__name__}: {error}"
        with suppress(RuntimeError):  # the app has ended meanwhile
            self.app.call_later(self._take, found, problem)

    def _take(self, found: object, problem: str) -> None:
        self.found, self.problem, self.ready = found, problem, True
        if self.is_attached:
            self.show()
            self.refresh_bindings()

    def on_resize(self) -> None:
        """The text is laid out for the new width."""
        self.show()

    def show(self) -> None:
        """Draw what there is."""
        self.query_one("#heading", Static).update(self.heading())
        text = self.query_one("#text", Static)
        if not self.ready:
            text.update(f"{self.WAITING} …")
        elif self.problem:
            text.update(self.problem)
        else:
            width = max(1, self.size.width - 3)  # a blank on either side and the scroll bar
            text.update(Group(*self.parts(width)))

    def action_scroll_text(self, lines: int) -> None:
        """Scroll by some lines."""
        self.query_one("#body").scroll_relative(y=lines, animate=False)
