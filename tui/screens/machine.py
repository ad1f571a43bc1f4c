"""How busy the machine was while a study ran, live and afterwards: curves over time with the stages below them."""

import time
from collections.abc import Callable, Hashable
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from engine.events.record import StudyRecord
from tui.looks import formatting
from tui.looks.keys import bind
from tui.looks.palette import ground_colour
from tui.screens.charts.cursor import CursorBoard, Sight
from tui.state.curves import Values
from tui.tables.machine import NOT_MEASURED, machine_sentences
from tui.tables.machine_curves import MOST_LANES, Panel, Timeline, hosts, lanes, panels, workers
from tui.widgets.charts.chart import CurveChart
from tui.widgets.charts.drawing import time_words
from tui.widgets.key_line import KeyLine
from tui.widgets.time_chart import draw_times, legend, panel_window, stage_strip, stage_words

LOOK_SECONDS = 1.0
"""How often new figures are looked for."""

_COLUMN, _MOST_COLUMNS = 56, 3
"""Cells that a chart wants, and how many stand side by side."""
_LOWEST = 9
"""Lines of a chart; where there is no room for so many each, the page scrolls."""


class MachinePanel(CurveChart):
    """One chart: its curves, then the stages."""

    DEFAULT_CSS = "MachinePanel { width: 1fr; height: 100%; margin: 0 1 0 0; }"
    frame = 0

    def show(self, panel: Panel, board: "MachineBoard", *, ground: str) -> None:
        """Draw a machine's figures as the board sees them."""
        seen, cursor = board.seen(), board.sight.cursor
        rows = lanes(board.record.spans)[:MOST_LANES]
        strips = [stage_strip(row, board.timeline, seen, self.size.width, ground) for row in rows]
        window = panel_window(panel, seen, whole=board.sight.view.mode == "all")
        height = self.size.height - 1 - len(strips)
        key = len(board.record.loads), panel.title, board.host, height, window
        chart = self.curve_lines(key, lambda width, _: (window, draw_times(panel, window, width, height)), cursor)
        self.show_lines([legend(panel, cursor), *chart, *strips])


