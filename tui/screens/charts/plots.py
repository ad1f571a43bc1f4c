"""How a screen's charts show curves: options, what part of them is seen, where the cursor is, and what it reads."""

import time
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.text import Text
from textual.strip import Strip

from tui.looks.chart_options import ChartOptions
from tui.screens.charts.cursor import Sight
from tui.screens.charts.sources import Source
from tui.state.curves import METRICS, Metric, Series
from tui.widgets.charts.chart import CurveChart
from tui.widgets.charts.drawing import Look, Window, draw, time_words
from tui.widgets.charts.lines import FEW, Line, common_range, line_of, value_range
from tui.widgets.charts.view import Range
from tui.widgets.lines import CAPTION_FRAME

Plot = tuple[Metric, Sequence[Source]]


@dataclass
class Plots(Sight):
    """What all charts of a screen share.

    Attributes:
        options: how curves are shown.
        metric: what is shown.
        every_metric: show all metrics of the marked variant instead.
        words: the filter.
        page: which of the pages of one variant's charts is seen, "" where all are.
        ground: the background colour.
    """

    options: ChartOptions = field(default_factory=ChartOptions)
    metric: Metric = METRICS[0]
    every_metric: bool = False
    words: str = ""
    page: str = ""
    ground: str = "#1e1e1e"

    def newest(self, sources: Sequence[Source]) -> float:
        """Where on the x axis the newest value stands."""
        return max((one.series.end(self.options.x) for one in sources), default=0.0)

    def x_range(self, sources: Sequence[Source], end: float) -> Range:
        """What is seen of an x axis that ends at `end`."""
        newest = self.newest(sources)
        low, high = self.view.x_range(max(end, newest), newest)
        return low, high if high > low else low + 1.0

    def lines(self, plot: Plot) -> list[Line]:
        """The curves as the options have them."""
        metric, sources = plot
        return [line_of(one.series, metric, self.options, one.colour, one.marker, faint=one.faint) for one in sources]

    def own_range(self, plot: Plot, lines: Sequence[Line], end: float) -> Range:
        """A chart's y range by itself."""
        seen = self.x_range(plot[1], end)
        return value_range(lines, seen, plot[0], self.options, whole=self.view.mode == "all")

    def locked_ranges(self, plots: Sequence[Plot], end: float) -> Mapping[Metric, Range]:
        """Of each metric the one y range for all its charts, where it is locked."""
        ranges: dict[Metric, list[Range]] = {}
        for plot in plots if self.options.locked else ():
            if plot[1]:
                ranges.setdefault(plot[0], []).append(self.own_range(plot, self.lines(plot), end))
        return {metric: common_range(found) for metric, found in ranges.items()}

    def key(self, plot: Plot, end: float, locked: Mapping[Metric, Range]) -> Hashable:
        """Changes with all that a chart depends on, but for its size."""
        return self._key(plot, end, locked), self.cursor

    def _key(self, plot: Plot, end: float, locked: Mapping[Metric, Range]) -> Hashable:
        """The same of its curves alone."""
        metric, sources = plot
        seen = self.x_range(sources, end)
        return metric, tuple(sources), seen, self.options, self.view, self.ground, locked.get(metric)

    def fill(
        self, chart: CurveChart, plot: Plot, end: float, locked: Mapping[Metric, Range], *, along: bool = False
    ) -> list[Strip]:
        """What stands within a chart's frame; `along` has signs along the curves, where they share axes."""
        metric, sources = plot
        shown = self.options.shown if metric.smooth else "smoothed"
        look = Look(shown, self.options.log, self.options.x, self.ground, markers_along=along)

        def drawn(width: int, height: int) -> tuple[Window, list[Strip]]:
            lines = self.lines(plot)
            own = locked[metric] if metric in locked else self.own_range(plot, lines, end)
            window = Window(self.x_range(sources, end), self.view.y_range(*own), whole=self.view.mode == "all")
            return window, draw(lines, window, width, height, look)

        return chart.curve_lines((self._key(plot, end, locked), along), drawn, self.cursor)

    def caption(self, plot: Plot, chart: CurveChart) -> str:
        """What the axes and lines of a chart are, and what part of them is seen, as its frame has room."""
        (metric, sources), options = plot, self.options
        crowded = any(number > FEW for number in Counter(source.name for source in sources).values())
        jobs = ["mean and band"] * (options.jobs == "mean")
        smoothing: list[str] = []
        if metric.smooth:
            smoothed = f"smoothed {options.smoothing:g}"
            both = smoothed if options.jobs == "mean" or crowded else f"raw, {smoothed}"
            smoothing.append({"both": both, "smoothed": smoothed, "raw": "raw"}[options.shown])
        seen = ["log scale"] * options.log
        if self.view.mode != "all" and (window := chart.window) is not None:
            tail = "tail, " if self.view.mode == "tail" else ""
            seen.append(f"{tail}{options.x} {'–'.join(self._x_words(x) for x in window.x)}")
        elif options.x != "step":
            seen.append(f"x: {options.x}")
        seen += ["y zoomed"] * (self.view.y != (0.0, 1.0)) + ["y locked"] * options.locked
        seen += ["not clipped"] * (not options.clip) + [self.page] * bool(self.page)
        title, room = metric.title, chart.size.width - CAPTION_FRAME
        whole, *shorter = (
            f"{name}: {', '.join(shown)}" if (shown := [*jobs, *how, *seen]) else name
            for name, how in ((title, smoothing), (title.removesuffix(" by batch"), smoothing), (title, []))
        )
        return next((words for words in (whole, *shorter) if cell_len(words) <= room), whole)

    def _x_words(self, x: float) -> str:
        if self.options.x == "time":
            return time_words(x)
        return f"{x:.2f}" if self.options.x == "epoch" else f"{x + 1:.0f}"

    def reading(self, plots: Sequence[Plot]) -> list[Text]:
        """What the cursor reads: step, epoch, clock, time since the start; each curve's raw and (smoothed) value."""
        cursor = self.cursor
        if cursor is None:
            return []
        places = [
            (metric, source, source.series.nearest(self.options.x, cursor))
            for metric, sources in plots
            for source in sources
            if not source.faint
        ]
        read = next(((source.series, place) for _, source, place in places if place is not None), None)
        if read is None:
            return [Text("no value here", "dim")]
        several = len({metric for metric, _, _ in places}) > 1
        found = [moment_words(*read)]
        for metric, source, place in places:
            text = Text.assemble((f"{source.marker} ", source.colour), f"{source.name} ")
            text.append(f"{metric.title} " if several else "", "dim")
            found.append(text.append_text(self._value_words(metric, source.series, place)))
        return found

    def _value_words(self, metric: Metric, series: Series, place: int | None) -> Text:
        if place is None:
            return Text("–", "dim")
        text = Text(f"{series.values[place]:.4g}", "bold")
        if metric.smooth:
            text.append(f" ({series.smoothed(self.options.smoothing)[place]:.4g})")
        if series.low is not None and series.high is not None:
            text.append(f" {series.low[place]:.4g}–{series.high[place]:.4g}", "dim")
        return text


def moment_words(series: Series, place: int) -> Text:
    """Step, epoch, time of day and time since the first batch of one of the values."""
    step, moment = float(series.steps[place]) + 1, float(series.times[place])
    clock = time.strftime("%H:%M:%S", time.localtime(moment))
    return Text.assemble(
        (f"step {step:.0f}  epoch {step / series.per_epoch:.2f}  ", "bold"),
        f"{clock}  +{time_words(moment - series.begun)}",
    )


def wrapped(parts: Sequence[Text], width: int) -> list[Text]:
    """The parts in lines of at most so many cells, blanks between them."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + 3 + part.cell_len <= width:
            lines[-1].append("   ").append_text(part)
        else:
            lines.append(Text(" ").append_text(part))
    return lines
