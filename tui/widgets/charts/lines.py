"""Curves as arrays, and the few points of them that a chart of so many columns can show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from tui.looks.axes import y_limits_of
from tui.looks.chart_options import ChartOptions
from tui.state.curves import Metric, Series, Values
from tui.widgets.charts.view import Range

_TOP_QUANTILE = 0.98
_LOOKED_AT = 4096
"""How many values of a curve are looked at, at most, to leave out the highest."""

_PADDING = 0.05

FEW = 3
"""Curves of one look that are drawn one by one; more are drawn as a bundle, without their raw values."""


@dataclass(frozen=True, eq=False)
class Line:
    """One curve: its look, its places on the x axis (rising) and its values; NaN and infinite ones are gaps.

    `low` and `high` bound the band of several jobs. A `faint` line is a thin one alone.
    """

    colour: str
    marker: str
    x: Values
    raw: Values
    smoothed: Values
    low: Values | None = None
    high: Values | None = None
    faint: bool = False


def line_of(
    series: Series, metric: Metric, options: ChartOptions, colour: str, marker: str, *, faint: bool = False
) -> Line:
    """A metric's curve, smoothed as chosen where it is noisy."""
    weight = options.smoothing if metric.smooth else 0.0
    low, high = series.smoothed_band(weight) or (None, None)
    return Line(colour, marker, series.x(options.x), series.values, series.smoothed(weight), low, high, faint)


