"""A search for better numbers: its trials as curves and as a table, how far it is, and what it found."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Static

from engine.config.recipes import Recipe
from engine.errors import InputError
from tui.looks import formatting
from tui.looks.formatting import machine_words
from tui.looks.keys import bind
from tui.looks.palette import ground_colour
from tui.screens.tuning.trials_chart import TrialsChart, trial_mark
from tui.screens.tuning.words import (
    best_text,
    ending_text,
    found_words,
    note_words,
    progress_text,
    ready_text,
    wish_words,
)
from tui.session.search import TuningRun, TuningWish
from tui.session.session import Session
from tui.state.search import TuningState
from tui.tables.tuning import trials_data
from tui.widgets.key_line import KeyLine
from tui.widgets.machine_meter import LoadRead
from tui.widgets.metrics_table import SortableTable
from tui.widgets.top_line import PROGRAM, TopLine, dataset_label, demo_label, load_text

WIDE, LOW = 110, 32
"""Columns from which the table stands beside the curves; lines below which the conclusion takes the curves' place."""

_SHORT_NAMES = 130
"""Columns below which the table has short headings."""

_NARROW = 100
_LEAST_TABLE, _GAP = 44, 2
"""Columns of the table beside the curves before it holds anything, and those that stay free beside it."""

_VIEWS = ("both", "words", "curves")


