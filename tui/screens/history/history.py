"""The history: every run that was kept, to open, compare, watch, resume, export or remove."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Input, Static

from engine.events.record import StudyRecord
from engine.reports.run_summary import RunSummary
from tui.looks.keys import bind
from tui.looks.palette import MOST_RUNS, run_style
from tui.screens.history.compared_runs import MarkedRun
from tui.screens.history.words import about_text, empty_text, run_mark, title_text
from tui.screens.results.results import ResultsScreen
from tui.session.background import Failure
from tui.session.run_list import RunList
from tui.session.session import Session
from tui.tables.history import history_data, matching
from tui.widgets.key_line import KeyLine
from tui.widgets.metrics_table import SortableTable

NARROW, ROOMY = 110, 130
"""Below so many columns the list has fewer; below so many, shorter heads and gaps."""

LOOK_SECONDS = 2.0
"""How often runs under way are looked at again, and the folder for new ones."""


class HistoryScreen(Screen[None]):
    """The list; everything that waits for the disk is done in threads."""

    DEFAULT_CSS = """
    HistoryScreen {
        & > #title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #about { height: auto; min-height: 2; padding: 0 1; }
        & > #runs-table { height: 1fr; margin: 0 1; }
        & > #empty { height: 1fr; padding: 1 1; }
        & > #filter { height: 1; margin: 0 1; display: none; }
    }
    """
    BINDING_GROUP_TITLE = "History"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("history.open", "enter", "open", "Open", "Its results; a study under way is watched", priority=True),
        bind("history.mark", "space", "mark", "Mark", "Mark a run for a comparison, or take the mark away"),
        bind("history.overlay", "o", "overlay", "Curves", "The curves of the marked runs on one chart"),
        bind("history.tables", "t", "tables", "Tables", "The scores of the marked runs in one table"),
        bind("history.filter", "slash", "filter", "Filter", "Show the runs that hold the words you type", display="/"),
        bind("history.sort", "s", "sort", "Sort", "Sort by the next column", show=False),
        bind("history.reverse", "S", "reverse", "Reverse", "Turn the order round", show=False),
        bind("history.resume", "r", "resume", "Resume", "Resume here a run that was interrupted or stopped"),
        bind("history.export", "e", "export", "Export", "Write a report, tables or curves as files"),
        bind("history.remove", "delete", "remove", "Remove", "Remove a run for good; asks first", display="del"),
        bind("history.back", "escape", "back", "Back", "Drop the filter, else go back", show=False, display="esc"),
    ]
    AUTO_FOCUS = "#runs-table"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.runs: list[RunSummary] | None = None
        self._error = self._doing = self._words = ""
        self._places: dict[Path, int] = {}
        """The runs that are marked, each with its place among the styles, which it keeps."""
        self._list = RunList(session.engine, session.runs_dir)
        self._listing = False

    # ------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """Heading, table, what is known of the marked row, filter."""
        yield Static(id="title")
        yield SortableTable(id="runs-table")
        yield Static(id="empty")
        yield Static(id="about")
        field = Input(placeholder="words to look for", id="filter", compact=True)
        field.cursor_blink = False
        yield field
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the list behind the first frame."""
        self.set_interval(LOOK_SECONDS, self.look)
        self.show()

    def on_screen_resume(self) -> None:
        """What happened meanwhile."""
        self._doing = ""
        self._list.forget()
        self.look()

    def on_resize(self) -> None:
        """Fewer columns where the room is small."""
        self.show()

    # ------------------------------------------------------------ reading the list

    def look(self) -> None:
        """Read the list in a thread."""
        if self._listing or not self.is_current:
            return
        self._listing = True
        self._session.background.run(self, "list runs", self._list.read, self._listed, self._refused)

    def _refused(self, failure: Failure) -> None:
        self._listed([], failure.words)

    def _listed(self, runs: list[RunSummary], error: str = "") -> None:
        self._listing = False
        if (runs, error) == (self.runs, self._error):
            return
        self.runs, self._error = runs, error
        here = {run.folder for run in runs}
        self._places = {folder: place for folder, place in self._places.items() if folder in here}
        self.show()
        self.refresh_bindings()

    # ------------------------------------------------------------ drawing

    @property
    def shown(self) -> list[RunSummary]:
        """The runs that the filter lets through."""
        return matching(self.runs or [], self._words)

    @property
    def current(self) -> RunSummary | None:
        """The run of the marked row."""
        table = self.query_one(SortableTable)
        key = table.row_key_at(table.cursor_row)
        return next((run for run in self.runs or [] if str(run.folder) == key), None)

    def show(self) -> None:
        """Draw the list."""
        shown, table, empty = self.shown, self.query_one(SortableTable), self.query_one("#empty", Static)
        table.display, empty.display = bool(shown), not shown
        if shown:
            marks = {str(run.folder): run_mark(self._places.get(run.folder)) for run in shown}
            data = history_data(shown, narrow=self.size.width < NARROW)
            table.show_data(data, marks=marks, narrow=self.size.width < ROOMY)
        else:
            empty.update(empty_text(self._error, self._words, read=self.runs is not None))
        self._show_words()

    def _show_words(self) -> None:
        sorted_by = self.query_one(SortableTable).sort_words
        shown, runs, marked = len(self.shown), len(self.runs or []), len(self._places)
        title = title_text(shown, runs, sorted_by, marked, self._words, self._session.runs_dir)
        self.query_one("#title", Static).update(title)
        self._show_about()

    def _show_about(self) -> None:
        about = Text(self._doing, "bold") if self._doing else about_text(self.current)
        self.query_one("#about", Static).update(about)

    def _say(self, words: str) -> None:
        self._doing = words
        self._show_about()

    # ------------------------------------------------------------ keys: the list

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self._show_about()
        self.refresh_bindings()

    @on(DataTable.HeaderSelected)
    def _sorted_by_mouse(self) -> None:
        self._show_words()

    def action_sort(self) -> None:
        """By the next column."""
        self.query_one(SortableTable).sort_next()
        self._show_words()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.query_one(SortableTable).sort_reverse()
        self._show_words()

    def action_filter(self) -> None:
        """Type words; the list follows."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        self._words = event.value.strip()
        self.show()

    @on(Input.Submitted, "#filter")
    def _typed_all(self) -> None:
        self.query_one("#filter", Input).display = bool(self._words)
        self.query_one(SortableTable).focus()

    def action_back(self) -> None:
        """Drop the filter, else leave."""
        field = self.query_one("#filter", Input)
        if field.has_focus or self._words:
            field.value = ""
            field.display = False
            self.query_one(SortableTable).focus()
            return
        self.app.pop_screen()

    def action_mark(self) -> None:
        """Mark the run for a comparison, or take the mark away; the next row follows."""
        run = self.current
        if run is None:
            return
        if run.folder in self._places:
            del self._places[run.folder]
        elif len(self._places) >= MOST_RUNS:
            self._session.complain(f"{MOST_RUNS} runs at most can be told apart")
            return
        else:
            self._places[run.folder] = min(set(range(MOST_RUNS)) - set(self._places.values()))
        self.show()
        self.query_one(SortableTable).action_cursor_down()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense for the marked row."""
        if not self.is_mounted:
            return True
        run = self.current
        can = {
            "resume": run is not None and run.resumable,
            "remove": run is not None and not run.live,
            "export": run is not None and bool(run.jobs_done),
            "overlay": bool(self._places),
            "tables": len(self._places) > 1,
        }
        return can.get(action, True)

    # ------------------------------------------------------------ keys: runs

    @on(DataTable.RowSelected)
    def action_open(self) -> None:
        """The results of a run, or the run itself while a process works on it; ends the typing of a filter."""
        run = self.current
        if self.query_one("#filter", Input).has_focus:
            self._typed_all()
            return
        if run is None:
            return
        if run.state in ("damaged", "newer"):
            self._session.complain(run.message)
        elif run.live:
            self._watch(run)
        else:
            self._read_whole([run.folder], self._open)

    def _watch(self, run: RunSummary) -> None:
        own = self._session.run_folder
        if self._session.engine_running and own == run.folder.absolute():
            self.app.pop_screen()  # its curves are below
        else:
            self._session.watch(run.folder)

    def _open(self, records: list[StudyRecord]) -> None:
        self.app.push_screen(OpenedResultsScreen(self._session, records[0]))

    def _read_whole(self, folders: list[Path], then: Callable[[list[StudyRecord]], object]) -> None:
        """Read runs in a thread; the answer counts while this screen is in front."""

        def progress(number: int) -> None:
            self._say(f"reading {folders[number].name} ({number + 1} of {len(folders)}) ...")

        def take(records: list[StudyRecord]) -> None:
            if self.is_current:
                self._say("")
                then(records)

        self._session.load_records(self, folders, take, progress)

    def action_overlay(self) -> None:
        """The curves of the marked runs on one chart."""
        from tui.screens.history.run_comparison import RunCurvesScreen

        self._compare(lambda runs: self.app.push_screen(RunCurvesScreen(runs, self._session.settings.charts)))

    def action_tables(self) -> None:
        """The scores of the marked runs in one table."""
        from tui.screens.history.run_comparison import RunTablesScreen

        self._compare(lambda runs: self.app.push_screen(RunTablesScreen(runs, self._session.settings.charts)))

    def _compare(self, then: Callable[[list[MarkedRun]], object]) -> None:
        places = dict(sorted(self._places.items(), key=lambda entry: entry[1]))

        def take(records: list[StudyRecord]) -> None:
            pairs = zip(places.items(), records, strict=True)
            then([MarkedRun(folder.name, run_style(place), record) for (folder, place), record in pairs])

        self._read_whole(list(places), take)

    def action_resume(self) -> None:
        """Resume a run in this dashboard."""
        run = self.current
        if run is not None and run.resumable:
            self._session.resume(run.folder)

    def action_export(self) -> None:
        """Write a run's results as files."""
        from tui.screens.results.export import ExportScreen

        if self.current is not None:
            self._read_whole(
                [self.current.folder], lambda records: self.app.push_screen(ExportScreen(self._session, records[0]))
            )

    def action_remove(self) -> None:
        """Remove a run, once confirmed."""
        from tui.screens.confirm import ConfirmScreen

        run = self.current
        if run is None:
            return
        if run.live:
            self._session.complain(f"a process works on {run.folder.name}: stop it first")
            return

        def removed(_: None) -> None:
            self._list.forget()
            self.look()

        def answered(yes: bool | None) -> None:
            if yes:
                session = self._session
                session.background.run(self, "remove run", lambda: session.engine.remove_run(run.folder), removed)

        detail = "Its curves, scores, predictions and weights go for good."
        self.app.push_screen(ConfirmScreen(f"Remove {run.folder.name}?", detail), answered)


class OpenedResultsScreen(ResultsScreen):
    """The results of a run of the past; below it is the history and not the curves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("opened.back", "escape", "app.pop_screen", "Runs", "Back to the list of runs", show=False, display="esc"),
    ]
