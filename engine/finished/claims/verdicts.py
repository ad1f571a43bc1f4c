"""From intervals and comparisons to a verdict; the only place that decides one from numbers.

A claim that names a figure holds where our interval reaches the figure as it was rounded, and does not hold where it
excludes it. A claim that puts several things in an order is a conjunction: it holds where every one of its comparisons
is significant (an intersection-union test, which needs no correction), and does not hold where one is significantly the
other way round (corrected for their number by Holm's method). Everything else can't be told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.reports.claims import Verdict
from engine.reports.statistics import LEVEL, Interval
from engine.reports.wording import p_text
from engine.statistics.proportions import holm

HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
OPEN: Verdict = "can't be told"

ALPHA = 1 - LEVEL
TOO_WIDE = 0.2
"""An interval wider than this agrees with too much to confirm a figure."""

Judgement = tuple[Verdict, str]
Judge = Callable[[float, Interval, int], Judgement]


@dataclass(frozen=True)
class Order:
    """One comparison of a claimed order.

    Attributes:
        words: what is compared, with the numbers, for the reason.
        difference: positive where it lies as claimed.
        p_value: of no difference, two-sided.
    """

    words: str
    difference: float
    p_value: float


def judge_figure(stated: float, interval: Interval, decimals: int = 2) -> Judgement:
    """Whether a stated figure, rounded to so many decimals, and ours can be the same."""
    what, rounded = f"{stated:.{decimals}f} {{}} {span(interval)}", 0.5 / 10**decimals
    if interval.high < stated - rounded:
        return FAILS, what.format("lies above")
    if interval.low > stated + rounded:
        return FAILS, what.format("lies below")
    if interval.high - interval.low > TOO_WIDE:
        return OPEN, f"too few images: {span(interval)} agrees with too much"
    return HOLDS, what.format("lies in")


def judge_below(bound: float, interval: Interval, decimals: int = 2) -> Judgement:
    """Whether a score lies below a bound."""
    stated = f"{bound:.{decimals}f}"
    if interval.high < bound:
        return HOLDS, f"all of {span(interval)} lies below {stated}"
    if interval.low > bound:
        return FAILS, f"all of {span(interval)} lies above {stated}"
    return OPEN, f"too few images: {stated} lies in {span(interval)}"


def judge_above(bound: float, interval: Interval, decimals: int = 2) -> Judgement:
    """Whether a score lies above a bound."""
    verdict, reason = judge_below(bound, interval, decimals)
    return {HOLDS: FAILS, FAILS: HOLDS}.get(verdict, verdict), reason


def judge_similar(words: str, interval: Interval, within: float) -> Judgement:
    """Whether two scores are alike: the whole interval of their difference is nearer to zero than `within`."""
    if interval.low > -within and interval.high < within:
        return HOLDS, f"{words}: less than {within:.2f} apart"
    if interval.low > 0 or interval.high < 0:
        return FAILS, f"{words}: the interval excludes no difference"
    return OPEN, f"{words}: too few images to exclude {within:.2f}"


def judge_order(orders: Sequence[Order], *, corrected: bool = False, few: str = "too few images") -> Judgement:
    """Whether everything lies as claimed; `corrected` where the p-values are already."""
    adjusted = [order.p_value for order in orders] if corrected else holm([order.p_value for order in orders])
    reversed_ = [(p, order) for p, order in zip(adjusted, orders, strict=True) if order.difference < 0 and p < ALPHA]
    if reversed_:
        p, order = min(reversed_, key=lambda entry: entry[0])
        return FAILS, f"{order.words}, p {p_text(p)}"
    if all(order.difference > 0 and order.p_value < ALPHA for order in orders):
        weakest = max(orders, key=lambda order: order.p_value)
        how_many = f"all {len(orders)} comparisons are significant, the weakest: " if len(orders) > 1 else ""
        return HOLDS, f"{how_many}{weakest.words}, p {p_text(weakest.p_value)}"
    order = max(orders, key=lambda order: (order.difference <= 0, order.p_value))
    return OPEN, f"{few}: {order.words}, p {p_text(order.p_value)}"


def span(interval: Interval) -> str:
    """An interval as [0.608 0.714]."""
    return f"[{interval.low:.3f} {interval.high:.3f}]"


def signed_span(interval: Interval) -> str:
    """The interval of a difference as [-0.031 +0.064]."""
    return f"[{interval.low:+.3f} {interval.high:+.3f}]"
