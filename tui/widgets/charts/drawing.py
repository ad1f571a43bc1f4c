"""Curves drawn by plotext 6 into strips of cells.

The axes stand still: x runs over the whole training from the start and y to a round number, so that a new batch
changes a few cells; a part that is zoomed into has ticks of its own.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.looks.axes import (
    _ROWS_PER_TICK,
    LABEL_WIDTH,
    decimals_between,
    range_ticks,
    rgb,
    tick_label,
    x_ticks,
    y_ticks,
)
from tui.looks.chart_options import Shown, XAxis
from tui.looks.palette import fade
from tui.state.curves import Values, last_finite
from tui.widgets.charts.lines import FEW, Line, bends, bundle_dots, bundles, points
from tui.widgets.charts.view import Range

SMALLEST_WIDTH, SMALLEST_HEIGHT = 16, 4
"""Below this a chart says nothing."""

AXES = "#7f7f7f"
"""Grey that shows on dark and on light grounds; of 16 colours a lighter one would become white."""

CURSOR = "┊"
_CURSOR = Segment(CURSOR, Style(color=AXES, bold=True))
LEFT = LABEL_WIDTH + 1
"""Columns before the canvas."""

_FAINT, _PALE, _BAND, _CROWD = 0.55, 0.3, 0.35, 0.8
_CELLS_BETWEEN_MARKERS = 12
_CELLS_PER_TICK = 10
_DOTS_PER_CELL, _DOTS_DOWN_A_CELL = 2, 4
_DOTS_BETWEEN_BAND_LINES = 2
_AXIS_ROWS = 2
_COLOUR = re.compile(r"38;2;(\d+);(\d+);(\d+)")
_CODE = re.compile(r"\x1b\[([\d;]*)m")
_SECONDS_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


@dataclass(frozen=True)
class Look:
    """How curves are drawn.

    Attributes:
        shown: raw and smoothed curves, or one of them.
        log: whether y is logarithmic.
        axis: what runs along x.
        ground: the background colour that faint points fade into.
        markers_along: signs along the curves, where several share the axes.
        whole_steps: call the last step by its own number, as an epoch is; else by how many steps there are.
    """

    shown: Shown = "both"
    log: bool = False
    axis: XAxis = "step"
    ground: str = "#1e1e1e"
    markers_along: bool = False
    whole_steps: bool = False

    def values(self, line: Line) -> Values:
        """What is drawn as a line: the smoothed values but where only raw ones are asked for."""
        return line.raw if self.shown == "raw" else line.smoothed


@dataclass(frozen=True)
class Window:
    """What is seen: x in the axis' units, y in the values' (on a log axis, their base-10 logarithms).

    `whole` where x is all of its axis.
    """

    x: Range
    y: Range
    whole: bool = True

    def column(self, x: float, width: int) -> int | None:
        """The cell of a chart of `width` cells that a place on the x axis lies in."""
        low, high = self.x
        if not low <= x <= high or high <= low:
            return None
        return LEFT + min(width - LEFT - 1, int((x - low) / (high - low) * (width - LEFT)))

    def place(self, column: int, width: int) -> float | None:
        """The middle of such a cell on the x axis."""
        share = (column - LEFT + 0.5) / (width - LEFT)
        return self.x[0] + share * (self.x[1] - self.x[0]) if 0 <= share <= 1 else None


@cache
def _load_plotext() -> Any:
    """plotext, set up to draw into any size, without colours of its own, axes on the left and below."""
    # Imported with the first chart, not with the program: it takes 0.2 s.
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.canvas("default")
    figure.theme("colorless")
    figure.axes(False, side=1)
    return plotext


def draw(lines: Sequence[Line], window: Window, width: int, height: int, look: Look) -> list[Strip]:
    """Axes and curves in `height` lines of `width` cells."""
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT:
        return [words_strip("too small for a chart")]
    plotext = empty_figure(width, height)
    _set_rulers(plotext.figure, window, width - LEFT, height, look)
    canvas = _Canvas(plotext, window, width - LEFT, height - _AXIS_ROWS, look)
    together = sorted(bundles(lines), key=lambda bundle: not bundle[0].faint)
    crowds = [bundle for bundle in together if len(bundle) > FEW]
    few = [line for bundle in together if len(bundle) <= FEW for line in bundle]
    strong = [line for line in few if not line.faint]
    for line in (line for line in few if line.faint):
        canvas.curve(line.x, look.values(line), fade(line.colour, look.ground, _PALE))
    for crowd in crowds:
        canvas.bundle(crowd, fade(crowd[0].colour, look.ground, _PALE if crowd[0].faint else _CROWD))
    for line in strong:
        canvas.band(line, fade(line.colour, look.ground, _BAND))
    for line in strong:
        if look.shown == "both" and line.low is None:
            canvas.curve(line.x, line.raw, fade(line.colour, look.ground, _FAINT), connected=False)
    for line in strong:
        canvas.curve(line.x, look.values(line), line.colour, bold=look.shown != "raw")
    marked = [*strong, *(max(crowd, key=lambda line: len(line.x)) for crowd in crowds if not crowd[0].faint)]
    for offset, line in enumerate(marked):
        canvas.markers(line, offset)
    return figure_lines(plotext, height)


def empty_figure(width: int, height: int) -> Any:
    """plotext, with an empty figure of this size; limits and ticks are still the last figure's."""
    plotext = _load_plotext()
    plotext.figure.clear.data()  # clearing all takes a twelfth of a chart's time
    plotext.figure.plot_size(width, height)
    return plotext


