"""Parts of the sentences in which figures are told."""

from collections.abc import Sequence

from engine.reports.statistics import Interval

_TINY_P = 0.001


def listed(entries: Sequence[str]) -> str:
    """One, two and three."""
    return entries[0] if len(entries) == 1 else f"{', '.join(entries[:-1])} and {entries[-1]}"


def p_words(p_value: float) -> str:
    """A p value as a reader wants it."""
    return f"p < {_TINY_P}" if p_value < _TINY_P else f"p = {p_value:.3f}"


def span(interval: Interval) -> str:
    """The ends of an interval."""
    return f"[{interval.low:.3f}, {interval.high:.3f}]"
