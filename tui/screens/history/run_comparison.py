"""Several runs at once: their curves on one chart, their scores in one table."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from engine.config.recipes import name_today
from engine.events.record import is_demo, study_variants
from tui.looks import formatting
from tui.looks.chart_options import ChartOptions
from tui.looks.keys import bind, key
from tui.looks.palette import ALARM, ground_colour, variant_style
from tui.screens.charts.board import ChartBoard
from tui.screens.charts.plots import Plot
from tui.screens.charts.sources import Filter, Source, chosen_series
from tui.screens.history.compared_runs import MarkedRun, comparable, compared_data
from tui.state.curves import METRICS, Metric, RecordCurves
from tui.tables.results import AVERAGES, Average
from tui.widgets.charts.chart import CurveChart
from tui.widgets.key_line import KeyLine
from tui.widgets.lines import Row, centred, framed
from tui.widgets.metrics_table import SortableTable

NARROW = 100


def run_mark(run: MarkedRun) -> Text:
    """The run's marker in its colour."""
    return Text(run.style.marker, run.style.colour)


def demo_mark(runs: Sequence[MarkedRun]) -> Text:
    """Says that some of the runs are of drawn pictures."""
    return Text.assemble((" DEMO ", "reverse bold"), " ") if any(is_demo(run.record) for run in runs) else Text()


class RunBoard(ChartBoard):
    """The curves of the runs on one chart, a run a colour: of the variant that is shown, or of those a filter names."""

    def __init__(self, runs: Sequence[MarkedRun], variants: Sequence[str], options: ChartOptions) -> None:
        """Of runs that ended, no job is the last one under way: what begins with that begins with the mean."""
        super().__init__(id="runs-board", options=replace(options, jobs="each" if options.jobs == "each" else "mean"))
        self._runs = [(run, RecordCurves(run.record)) for run in runs]
        self._variants = variants
        self.variant = variants[0]
        self.all_variants = False

    def compose_charts(self) -> ComposeResult:
        """One for all."""
        yield CurveChart(id="chart")

    def metrics(self) -> tuple[Metric, ...]:
        """Those that any run has."""
        found = {metric for _, curves in self._runs for metric in curves.metrics()}
        return tuple(metric for metric in METRICS if metric in found)

    def _sources(self) -> Plot:
        names = [*(run.name for run, _ in self._runs), *self._variants]
        chosen = Filter(self.plots.words, names, self.metrics())
        metric = chosen.metrics[0] if chosen.metrics else self.plots.metric
        several = self.all_variants or Filter(self.plots.words, self._variants, ()).names_any
        found = [
            Source(self._called(run, variant, several=several), colour, marker, series)
            for run, curves in self._runs
            for variant in (self._variants if several else (self.variant,))
            if chosen.name(f"{run.name} {variant}")
            for colour, marker in [self._look(run, variant, several=several)]
            for series in chosen_series(curves, chosen.jobs(curves.jobs(variant)), None, metric, self.options)
        ]
        return metric, found

    def _called(self, run: MarkedRun, variant: str, *, several: bool) -> str:
        if len(self._runs) == 1:
            return variant
        return f"{run.name} {variant}" if several else run.name

    def _look(self, run: MarkedRun, variant: str, *, several: bool) -> tuple[str, str]:
        """A run's colour; where several variants are shown, a variant's marker; of one run all as the variants."""
        if len(self._runs) == 1:
            return variant_style(variant).colour, variant_style(variant).marker
        return run.style.colour, variant_style(variant).marker if several else run.style.marker

    def shown_plots(self) -> list[Plot]:
        """The one chart."""
        return [self._sources()]

    def end(self) -> float:
        """Where the longest training ends."""
        return 0.0

    def redraw(self) -> None:
        """Draw the chart and what the cursor reads."""
        chart, plot = self.query_one("#chart", CurveChart), self._sources()
        self.plots.ground = ground_colour(self.app.current_theme)
        if min(chart.room) < 1:
            return
        lines: Sequence[Row]
        if plot[1]:
            lines = self.plots.fill(chart, plot, self.plots.newest(plot[1]), {}, along=True)
        else:
            chart.forget()
            words = "nothing that the filter lets through" if self.plots.words else f"no run trained {self.variant}"
            lines = centred([Text(words, "dim")], *chart.room)
        caption = self.plots.caption(plot, chart)
        title = Text("all runs", "bold")
        if self.all_variants or len(self._runs) == 1:
            names = dict.fromkeys((one.marker, one.colour, one.name) for one in plot[1])
            title = Text.assemble(
                *(Text.assemble((f"{marker} ", colour), f"{name}  ") for marker, colour, name in names)
            )
            title.rstrip()
        chart.show_lines(framed(lines, *chart.size, title=title, caption=caption))
        self.show_reading()