def bundles(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Neighbours of one look together."""
    for _, alike in groupby(lines, key=lambda line: (line.colour, line.marker, line.faint, line.low is None)):
        yield list(alike)


def bundle_dots(curves: Sequence[tuple[Values, Values]], seen: Range, columns: int, rows: int) -> tuple[Values, Values]:
    """Where joined curves pass through a raster: the places of its dots on the x axis, and their rows.

    `curves` are places on the x axis, rising, and values in rows from 0 on; NaN is a gap.
    """
    places = seen[0] + (seen[1] - seen[0]) * (np.arange(columns) + 0.5) / columns
    table = np.full((len(curves), columns), np.nan)
    for row, (x, values) in zip(table, curves, strict=True):
        if len(x):
            row[:] = np.interp(places, x, values, left=np.nan, right=np.nan)
    middles = np.pad((table[:, 1:] + table[:, :-1]) / 2, ((0, 0), (1, 1)), constant_values=np.nan)
    low, high = (reach(table, reach(middles[:, 1:], middles[:, :-1])) for reach in (np.fmin, np.fmax))
    curve, column = np.nonzero(np.isfinite(table))
    ends = np.zeros((columns, rows + 1), dtype=np.int64)
    for values, change, after in ((low, 1, 0), (high, -1, 1)):
        row = np.clip(np.round(values[curve, column]).astype(np.int64), 0, rows - 1) + after
        np.add.at(ends, (column, row), change)
    at, dots = np.nonzero(np.cumsum(ends[:, :rows], axis=1) > 0)
    return places[at], dots.astype(np.float64)


def points(
    x: Values, y: Values, seen: Range, columns: int, *, extremes: bool = True
) -> tuple[Values, Values, list[int]]:
    """The lowest and the highest value of each of `columns`, in their order, or its mean, and where a gap ends.

    The curve is cut at the edges of what is seen. Returns x, y and the indices of points that no line leads to.
    """
    x, y = _cut(x, y, seen)
    if len(x) > 2 * columns:
        low, high = seen
        edges = np.searchsorted(x, low + (high - low) * np.arange(columns) / columns)
        starts = np.unique(edges[edges < len(x)])
        x, y = _extremes(x, y, starts) if extremes else (x[starts], _means(y, starts))
    finite = np.isfinite(y)
    after_gap = finite & ~np.concatenate([[True], finite[:-1]])
    return x[finite], y[finite], np.flatnonzero(after_gap[finite]).tolist()


def _extremes(x: Values, y: Values, starts: npt.NDArray[np.int64]) -> tuple[Values, Values]:
    values = np.where(np.isfinite(y), y, np.nan)
    lowest, highest = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    falls = values[starts] > values[np.append(starts[1:], len(y)) - 1]
    pairs = np.where(falls, (highest, lowest), (lowest, highest))
    kept = np.ones(2 * len(starts), dtype=bool)
    kept[1::2] = lowest != highest
    return np.repeat(x[starts], 2)[kept], pairs.T.ravel()[kept]


def _means(y: Values, starts: npt.NDArray[np.int64]) -> Values:
    finite = np.isfinite(y)
    counts = np.add.reduceat(finite.astype(np.float64), starts)
    sums = np.add.reduceat(np.where(finite, y, 0.0), starts)
    means: Values = np.divide(sums, counts, out=np.full(len(starts), np.nan), where=counts > 0)
    return means


def bends(x: Values, dots: Values, gaps: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Which points of a line are needed: all but those on the straight line between their neighbours, in dots."""
    kept = np.ones(len(x), dtype=bool)
    if len(x) > len(("first", "last")):
        slopes = np.diff(dots) / np.maximum(np.diff(x), 1e-12)
        kept[1:-1] = np.diff(slopes) != 0
        kept[list(gaps)] = True
        kept[[gap - 1 for gap in gaps if gap]] = True
    return kept


def _cut(x: Values, y: Values, seen: Range) -> tuple[Values, Values]:
    """The part of a curve between two places, with its values at both, between those of its neighbours."""
    first, last = int(np.searchsorted(x, seen[0], "left")), int(np.searchsorted(x, seen[1], "right"))
    inner_x, inner_y = x[first:last], y[first:last]
    edges = []
    for place, right in ((seen[0], first), (seen[1], last)):
        inside = 0 < right < len(x) and x[right - 1] < place < x[right]
        share = (place - x[right - 1]) / (x[right] - x[right - 1]) if inside else 0.0
        edges.append([y[right - 1] + share * (y[right] - y[right - 1])] if inside else [])
    if edges[0] or edges[1]:
        ends = [[place] if edge else [] for place, edge in zip(seen, edges, strict=True)]
        return np.concatenate([ends[0], inner_x, ends[1]]), np.concatenate([edges[0], inner_y, edges[1]])
    return inner_x, inner_y


def value_range(lines: Sequence[Line], seen: Range, metric: Metric, options: ChartOptions, *, whole: bool) -> Range:
    """The y range of curves by themselves: round numbers from 0 on, or where a part is seen, close around it.

    On a log axis, base-10 logarithms. With `options.clip` the highest 2 % of the raw values are left out.
    """
    lows, highs = [], []
    for bundle in bundles(lines):
        smooth = metric.smooth and options.shown != "raw"
        only_smooth = bundle[0].faint or len(bundle) > FEW or options.shown == "smoothed"
        raw = _seen([line.smoothed if smooth and only_smooth else line.raw for line in bundle], bundle, seen, options)
        bands = [[line.low for line in bundle], [line.high for line in bundle]]
        curves: list[list[Values | None]] = [[line.smoothed for line in bundle if smooth], *bands]
        others = [_seen([one for one in values if one is not None], bundle, seen, options) for values in curves]
        if not len(raw):
            continue
        top = float(np.quantile(raw, _TOP_QUANTILE)) if options.clip else float(raw.max())
        highs.append(max([top, *(float(values.max()) for values in others if len(values))]))
        lows.append(min(float(values.min()) for values in (raw, *others) if len(values)))
    if not highs:
        return (-1.0, 0.0) if options.log else (0.0, 1.0)
    if options.log or (whole and min(lows) >= 0):
        return y_limits_of(min(lows), max(highs), log=options.log)
    low, high = min(lows), max(highs)
    padding = _PADDING * (high - low or abs(high) or 1.0)
    return low - padding, high + padding


def _seen(curves: Sequence[Values], lines: Sequence[Line], seen: Range, options: ChartOptions) -> Values:
    """Of curves over the lines' places those values that are finite, on a log axis above 0, and seen.

    Of very many only some, where that changes little.
    """
    if not curves:
        return np.empty(0)
    parts = [
        curve[int(np.searchsorted(line.x, seen[0])) : int(np.searchsorted(line.x, seen[1], "right"))]
        for curve, line in zip(curves, lines, strict=True)
    ]
    values = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if options.clip:
        values = values[:: max(1, len(values) // _LOOKED_AT)]
    return values[np.isfinite(values) & (values > 0)] if options.log else values[np.isfinite(values)]


def common_range(ranges: Sequence[Range]) -> Range:
    """Around all of them."""
    return min(low for low, _ in ranges), max(high for _, high in ranges)