def words_strip(words: str) -> Strip:
    """What stands in place of a chart."""
    return Strip([Segment(words, Style(dim=True))])


def figure_lines(plotext: Any, height: int) -> list[Strip]:
    """What was drawn on the figure; rich's own reader of escape codes takes ten times as long."""
    found = []
    for line in plotext.figure.build().string().split("\n")[:height]:
        segments = []
        plain, *codes = _CODE.split(line)
        run, style, code = plain, "", ""
        for change, part in zip(codes[::2], codes[1::2], strict=True):
            code = "" if change in ("", "0") else f"{code};{change}"
            if part and code != style:
                if run:
                    segments.append(Segment(run, _style(style)))
                style, run = code, ""
            run += part
        found.append(Strip([*segments, Segment(run, _style(style))] if run else segments))
    return found


@cache
def _style(code: str) -> Style:
    """The style that escape codes set one after the other: bold, and a colour as 38;2;R;G;B, else that of the axes."""
    colour = _COLOUR.search(code)
    bold = "1" in (code[: colour.start()] + code[colour.end() :] if colour else code).split(";")
    red, green, blue = map(int, colour.groups()) if colour is not None else rgb(AXES)
    return Style(color=f"#{red:02x}{green:02x}{blue:02x}", bold=bold or None)


def with_cursor(lines: Sequence[Strip], column: int) -> list[Strip]:
    """The lines with the cursor in one column of the canvas, behind the curves."""
    found = list(lines)
    for row, line in enumerate(lines[:-_AXIS_ROWS]):
        begin, segments = 0, list(line)
        for place, (text, style, _) in enumerate(segments):
            at = column - begin
            if at < len(text):
                if text[at] in " \u2800":
                    parts = (Segment(text[:at], style), _CURSOR, Segment(text[at + 1 :], style))
                    segments[place : place + 1] = [part for part in parts if part.text]
                    found[row] = Strip(segments)
                break
            begin += len(text)
    return found