class TuningScreen(Screen[Recipe | None]):
    """Shows one search, from the wish to its end; closes with the recipe to use, or None."""

    DEFAULT_CSS = """
    TuningScreen {
        & > #progress { height: 2; padding: 0 1; }
        & > #parts { height: 1fr; layout: vertical; }
        & #curves { height: 3fr; width: 1fr; }
        & #table-panel { height: 2fr; width: 100%; }
        & #trials { height: 1fr; }
        & > #words { height: auto; max-height: 50%; padding: 0 1; scrollbar-size: 1 1; }
        & > #words.-alone { height: 1fr; max-height: 100%; }
        & #said { height: auto; }
        &.-wide > #parts { layout: horizontal; }
        &.-wide #curves { width: 1fr; height: 100%; }
        &.-wide #table-panel { max-width: 65%; height: 100%; }
    }
    """
    BINDING_GROUP_TITLE = "Tune"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("tuning.start", "enter", "start", "Start", "Begin the search", priority=True),
        bind("tuning.more", "plus,equals_sign", "trials(5)", "More", "Five trials more", show=False, display="+"),
        bind("tuning.fewer", "minus", "trials(-5)", "Fewer", "Five trials fewer", show=False, display="-"),
        bind("tuning.pause", "p", "pause", "Pause", "Wait after this batch; again to unpause"),
        bind("tuning.stop", "x", "stop", "Stop", "End after this batch; what is done is kept for a resume"),
        bind("tuning.resume", "r", "resume", "Resume", "Resume a search that was stopped"),
        bind("tuning.use", "u", "use", "Use", "Back to the set-up with the best numbers"),
        bind("tuning.view", "v", "view", "View", "Curves and table, the conclusion, the curves alone"),
        bind("tuning.sort", "s", "sort", "Sort", "Sort the trials by the next column"),
        bind("tuning.reverse", "S", "reverse", "Reverse", "Turn the order round", show=False),
        bind("tuning.back", "escape", "app.back", "Back", "Back to the set-up", display="esc"),
    ]
    AUTO_FOCUS = "#trials"

    class Ended(Message):
        """The search is over, or could not begin."""

    def __init__(self, session: Session, wish: TuningWish) -> None:
        super().__init__()
        self._session = session
        self._wish = wish
        self._run: TuningRun | None = None
        self._drawn = -1
        self._ended = False
        self._view = _VIEWS[0]
        self._table_width = _LEAST_TABLE

    @property
    def state(self) -> TuningState:
        """What is known of the search."""
        return self._run.state if self._run is not None else TuningState()

    @property
    def running(self) -> bool:
        """Whether the search is under way."""
        return self._run is not None and self._run.running

    # ------------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """Progress over curves and table, the words below."""
        yield TopLine(id="top")
        yield Static(id="progress")
        with Container(id="parts"):
            yield TrialsChart(id="curves")
            with Container(id="table-panel"):
                yield SortableTable(id="trials")
        with VerticalScroll(id="words"):
            yield Static(id="said")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin, where nobody is asked before, and look again and again."""
        table = self.query_one(SortableTable)
        table.sort_key, table.sort_reversed = "trial", True  # the trial under way on top
        self.set_interval(self._session.seconds_between_draws, self._look)
        if self._wish.at_once:
            self._begin(self._wish)
        self.show()

    @on(events.Resize)
    def _resized(self) -> None:
        self.set_class(self.size.width >= WIDE, "-wide")
        self._drawn, self._table_width = -1, _LEAST_TABLE
        self.call_after_refresh(self.show)

    def _begin(self, wish: TuningWish) -> None:
        run = self._session.begin_search(wish)
        if run is not None:
            self._run, self._ended, self._drawn = run, False, -1

    def _look(self) -> None:
        """Take in what happened, and draw it."""
        run = self._run
        if run is None or self._ended:
            return
        running = run.running  # asked first: its last words are read below
        news = run.update()
        if not running:
            self._ended = True
            self.post_message(self.Ended())
        if (news or not running) and self.is_current:
            self.show()
        if not running:
            self.refresh_bindings()

    # ------------------------------------------------------------------ drawing

    def show(self) -> None:
        """Draw what changed."""
        if not self.is_mounted:
            return
        self._arrange()
        self.show_top()
        self.query_one("#progress", Static).update(self._progress())
        self._show_words()
        if self.state.version != self._drawn:
            self._drawn = self.state.version
            self._show_table()
            self.refresh_bindings()
        self._show_curves()

    @property
    def _has_words(self) -> bool:
        """Whether there is more to say than the progress: before the search and after it."""
        return self._run is None or (not self.running and self.state.record.finished is not None)

    def _arrange(self) -> None:
        """Show what the view asks for, as far as there is room."""
        view, has_words = self._view, self._has_words
        cramped = self.size.height < LOW and has_words
        words = self.query_one("#words")
        words.display = has_words and view != "curves"
        words.set_class(view == "words" or self._run is None, "-alone")
        self.query_one("#parts").display = self._run is not None and not (view == "words" and has_words)
        self.query_one("#curves").display = view == "curves" or not cramped
        self.query_one("#table-panel").display = view != "curves"

    @on(LoadRead)
    def show_top(self) -> None:
        """The first line, with the load of the machine."""
        record, study = self.state.record, self._wish.config.study
        short = self.size.width < _NARROW
        if record.dataset is not None:
            name = dataset_label(record.dataset, short=short)
        else:
            name = Text(study.data.name, "bold") if study.data is not None else demo_label(short=short)
        left = [Text(PROGRAM, "bold"), name]
        variant, recipe = study.variants[0], study.recipe.name
        left.append(Text(f"tune {recipe}, {variant}" if short else f"tune: recipe {recipe}, variant {variant}"))
        if note := self._note():
            left.insert(1, Text(f" {note} ", "bold reverse"))
        now = self._session.now() if self.running else self.state.last_time
        machine = Text(machine_words(record.machine))
        right = [machine, load_text(self._session.load), Text(formatting.clock(self.state.elapsed(now)), "bold")]
        self.query_one(TopLine).show_parts(left, [part for part in right if part.cell_len])

    def _note(self) -> str:
        return note_words(self._run.control, self.state) if self._run is not None and self.running else ""

    def _progress(self) -> Text:
        """Two lines: what is under way, and the best so far."""
        if self._run is None:
            return ready_text(self._wish.config)
        if self.running:
            return progress_text(self.state)
        failure, record = self._run.failure, self.state.record
        return Text.assemble(ending_text(record, failure.words if failure is not None else ""), "\n", best_text(record))

    def _show_words(self) -> None:
        from engine import search_space

        if not self._has_words:
            return
        config = self._wish.config
        words = (
            wish_words(config.study, search_space(config))
            if self._run is None
            else found_words(self.state.record, config.study)
        )
        self.query_one("#said", Static).update(words)

    def _show_table(self) -> None:
        record, table = self.state.record, self.query_one(SortableTable)
        marks = {str(trial.number): trial_mark(trial, record.best) for trial in record.trials.values()}
        table.show_data(trials_data(record), marks=marks, narrow=self.size.width < _SHORT_NAMES)
        # Beside the curves it takes what it needs, and never less than before: the curves must not jump.
        self._table_width = max(self._table_width, table.whole_width + _GAP)
        self.query_one("#table-panel").styles.width = self._table_width if self.size.width >= WIDE else None

    def _show_curves(self) -> None:
        table = self.query_one(SortableTable)
        key = table.row_key_at(table.cursor_row)
        self.query_one(TrialsChart).show_trials(
            self.state.record,
            self.state.version,
            int(key) if key else None,
            ground=ground_colour(self.app.current_theme),
        )

    @on(DataTable.RowHighlighted, "#trials")
    def _marked(self) -> None:
        self._show_curves()

    # ------------------------------------------------------------------ keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now; the footer and the command palette follow."""
        record = self.state.record
        begun, over = self._run is not None, not self.running
        can = {
            "start": not begun,
            "trials": not begun and self._wish.config.trials is not None,
            "pause": self.running,
            "stop": self.running,
            "resume": begun and over and self._folder is not None,
            "use": begun and over and record.best_recipe is not None,
            "view": begun,
            "sort": bool(record.trials),
            "reverse": bool(record.trials),
        }
        return can.get(action, True)

    @property
    def _folder(self) -> Path | None:
        """Of a search that can be resumed."""
        record = self.state.record
        unfinished = record.finished is not None and record.finished.status != "done"
        return Path(record.started.folder) if record.started is not None and unfinished else None

    def action_start(self) -> None:
        """Begin the search."""
        self._begin(self._wish)
        self.refresh_bindings()
        self.show()

    def action_trials(self, more: int) -> None:
        """Change how many trials there will be."""
        config = self._wish.config
        try:
            config = replace(config, trials=(config.trials or 0) + more)
        except InputError:
            return  # fewer than one
        self._wish = replace(self._wish, config=config)
        self.show()

    def action_pause(self) -> None:
        """Wait after this batch, or unpause."""
        if self._run is not None:
            control = self._run.control
            (control.unpause if control.paused else control.pause)()
            self.show()

    def action_stop(self) -> None:
        """End after this batch; it can be resumed."""
        if self._run is not None:
            self._run.control.stop()
            self.show()

    def action_resume(self) -> None:
        """Resume the search."""
        if (folder := self._folder) is not None:
            self._begin(replace(self._wish, folder=folder, limits=(None, None)))
            self.refresh_bindings()
            self.show()

    def action_use(self) -> None:
        """To the set-up, with the best numbers."""
        self.dismiss(self.state.record.best_recipe)

    def action_view(self) -> None:
        """Curves and table, the conclusion, the curves alone."""
        views = [view for view in _VIEWS if self._has_words or view != "words"]
        place = views.index(self._view) if self._view in views else 0
        self._view = views[(place + 1) % len(views)]
        self._arrange()
        self.call_after_refresh(self.show)

    def action_sort(self) -> None:
        """Sort the trials by the next column."""
        self.query_one(SortableTable).sort_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.query_one(SortableTable).sort_reverse()
