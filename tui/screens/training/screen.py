"""Training: one chart a variant, the list of variants with rates and times left, and the log."""

from typing import ClassVar, cast

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.looks import formatting
from tui.looks.formatting import machine_words
from tui.looks.keys import bind
from tui.looks.palette import ground_colour
from tui.looks.refresh_rate import DrawPace
from tui.screens.confirm import ConfirmScreen
from tui.screens.training.chart_grid import ChartGrid
from tui.screens.training.log_view import LogView
from tui.screens.training.loss_chart import LossChart
from tui.screens.training.variants_panel import FoldedVariants, VariantsPanel
from tui.screens.training.words import ending_text, study_parts
from tui.screens.training.workers_panel import WorkersPanel
from tui.session.session import Session
from tui.state.view_state import ViewState
from tui.widgets.charts.chart import CurveChart
from tui.widgets.key_line import KeyLine
from tui.widgets.machine_meter import LoadRead
from tui.widgets.top_line import TopLine, load_text

NARROW, LOW = 100, 28
"""Below this many columns or lines one chart shows at a time and the list folds into one line."""

_PANEL, _SHORT_NAME, _WIDEST_PANEL = 33, 12, 46
"""Columns of the list, for names up to a length; longer ones widen it."""


class TrainingScreen(Screen[None]):
    """Draws a `ViewState`; the app has the session fold the events, and calls `show_state`."""

    BINDING_GROUP_TITLE = "Training"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("training.pause", "p", "pause", "Pause", "Wait after this batch; again to unpause"),
        bind("training.stop", "s", "stop", "Stop", "End after this batch; what was trained is evaluated"),
        bind("training.resume", "r", "resume", "Resume", "Resume here a study that was interrupted or stopped"),
        bind("training.detach", "x", "detach", "Detach", "Leave; the study keeps running in a process of its own"),
        bind("training.overlay", "o", "overlay", "Overlay", "All curves on one axis, or one chart a variant"),
        bind("training.focus", "f", "focus_chart", "Focus", "The marked chart alone, or all of them"),
        bind("training.attempts", "w", "attempts", "Workers", "Every process of this study and what it printed"),
        bind("training.job", "j", "step_job(1)", "Job", "The marked variant's next job under way", show=False),
        bind("training.job_back", "J", "step_job(-1)", "Job back", "Its job under way before that", show=False),
        bind("training.log", "l", "log", "Log", "Show or hide the messages"),
        bind("training.next", "tab,down", "step(1)", "Next", "Mark the next variant", display="tab"),
        bind("training.previous", "shift+tab,up", "step(-1)", "Previous", "Mark the variant before", show=False),
        bind("training.page", "right_square_bracket", "page(1)", "Page", "The next charts", show=False, display="]"),
        bind(
            "training.page_back",
            "left_square_bracket",
            "page(-1)",
            "Page back",
            "Those before",
            show=False,
            display="[",
        ),
        bind("training.follow", "0", "follow", "Follow", "Mark the variant under way, and go on with it", show=False),
        bind("training.pipeline", "d", "pipeline", "Pipeline", "Every step of the marked variant", show=False),
        *(
            bind(f"training.variant{n}", str(n), f"select({n})", f"Variant {n}", "Mark this variant", show=False)
            for n in range(1, 10)
        ),
        bind("training.log_up", "pageup", "log_page(-1)", "Older", "Scroll the messages back", show=False),
        bind("training.log_down", "pagedown", "log_page(1)", "Newer", "Scroll the messages on", show=False),
        bind("training.history", "h", "app.history", "History", "All runs; a watched study keeps running", show=False),
        bind("training.machine", "M", "machine", "Machine", "How busy the machine was, over time", show=False),
        bind("training.results", "enter", "results", "Results", "Tables and confusion matrices", priority=True),
    ]
    AUTO_FOCUS = "ChartGrid"

    def __init__(self, session: Session, state: ViewState, variants: tuple[str, ...]) -> None:
        super().__init__()
        self.session = session
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-roomy")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-tall")]
        self.state = state
        self.variants = variants
        self.overlay = False
        self._pace, self.news_waiting = DrawPace(), False
        self.focused_chart = False
        self._marked: int | None = None
        self._log_drawn = -1

    # ------------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """Everything; what does not fit is hidden by the layout."""
        yield TopLine(id="top")
        yield FoldedVariants(id="folded")
        with Horizontal(id="training"):
            yield VariantsPanel(id="panel")
            with Vertical(id="pictures"):
                yield ChartGrid(self.state, self.variants, id="charts", options=self.session.settings.charts)
                yield WorkersPanel(id="workers")
                yield LogView(id="log")
        yield Static(id="ending")
        yield KeyLine()

    def on_mount(self) -> None:
        """Lay the charts out."""
        self._arrange()

    @on(events.Resize)
    def _resized(self) -> None:
        self._log_drawn = -1
        self._arrange()

    def on_screen_resume(self) -> None:
        """What happened meanwhile."""
        self.call_after_refresh(self.show_state)

    @property
    def single(self) -> bool:
        """Whether only one chart shows at a time."""
        return self.focused_chart or self.cramped

    @property
    def cramped(self) -> bool:
        """Whether the screen is too small for lists beside the charts."""
        return self.size.width < NARROW or self.size.height < LOW

    @property
    def marked(self) -> int:
        """The chart that the keys act on: the one chosen, else the one under way."""
        if self._marked is not None:
            return self._marked
        running = self.state.running_variant
        if running is not None:
            return self.variants.index(running)
        begun = [i for i, variant in enumerate(self.variants) if self.state.job(variant).status != "waiting"]
        return begun[-1] if begun else 0

    def _arrange(self) -> None:
        """Show the charts that the mode asks for, in a grid that fits."""
        for charts in self.query(ChartGrid):  # none where a study that was refused at once closed this screen
            longest = max(map(len, self.variants))
            panel = min(_WIDEST_PANEL, _PANEL + max(0, longest - _SHORT_NAME))
            self.query_one("#panel").styles.width = panel
            charts.lay_out(self.marked, single=self.single, overlay=self.overlay)
            self.call_after_refresh(self.show_state)

    # ------------------------------------------------------------------ drawing

    def show_news(self, *, news: bool) -> None:
        """Draw what events changed, now or, so that drawing takes little from training, with a later call."""
        self.news_waiting |= news
        if self.news_waiting and self._pace.due:
            with self._pace.drawing():
                self.show_state()

    def show_state(self) -> None:
        """Draw what changed; parts that are hidden cost nothing."""
        self.news_waiting = False
        if not self.is_current or not self.query(ChartGrid):
            return
        theme = self.app.current_theme
        marked = self.variants[self.marked]
        self.show_top()
        folded, panel = self.query_one(FoldedVariants), self.query_one(VariantsPanel)
        for part in (folded, panel):
            if part.size:
                part.show_state(self.state, marked)
        charts = self.query_one(ChartGrid)
        workers = self.query_one(WorkersPanel)
        if workers.fit(self.state, 0 if self.cramped else self.size.height):
            self.call_after_refresh(self.show_state)
        elif workers.display:
            workers.show_state(self.state)
        if not charts.show_state(self.marked, single=self.single, ground=ground_colour(theme)):
            self._arrange()
        self._show_log()
        self._show_ending()

    @on(LoadRead)
    def show_top(self) -> None:
        """The first line, with the load of the machine."""
        record, session = self.state.record, self.session
        left = study_parts(session, self.state, short=self.size.width < NARROW)
        now = session.now() if session.engine_running else self.state.last_time
        right = [
            Text(machine_words(record.machine)),
            # The load is that of this process; a study that nobody works on has no time that passes.
            load_text(session.load if session.watched is None else None),
            Text(formatting.clock(self.state.elapsed(now)), "bold"),
        ]
        self.query_one(TopLine).show_parts(left, [part for part in right if part.cell_len])

    def _show_log(self) -> None:
        log = self.query_one(LogView)
        if log.display and self.state.log_count != self._log_drawn:
            self._log_drawn = self.state.log_count
            log.show_log(self.state.log)

    def _show_ending(self) -> None:
        ending = self.query_one("#ending", Static)
        text = ending_text(self.session)
        ending.display = bool(text)
        if text:
            ending.update(text)

    # ------------------------------------------------------------------ keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now; the footer and the command palette follow."""
        session = self.session
        can = {
            "pause": session.engine_running,
            "stop": session.engine_running,
            "resume": session.resumable is not None,
            "detach": session.can_detach,
            "results": session.has_results and not isinstance(self.focused, Input),
            "attempts": bool(self.state.attempts),
            "step_job": self._many_jobs,
            "focus_chart": len(self.variants) > 1 and not (self.single and not self.focused_chart),
        }
        if action == "select":
            return bool(parameters) and cast(int, parameters[0]) <= len(self.variants)
        return can.get(action, True)

    def action_pause(self) -> None:
        """Wait after this batch, or unpause."""
        self.session.toggle_pause()
        self.show_top()

    def action_stop(self) -> None:
        """End after this batch, once confirmed."""

        def answered(yes: bool | None) -> None:
            if yes and self.session.source is not None:
                self.session.source.control.stop()
                self.show_top()

        detail = "What was trained is evaluated; 'simpsons-tui resume' can do the rest."
        if self.session.watched is not None:
            detail = "The process that trains is asked to; what was trained is evaluated."
        self.app.push_screen(ConfirmScreen("Stop after this batch?", detail), answered)

    def action_detach(self) -> None:
        """Leave; the study keeps running in a process of its own."""
        self.session.detach()
        self.show_top()

    def action_resume(self) -> None:
        """Resume, in this process, a study that nobody works on."""
        if self.session.resumable is not None:
            self.session.resume(self.session.resumable)

    def action_results(self) -> None:
        """The tables, where there is anything in them."""
        if self.session.has_results:
            from tui.screens.results.results import ResultsScreen

            self.app.push_screen(ResultsScreen(self.session, self.state.record))

    def action_machine(self) -> None:
        """Processor, memory, disk and GPUs over the time of the study."""
        from tui.screens.machine import MachineScreen

        self.app.push_screen(MachineScreen(lambda: self.state.record))

    def action_overlay(self) -> None:
        """All curves on one axis, or each on its own."""
        self.overlay = not self.overlay
        self._arrange()

    def action_focus_chart(self) -> None:
        """One chart alone, or all."""
        self.focused_chart = not self.focused_chart
        self.overlay = False
        self._arrange()

    @property
    def _many_jobs(self) -> bool:
        """Whether a variant has several jobs."""
        started = self.state.record.started
        return started is not None and started.jobs_per_variant > 1

    def action_attempts(self) -> None:
        """The processes that work on the jobs."""
        from tui.screens.training.attempts import AttemptsScreen

        self.app.push_screen(AttemptsScreen(self.session, self.state))

    def action_step_job(self, direction: int) -> None:
        """Show another of the marked variant's jobs."""
        self.state.step_job(self.variants[self.marked], direction)
        self.show_state()

    def action_log(self) -> None:
        """Show or hide the log."""
        self.toggle_class("-log-toggled")
        self._log_drawn = -1
        self.call_after_refresh(self.show_state)

    def action_log_page(self, direction: int) -> None:
        """Scroll the log."""
        self.query_one(LogView).page(direction)

    def action_step(self, direction: int) -> None:
        """Mark the next variant."""
        self.mark((self.marked + direction) % len(self.variants))

    def action_select(self, number: int) -> None:
        """Mark a variant by its number."""
        if number <= len(self.variants):
            self.mark(number - 1)

    def mark(self, index: int) -> None:
        """Mark a variant; from now on the mark no longer follows the one under way."""
        self._marked = index
        self._arrange()

    def action_page(self, direction: int) -> None:
        """Mark the first variant of the next page of charts."""
        self.mark(self.query_one(ChartGrid).turn(direction))

    def action_follow(self) -> None:
        """Have the mark follow the variant under way again."""
        self._marked = None
        self._arrange()

    def action_pipeline(self) -> None:
        """The marked variant in full."""
        from tui.screens.pipeline import PipelineScreen

        self.app.push_screen(PipelineScreen(self.variants[self.marked], self.variants))

    @on(ChartGrid.Rearranged)
    def _rearranged(self) -> None:
        self._arrange()

    @on(CurveChart.Pointed)
    def _pointed(self, event: CurveChart.Pointed) -> None:
        if event.clicked and isinstance(event.chart, LossChart):
            self._clicked(event.chart.index)

    @on(VariantsPanel.Chosen)
    def _listed(self, event: VariantsPanel.Chosen) -> None:
        self._clicked(event.index)

    def _clicked(self, index: int) -> None:
        if 0 <= index < len(self.variants):
            self.mark(index)
