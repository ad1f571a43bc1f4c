"""Several runs at once: their curves on one chart, their scores in one table."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.events.record import is_demo, study_variants
from tui.looks import formatting
from tui.looks.axes import Curve
from tui.looks.keys import bind
from tui.looks.palette import ground_colour
from tui.screens.history.compared_runs import MarkedRun, comparable, compared_data
from tui.state.curves import VariantCurves, variant_curves
from tui.tables.results import AVERAGES, Average
from tui.widgets.chart import ChartOptions, Shown, caption_of, draw_chart
from tui.widgets.lines import LinesView, centred, framed
from tui.widgets.metrics_table import SortableTable

NARROW = 100
_SHOWN: tuple[Shown, ...] = ("both", "smoothed", "raw")
_FRAME = 2


def run_mark(run: MarkedRun, *, dark: bool) -> Text:
    """The run's marker in its colour."""
    return Text(run.style.marker, run.style.colour(dark=dark))


def demo_mark(runs: Sequence[MarkedRun]) -> Text:
    """Says that some of the runs are of drawn pictures."""
    return Text.assemble((" DEMO ", "reverse bold"), " ") if any(is_demo(run.record) for run in runs) else Text()


class RunCurvesScreen(Screen[None]):
    """The losses of one variant in every run on one pair of axes; Tab goes on to the next variant."""

    DEFAULT_CSS = """
    RunCurvesScreen {
        & > #title, & > #legend { height: auto; padding: 0 1; }
        & > #chart { height: 1fr; }
    }
    """
    BINDING_GROUP_TITLE = "Runs compared"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("curves.next", "tab,right", "step(1)", "Variant", "The next variant's curves", display="tab"),
        bind("curves.previous", "shift+tab,left", "step(-1)", "Previous", "The variant before", show=False),
        bind("curves.smooth", "m", "smooth", "Smooth", "Raw and smoothed, smoothed alone, raw alone"),
        bind("curves.scale", "y", "scale", "Scale", "Logarithmic or linear loss"),
        bind("curves.tables", "t", "tables", "Tables", "The scores of the same runs in one table"),
        bind("curves.back", "escape", "app.pop_screen", "Runs", "Back to the list of runs", display="esc"),
    ]

    def __init__(self, runs: Sequence[MarkedRun]) -> None:
        super().__init__()
        self._runs = list(runs)
        self._curves = [{curve.variant: curve for curve in variant_curves(run.record)} for run in runs]
        self.variants = list(dict.fromkeys(name for run in runs for name in study_variants(run.record)))
        self.variant = self.variants[0]
        self._options = ChartOptions(markers_along=True)

    def compose(self) -> ComposeResult:
        """Variant, chart, runs."""
        yield Static(id="title")
        yield LinesView(id="chart")
        yield Static(id="legend")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Draw for the first time, and anew for other colours."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show())
        self.call_after_refresh(self.show)

    def on_resize(self) -> None:
        """The chart fills the room."""
        self.call_after_refresh(self.show)

    def show(self) -> None:
        """Draw all."""
        dark = self.app.current_theme.dark
        title = demo_mark(self._runs).append(f"{self.variant}", "bold")
        place = self.variants.index(self.variant) + 1
        title.append(f"  {place} of {len(self.variants)} variants, tab: next", "dim")
        self.query_one("#title", Static).update(title)
        self.query_one("#legend", Static).update(self._legend(dark=dark))
        self.call_after_refresh(self._show_chart, dark)

    def _show_chart(self, dark: bool) -> None:
        chart = self.query_one("#chart", LinesView)
        width, height = chart.size.width - _FRAME, chart.size.height - _FRAME
        if width < 1 or height < 1:
            return
        found = [
            Curve(run.style.colour(dark=dark), run.style.marker, _raw(curves[self.variant]), curves[self.variant].bold)
            for run, curves in zip(self._runs, self._curves, strict=True)
            if self.variant in curves
        ]
        options = replace(self._options, ground=ground_colour(self.app.current_theme))
        if found:
            lines = draw_chart(found, max(len(curve.smoothed) for curve in found), width, height, options)
        else:
            lines = centred([Text(f"no run trained {self.variant}", "dim")], width, height)
        title = Text("all runs", "bold")
        chart.show_lines(framed(lines, *chart.size, title=title, caption=caption_of(options)))

    def _legend(self, *, dark: bool) -> Text:
        lines = []
        for run, curves in zip(self._runs, self._curves, strict=True):
            line = Text.assemble(run_mark(run, dark=dark), f" {run.name}  ")
            started, curve = run.record.started, curves.get(self.variant)
            if started is not None:
                line.append(f"{started.protocol}, {started.recipe.name}", "dim")
            loss = formatting.loss(curve.last) if curve is not None else "  not trained"
            lines.append(line.append(f"  loss{loss}" if curve is not None else loss))
        lines += [Text(f"! {reason}", "yellow") for _, reason in comparable(self._runs)[1]]
        return Text("\n").join(lines)

    # ------------------------------------------------------------ keys

    def action_step(self, direction: int) -> None:
        """The next variant."""
        place = (self.variants.index(self.variant) + direction) % len(self.variants)
        self.variant = self.variants[place]
        self.show()

    def action_smooth(self) -> None:
        """Both curves, the smoothed one, the raw one."""
        shown = _SHOWN[(_SHOWN.index(self._options.shown) + 1) % len(_SHOWN)]
        self._options = replace(self._options, shown=shown)
        self.show()

    def action_scale(self) -> None:
        """Logarithmic or linear."""
        self._options = replace(self._options, log=not self._options.log)
        self.show()

    def action_tables(self) -> None:
        """The same runs' scores."""
        self.app.switch_screen(RunTablesScreen(self._runs))


def _raw(curve: VariantCurves) -> Sequence[float]:
    """The batches' own losses; of several jobs their mean alone is drawn."""
    return curve.thin[0] if curve.jobs == 1 else curve.bold


NOTHING_TO_COMPARE = (
    "Mark runs with the same test images and protocol. o shows the curves of these; what the copies were worth, "
    "official against clean, stands under l in the results of either."
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

    def __init__(self, runs: Sequence[MarkedRun]) -> None:
        super().__init__()
        self._runs = list(runs)
        self.together, self.left_out = comparable(runs)
        self._average: Average = AVERAGES[0]

    def compose(self) -> ComposeResult:
        """Heading, table, what is not in it."""
        yield Static(id="title")
        with VerticalScroll(id="page", can_focus=False):
            yield SortableTable(id="scores")
            yield Static(id="refused")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Fill the table."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show())
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
            dark = self.app.current_theme.dark
            data = compared_data(self.together, self._average)
            by_name = {run.name: run for run in self.together}
            marks = {row.key: run_mark(by_name[row.key.rpartition(":")[0]], dark=dark) for row in data.rows}
            table.show_data(data, marks=marks, narrow=self.size.width < NARROW)
            table.focus()

    def _reasons(self) -> list[Text]:
        alarm = Style(bold=True, color="#d7af00" if self.app.current_theme.dark else "#7a5200")
        reasons = [Text(f"! {reason}", alarm) for _, reason in self.left_out]
        return reasons if len(self.together) > 1 else [*reasons, Text(NOTHING_TO_COMPARE)]

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
        self.app.switch_screen(RunCurvesScreen(self._runs))
