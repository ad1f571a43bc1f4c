"""Image quality against scikit-image's own calls and the formulas; its relation to the accuracy against all orders."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, stats
from scipy.stats import rankdata, spearmanr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from engine.reports.quality import ImageQuality, QualityReport
from engine.reports.statistics import StudyStatistics, VariantStatistics
from engine.statistics.quality import Closeness, compare_image, relate_to_accuracy, summarise_quality


@pytest.fixture
def pair():
    """A picture and the same with noise, (40, 51, 3) uint8."""
    rng = np.random.default_rng(0)
    plain = np.clip(rng.integers(0, 256, (5, 17, 3)).repeat(8, 0).repeat(3, 1) + rng.normal(0, 5, (40, 51, 3)), 0, 255)
    noisy = np.clip(plain + rng.normal(0, 9, plain.shape), 0, 255)
    return noisy.astype(np.uint8), plain.astype(np.uint8)


def ssim_by_formula(first, second):
    """Wang et al. 2004 with a flat window of 7 x 7 and unbiased variances; only whole windows count."""

    def mean(values):
        return ndimage.uniform_filter(values, (7, 7, 0))[3:-3, 3:-3]

    x, y, bias = first.astype(float), second.astype(float), 49 / 48
    var_x, var_y = bias * (mean(x * x) - mean(x) ** 2), bias * (mean(y * y) - mean(y) ** 2)
    both = bias * (mean(x * y) - mean(x) * mean(y))
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    shares = (2 * mean(x) * mean(y) + low) * (2 * both + high)
    return (shares / ((mean(x) ** 2 + mean(y) ** 2 + low) * (var_x + var_y + high))).mean()


def test_an_image_is_compared_by_scikit_image_and_by_the_formulas(pair):
    noisy, plain = pair
    found = compare_image(noisy, plain)
    assert found.psnr == peak_signal_noise_ratio(plain, noisy, data_range=255)
    assert found.ssim == structural_similarity(plain, noisy, channel_axis=-1, data_range=255)
    error = np.mean((noisy.astype(float) - plain) ** 2)
    assert found.psnr == pytest.approx(10 * math.log10(255**2 / error))
    assert found.ssim == pytest.approx(ssim_by_formula(noisy, plain))
    assert compare_image(plain, noisy) == pytest.approx(found)


def test_worse_images_are_less_close(pair):
    noisy, plain = pair
    worse = (plain // 4 + 90).astype(np.uint8)
    assert compare_image(worse, plain).psnr < compare_image(noisy, plain).psnr < math.inf
    assert compare_image(noisy, plain).ssim < 1


def test_an_identical_image_has_infinite_psnr(pair):
    assert compare_image(pair[0], pair[0].copy()) == Closeness(math.inf, 1.0)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32))
def test_images_of_any_size_are_compared(height, width, seed):
    first, second = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3)).astype(np.uint8)
    psnr, ssim = compare_image(first, second)
    assert psnr > 0
    assert math.isnan(ssim) if min(height, width) < 3 else -1 <= ssim <= 1


def some(values, ssim=0.9):
    return [Closeness(value, ssim) for value in values]


def test_without_copies_the_interval_is_the_usual_one_of_a_mean():
    values = [31.0, 28.5, 35.2, 30.1, 29.9]
    found = summarise_quality("denoise", "vanilla", some(values), range(5))
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (found.variant, found.reference, found.images, found.identical) == ("denoise", "vanilla", 5, 0)
    assert found.psnr == pytest.approx(np.mean(values))
    assert (found.psnr_interval.low, found.psnr_interval.high) == pytest.approx((low, high))
    assert found.note == ""


def test_with_copies_the_interval_is_that_of_statsmodels():
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 12, 60)
    values = 30 + rng.normal(0, 2, 12)[groups] + rng.normal(0, 1, 60)
    found = summarise_quality("denoise", "vanilla", some(values), groups + 100)
    fit = sm.OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert (found.psnr_interval.low, found.psnr_interval.high) == pytest.approx(tuple(fit.conf_int()[0]))
    apart = summarise_quality("denoise", "vanilla", some(values), range(60)).psnr_interval
    assert found.psnr_interval.high - found.psnr_interval.low > apart.high - apart.low


def test_intervals_hold_the_true_mean_as_often_as_they_say():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(400):
        groups = np.repeat(np.arange(25), rng.integers(1, 5, 25))
        values = 30 + rng.normal(0, 2, 25)[groups] + rng.normal(0, 1, len(groups))
        interval = summarise_quality("a", "vanilla", some(values), groups).psnr_interval
        hits += interval.low <= 30 <= interval.high
    # 95 % of 400 are 380 with a standard deviation of 4.4.
    assert 365 <= hits <= 394


def test_identical_images_count_for_ssim_alone():
    images = [Closeness(math.inf, 1.0), Closeness(30.0, 0.8), Closeness(34.0, 0.9)]
    found = summarise_quality("median", "vanilla", images, range(3))
    assert (found.identical, found.psnr, found.ssim) == (1, 32.0, pytest.approx(0.9))
    assert found.ssim_interval.high <= 1.0
    assert found.note == ("median leaves 1 of 3 images as they are: their PSNR is infinite, and not in the mean")


def test_a_variant_that_changes_nothing():
    found = summarise_quality("gamma(gamma=1)", "vanilla", [Closeness(math.inf, 1.0)] * 3, range(3))
    assert (found.identical, found.psnr, found.psnr_interval, found.ssim) == (3, None, None, 1.0)
    assert found.note == "gamma(gamma=1) changes no image of vanilla: its PSNR is infinite"


def test_one_group_has_no_interval_and_narrow_images_no_ssim():
    found = summarise_quality("grey", "vanilla", [Closeness(20.0, math.nan), Closeness(22.0, math.nan)], [4, 4])
    assert (found.psnr, found.psnr_interval) == (21.0, None)
    assert (found.ssim, found.ssim_interval) == (None, None)


def qualities(ssims, psnrs):
    return [
        ImageQuality(f"v{place}", "vanilla", 9, 0, psnr, None, ssim, None)
        for place, (ssim, psnr) in enumerate(zip(ssims, psnrs, strict=True))
    ]


def scores(accuracies, plain=0.5):
    found = {"vanilla": plain} | {f"v{place}": accuracy for place, accuracy in enumerate(accuracies)}
    return StudyStatistics(tuple(VariantStatistics(name, 9, 9, (0,), *[value] * 8) for name, value in found.items()))


def test_closeness_is_related_to_the_gain_by_its_rank():
    ssims, psnrs, accuracies = (0.9, 0.8, 0.7, 0.6, 0.5), (30, 20, 40, 10, None), (0.6, 0.58, 0.59, 0.4, 0.3)
    ssim, psnr = relate_to_accuracy(qualities(ssims, psnrs), scores(accuracies))
    assert ssim.correlation == pytest.approx(spearmanr(ssims, accuracies).statistic)
    assert psnr.correlation == pytest.approx(spearmanr((30, 20, 40, 10, math.inf), accuracies).statistic)
    # All 120 orders by hand: as far from none as this one, on either side.
    ranks = [5, 4, 3, 2, 1]
    sums = [np.dot(ranks, order) for order in permutations(rankdata(accuracies))]
    reached = np.dot(ranks, rankdata(accuracies))
    assert ssim.p_value == pytest.approx(2 * np.mean([value >= reached for value in sums]))
    assert ssim.method == "exact permutation test"
    assert (ssim.adjusted_p, psnr.adjusted_p) == (2 * ssim.p_value, max(2 * ssim.p_value, psnr.p_value))
    assert ssim.variants == ("v0", "v1", "v2", "v3", "v4")


@pytest.mark.parametrize(
    ("ssims", "accuracies"),
    [
        ((0.9, 0.8, 0.7), (0.6, 0.5, 0.4)),
        ((0.9, 0.9, 0.9, 0.9), (0.6, 0.5, 0.4, 0.3)),
        ((0.9, 0.8, 0.7, 0.6), (0.5, 0.5, 0.5, 0.5)),
        ((None, 0.8, 0.7, 0.6), (0.6, 0.5, 0.4, 0.3)),
    ],
)
def test_nothing_is_related_where_nothing_can_be_ranked(ssims, accuracies):
    found = relate_to_accuracy(qualities(ssims, [30] * len(ssims)), scores(accuracies))
    assert not found
    assert "It takes 4 variants" in QualityReport(tuple(qualities(ssims, [30] * len(ssims))), found).answer


def test_a_variant_without_its_plain_one_is_left_out():
    entries = [replace(entry, reference="bbox") for entry in qualities((0.9, 0.8, 0.7, 0.6), (40, 30, 20, 10))]
    assert relate_to_accuracy(entries, scores((0.6, 0.5, 0.4, 0.3))) == ()


def test_the_answer_names_what_was_found():
    ranked = np.linspace(0, 1, 12)
    entries = qualities(ranked, 10 + 20 * ranked)
    for sign, words in ((1, "Yes, by SSIM and PSNR."), (-1, "No, it classifies worse, by SSIM and PSNR.")):
        found = relate_to_accuracy(entries, scores(0.5 + sign * 0.1 * ranked))
        assert [round(relation.correlation) for relation in found] == [sign, sign]
        assert words in QualityReport(tuple(entries), found).answer
        assert found == relate_to_accuracy(entries, scores(0.5 + sign * 0.1 * ranked)), "the same seed, the same p"
    noise = np.random.default_rng(1).random(12)
    found = relate_to_accuracy(entries, scores(noise))
    answer = QualityReport(tuple(entries), found).answer
    assert "There is no relation that 12 variants can show." in answer
    assert "permutation test of 9,999 orders, Holm" in answer
    assert "no random sample" in answer


def test_unrelated_closeness_raises_no_more_false_alarms_than_it_may():
    random, alarms, studies = np.random.default_rng(3), 0, 300
    for _ in range(studies):
        entries = qualities(random.random(6), 30 * random.random(6))
        alarms += any(relation.significant for relation in relate_to_accuracy(entries, scores(random.random(6))))
    # 5 % of 300 are 15 with a standard deviation of 3.8; exact tests of few variants stay below.
    assert alarms <= 15 + 3 * 3.8
