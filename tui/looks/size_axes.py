"""Axes of resolution charts: limits, ticks and labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.reports.resolution import Ladder

_ROUND = 0.1
_SHARE_STEPS = (0.05, 0.1, 0.2, 0.5)
EDGE = 0.05
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
    per_power = columns / max(math.log2(high / low) + 2 * EDGE, 0.1)
    ticks = [low, high] if high > low else [low]
    for size in _SIZE_TICKS:
        if low < size < high and all(abs(math.log2(size / other)) * per_power >= _CELLS_PER_TICK for other in ticks):
            ticks.append(size)
    return sorted(ticks)