class RunCurvesScreen(Screen[None]):
    """The curves of one variant in every run on one pair of axes; Tab goes on to the next variant."""

    DEFAULT_CSS = """
    RunCurvesScreen {
        & > #title, & > #legend { height: auto; padding: 0 1; }
        & > #runs-board { height: 1fr; }
    }
    """
    BINDING_GROUP_TITLE = "Runs compared"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("curves.next", "tab,down", "step(1)", "Variant", "The next variant's curves", display="tab"),
        bind("curves.previous", "shift+tab,up", "step(-1)", "Previous", "The variant before", show=False),
        bind("curves.overlay", "o", "overlay", "All", "Every variant on one axis, or one at a time"),
        bind("curves.tables", "t", "tables", "Tables", "The scores of the same runs in one table"),
        bind("curves.back", "escape", "app.pop_screen", "Runs", "Back to the screen before", display="esc"),
    ]
    AUTO_FOCUS = "RunBoard"

    def __init__(self, runs: Sequence[MarkedRun], options: ChartOptions) -> None:
        """`options` are how curves are shown at first."""
        super().__init__()
        self._runs, self._options = list(runs), options
        self._last = {run.name: RecordCurves(run.record) for run in runs}
        self.variants = list(dict.fromkeys(name for run in runs for name in study_variants(run.record)))
        self.variant = self.variants[0]

    def compose(self) -> ComposeResult:
        """Variant, chart, runs."""
        yield Static(id="title")
        yield RunBoard(self._runs, self.variants, self._options)
        yield Static(id="legend")
        yield KeyLine()

    def on_mount(self) -> None:
        """Draw for the first time, and anew for other colours."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show())
        self.call_after_refresh(self.show)

    def on_resize(self) -> None:
        """The chart fills the room."""
        self.call_after_refresh(self.show)

    @on(ChartBoard.Rearranged)
    def show(self) -> None:
        """Draw all."""
        title = demo_mark(self._runs).append(f"{self.variant}", "bold")
        place = self.variants.index(self.variant) + 1
        title.append(f"  {place} of {len(self.variants)} variants, {key('curves.next', 'tab')}: next", "dim")
        self.query_one("#title", Static).update(title)
        self.query_one("#legend", Static).update(self._legend())
        board = self.query_one(RunBoard)
        board.variant = self.variant
        self.call_after_refresh(board.redraw)

    def _legend(self) -> Text:
        plots, lines = self.query_one(RunBoard).plots, []
        metric = plots.metric
        smoothing = plots.options.smoothing if metric.smooth else None
        for run in self._runs:
            line = Text.assemble(run_mark(run), f" {run.name}  ")
            started, curves = run.record.started, self._last[run.name]
            if started is not None:
                line.append(f"{started.protocol}, {name_today(started.recipe)}", "dim")
            jobs = curves.jobs(self.variant)
            last = curves.mean(jobs, metric).last_of(smoothing) if jobs else None
            word = "loss" if metric == METRICS[0] else metric.title
            value = formatting.loss(last) if metric == METRICS[0] else f" {math.nan if last is None else last:.4g}"
            lines.append(line.append(f"  {word}{value}" if jobs else "  not trained"))
        lines += [Text(f"! {reason}", "yellow") for _, reason in comparable(self._runs)[1]]
        return Text("\n").join(lines)

    # ------------------------------------------------------------ keys

    def action_step(self, direction: int) -> None:
        """The next variant."""
        place = (self.variants.index(self.variant) + direction) % len(self.variants)
        self.variant = self.variants[place]
        self.show()

    def action_overlay(self) -> None:
        """Every variant, or one."""
        board = self.query_one(RunBoard)
        board.all_variants = not board.all_variants
        self.show()

    def action_tables(self) -> None:
        """The same runs' scores."""
        self.app.switch_screen(RunTablesScreen(self._runs, self._options))


