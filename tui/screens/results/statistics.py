"""What the screens of statistics share: a heading, a page that scrolls, the way back."""

from collections.abc import Iterable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from engine.events.record import StudyRecord, is_demo
from tui.looks.palette import variant_mark
from tui.tables.statistics import NO_STATISTICS
from tui.widgets.key_line import KeyLine


class StatisticsScreen(Screen[None]):
    """A page on a study's statistics; says why where there are none. Each has its own keys."""

    DEFAULT_CSS = """
    StatisticsScreen {
        & > #title { height: auto; padding: 0 1; }
        & > #page { height: 1fr; scrollbar-size: 1 1; }
        & > #page > Static { height: auto; padding: 0 1; }
    }
    """

    def __init__(self, record: StudyRecord) -> None:
        super().__init__()
        self._record = record

    def compose(self) -> ComposeResult:
        """Heading, page, keys."""
        demo = Text.assemble((" DEMO ", "reverse bold"), " ") if is_demo(self._record) else Text()
        yield Static(demo.append(self.heading(), style="bold"), id="title")
        with ScrollableContainer(id="page"):
            if self._record.statistics is None:
                yield Static(NO_STATISTICS)
            else:
                yield from self.page()
        yield KeyLine()

    def page(self) -> Iterable[Widget]:
        """What the page holds."""
        raise NotImplementedError

    def heading(self) -> str:
        """What stands over the page."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Let the arrow keys move in the table, or scroll."""
        self.query("#page, #page DataTable").last().focus()

    def named(self, variant: str) -> Text:
        """A variant with its mark."""
        return Text.assemble(variant_mark(variant), f" {variant}")
