"""A board of curve charts with their keys: cursor, zoom, axes, smoothing, metric, filter, grid."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widgets import Input

from tui.looks.chart_options import JOBS, SHOWN, SMOOTHINGS, X_AXES, ChartOptions
from tui.looks.keys import bind
from tui.screens.charts.cursor import CursorBoard
from tui.screens.charts.plots import Plot, Plots, wrapped
from tui.screens.charts.sources import Source, grid_size
from tui.state.curves import Metric, Values
from tui.widgets.charts.chart import CurveChart
from tui.widgets.charts.view import ZOOM, View
from tui.widgets.lines import LinesView

_LOW, _MOST_READING = 20, 3
"""Lines of charts below which the cursor reads into one line, and how many it has at most."""


class ChartBoard(CursorBoard):
    """Charts that share options, view and cursor (`plots`); which curves lie on them is the subclass's."""

    DEFAULT_CSS = """
    ChartBoard {
        & > .charts { layout: grid; height: 1fr; grid-gutter: 0; }
        & CurveChart { width: 1fr; height: 1fr; }
        & > .reading { height: 1; display: none; }
        & > .chart-line { height: 1; padding: 0 1; display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Charts"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("charts.zoom_y_in", "i,ctrl+up", "zoom_y(1)", "Zoom y", "Zoom into y", show=False),
        bind("charts.zoom_y_out", "u,ctrl+down", "zoom_y(-1)", "Wider y", "Zoom out of y", show=False),
        bind("charts.pan_up", "shift+up", "pan_y(1)", "Higher", "The part above", show=False),
        bind("charts.pan_down", "shift+down", "pan_y(-1)", "Lower", "The part below", show=False),
        bind("charts.lock", "k", "lock", "Lock y", "One y range for all charts of a metric", show=False),
        bind("charts.clip", "c", "clip", "Wild", "Leave the highest 2 % out of the y range, or not", show=False),
        bind("charts.axis", "a", "axis", "x axis", "x by step, epoch or time", show=False),
        bind("charts.smooth", "m", "shown", "Smooth", "Raw and smoothed, smoothed alone, raw alone", show=False),
        bind("charts.smoother", "z", "smoothing(1)", "Smoother", "More smoothing, up to 0.99", show=False),
        bind("charts.rougher", "Z", "smoothing(-1)", "Rougher", "Less smoothing, down to 0", show=False),
        bind("charts.scale", "y,g", "scale", "Scale", "Logarithmic or linear y", display="y", show=False),
        bind(
            "charts.metric",
            "e",
            "metric(1)",
            "Metric",
            "The next metric; at last all of the marked variant",
            show=False,
        ),
        bind("charts.metric_back", "E", "metric(-1)", "Metric", "The metric before", show=False),
        bind("charts.jobs", "b", "jobs", "Jobs", "Last job of a variant, mean with band, or each", show=False),
        bind(
            "charts.filter",
            "slash",
            "filter",
            "Filter",
            "Variants, metrics, seeds that hold words",
            show=False,
            display="/",
        ),
        bind("charts.grid", "G", "grid", "Grid", "Rows and columns of charts, as 2x3", show=False),
    ]

    class Rearranged(Message):
        """Other charts are shown than before."""

    can_show_all_metrics = False
    """Whether all metrics of one variant can be shown beside each other."""

    def __init__(self, *, id: str, options: ChartOptions | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.sight = self.plots = Plots(options=options if options is not None else ChartOptions())
        self._asked = ""

    def compose(self) -> ComposeResult:
        """Charts, what the cursor reads, and a line to type into."""
        with Container(classes="charts"):
            yield from self.compose_charts()
        yield LinesView(classes="reading")
        field = Input(classes="chart-line", compact=True)
        field.cursor_blink = False
        yield field

    # ------------------------------------------------------------ what a subclass says

    def compose_charts(self) -> ComposeResult:
        """The charts."""
        raise NotImplementedError

    def shown_plots(self) -> list[Plot]:
        """The charts that are seen, the leading one first."""
        raise NotImplementedError

    def shown_sources(self) -> list[Source]:
        """Every curve on them."""
        return [source for _, sources in self.shown_plots() for source in sources]

    def end(self) -> float:
        """Where the x axis ends."""
        raise NotImplementedError

    def metrics(self) -> tuple[Metric, ...]:
        """Those to choose from."""
        raise NotImplementedError

    def show_reading(self) -> None:
        """Draw what the cursor reads."""
        view = self.query_one(".reading", LinesView)
        plots = self.shown_plots() if self.plots.cursor is not None else ()
        lines = wrapped(self.plots.reading(plots), self.size.width - 1)
        lines = lines[: _MOST_READING if self.size.height >= _LOW else 1]
        view.display = bool(lines)
        if lines and view.size.height == len(lines):
            view.show_lines(lines)
        elif lines:
            view.styles.height = len(lines)
            self.call_after_refresh(view.show_lines, lines)

    # ------------------------------------------------------------ keys

    def places(self) -> Values:
        """Those of the leading curve."""
        series = next((source.series for source in self.shown_sources() if len(source.series.steps)), None)
        return series.x(self.options.x) if series is not None else np.empty(0)

    def extent(self) -> tuple[float, float]:
        """Where the longest curve ends, and its newest value."""
        newest = self.plots.newest(self.shown_sources())
        return max(self.end(), newest), newest

    def action_zoom_y(self, direction: int, about: float = 0.5) -> None:
        """Closer or farther."""
        self.see(self.plots.view.zoom_y(ZOOM**direction, about))

    def action_pan_y(self, direction: int) -> None:
        """The part above or below."""
        self.see(self.plots.view.pan_y(direction))

    @property
    def options(self) -> ChartOptions:
        """How curves are shown."""
        return self.plots.options

    def set_options(self, options: ChartOptions) -> None:
        """Show curves in another way."""
        plots = self.plots
        if options.x != plots.options.x:
            plots.cursor, plots.view = None, View(y=plots.view.y)
        plots.options = options
        self.redraw()

    def action_lock(self) -> None:
        """One y range, or each chart its own."""
        self.set_options(replace(self.options, locked=not self.options.locked))

    def action_clip(self) -> None:
        """Leave outliers out of the y range, or not."""
        self.set_options(replace(self.options, clip=not self.options.clip))

    def action_axis(self) -> None:
        """Step, epoch, time."""
        self.set_options(replace(self.options, x=X_AXES[(X_AXES.index(self.options.x) + 1) % len(X_AXES)]))

    def action_shown(self) -> None:
        """Both curves, the smoothed one, the raw one."""
        self.set_options(replace(self.options, shown=SHOWN[(SHOWN.index(self.options.shown) + 1) % len(SHOWN)]))

    def action_smoothing(self, direction: int) -> None:
        """The next smoothing."""
        now = self.options.smoothing
        others = [one for one in SMOOTHINGS if (one > now if direction > 0 else one < now)]
        if others:
            self.set_options(replace(self.options, smoothing=others[0 if direction > 0 else -1]))

    def action_scale(self) -> None:
        """Logarithmic or linear."""
        self.set_options(replace(self.options, log=not self.options.log))

    def action_jobs(self) -> None:
        """The last job, the mean, each."""
        self.set_options(replace(self.options, jobs=JOBS[(JOBS.index(self.options.jobs) + 1) % len(JOBS)]))

    def action_metric(self, direction: int) -> None:
        """The next metric."""
        plots = self.plots
        choice: list[Metric | None] = [*self.metrics(), *([None] if self.can_show_all_metrics else [])]
        now = None if plots.every_metric else plots.metric
        chosen = choice[((choice.index(now) if now in choice else 0) + direction) % len(choice)]
        plots.every_metric = chosen is None
        if chosen is not None:
            plots.metric = chosen
        self._rearrange()

    def _rearrange(self) -> None:
        self.post_message(self.Rearranged())
        self.redraw()

    # ------------------------------------------------------------ the line to type into

    def action_filter(self) -> None:
        """Type words; the charts follow."""
        self._ask("filter", self.plots.words, "words: variant, metric, seed0, fold1; a|b, !a")

    def action_grid(self) -> None:
        """Type rows and columns."""
        options = self.options
        self._ask("grid", f"{options.rows}x{options.columns}" if options.rows else "", "rows x columns, as 2x3")

    def _ask(self, what: str, value: str, hint: str) -> None:
        field = self.query_one(".chart-line", Input)
        self._asked, field.placeholder, field.display = what, hint, True
        field.value = value
        field.focus()

    @on(Input.Changed, ".chart-line")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._asked == "filter" and event.value.strip() != self.plots.words:
            self.plots.words = event.value.strip()
            self._rearrange()
        elif self._asked == "grid":
            rows, columns = grid_size(event.value)
            if (rows, columns) != (self.options.rows, self.options.columns):
                self.plots.options = replace(self.options, rows=rows, columns=columns)
                self._rearrange()

    @on(Input.Submitted, ".chart-line")
    def _typed_all(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave_line()

    def on_key(self, event: events.Key) -> None:
        """Escape leaves the line, and drops the filter that was typed there."""
        field = self.query_one(".chart-line", Input)
        if event.key == "escape" and (field.has_focus or self.plots.words):
            event.stop()
            event.prevent_default()
            if self._asked == "filter":
                field.value = ""
            self._leave_line()

    def _leave_line(self) -> None:
        self.query_one(".chart-line", Input).display = False
        self.focus()

    def wheel(self, event: CurveChart.Wheeled) -> None:
        """Zoom about the mouse, into x or y."""
        if event.on_y:
            self.action_zoom_y(event.direction, event.y_share)
        else:
            super().wheel(event)
