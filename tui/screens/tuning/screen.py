"""A search for better numbers: its trials as curves and as a table, how far it is, and what it found."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from engine.config.recipes import Recipe
from engine.errors import InputError
from engine.events.search import NumberRange, number_words
from tui.looks import formatting
from tui.looks.keys import bind
from tui.looks.palette import ground_colour
from tui.screens.tuning.trials_chart import TrialsChart, trial_mark
from tui.session.search import TuningRun, TuningWish
from tui.session.session import Session
from tui.state.jobs import STAGE_WORDS
from tui.state.search import TuningState
from tui.tables.facts import machine_words
from tui.tables.search_facts import best_command, limit_words, range_words, search_facts
from tui.tables.tuning import trials_data
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

_BAR = 20
_VIEWS = ("both", "words", "curves")

_EXPLAINED = (
    "A search trains the recipe again and again with other numbers, and scores each trial on validation images: a part "
    "of the training images that no trial trains on, near copies on one side. The first trial is the recipe itself; "
    "trials that fall behind are given up early. The test images are left alone."
)


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
        bind("tuning.pause", "p", "pause", "Pause", "Wait after this batch; again to go on"),
        bind("tuning.stop", "x", "stop", "Stop", "End after this batch; what is done is kept, and r goes on"),
        bind("tuning.resume", "r", "resume", "Go on", "Go on with a search that was stopped"),
        bind("tuning.use", "u", "use", "Use", "Back to the set-up with the best numbers"),
        bind("tuning.view", "v", "view", "View", "Curves and table, the conclusion, the curves alone"),
        bind("tuning.sort", "s", "sort", "Sort", "Sort the trials by the next column"),
        bind("tuning.reverse", "S", "reverse", "Reverse", "Turn the order round", show=False),
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
        """Whether the search goes on."""
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
        yield Footer(show_command_palette=False, compact=True)

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
        if self._run is None or not self.running:
            return ""
        control = self._run.control
        if control.stop_requested:
            return "stopping after this batch"
        if control.held:
            return "waiting: the disk is full"
        if not control.paused:
            return ""
        return "paused" if self.state.paused else "pausing after this batch"

    def _progress(self) -> Text:
        """Two lines: what is under way, and the best so far."""
        if self._run is None:
            limits = limit_words(self._wish.config.trials, self._wish.config.minutes)
            return Text.assemble(("ready: ", "bold"), f"{limits}\n", ("enter begins, + and - change the trials", "dim"))
        state, record = self.state, self.state.record
        if not self.running:
            return Text.assemble(self._ending(), "\n", self._best_words())
        if state.stage is not None:
            stage = state.stage
            counts = f"{formatting.count(stage.done)} / {formatting.count(stage.total)}"
            return Text(f"{STAGE_WORDS[stage.stage]} {formatting.bar(stage.share, _BAR)} {counts}\n")
        trial = record.running
        if trial is None:
            return Text("getting ready ...\n", "dim")
        of = f" of {record.most_trials}" if record.most_trials is not None else ""
        share = state.share()
        training = state.training
        here = f"  this one{formatting.percent(training.share)}" if training is not None else ""
        return Text.assemble(
            (f"trial {trial.number + 1}{of} ", "bold"),
            f"{formatting.bar(share, _BAR)}{formatting.percent(share)}  "
            f"{formatting.duration(state.seconds_left())} left{here}\n",
            self._best_words(),
        )

    def _best_words(self) -> Text:
        record = self.state.record
        best, own = record.best, record.of_recipe
        if best is None or best.accuracy is None:
            return Text("no trial is done yet", "dim")
        words = Text.assemble("best ", (f"{best.accuracy:.3f}", "bold green"))
        words.append(" the recipe itself" if best is own else f" trial {best.number}: {number_words(best.values)}")
        if own is not None and own.accuracy is not None and best is not own:
            words.append(f"   recipe {own.accuracy:.3f}", "dim")
        words.no_wrap, words.overflow = True, "ellipsis"
        return words

    def _ending(self) -> Text:
        run, finished = self._run, self.state.record.finished
        failure = run.failure if run is not None else None
        if failure is not None:
            return Text(f"the search ended: {failure.words}", "bold red")
        if finished is None:
            return Text("getting ready ...", "dim")
        words = f"search {finished.status}" + (f": {finished.reason}" if finished.reason else "")
        style = {"done": "bold green", "failed": "bold red"}.get(finished.status, "bold yellow")
        hints = "   u: use the best numbers" if self.state.record.best_recipe is not None else ""
        hints += "   r: go on" if finished.status != "done" else ""
        return Text.assemble((words, style), (hints, "dim"))

    def _show_words(self) -> None:
        if self._has_words:
            self.query_one("#said", Static).update(self._wish_words() if self._run is None else self._found_words())

    def _wish_words(self) -> RenderableType:
        study = self._wish.config.study
        grid = Table.grid(padding=(0, 2, 0, 0))
        seeds = str(study.seed) if study.repeats == 1 else f"{study.seeds[0]}–{study.seeds[-1]}"
        for name, value in (
            ("data", str(study.data) if study.data is not None else "the demo set"),
            ("variant", study.variants[0]),
            ("recipe", f"{study.recipe.name}, {study.recipe.epochs} epochs"),
            ("protocol", f"{study.protocol}, {study.validation_fraction:.0%} of the training images for validation"),
            ("seed", seeds),
            *(("search" if place == 0 else "", range_words(entry)) for place, entry in enumerate(self._ranges())),
        ):
            grid.add_row(Text(name, "dim"), Text(value))
        return Group(Text(_EXPLAINED), Text(), grid)

    def _ranges(self) -> Sequence[NumberRange]:
        from engine import search_space

        return search_space(self._wish.config)

    def _found_words(self) -> RenderableType:
        record = self.state.record
        finished = record.finished
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1)
        for sentence in finished.conclusion if finished is not None else ():
            grid.add_row(Text("-", "dim"), Text(sentence))
        parts: list[RenderableType] = [grid]
        if command := best_command(record, self._wish.config.study):
            parts += [Text("train with the best numbers, on all training images:", "dim"), Text(f"  {command}")]
        facts = "; ".join(f"{name} {value}" for name, value in search_facts(record))
        parts.append(Text(facts, "dim"))
        if finished is not None and finished.folder:
            parts.append(Text(f"kept in {formatting.place(finished.folder)}", "dim"))
        return Group(*parts)

    def _show_table(self) -> None:
        record, table = self.state.record, self.query_one(SortableTable)
        marks = {
            str(trial.number): trial_mark(trial, record.best, dark=self.app.current_theme.dark)
            for trial in record.trials.values()
        }
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
            dark=self.app.current_theme.dark,
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
        """Of a search that can be gone on with."""
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
        """Wait after this batch, or go on."""
        if self._run is not None:
            control = self._run.control
            (control.resume if control.paused else control.pause)()
            self.show()

    def action_stop(self) -> None:
        """End after this batch; it can be gone on with."""
        if self._run is not None:
            self._run.control.stop()
            self.show()

    def action_resume(self) -> None:
        """Go on."""
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
