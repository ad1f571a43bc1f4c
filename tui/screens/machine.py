"""How busy the machine was while a study ran, live and afterwards: curves over time with the stages below them."""

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import ScrollableContainer
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.events.record import StudyRecord
from tui.looks import formatting
from tui.looks.keys import bind
from tui.looks.palette import ground_colour
from tui.tables.machine import NOT_MEASURED, machine_sentences
from tui.tables.machine_curves import MOST_LANES, Panel, Timeline, hosts, lanes, panels, workers
from tui.widgets.lines import LinesView
from tui.widgets.time_chart import Look, draw_times, legend, stage_strip

LOOK_SECONDS = 1.0
"""How often new figures are looked for."""

_COLUMN, _MOST_COLUMNS = 56, 3
"""Cells that a chart wants, and how many stand side by side."""
_LOWEST = 9
"""Lines of a chart; where there is no room for so many each, the page scrolls."""


class MachinePanel(LinesView):
    """One chart: its curves, then the stages."""

    DEFAULT_CSS = "MachinePanel { width: 1fr; height: 100%; margin: 0 1 0 0; }"


class MachineScreen(Screen[None]):
    """The charts of one machine, and what they say of the study."""

    DEFAULT_CSS = """
    MachineScreen {
        & > #title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #sentences { height: auto; padding: 0 1; }
        & > #page { height: 1fr; padding: 0 1; scrollbar-size: 1 1; layout: grid; grid-gutter: 0; }
        & > #empty { height: 1fr; padding: 1 1; display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Machine"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("machine.host", "tab", "next_host", "Host", "The next machine, where the study ran on several"),
        bind("machine.back", "escape,M", "app.pop_screen", "Back", "Back to where it was opened", display="esc"),
    ]
    AUTO_FOCUS = "#page"

    def __init__(self, record: Callable[[], StudyRecord]) -> None:
        """`record` gives the study's, which may grow."""
        super().__init__()
        self._record = record
        self._host = 0
        self._drawn: tuple[int, int, int] | None = None
        self._arranged: tuple[int, str] | None = None

    def compose(self) -> ComposeResult:
        """Heading, what the figures say, charts."""
        yield Static(id="title")
        yield Static(id="sentences")
        yield Static(NOT_MEASURED, id="empty")
        yield ScrollableContainer(id="page")
        yield Footer(show_command_palette=False, compact=True)

    async def on_mount(self) -> None:
        """Follow the study."""
        self.set_interval(LOOK_SECONDS, self.look)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.show())
        await self.look()

    @on(Resize)
    def _resized(self) -> None:
        self.call_after_refresh(self.show)

    async def look(self) -> None:
        """Draw what is new."""
        record = self._record()
        seen = len(record.loads), len(record.spans), self._host
        if seen != self._drawn:
            self._drawn = seen
            await self._fit_page(record)
            self.call_after_refresh(self.show)

    async def _fit_page(self, record: StudyRecord) -> None:
        """As many charts as there are figures."""
        self._arranged = None
        page, wanted = self.query_one("#page"), len(self._panels(record, Timeline(record)))
        page.display = bool(record.loads)
        self.query_one("#empty").display = not record.loads
        for panel in list(self.query(MachinePanel))[wanted:]:
            await panel.remove()
        missing = wanted - len(self.query(MachinePanel))
        await page.mount(*(MachinePanel() for _ in range(missing)))

    @property
    def _shown_host(self) -> str:
        names = hosts(self._record())
        return names[self._host % len(names)] if names else ""

    def _panels(self, record: StudyRecord, timeline: Timeline) -> list[Panel]:
        loads = [load for load in record.loads if load.host == self._shown_host]
        return panels(loads, timeline) if loads else []

    def show(self) -> None:
        """Draw everything for the present size."""
        record = self._record()
        timeline = Timeline(record)
        rows = lanes(record.spans)
        self._show_words(record, timeline, len(rows))
        shown = self._panels(record, timeline)
        if self._arrange(len(shown)):
            self.call_after_refresh(self.show)
            return
        theme = self.app.current_theme
        look = Look(ground_colour(theme), theme.dark)
        for widget, panel in zip(self.query(MachinePanel), shown, strict=False):
            width, height = widget.size
            strips = [stage_strip(row, timeline, width, look) for row in rows[:MOST_LANES]]
            chart = draw_times(panel, timeline.seconds, width, height - 1 - len(strips), look)
            widget.show_lines([legend(panel, look), *chart, *strips])

    def _arrange(self, charts: int) -> bool:
        """Place the charts side by side and below each other; whether their sizes change by it."""
        page = self.query_one("#page")
        columns = max(1, min(_MOST_COLUMNS, charts, self.size.width // _COLUMN))
        fits = -(-charts // columns) * _LOWEST <= page.size.height
        arranged = columns, "1fr" if fits else str(_LOWEST)
        changed, self._arranged = arranged != self._arranged, arranged
        page.styles.grid_size_columns, page.styles.grid_rows = arranged
        return changed

    def _show_words(self, record: StudyRecord, timeline: Timeline, side_by_side: int) -> None:
        heading = [f"machine {self._shown_host}".rstrip(), f"{formatting.duration(timeline.seconds)} of work"]
        if len(hosts(record)) > 1:
            heading.append(f"{self._host % len(hosts(record)) + 1} of {len(hosts(record))} machines")
        loads = [load for load in record.loads if load.host == self._shown_host]
        if names := workers(loads):
            heading.append(names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more")
        if loads and loads[-1].disk_free is not None:
            heading.append(f"{formatting.size(loads[-1].disk_free)} of disk free")
        if side_by_side > MOST_LANES:
            heading.append(f"stages: {MOST_LANES} of {side_by_side} side by side")
        self.query_one("#title", Static).update(Text(" ─ ".join(heading), "bold"))
        sentences = machine_sentences(record)
        self.query_one("#sentences", Static).update(Text("\n".join(f"• {sentence}" for sentence in sentences)))
        self.query_one("#sentences").display = bool(sentences)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a next machine only where there are several."""
        return action != "next_host" or len(hosts(self._record())) > 1

    async def action_next_host(self) -> None:
        """The next machine."""
        self._host += 1
        await self.look()