def nothing_to_compare() -> str:
    """What to do where the runs have no table in common."""
    curves, leak = key("tables.overlay", "o"), key("results.leak", "l")
    return (
        f"Mark runs with the same test images and protocol. {curves} shows the curves of these; what the copies were "
        f"worth, official against clean, stands under {leak} in the results of either."
    )


class RunTablesScreen(Screen[None]):
    """One table, a row for every variant of every run; runs that must not be compared are left out, with the reason."""

    DEFAULT_CSS = """
    RunTablesScreen {
        & > #title { height: auto; padding: 0 1; }
        & > #page { height: 1fr; scrollbar-size: 1 1; padding: 0 1; }
        #scores { width: auto; max-width: 100%; }
        #refused { height: auto; padding: 1 0; }
    }
    """
    BINDING_GROUP_TITLE = "Runs compared"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("tables.sort", "s", "sort", "Sort", "Sort by the next column"),
        bind("tables.reverse", "S", "reverse", "Reverse", "Turn the order round"),
        bind("tables.average", "g", "average", "Average", "Macro, weighted or micro averages"),
        bind("tables.overlay", "o", "overlay", "Curves", "The curves of the same runs on one chart"),
        bind("tables.back", "escape", "app.pop_screen", "Runs", "Back to the list of runs", display="esc"),
    ]

    def __init__(self, runs: Sequence[MarkedRun], options: ChartOptions) -> None:
        """`options` are for their curves."""
        super().__init__()
        self._runs, self._options = list(runs), options
        self.together, self.left_out = comparable(runs)
        self._average: Average = AVERAGES[0]

    def compose(self) -> ComposeResult:
        """Heading, table, what is not in it."""
        yield Static(id="title")
        with VerticalScroll(id="page", can_focus=False):
            yield SortableTable(id="scores")
            yield Static(id="refused")
        yield KeyLine()

    def on_mount(self) -> None:
        """Fill the table."""
        self.show()

    def on_resize(self) -> None:
        """Short heads where the room is small."""
        self.show()

    def show(self) -> None:
        """Draw all."""
        comparison = len(self.together) > 1
        table = self.query_one("#scores", SortableTable)
        table.display = comparison
        words = f"{len(self.together)} runs, {self._average} averages" if comparison else "nothing to compare"
        self.query_one("#title", Static).update(demo_mark(self._runs).append(words, "bold"))
        self.query_one("#refused", Static).update(Text("\n").join(self._reasons()))
        if comparison:
            data = compared_data(self.together, self._average)
            by_name = {run.name: run for run in self.together}
            marks = {row.key: run_mark(by_name[row.key.rpartition(":")[0]]) for row in data.rows}
            table.show_data(data, marks=marks, narrow=self.size.width < NARROW)
            table.focus()

    def _reasons(self) -> list[Text]:
        reasons = [Text(f"! {reason}", Style(bold=True, color=ALARM)) for _, reason in self.left_out]
        return reasons if len(self.together) > 1 else [*reasons, Text(nothing_to_compare())]

    # ------------------------------------------------------------ keys

    def action_sort(self) -> None:
        """By the next column."""
        self.query_one("#scores", SortableTable).sort_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.query_one("#scores", SortableTable).sort_reverse()

    def action_average(self) -> None:
        """The next kind of average."""
        self._average = AVERAGES[(AVERAGES.index(self._average) + 1) % len(AVERAGES)]
        self.show()

    def action_overlay(self) -> None:
        """The same runs' curves."""
        self.app.switch_screen(RunCurvesScreen(self._runs, self._options))
