"""Accuracy against the size of images, drawn by plotext into strips of cells: sizes on a logarithmic axis."""

import math
from collections.abc import Sequence
from typing import Any

from textual.strip import Strip

from tui.looks.axes import LABEL_WIDTH, rgb, tick_label
from tui.looks.palette import fade
from tui.looks.size_axes import EDGE, SizeCurve, share_limits, share_ticks, size_ticks
from tui.widgets.charts.drawing import SMALLEST_HEIGHT, SMALLEST_WIDTH, empty_figure, figure_lines, words_strip

_FAINT = 0.45
_ROWS_PER_TICK = 3


def draw_sizes(curves: Sequence[SizeCurve], width: int, height: int, ground: str) -> list[Strip]:
    """Axes and curves in `height` lines of `width` cells; intervals fade into the `ground`, #rrggbb."""
    sizes = [point.size for curve in curves for point in curve.points]
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT or not sizes:
        return [words_strip("too small for a chart" if sizes else "nothing was measured")]
    plotext = empty_figure(width, height)
    figure = plotext.figure
    _set_rulers(figure, (min(sizes), max(sizes)), share_limits(curves), width - LABEL_WIDTH - 1, height)
    for curve in curves:
        if curve.with_intervals:
            _strokes(plotext, curve, ground)
    for lines in (True, False):  # the markers over all lines
        for curve in curves:
            pixel = plotext.pixel(rgb(curve.colour), style="bold")
            xs, ys = [math.log2(point.size) for point in curve.points], [point.share for point in curve.points]
            marker = plotext.marker("braille" if lines else curve.marker, pixel)
            figure.draw(figure.signal(xs, ys, marker=marker).lines(lines))
    return figure_lines(plotext, height)


def _set_rulers(figure: Any, sizes: tuple[int, int], limits: tuple[float, float], columns: int, height: int) -> None:
    (smallest, largest), (low, high) = sizes, limits
    rows, line = figure.ruler("y"), figure.ruler("x")
    positions = share_ticks(low, high, max(2, (height - 2) // _ROWS_PER_TICK + 1))
    rows.lim(low, high)
    rows.ticks(positions, [tick_label(position, high) for position in positions])
    ticks = size_ticks(smallest, largest, columns)
    line.lim(math.log2(smallest) - EDGE, math.log2(largest) + EDGE)
    line.ticks([math.log2(size) for size in ticks], [str(size) for size in ticks])


def _strokes(plotext: Any, curve: SizeCurve, ground: str) -> None:
    pixel = plotext.pixel(rgb(fade(curve.colour, ground, _FAINT)))
    for point in curve.points:
        x = math.log2(point.size)
        signal = plotext.figure.signal([x, x], [point.low, point.high], marker=plotext.marker("braille", pixel))
        plotext.figure.draw(signal.lines(True))
