"""Loss curves drawn by plotext 6 into lines of text.

The axes stand still: x runs over the whole training from the start and y to a round number, so that a new batch
changes a few cells.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from rich.text import Text

from tui.looks.axes import _ROWS_PER_TICK, LABEL_WIDTH, Curve, rgb, thin, tick_label, x_ticks, y_limits, y_ticks
from tui.looks.palette import blend

Shown = Literal["both", "smoothed", "raw"]

SMALLEST_WIDTH, SMALLEST_HEIGHT = 16, 4
"""Below this a chart says nothing."""

_FAINT, _PALE = 0.55, 0.3
AXES = "#808080"
"""Grey that shows on dark and on light grounds."""
_CELLS_BETWEEN_MARKERS = 12


@dataclass(frozen=True)
class ChartOptions:
    """How curves are shown; `ground` is the background colour that faint points fade into.

    With `mean` a variant's curve is that over its jobs, between the lowest and the highest of them.
    With `whole_steps` the last step is called by its own number, as an epoch is; else by how many steps there are.
    """

    shown: Shown = "both"
    log: bool = False
    ground: str = "#1e1e1e"
    markers_along: bool = False
    whole_steps: bool = False
    mean: bool = False


@cache
def _load_plotext() -> Any:
    """plotext, set up to draw into any size."""
    # Imported with the first chart, not with the program: it takes 0.2 s.
    import plotext

    plotext.terminal.limit(False, False)
    return plotext


def draw_chart(curves: Sequence[Curve], total: int, width: int, height: int, options: ChartOptions) -> list[Text]:
    """Axes and curves in `height` lines of `width` cells; `total` is the number of steps of the whole training."""
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT:
        return [Text("too small for a chart", "dim")]
    plotext = empty_figure(width, height)
    figure = plotext.figure
    total = max(2, total, *(len(curve.raw) for curve in curves))
    columns = width - LABEL_WIDTH - 1
    low, high = y_limits(curves, log=options.log)
    last_label = total - 1 if options.whole_steps else total
    _set_rulers(figure, total, x_ticks(last_label, columns), (low, high), height, log=options.log)
    canvas = _Canvas(plotext, columns, total, low, high, log=options.log)
    strong = [curve for curve in curves if not curve.faint]
    for curve in curves:
        if curve.faint:
            pale = plotext.pixel(rgb(blend(curve.colour, options.ground, _PALE)))
            canvas.line(curve.raw if options.shown == "raw" else curve.smoothed, pale, connected=True)
    for curve in strong:
        if options.shown != "smoothed":
            faint = blend(curve.colour, options.ground, _FAINT) if options.shown == "both" else curve.colour
            canvas.line(curve.raw, plotext.pixel(rgb(faint)), connected=options.shown == "raw")
    for curve in strong:
        if options.shown != "raw":
            canvas.line(curve.smoothed, plotext.pixel(rgb(curve.colour), style="bold"), connected=True)
    for offset, curve in enumerate(strong):
        canvas.markers(curve, options, offset)
    return figure_lines(plotext, height)


def empty_figure(width: int, height: int) -> Any:
    """plotext, with an empty figure of this size."""
    plotext = _load_plotext()
    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.canvas("default")
    figure.theme("colorless")
    figure.axes(False, side=1)
    return plotext


def figure_lines(plotext: Any, height: int) -> list[Text]:
    """What was drawn on the figure."""
    picture = Text.from_ansi(plotext.figure.build().string(), style=AXES)
    return list(picture.split("\n", allow_blank=True))[:height]


def _set_rulers(
    figure: Any, total: int, steps: Sequence[int], limits: tuple[float, float], height: int, *, log: bool
) -> None:
    low, high = limits
    positions = y_ticks(low, high, max(2, (height - 2) // _ROWS_PER_TICK + 1), log=log)
    labels = [tick_label(10**position if log else position, None if log else high) for position in positions]
    rows = figure.ruler("y")
    rows.lim(low, high)
    rows.ticks(positions, labels)
    line = figure.ruler("x")
    line.lim(0, total - 1)
    line.ticks([min(step, total - 1) for step in steps], [str(step) for step in steps])


class _Canvas:
    """Puts one curve after the other on plotext's figure, in the axes' units."""

    def __init__(self, plotext: Any, columns: int, total: int, low: float, high: float, *, log: bool) -> None:
        self._plotext, self._columns, self._total = plotext, columns, total
        self._low, self._high, self._log = low, high, log

    def _y(self, value: float) -> float:
        if self._log:
            value = math.log10(value) if value > 0 else self._low
        return min(self._high, max(self._low, value))

    def line(self, values: Sequence[float], pixel: Any, *, connected: bool) -> None:
        marker = self._plotext.marker("braille", pixel)
        for piece in thin(values, self._columns, self._total):
            xs, ys = [p[0] for p in piece], [self._y(p[1]) for p in piece]
            self._plotext.figure.draw(self._plotext.figure.signal(xs, ys, marker=marker).lines(connected))

    def markers(self, curve: Curve, options: ChartOptions, offset: int) -> None:
        """The curve's sign at its end, and along it where several curves share the axes."""
        values = curve.raw if options.shown == "raw" else curve.smoothed
        last = next((i for i in range(len(values) - 1, -1, -1) if math.isfinite(values[i])), None)
        if last is None:
            return
        steps = [last]
        if options.markers_along:
            gap = max(1.0, self._total * _CELLS_BETWEEN_MARKERS / self._columns)
            # Each curve begins elsewhere, so that signs of curves that run together do not hide each other.
            positions = [round(gap * (k + 0.2 * offset + 0.3)) for k in range(int(len(values) / gap) + 1)]
            steps += [step for step in positions if step < last - gap / 3]
        points = [(float(step), self._y(values[step])) for step in steps if math.isfinite(values[step])]
        pixel = self._plotext.pixel(rgb(curve.colour), style="bold")
        signal = self._plotext.figure.signal(
            [p[0] for p in points], [p[1] for p in points], marker=self._plotext.marker(curve.marker, pixel)
        )
        self._plotext.figure.draw(signal.lines(False))


def caption_of(options: ChartOptions) -> str:
    """What the axes and lines are."""
    lines = {"both": "raw, smoothed", "smoothed": "smoothed", "raw": "raw"}
    shown = "mean, range" if options.mean else lines[options.shown]
    return f"loss by batch: {shown}" + (", log scale" if options.log else "")
