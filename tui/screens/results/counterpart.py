"""The base of the screens that set a study beside the same one under the other protocol."""

from collections.abc import Iterable
from typing import ClassVar

from rich.console import Group, RenderableType
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from engine.events.record import StudyRecord
from tui.looks.keys import bind
from tui.session.background import Failure
from tui.session.session import Session
from tui.widgets.key_line import KeyLine


class CounterpartScreen(Screen[None]):
    """`work` finds the counterpart in a thread; what it returns goes to `parts`, drawn anew for every width.

    `c` trains the counterpart where there is none.
    """

    DEFAULT_CSS = """
    CounterpartScreen {
        & > #heading { height: auto; padding: 0 1; }
        & > #body { height: 1fr; padding: 0 1; scrollbar-size: 1 1; }
        & > #body > #text { height: auto; }
    }
    """

    BINDING_GROUP_TITLE = "Claims and leak"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("reading.down", "down,j", "scroll_text(1)", "Down", "A line down", show=False),
        bind("reading.up", "up,k", "scroll_text(-1)", "Up", "A line up", show=False),
        bind("reading.back", "escape", "app.pop_screen", "Back", "Back to the results", display="esc"),
        bind("counterpart.clean", "c", "run_clean", "Run clean", "Train the same under the clean protocol"),
    ]

    WAITING = "looking"
    """What stands there until the work is done."""

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__()
        self.session, self.record = session, record
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
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin the work."""
        self.show()
        self.query_one("#body").focus()
        self.session.background.run(self, type(self).__name__, self.work, self._take, self._refused)

    def _take(self, found: object) -> None:
        self.found, self.ready = found, True
        self.show()
        self.refresh_bindings()

    def _refused(self, failure: Failure) -> None:
        self.problem = failure.words
        self._take(None)

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "run_clean":
            return self.session.can_run_clean(self.record)
        return super().check_action(action, parameters)

    def action_run_clean(self) -> None:
        """Train the same study without the copies."""
        self.session.run_clean(self.record)

    def action_scroll_text(self, lines: int) -> None:
        """Scroll by some lines."""
        self.query_one("#body").scroll_relative(y=lines, animate=False)
