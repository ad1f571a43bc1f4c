"""Shares of images and their differences: Wilson's interval, Newcombe's, McNemar's exact test, Holm's correction."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from scipy.stats import binomtest

from engine.reports.pipelines import TestedDifference
from engine.reports.statistics import LEVEL, Comparison, FactorialEffect, Interval


def wilson_interval(right: int, images: int) -> Interval:
    """Wilson's score interval of a share (1927), by SciPy."""
    found = binomtest(right, images).proportion_ci(confidence_level=LEVEL, method="wilson")
    return Interval(float(found.low), float(found.high), "Wilson")


def newcombe_interval(both: int, first_only: int, second_only: int, neither: int) -> Interval:
    """Interval of the difference of two shares of the same images.

    The squared distances from each share to its Wilson limits are added, less what the correlation phi of the two takes
    away; phi has a continuity correction where it is positive. Source: R. G. Newcombe, "Improved confidence intervals
    for the difference between binomial proportions based on paired data", Statistics in Medicine 17 (1998), method 10.
    """
    images = both + first_only + second_only + neither
    first, second = both + first_only, both + second_only
    p1, p2 = first / images, second / images
    limits1, limits2 = wilson_interval(first, images), wilson_interval(second, images)
    phi = _phi(both, first_only, second_only, neither)

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))

    difference = p1 - p2
    low = difference - reach(p1 - limits1.low, limits2.high - p2)
    high = difference + reach(limits1.high - p1, p2 - limits2.low)
    return Interval(max(-1.0, low), min(1.0, high), "Newcombe, paired")


def _phi(both: int, first_only: int, second_only: int, neither: int) -> float:
    images = both + first_only + second_only + neither
    product = (both + first_only) * (second_only + neither) * (both + second_only) * (first_only + neither)
    if product == 0:
        return 0.0
    joint: float = both * neither - first_only * second_only
    if joint > 0:
        joint = max(0.0, joint - images / 2)
    return joint / math.sqrt(product)


def mcnemar_p(first_only: int, second_only: int) -> float:
    """Two-sided exact p of no difference, from the images that only one of the two got right (McNemar 1947)."""
    discordant = first_only + second_only
    return float(binomtest(first_only, discordant, 0.5).pvalue) if discordant else 1.0


_Test = TypeVar("_Test", Comparison, FactorialEffect, TestedDifference)


def corrected(tests: Sequence[_Test]) -> tuple[_Test, ...]:
    """The tests with their p values adjusted for their number."""
    adjusted = holm([test.p_value for test in tests])
    return tuple(
        replace(test, adjusted_p=p, significant=p < 1 - LEVEL) for test, p in zip(tests, adjusted, strict=True)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values for their number, in their order (S. Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
