import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from engine.statistics.proportions import holm, mcnemar_p, newcombe_interval, wilson_interval


@pytest.mark.parametrize(("right", "images"), [(0, 10), (10, 10), (1, 3), (243, 300), (7, 8), (4031, 8062)])
def test_wilson_agrees_with_statsmodels(right, images):
    ours = wilson_interval(right, images)
    assert (ours.low, ours.high) == pytest.approx(proportion_confint(right, images, method="wilson"), abs=1e-12)
    assert ours.method == "Wilson"


def test_the_studys_own_figure():
    ours = wilson_interval(243, 300)
    assert (round(ours.low, 3), round(ours.high, 3)) == (0.762, 0.850)


@pytest.mark.parametrize("share", [0.6, 0.81, 0.9])
def test_wilson_covers_93_to_97_percent(share):
    counts = np.arange(301)
    intervals = [wilson_interval(int(count), 300) for count in counts]
    covered = np.array([interval.low <= share <= interval.high for interval in intervals])
    assert 0.93 <= binom.pmf(counts[covered], 300, share).sum() <= 0.97


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (5, 5), (3, 12), (40, 10), (0, 9)])
def test_mcnemar_agrees_with_statsmodels(first, second):
    theirs = mcnemar([[50, first], [second, 20]], exact=True).pvalue if first + second else 1.0
    assert mcnemar_p(first, second) == pytest.approx(min(1.0, theirs), abs=1e-12)


@pytest.mark.parametrize("p_values", [[], [0.03], [0.01, 0.04, 0.03, 0.005, 0.9, 1.0], [0.02, 0.02, 0.02]])
def test_holm_agrees_with_statsmodels(p_values):
    theirs = multipletests(p_values, method="holm")[1] if p_values else []
    assert holm(p_values) == pytest.approx(list(theirs))


def test_newcombe_turns_round_with_the_variants():
    one, other = newcombe_interval(150, 40, 20, 90), newcombe_interval(150, 20, 40, 90)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.low < 20 / 300 < one.high


def test_newcombe_without_a_discordant_image_still_has_a_width():
    interval = newcombe_interval(300, 0, 0, 0)
    assert interval.low == -interval.high < 0


def test_newcombe_without_correlation_squares_and_adds():
    first, second = wilson_interval(60, 120), wilson_interval(60, 120)
    reach = np.hypot(0.5 - first.low, second.high - 0.5)
    assert newcombe_interval(30, 30, 30, 30).low == pytest.approx(-reach)


def test_newcombe_covers_as_it_says():
    """Pairs of right answers with a correlation: both 0.6, only the first 0.2, only the second 0.1."""
    drawn = np.random.default_rng(0).multinomial(300, [0.6, 0.2, 0.1, 0.1], size=1500)
    intervals = [newcombe_interval(*map(int, cells)) for cells in drawn]
    assert 0.93 <= np.mean([interval.low <= 0.1 <= interval.high for interval in intervals]) <= 0.97