class MachineBoard(CursorBoard):
    """The charts of one machine over the time in which somebody worked; the cursor reads all of them."""

    DEFAULT_CSS = """
    MachineBoard {
        height: 1fr; padding: 0 1;
        & > #page { height: 1fr; scrollbar-size: 1 1; layout: grid; grid-gutter: 0; }
        & > #reading { height: 1; display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Machine"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("machine.up", "up", "scroll_page(-1)", "Up", "A line up, where the charts do not all fit", show=False),
        bind("machine.down", "down", "scroll_page(1)", "Down", "A line down", show=False),
        bind("machine.page_up", "pageup", "scroll_page(-10)", "Page up", "Ten lines up", show=False),
        bind("machine.page_down", "pagedown", "scroll_page(10)", "Page down", "Ten lines down", show=False),
    ]

    def __init__(self, record: Callable[[], StudyRecord]) -> None:
        """`record` gives the study's, which may grow."""
        super().__init__(id="machine")
        self.sight = Sight()
        self._source = record
        self.place = 0
        self._drawn: Hashable = None
        self._arranged: tuple[int, str] | None = None
        self._take()

    def _take(self) -> None:
        """What is known by now."""
        self.record = self._source()
        self.timeline = Timeline(self.record)
        names = hosts(self.record)
        self.host = names[self.place % len(names)] if names else ""
        loads = [load for load in self.record.loads if load.host == self.host]
        self.panels = panels(loads, self.timeline) if loads else []
        self._places = np.array([self.timeline.at(load.time) for load in loads])

    def compose(self) -> ComposeResult:
        """The charts, and what the cursor reads."""
        yield VerticalScroll(id="page", can_focus=False)
        yield Static(id="reading")

    def places(self) -> Values:
        """Where something was measured."""
        return self._places

    def extent(self) -> tuple[float, float]:
        """All of the time."""
        end = max(1.0, self.timeline.seconds)
        return end, end

    async def look(self) -> bool:
        """Take what is new, and have as many charts as there are figures; whether there was anything."""
        record = self._source()
        seen = len(record.loads), len(record.spans), self.place
        if seen == self._drawn:
            return False
        self._drawn = seen
        self._take()
        self._arranged, page = None, self.query_one("#page")
        for panel in list(self.query(MachinePanel))[len(self.panels) :]:
            await panel.remove()
        await page.mount(*(MachinePanel() for _ in range(len(self.panels) - len(self.query(MachinePanel)))))
        self.call_after_refresh(self.redraw)
        return True

    def redraw(self) -> None:
        """Draw everything for the present size."""
        if self._arrange(len(self.panels)):
            self.call_after_refresh(self.redraw)
            return
        ground = ground_colour(self.app.current_theme)
        for widget, panel in zip(self.query(MachinePanel), self.panels, strict=False):
            widget.show(panel, self, ground=ground)
        reading = self.query_one("#reading", Static)
        reading.display = self.sight.cursor is not None
        reading.update(self._reading())

    def _reading(self) -> Text:
        """When it was, by the clock and since the study began, and what ran then; the charts' heads say the figures."""
        if self.sight.cursor is None:
            return Text()
        moment = self.timeline.moment(self.sight.cursor)
        clock = time.strftime("%H:%M:%S", time.localtime(moment))
        running = [span for span in self.record.spans if span.start <= moment < (span.end or moment + 1)]
        stages = ", ".join(stage_words(span) for span in running[-MOST_LANES:])
        return Text.assemble((clock, "bold"), f"  +{time_words(self.sight.cursor)}  {stages}")

    def _arrange(self, charts: int) -> bool:
        """Place the charts side by side and below each other; whether their sizes change by it."""
        page = self.query_one("#page")
        columns = max(1, min(_MOST_COLUMNS, charts, self.size.width // _COLUMN))
        fits = -(-charts // columns) * _LOWEST <= page.size.height
        arranged = columns, "1fr" if fits else str(_LOWEST)
        changed, self._arranged = arranged != self._arranged, arranged
        page.styles.grid_size_columns, page.styles.grid_rows = arranged
        return changed

    def action_scroll_page(self, lines: int) -> None:
        """Scroll the charts."""
        self.query_one("#page").scroll_relative(y=lines, animate=False)


class MachineScreen(Screen[None]):
    """The charts of one machine, and what they say of the study."""

    DEFAULT_CSS = """
    MachineScreen {
        & > #title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #sentences { height: auto; padding: 0 1; }
        & > #empty { height: 1fr; padding: 1 1; display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Machine"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("machine.host", "tab", "next_host", "Host", "The next machine, where the study ran on several"),
        bind("machine.back", "escape,M", "app.pop_screen", "Back", "Back to where it was opened", display="esc"),
    ]
    AUTO_FOCUS = "MachineBoard"

    def __init__(self, record: Callable[[], StudyRecord]) -> None:
        """`record` gives the study's, which may grow."""
        super().__init__()
        self._record = record

    def compose(self) -> ComposeResult:
        """Heading, what the figures say, charts."""
        yield Static(id="title")
        yield Static(id="sentences")
        yield Static(NOT_MEASURED, id="empty")
        yield MachineBoard(self._record)
        yield KeyLine()

    @property
    def board(self) -> MachineBoard:
        """The charts."""
        return self.query_one(MachineBoard)

    async def on_mount(self) -> None:
        """Follow the study."""
        self.set_interval(LOOK_SECONDS, self.look)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.board.redraw())
        await self.look()

    async def look(self) -> None:
        """Draw what is new."""
        if await self.board.look():
            self._show_words()

    def _show_words(self) -> None:
        board = self.board
        record, timeline, host = board.record, board.timeline, board.host
        heading = [f"machine {host}".rstrip(), f"{formatting.duration(timeline.seconds)} of work"]
        if (count := len(hosts(record))) > 1:
            heading.append(f"{board.place % count + 1} of {count} machines")
        loads = [load for load in record.loads if load.host == host]
        if names := workers(loads):
            heading.append(names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more")
        if loads and loads[-1].disk_free is not None:
            heading.append(f"{formatting.size(loads[-1].disk_free)} of disk free")
        if (rows := len(lanes(record.spans))) > MOST_LANES:
            heading.append(f"stages: {MOST_LANES} of {rows} side by side")
        self.query_one("#title", Static).update(Text(" ─ ".join(heading), "bold"))
        sentences = machine_sentences(record)
        self.query_one("#sentences", Static).update(Text("\n".join(f"• {sentence}" for sentence in sentences)))
        self.query_one("#sentences").display = bool(sentences)
        board.display, self.query_one("#empty").display = bool(record.loads), not record.loads

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a next machine only where there are several."""
        return action != "next_host" or len(hosts(self._record())) > 1

    async def action_next_host(self) -> None:
        """The next machine."""
        self.board.place += 1
        await self.look()
