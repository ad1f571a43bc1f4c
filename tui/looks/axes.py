"""Axes of curve charts: limits, ticks and labels."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]

LABEL_WIDTH = 5
"""Width of the labels of the y axis, fixed so that the canvas never moves."""

_TOP_QUANTILE = 0.98
_ROUND_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_TICK_STEPS = (1.0, 2.0, 5.0, 10.0)
_Y_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_ROWS_PER_TICK, _CELLS_PER_TICK = 4, 9


@dataclass(frozen=True)
class Curve:
    """One series of losses, a value a batch; NaN and infinite values are gaps. A `faint` one is a thin line alone."""

    colour: str
    marker: str
    raw: Sequence[float]
    smoothed: Sequence[float]
    faint: bool = False


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
    return y_limits_of(next((value for value in raw if value > 0), 0.1), high, log=log)


def y_limits_of(low: float, high: float, *, log: bool) -> tuple[float, float]:
    """Round limits from 0 on, or of base-10 logarithms, of values between these."""
    if not log:
        return 0.0, nice_ceiling(high)
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
    step = max(1, int(_step(total, columns // _CELLS_PER_TICK)))
    return list(range(0, total + 1, step))


def _step(length: float, most: int) -> float:
    """A round step, of which about `most` make the length; no longer than that, for one label alone tells nothing."""
    step = nice_ceiling(length / max(1, most), _TICK_STEPS)
    return step if step <= length else nice_ceiling(step * 0.4, _TICK_STEPS)


def range_ticks(low: float, high: float, most: int) -> list[float]:
    """At most about `most` round numbers between two limits."""
    step = _step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def decimals_between(ticks: Sequence[float]) -> int:
    """How many decimals tell neighbouring labels apart."""
    gap = min((b - a for a, b in itertools.pairwise(ticks)), default=1.0)
    return max(0, -math.floor(math.log10(gap) + 1e-9)) if gap > 0 else 0


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour #rrggbb as numbers."""
    red, green, blue = bytes.fromhex(colour[1:7])
    return red, green, blue
