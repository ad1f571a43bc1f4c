"""A board of charts with their keys: cursor, zoom, axes, smoothing, metric, filter, grid."""

from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Input

from tui.looks.chart_options import JOBS, SHOWN, SMOOTHINGS, X_AXES, ChartOptions
from tui.looks.keys import bind
from tui.screens.charts.plots import Plot, Plots, wrapped
from tui.screens.charts.sources import Source, grid_size
from tui.state.curves import Metric, Series
from tui.widgets.charts.chart import CurveChart
from tui.widgets.charts.view import ZOOM, View
from tui.widgets.lines import LinesView

_TENTH = 0.1
_LOW, _MOST_READING = 20, 3
"""Lines of charts below which the cursor reads into one line, and how many it has at most."""


class ChartBoard(Vertical, can_focus=True):
    """Charts that share options, view and cursor (`plots`); which curves lie on them is the subclass's."""

    DEFAULT_CSS = """
    ChartBoard {
        & > .charts { layout: grid; height: 1fr; grid-gutter: 0; }
        & CurveChart { width: 1fr; height: 1fr; }
        & > .reading { height: 1; display: none; }
        & > .chart-line { height: 1; margin: 0 1; display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Charts"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("charts.right", "right", "cursor(1)", "Cursor", "Cursor a step on; it reads every curve", display="→"),
        bind("charts.left", "left", "cursor(-1)", "Back", "Cursor a step back", show=False),
        bind("charts.right_far", "shift+right", "cursor(1, True)", "Far on", "Cursor a tenth on", show=False),
        bind("charts.left_far", "shift+left", "cursor(-1, True)", "Far back", "Cursor a tenth back", show=False),
        bind("charts.first", "home", "cursor_end(-1)", "First", "Cursor to the first value", show=False),
        bind("charts.last", "end", "cursor_end(1)", "Last", "Cursor to the last value", show=False),
        bind("charts.cursor", "space", "toggle_cursor", "Cursor", "Show or hide the cursor", show=False),
        bind("charts.zoom_in", "plus,equals_sign", "zoom(1)", "Zoom", "Zoom into x, about the cursor", display="+"),
        bind("charts.zoom_out", "minus", "zoom(-1)", "Wider", "Zoom out of x", show=False, display="-"),
        bind("charts.pan_left", "less_than_sign,ctrl+left", "pan(-1)", "Earlier", "Earlier part", show=False),
        bind("charts.pan_right", "greater_than_sign,ctrl+right", "pan(1)", "Later", "Later part", show=False),
        bind("charts.zoom_y_in", "i,ctrl+up", "zoom_y(1)", "Zoom y", "Zoom into y", show=False),
        bind("charts.zoom_y_out", "u,ctrl+down", "zoom_y(-1)", "Wider y", "Zoom out of y", show=False),
        bind("charts.pan_up", "shift+up", "pan_y(1)", "Higher", "The part above", show=False),
        bind("charts.pan_down", "shift+down", "pan_y(-1)", "Lower", "The part below", show=False),
        bind("charts.view", "v", "view", "View", "All, follow the tail, or freeze what is seen", show=False),
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
        self.plots = Plots(options if options is not None else ChartOptions())
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

    def redraw(self) -> None:
        """Draw what changed."""
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

    def _leading(self) -> Series | None:
        return next((source.series for source in self.shown_sources() if len(source.series.steps)), None)

    def action_cursor(self, direction: int, far: bool = False) -> None:
        """The next value of the leading curve, or a tenth of what is seen; it begins at the newest."""
        series = self._leading()
        if series is None:
            return
        plots = self.plots
        places = series.x(plots.options.x)
        low, high = plots.x_range(self.shown_sources(), self.end())
        if plots.cursor is None:
            wanted = min(float(places[-1]), high)
        elif far:
            wanted = plots.cursor + direction * _TENTH * (high - low)
        else:
            index = series.nearest(plots.options.x, plots.cursor)
            index = len(places) - 1 if index is None else index + direction
            wanted = float(places[min(max(index, 0), len(places) - 1)])
        self._put_cursor(min(max(wanted, float(places[0])), float(places[-1])))

    def action_cursor_end(self, direction: int) -> None:
        """The first value, or the last."""
        if (series := self._leading()) is not None:
            self._put_cursor(float(series.x(self.plots.options.x)[-1 if direction > 0 else 0]))

    def _put_cursor(self, x: float) -> None:
        self.plots.cursor = x
        self._see(self.plots.view.including(x, *self._extent()))

    def _extent(self) -> tuple[float, float]:
        """Where the x axis ends, and where the newest value stands on it."""
        newest = self.plots.newest(self.shown_sources())
        return max(self.end(), newest), newest

    def action_toggle_cursor(self) -> None:
        """Show or hide the cursor."""
        if self.plots.cursor is None:
            self.action_cursor(1)
        else:
            self.plots.cursor = None
            self.redraw()

    def action_zoom(self, direction: int, about: float | None = None) -> None:
        """Closer or farther, about the cursor, else the middle."""
        low, high = self.plots.x_range(self.shown_sources(), self.end())
        centre = self.plots.cursor if about is None else about
        if centre is None or not low <= centre <= high:
            centre = (low + high) / 2
        self._see(self.plots.view.zoom_x(ZOOM**direction, centre, *self._extent()))

    def action_pan(self, direction: int) -> None:
        """The part beside what is seen."""
        self._see(self.plots.view.pan_x(direction, *self._extent()))

    def action_zoom_y(self, direction: int, about: float = 0.5) -> None:
        """Closer or farther."""
        self._see(self.plots.view.zoom_y(ZOOM**direction, about))

    def action_pan_y(self, direction: int) -> None:
        """The part above or below."""
        self._see(self.plots.view.pan_y(direction))

    def action_view(self) -> None:
        """All, the tail, frozen."""
        self._see(self.plots.view.next_mode(*self._extent()))

    def _see(self, view: View) -> None:
        self.plots.view = view
        self.redraw()

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

    @on(CurveChart.Resized)
    def _resized(self, event: CurveChart.Resized) -> None:
        event.stop()
        self.call_after_refresh(self.redraw)

    # ------------------------------------------------------------ mouse

    @on(CurveChart.Pointed)
    def _pointed(self, event: CurveChart.Pointed) -> None:
        if event.x is not None:
            self.plots.cursor = event.x
            self.redraw()

    @on(CurveChart.Wheeled)
    def _wheeled(self, event: CurveChart.Wheeled) -> None:
        event.stop()
        if event.on_y:
            self.action_zoom_y(event.direction, event.y_share)
        else:
            self.action_zoom(event.direction, event.x)
