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

from tui.palette import blend

Shown = Literal["both", "smoothed", "raw"]
Point = tuple[float, float]

LABEL_WIDTH = 5
"""Width of the labels of the y axis, fixed so that the canvas never moves."""

SMALLEST_WIDTH, SMALLEST_HEIGHT = 16, 4
"""Below this a chart says nothing."""

_FAINT = 0.55
AXES = "#808080"
"""Grey that shows on dark and on light grounds."""

_TOP_QUANTILE = 0.98
_CELLS_BETWEEN_MARKERS = 12
_ROUND_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_TICK_STEPS = (1.0, 2.0, 5.0, 10.0)
_Y_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_ROWS_PER_TICK, _CELLS_PER_TICK = 4, 9


@dataclass(frozen=True)
class Curve:
    """One series of losses, a value a batch; NaN and infinite values are gaps."""

    colour: str
    marker: str
    raw: Sequence[float]
    smoothed: Sequence[float]


@dataclass(frozen=True)
class ChartOptions:
    """How curves are shown; `ground` is the background colour that faint points fade into.

    With `whole_steps` the last step is called by its own number, as an epoch is; else by how many steps there are.
    """

    shown: Shown = "both"
    log: bool = False
    ground: str = "#1e1e1e"
    markers_along: bool = False
    whole_steps: bool = False


def thin(values: Sequence[float], columns: int, total: int) -> list[list[Point]]:
    """At most two points (lowest and highest, in their order) for each of `columns` over `total` steps.

    Returns unbroken pieces of (step, value): a step whose value is not finite ends one.
    """
    per_column = max(1.0, total / max(1, columns))
    pieces: list[list[Point]] = [[]]
    bin_points: list[Point] = []
    bin_index = 0

    def close() -> None:
        if bin_points:
            extremes = {min(bin_points, key=lambda p: p[1]), max(bin_points, key=lambda p: p[1])}
            pieces[-1].extend(sorted(extremes))
            bin_points.clear()

    for step, value in enumerate(values):
        if not math.isfinite(value):
            close()
            if pieces[-1]:
                pieces.append([])
            continue
        if int(step / per_column) != bin_index:
            close()
            bin_index = int(step / per_column)
        bin_points.append((float(step), value))
    close()
    return [piece for piece in pieces if piece]


def nice_ceiling(value: float, steps: Sequence[float] = _ROUND_STEPS) -> float:
    """The next round number: 0.83 -> 1, 2.2 -> 2.5."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in steps if step * power >= value * (1 - 1e-9)), 10 * power)


def y_limits(curves: Sequence[Curve], *, log: bool) -> tuple[float, float]:
    """Round limits of the values; on a log axis, their base-10 logarithms.

    The top leaves out the highest 2 % of the raw values: a few wild first batches would flatten all the rest. They are
    drawn at the top edge.
    """
    raw = sorted(value for curve in curves for value in curve.raw if math.isfinite(value))
    smoothed = [value for curve in curves for value in curve.smoothed if math.isfinite(value)]
    if not raw:
        return (-1.0, 0.0) if log else (0.0, 1.0)
    high = max(raw[min(len(raw) - 1, int(len(raw) * _TOP_QUANTILE))], max(smoothed, default=0.0))
    if not log:
        return 0.0, nice_ceiling(high)
    low = next((value for value in raw if value > 0), 0.1)
    top = math.log10(nice_ceiling(max(high, low)))
    bottom = math.floor(math.log10(low) * 2) / 2
    return (bottom, top) if top > bottom else (bottom, bottom + 1)


def tick_label(value: float, largest: float | None = None) -> str:
    """A number in exactly `LABEL_WIDTH` cells, with the decimals that the `largest` of its axis allows."""
    largest = value if largest is None else largest
    if largest >= 10 ** (LABEL_WIDTH - 1) or 0 < largest < 10 ** (3 - LABEL_WIDTH):
        text = f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")
    else:
        text = f"{value:.{max(0, 2 - int(math.log10(max(1.0, largest))))}f}"
    return text.rjust(LABEL_WIDTH)[:LABEL_WIDTH]


def y_ticks(low: float, high: float, most: int, *, log: bool) -> list[float]:
    """Positions of at most `most` labels, round numbers evenly apart; on a log axis 1, 2 or 5 times powers of ten."""
    if not log:
        steps = ((high - low) / parts for parts in range(most - 1, 0, -1))
        step = next((step for step in steps if math.isclose(nice_ceiling(step, _Y_STEPS), step)), high - low)
        return [low + step * index for index in range(round((high - low) / step) + 1)]
    powers = range(math.floor(low), math.ceil(high) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [power + math.log10(factor) for power in powers for factor in factors]
        ticks = [tick for tick in ticks if low - 1e-9 <= tick <= high + 1e-9]
        if len(ticks) <= most + 1:
            break
    return ticks if len(ticks) > 1 else [low, high]


def x_ticks(total: int, columns: int) -> list[int]:
    """Round batch numbers, few enough to stand apart."""
    step = max(1, int(nice_ceiling(total / max(1, columns // _CELLS_PER_TICK), _TICK_STEPS)))
    return list(range(0, total + 1, step))


@cache
def load_plotext() -> Any:
    """plotext, set up to draw into any size."""
    # Imported with the first chart, not with the program: it takes 0.2 s.
    import plotext

    plotext.terminal.limit(False, False)
    return plotext


def draw_chart(curves: Sequence[Curve], total: int, width: int, height: int, options: ChartOptions) -> list[Text]:
    """Axes and curves in `height` lines of `width` cells; `total` is the number of steps of the whole training."""
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT:
        return [Text("too small for a chart", "dim")]
    plotext = load_plotext()
    figure = plotext.figure
    total = max(2, total, *(len(curve.raw) for curve in curves))
    columns = width - LABEL_WIDTH - 1
    low, high = y_limits(curves, log=options.log)
    figure.clear()
    figure.plot_size(width, height)
    figure.canvas("default")
    figure.theme("colorless")
    figure.axes(False, side=1)
    last_label = total - 1 if options.whole_steps else total
    _set_rulers(figure, total, x_ticks(last_label, columns), (low, high), height, log=options.log)
    canvas = _Canvas(plotext, columns, total, low, high, log=options.log)
    for curve in curves:
        if options.shown != "smoothed":
            faint = blend(curve.colour, options.ground, _FAINT) if options.shown == "both" else curve.colour
            canvas.line(curve.raw, plotext.pixel(rgb(faint)), connected=options.shown == "raw")
    for curve in curves:
        if options.shown != "raw":
            canvas.line(curve.smoothed, plotext.pixel(rgb(curve.colour), style="bold"), connected=True)
    for offset, curve in enumerate(curves):
        canvas.markers(curve, options, offset)
    picture = Text.from_ansi(figure.build().string(), style=AXES)
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


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour #rrggbb as numbers."""
    red, green, blue = bytes.fromhex(colour[1:7])
    return red, green, blue
