"""Accuracy against the size of images, drawn by plotext into lines of text: sizes on a logarithmic axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from engine.resolution_report import Ladder
from tui.palette import blend
from tui.widgets.chart import (
    AXES,
    LABEL_WIDTH,
    SMALLEST_HEIGHT,
    SMALLEST_WIDTH,
    load_plotext,
    rgb,
    tick_label,
)

_FAINT = 0.45
_ROUND = 0.1
_SHARE_STEPS = (0.05, 0.1, 0.2, 0.5)
_ROWS_PER_TICK = 3
_EDGE = 0.05
"""Of the powers of two, beside the first and the last size, so that their signs are whole."""

_SIZE_TICKS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096)
_CELLS_PER_TICK = 5


@dataclass(frozen=True)
class SizePoint:
    """The share that is recognised of images of a size in pixels, and its interval."""

    size: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class SizeCurve:
    """One line of a chart; `with_intervals` draws them as faint upright strokes."""

    colour: str
    marker: str
    points: tuple[SizePoint, ...]
    with_intervals: bool = False


def ladder_curve(ladder: Ladder, colour: str, marker: str, *, with_intervals: bool = False) -> SizeCurve:
    """A network's accuracy from the smallest size to the images as they are, which stand at their longest side."""
    points = [
        SizePoint(step.size, step.right / ladder.images, step.interval.low, step.interval.high)
        for step in reversed(ladder.steps)
    ]
    points.append(SizePoint(ladder.largest, ladder.accuracy, ladder.interval.low, ladder.interval.high))
    return SizeCurve(colour, marker, tuple(points), with_intervals)


def share_limits(curves: Sequence[SizeCurve]) -> tuple[float, float]:
    """The tenths around all values, and around the intervals that are drawn."""
    values = [point.share for curve in curves for point in curve.points]
    for curve in curves:
        if curve.with_intervals:
            values += [value for point in curve.points for value in (point.low, point.high)]
    if not values:
        return 0.0, 1.0
    low = math.floor(min(values) / _ROUND + 1e-9)
    high = math.ceil(max(values) / _ROUND - 1e-9)
    if low == high:
        low, high = (low - 1, high) if high * _ROUND >= 1 else (low, high + 1)
    return low * _ROUND, high * _ROUND


def share_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` labels at round shares within the limits; two where even those do not fit."""
    for step in _SHARE_STEPS:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if 1 < last - first + 1 <= most:
            return [step * place for place in range(first, last + 1)]
    return [low, high]


def size_ticks(low: int, high: int, columns: int) -> list[int]:
    """Sizes from `low` to `high` whose labels stand apart; the two ends always are among them."""
    per_power = columns / max(math.log2(high / low) + 2 * _EDGE, 0.1)
    ticks = [low, high] if high > low else [low]
    for size in _SIZE_TICKS:
        if low < size < high and all(abs(math.log2(size / other)) * per_power >= _CELLS_PER_TICK for other in ticks):
            ticks.append(size)
    return sorted(ticks)


def draw_sizes(curves: Sequence[SizeCurve], width: int, height: int, ground: str) -> list[Text]:
    """Axes and curves in `height` lines of `width` cells; intervals fade into the `ground`, #rrggbb."""
    sizes = [point.size for curve in curves for point in curve.points]
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT or not sizes:
        return [Text("too small for a chart" if sizes else "nothing was measured", "dim")]
    plotext = load_plotext()
    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.canvas("default")
    figure.theme("colorless")
    figure.axes(False, side=1)
    _set_rulers(figure, (min(sizes), max(sizes)), share_limits(curves), width - LABEL_WIDTH - 1, height)
    for curve in curves:
        if curve.with_intervals:
            _strokes(plotext, curve, ground)
    for curve in curves:
        pixel = plotext.pixel(rgb(curve.colour), style="bold")
        xs, ys = [math.log2(point.size) for point in curve.points], [point.share for point in curve.points]
        figure.draw(figure.signal(xs, ys, marker=plotext.marker("braille", pixel)).lines(True))
    for curve in curves:
        pixel = plotext.pixel(rgb(curve.colour), style="bold")
        xs, ys = [math.log2(point.size) for point in curve.points], [point.share for point in curve.points]
        figure.draw(figure.signal(xs, ys, marker=plotext.marker(curve.marker, pixel)).lines(False))
    picture = Text.from_ansi(figure.build().string(), style=AXES)
    return list(picture.split("\n", allow_blank=True))[:height]


def _set_rulers(figure: Any, sizes: tuple[int, int], limits: tuple[float, float], columns: int, height: int) -> None:
    (smallest, largest), (low, high) = sizes, limits
    rows, line = figure.ruler("y"), figure.ruler("x")
    positions = share_ticks(low, high, max(2, (height - 2) // _ROWS_PER_TICK + 1))
    rows.lim(low, high)
    rows.ticks(positions, [tick_label(position, high) for position in positions])
    ticks = size_ticks(smallest, largest, columns)
    line.lim(math.log2(smallest) - _EDGE, math.log2(largest) + _EDGE)
    line.ticks([math.log2(size) for size in ticks], [str(size) for size in ticks])


def _strokes(plotext: Any, curve: SizeCurve, ground: str) -> None:
    pixel = plotext.pixel(rgb(blend(curve.colour, ground, _FAINT)))
    for point in curve.points:
        x = math.log2(point.size)
        signal = plotext.figure.signal([x, x], [point.low, point.high], marker=plotext.marker("braille", pixel))
        plotext.figure.draw(signal.lines(True))
