"""Parts of the sentences in which figures are told."""

from collections.abc import Sequence

from engine.reports.statistics import Interval

_TINY_P = 0.001


def listed(entries: Sequence[str]) -> str:
    """One, two and three."""
    return entries[0] if len(entries) == 1 else f"{', '.join(entries[:-1])} and {entries[-1]}"


def p_text(p_value: float) -> str:
    """A p value to three decimals, never 0."""
    return f"< {_TINY_P}" if p_value < _TINY_P else f"{p_value:.3f}"


def p_words(p_value: float) -> str:
    """The same in a sentence: p = 0.013, p < 0.001."""
    return f"p {p_text(p_value)}" if p_value < _TINY_P else f"p = {p_text(p_value)}"


def span(interval: Interval) -> str:
    """The ends of an interval."""
    return f"[{interval.low:.3f}, {interval.high:.3f}]"
