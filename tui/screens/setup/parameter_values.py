"""The values that an arrow key steps through for a parameter of a step; any other can be typed."""

import math
from collections.abc import Iterator

from engine.config.grammar import spell
from engine.steps.registry import within
from engine.steps.spec import Parameter, Value

_MANTISSAS = (1, 2, 5)
_WIDE = 10
"""Bounds so many times apart are stepped through 1, 2, 5, 10, ...; closer ones in equal steps."""

_FINEST = 1 / 10
"""The smallest magnitude stepped through next to 0, as a share of the default."""

_SPAN = 1 / 100_000
"""The smallest magnitude stepped through at all, as a share of the largest."""

_ODD_UP_TO = 64
"""Windows are odd: a whole number with an odd default and a bound that is no larger steps through odd values."""


def step_value(parameter: Parameter, text: str, usual: str, direction: int) -> str:
    """The value after (1) or before (-1) `text`, or the same at an end; `usual` is the default in this study."""
    values = values_of(parameter, usual)
    if isinstance(parameter.default, str):
        place = values.index(text) + direction if text in values else 0
        return str(values[min(max(place, 0), len(values) - 1)])
    numbers = [value for value in values if not isinstance(value, str)]
    beyond = [value for value in numbers if (value - float(text)) * direction > 0]
    return spell((min if direction > 0 else max)(beyond)) if beyond else text


def values_of(parameter: Parameter, usual: str) -> list[Value]:
    """The choices of a text; of a number round values within its bounds, both bounds and the default among them."""
    if isinstance(parameter.default, str):
        return list(parameter.choices or (parameter.default,))
    whole = isinstance(parameter.default, int)
    default = float(usual)
    low = default - _WIDE**2 * max(1.0, abs(default)) if parameter.low is None else parameter.low
    high = default + _WIDE**2 * max(1.0, abs(default)) if parameter.high is None else parameter.high
    found = {low, high, default, *_round_values(low, high, default, whole=whole)}
    numbers = {int(value) if whole else float(f"{value:.12g}") for value in found if not whole or value == int(value)}
    return sorted(value for value in numbers if within(parameter, value))


def _round_values(low: float, high: float, default: float, *, whole: bool) -> Iterator[float]:
    if whole and default % 2 == 1 and default > 1 and high <= _ODD_UP_TO:
        yield from range(int(low) | 1, int(high) + 1, 2)
    elif low > 0 and high < _WIDE * low:
        step = _rounded_down((high - low) / _WIDE)
        yield from (number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1))
    else:
        largest = max(abs(low), abs(high))
        smallest = low if low > 0 else max(1.0 if whole else 0.0, _rounded_down(_FINEST * abs(default or largest)))
        magnitudes = list(_series(max(smallest, _SPAN * largest), largest))
        yield from (0.0, *magnitudes, *(-value for value in magnitudes))


def _series(smallest: float, largest: float) -> Iterator[float]:
    """1, 2, 5, 10, ... between two numbers above 0."""
    for exponent in range(math.floor(math.log10(smallest)), math.ceil(math.log10(largest)) + 1):
        for mantissa in _MANTISSAS:
            if smallest <= (value := mantissa * 10.0**exponent) <= largest:
                yield value


def _rounded_down(number: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is no larger."""
    power = 10.0 ** math.floor(math.log10(number))
    return max(mantissa * power for mantissa in _MANTISSAS if mantissa * power <= number)
