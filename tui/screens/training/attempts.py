"""The attempts of a study with several workers: where each ran, how it ended, and what its process printed."""

from typing import ClassVar, Literal, get_args

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import DataTable, RichLog, Static

from tui.looks import formatting
from tui.looks.keys import bind
from tui.looks.palette import variant_mark
from tui.screens.training.attempts_table import (
    DOING_WIDTH,
    about_attempt,
    attempt_key,
    attempts_data,
    doing_words,
    took_cell,
)
from tui.screens.training.variants_panel import count_words
from tui.session.background import Failure
from tui.session.session import Session
from tui.state.attempts import Attempt
from tui.state.view_state import ViewState
from tui.widgets.key_line import KeyLine
from tui.widgets.metrics_table import SortableTable

Filter = Literal["all", "under way", "broken off"]
_NARROW = 100
_SECONDS_BETWEEN_READS = 2.0


class AttemptsScreen(Screen[None]):
    """A table of attempts, and below it the last lines of the marked one's output."""

    DEFAULT_CSS = """
    AttemptsScreen {
        & > #title, & > #about { height: auto; padding: 0 1; }
        & > #attempts { height: 1fr; margin: 0 1; }
        & > #output {
            height: 60%; display: none; border: round $foreground 40%; background: $background;
            scrollbar-size: 1 1; padding: 0 1;
        }
        &.-output > #output { display: block; }
    }
    """
    BINDING_GROUP_TITLE = "Attempts"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("attempts.output", "enter", "output", "Output", "The last lines that the process printed", priority=True),
        bind("attempts.filter", "f", "filter", "Filter", "All, those under way, or those that broke off"),
        bind("attempts.sort", "s", "sort", "Sort", "Sort by the next column"),
        bind("attempts.reverse", "S", "reverse", "Reverse", "Turn the order round", show=False),
        bind("attempts.top", "home", "output_to(0)", "Top", "The beginning of the output", show=False),
        bind("attempts.back", "escape,w", "back", "Back", "Close the output; back to the curves", display="esc"),
    ]
    AUTO_FOCUS = "#attempts"

    def __init__(self, session: Session, state: ViewState) -> None:
        super().__init__()
        self.session, self.state = session, state
        self.filter: Filter = "all"
        self._shown: dict[str, Attempt] = {}
        self._drawn: object = None
        self._printed: tuple[str, ...] | str | None = None

    def compose(self) -> ComposeResult:
        """Counts, table, the marked attempt in words, its output."""
        yield Static(id="title")
        yield SortableTable(id="attempts")
        yield Static(id="about")
        yield RichLog(id="output", wrap=True, auto_scroll=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Draw, and look again and again."""
        self.set_interval(self.session.seconds_between_draws, self.show)
        self.set_interval(_SECONDS_BETWEEN_READS, self._read)
        self.show()

    @on(events.Resize)
    def _resized(self) -> None:
        self._drawn = None
        self.call_after_refresh(self.show)

    # ------------------------------------------------------------------ drawing

    def show(self) -> None:
        """Draw what changed."""
        if not self.is_mounted or not self.is_current:
            return
        attempts = self.state.attempts
        now = self.session.now() if self.session.engine_running else self.state.last_time
        title = Text.assemble((count_words(self.state), "bold"), ("" if self.filter == "all" else f"  {self.filter}"))
        self.query_one("#title", Static).update(title)
        table, key = self.query_one(SortableTable), (attempts.version, self.filter, self.size)
        if key != self._drawn:
            self._drawn = key
            self._shown = {attempt_key(one): one for one in self._chosen()}
            data = attempts_data(self.state, self._shown.values(), now, narrow=self.size.width < _NARROW)
            marks = {name: variant_mark(one.job.variant) for name, one in self._shown.items()}
            table.show_data(data, marks=marks, narrow=self.size.width < _NARROW)
        else:
            self._update_live(table, now)
        self._show_about()

    def _chosen(self) -> list[Attempt]:
        """Those under way in the order of their lanes, then the others, the last one first."""
        every = list(self.state.attempts.every.values())
        live = [one for one in self.state.attempts.lanes if one is not None]
        ended = [one for one in reversed(every) if one.phase == "ended"]
        if self.filter == "broken off":
            return [one for one in ended if one.reason]
        return live if self.filter == "under way" else [*live, *ended]

    def _update_live(self, table: SortableTable, now: float) -> None:
        for name, one in self._shown.items():
            if one.phase == "ended":
                continue
            gap = " " * (1 if self.size.width < _NARROW else 2)
            words = f"{gap}{formatting.fit(doing_words(self.state, one), DOING_WIDTH)}"
            table.update_cell(name, "doing", Text(words, no_wrap=True))
            old = table.get_cell(name, "took")
            table.update_cell(name, "took", Text(took_cell(one, now).text.rjust(old.cell_len), no_wrap=True))

    @property
    def marked(self) -> Attempt | None:
        """The attempt of the marked row."""
        table = self.query_one(SortableTable)
        return self._shown.get(table.row_key_at(table.cursor_row))

    def _show_about(self) -> None:
        one = self.marked
        words = "no attempt yet" if one is None else about_attempt(self.state, one)
        self.query_one("#about", Static).update(Text(words, "bold" if one is not None and one.reason else ""))

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self._show_about()
        self._printed = None
        self._read()

    # ------------------------------------------------------------------ output

    def _read(self) -> None:
        """Ask for the last lines of the output, where they are shown."""
        one, folder = self.marked, self.session.run_folder
        if not self.has_class("-output") or not self.is_current or one is None:
            return
        if not one.output or folder is None:
            self._print("the process has not started" if not one.output else "this study has no run folder")
            return
        self.session.background.run(
            self, "output", lambda: self.session.engine.attempt_output(folder, one.output), self._print, self._failed
        )

    def _failed(self, failure: Failure) -> None:
        self._print(failure.words)

    def _print(self, lines: tuple[str, ...] | str) -> None:
        if lines == self._printed:
            return
        log, following = self.query_one(RichLog), self._printed is None
        following = following or log.scroll_offset.y >= log.max_scroll_y
        self._printed = lines
        log.clear()
        log.border_title = self.marked.output if self.marked is not None else ""
        for line in (lines,) if isinstance(lines, str) else lines or ("it printed nothing",):
            log.write(Text(line, "" if not isinstance(lines, str) else "dim"))
        if following:
            self.call_after_refresh(log.scroll_end, animate=False)

    # ------------------------------------------------------------------ keys

    def action_output(self) -> None:
        """Show the output of the marked attempt, or close it."""
        self.toggle_class("-output")
        self._printed = None
        self._read()

    def action_output_to(self, line: int) -> None:
        """Scroll the output."""
        self.query_one(RichLog).scroll_to(y=line, animate=False)

    def action_filter(self) -> None:
        """The next of the filters."""
        filters: tuple[Filter, ...] = get_args(Filter)
        self.filter = filters[(filters.index(self.filter) + 1) % len(filters)]
        self.show()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.query_one(SortableTable).sort_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.query_one(SortableTable).sort_reverse()

    def action_back(self) -> None:
        """Close the output, then the screen."""
        if self.has_class("-output"):
            self.remove_class("-output")
        else:
            self.app.pop_screen()
