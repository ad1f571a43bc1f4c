import pytest

from engine.finished.claims.verdicts import (
    Order,
    judge_above,
    judge_below,
    judge_figure,
    judge_order,
    judge_similar,
)
from engine.reports.statistics import Interval
from engine.reports.wording import p_text


def interval(low, high):
    return Interval(low, high, "by hand")


@pytest.mark.parametrize(
    ("low", "high", "verdict", "words"),
    [
        (0.75, 0.85, "holds", "0.80 lies in"),
        (0.804, 0.85, "holds", "0.80 lies in"),  # 0.804 is written 0.80
        (0.806, 0.85, "does not hold", "0.80 lies below"),
        (0.70, 0.796, "holds", "0.80 lies in"),
        (0.70, 0.794, "does not hold", "0.80 lies above"),
        (0.65, 0.90, "can't be told", "too few images"),
    ],
)
def test_a_stated_figure_is_held_against_the_interval(low, high, verdict, words):
    found, reason = judge_figure(0.80, interval(low, high))
    assert found == verdict
    assert words in reason


def test_a_figure_with_more_decimals_is_held_more_closely():
    assert judge_figure(0.800, interval(0.804, 0.85), 3) == ("does not hold", "0.800 lies below [0.804 0.850]")


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.7, 0.8, "holds"), (0.82, 0.9, "does not hold"), (0.7, 0.9, "can't be told")]
)
def test_a_bound(low, high, verdict):
    assert judge_below(0.81, interval(low, high))[0] == verdict
    other_way_round = {"holds": "does not hold", "does not hold": "holds"}.get(verdict, verdict)
    assert judge_above(0.81, interval(low, high))[0] == other_way_round


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.04, 0.03, "holds"),
        (0.01, 0.03, "holds"),  # a difference, and a small one
        (0.01, 0.2, "does not hold"),
        (-0.2, -0.01, "does not hold"),
        (-0.06, 0.03, "can't be told"),
    ],
)
def test_likeness(low, high, verdict):
    assert judge_similar("a - b", interval(low, high), 0.05)[0] == verdict


def test_an_order_holds_where_every_comparison_is_significant():
    found, reason = judge_order([Order("a > b", 0.1, 0.001), Order("a > c", 0.1, 0.04)])
    assert found == "holds"
    assert "all 2 comparisons" in reason
    assert "a > c, p 0.040" in reason


def test_an_order_does_not_hold_where_one_is_significantly_the_other_way_round():
    found, reason = judge_order([Order("a > b", 0.1, 0.01), Order("a > c", -0.1, 0.002)])
    assert (found, reason) == ("does not hold", "a > c, p 0.004")


def test_a_reversal_is_corrected_for_the_number_of_comparisons():
    reversed_ = Order("a > c", -0.1, 0.04)
    assert judge_order([reversed_])[0] == "does not hold"
    assert judge_order([reversed_, Order("a > b", 0.1, 0.5)])[0] == "can't be told"
    assert judge_order([reversed_, Order("a > b", 0.1, 0.5)], corrected=True)[0] == "does not hold"


def test_an_order_that_is_not_significant_names_the_comparison_that_stands_in_the_way():
    found, reason = judge_order([Order("a > b", 0.1, 0.001), Order("a > c", -0.01, 0.7)], few="too few seeds")
    assert (found, reason) == ("can't be told", "too few seeds: a > c, p 0.700")


def test_a_p_value_is_never_nought():
    assert [p_text(value) for value in (0.0, 0.0009, 0.0012, 0.5)] == ["< 0.001", "< 0.001", "0.001", "0.500"]