def _set_rulers(figure: Any, window: Window, columns: int, height: int, look: Look) -> None:
    (left, right), (low, high) = window.x, window.y
    most = max(2, (height - 2) // _ROWS_PER_TICK + 1)
    rows = figure.ruler("y")
    rows.lim(low, high)
    if look.log:
        positions = y_ticks(low, high, most, log=True)
        labels = [tick_label(10**position) for position in positions]
    elif low == 0:
        positions = y_ticks(low, high, most, log=False)
        labels = [tick_label(position, high) for position in positions]
    else:
        positions = range_ticks(low, high, most - 1)
        decimals = min(LABEL_WIDTH - 2, decimals_between(positions))
        labels = [f"{position:.{decimals}f}".rjust(LABEL_WIDTH)[:LABEL_WIDTH] for position in positions]
    rows.ticks(positions, labels)
    line = figure.ruler("x")
    line.lim(left, right)
    line.ticks(*_x_ticks(window, columns, look))


def _x_ticks(window: Window, columns: int, look: Look) -> tuple[list[float], list[str]]:
    left, right = window.x
    most = max(1, columns // _CELLS_PER_TICK)
    if look.axis == "step" and window.whole:
        steps = x_ticks(round(right if look.whole_steps else right + 1), columns)
        return [min(step, right) for step in steps], [str(step) for step in steps]
    if look.axis == "time":
        step = next((one for one in _SECONDS_TICKS if (right - left) / one <= most), _SECONDS_TICKS[-1])
        ticks = [float(number * step) for number in range(math.ceil(left / step), math.floor(right / step) + 1)]
        return ticks, [time_words(tick, fine=step < 60) for tick in ticks]  # noqa: PLR2004 - a minute
    ticks = range_ticks(left, right, most)
    decimals = decimals_between(ticks)
    return ticks, [f"{tick:.{decimals}f}" for tick in ticks]


def time_words(seconds: float, *, fine: bool = True) -> str:
    """Seconds as 1:02:03 or 2:03; on a coarse axis as 1:02h or 2m."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if fine:
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{hours}:{minutes:02}h" if hours else f"{minutes}m"


class _Canvas:
    """Puts one curve after the other on plotext's figure, in the axes' units."""

    def __init__(self, plotext: Any, window: Window, columns: int, rows: int, look: Look) -> None:
        self._plotext, self._window, self._columns, self._rows, self._look = plotext, window, columns, rows, look

    def _y(self, values: Values) -> Values:
        if self._look.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.where(values > 0, np.log10(values), self._window.y[0])
        return np.clip(values, *self._window.y)

    def curve(self, x: Values, values: Values, colour: str, *, connected: bool = True, bold: bool = False) -> None:
        """A line, or dots."""
        xs, ys, gaps = points(
            x, values, self._window.x, self._columns * (_DOTS_PER_CELL if connected else 1), extremes=not bold
        )
        ys = self._y(ys)
        if not connected:
            self._draw(xs, ys, colour, None)
            return
        (low, high), rows = self._window.y, self._rows * _DOTS_DOWN_A_CELL
        kept = bends(xs, np.round((ys - low) / (high - low) * rows), gaps)
        before = np.cumsum(kept) - 1
        self._draw(xs[kept], ys[kept], colour, [int(before[gap]) for gap in gaps], bold=bold)

    def bundle(self, lines: Sequence[Line], colour: str) -> None:
        """Many curves of one look: the dots that any of them passes through."""
        (low, high), rows = self._window.y, self._rows * _DOTS_DOWN_A_CELL
        share = (rows - 1) / (high - low)
        curves = [(line.x, share * (self._y(self._look.values(line)) - low)) for line in lines]
        xs, dots = bundle_dots(curves, self._window.x, self._columns * _DOTS_PER_CELL, rows)
        self._draw(xs, low + dots / share, colour, None)

    def band(self, line: Line, colour: str) -> None:
        """Upright strokes between the lowest and the highest values of several jobs."""
        if line.low is None or line.high is None:
            return
        dots = self._columns * _DOTS_PER_CELL // _DOTS_BETWEEN_BAND_LINES
        places = np.linspace(*self._window.x, dots)
        places = places[(places >= line.x[0]) & (places <= line.x[-1])] if len(line.x) else places[:0]
        low, high = (np.interp(places, line.x, band) for band in (line.low, line.high))
        kept = np.isfinite(low) & np.isfinite(high)
        ys = self._y(np.stack((low, high), axis=1)[kept].ravel())
        self._draw(np.repeat(places[kept], 2), ys, colour, list(range(0, len(ys), 2)))

    def _draw(self, xs: Values, ys: Values, colour: str, gaps: Sequence[int] | None, *, bold: bool = False) -> None:
        """Points; with `gaps`, joined but for those that no line leads to."""
        marker = self._plotext.marker("braille", self._plotext.pixel(rgb(colour), style="bold" if bold else None))
        signal = type(self._plotext.figure.signal([], []))(len(xs))
        # Points given to `figure.signal` cost three times as much: each gets a copy of the marker of its own first.
        signal._append_points(xs.tolist(), ys.tolist(), [marker] * len(xs))
        if gaps is not None:
            signal.lines(True)
            for gap in gaps:
                signal.line(gap, False)
        self._add(signal)

    def _add(self, signal: Any) -> None:
        # plotext looks at the colour of every point, to give other signals others, which ours need not: most of its
        # time went there.
        signal._get_unique_pixels = list
        self._plotext.figure.draw(signal)

    def markers(self, line: Line, offset: int) -> None:
        """The curve's sign at its end, and along it where several curves share the axes."""
        values = self._look.values(line)
        left, right = self._window.x
        first, last = int(np.searchsorted(line.x, left)), int(np.searchsorted(line.x, right, "right"))
        newest = last_finite(values[first:last])
        if newest is None:
            return
        places = [first + newest]
        if self._look.markers_along:
            gap = (right - left) * _CELLS_BETWEEN_MARKERS / self._columns
            # Each curve begins elsewhere, so that signs of curves that run together do not hide each other.
            wanted = left + gap * (np.arange(self._columns // _CELLS_BETWEEN_MARKERS + 1) + 0.2 * (offset % 5) + 0.3)
            found = np.unique(np.searchsorted(line.x, wanted[wanted < line.x[places[0]] - gap / 3]))
            places += [int(place) for place in found if np.isfinite(values[place])]
        pixel = self._plotext.pixel(rgb(line.colour), style="bold")
        ys = self._y(values[places])
        marker = self._plotext.marker(line.marker, pixel)
        self._add(self._plotext.figure.signal(line.x[places].tolist(), ys.tolist(), marker=marker))
