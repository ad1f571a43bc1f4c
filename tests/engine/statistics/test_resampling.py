import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import accuracy_score, f1_score

from engine.statistics.outcomes import collect_outcomes
from engine.statistics.resampling import (
    accuracy,
    bca_interval,
    resample,
    spread_interval,
    spread_p,
    two_level_spread,
)
from engine.statistics.scores import SCORES

DRAWS = 500


def counts_of(labels, predicted, groups, n_classes):
    """(1, G, 3, K) as `Outcomes.group_counts` has them."""
    counts = np.zeros((1, groups.max() + 1, 3, n_classes))
    np.add.at(counts, (0, groups, 0, labels), labels == predicted)
    np.add.at(counts, (0, groups, 1, labels), 1)
    np.add.at(counts, (0, groups, 2, predicted), 1)
    return counts


def right_counts(right):
    """(S, N, 3, 1) of right answers (S, N), each image a group, one class."""
    ones = np.ones(right.shape)
    return np.stack([right.astype(float), ones, ones], axis=-1)[..., None]


def test_counts_and_scores_agree_with_scikit_learn(make_job):
    random = np.random.default_rng(3)
    labels, said = random.integers(4, size=60), random.integers(5, size=60)  # nothing is of the fifth class
    job = make_job("v", labels.tolist(), said.tolist(), n_classes=5)
    groups = {f"t/{i}.jpg": int(random.integers(20)) for i in range(40)}
    outcomes, note = collect_outcomes("v", [job], groups, frozenset({0}))
    assert note == ""
    counts = outcomes.group_counts(5)
    assert counts.shape == (1, len(set(groups.values())) + 20, 3, 5)
    total = counts.sum(axis=1)[0]
    assert accuracy(total) == pytest.approx(accuracy_score(labels, said))
    assert SCORES["f1"](total) == pytest.approx(
        f1_score(labels, said, labels=range(4), average="macro", zero_division=0)
    )
    assert SCORES["f1"](total) == pytest.approx(job.metrics.f1.macro)


def test_draws_take_whole_groups_and_stay_paired():
    one = np.arange(24.0).reshape(1, 4, 3, 2)
    draws = resample(one, replicates=50, seed=7)
    twice = resample(np.concatenate([one, 3 * one]), replicates=50, seed=7)
    assert draws.shape == (50, 1, 3, 2)
    np.testing.assert_array_equal(draws[:, 0], twice[:, 0])
    np.testing.assert_array_equal(3 * draws[:, 0], twice[:, 1])
    assert not np.array_equal(draws, resample(one, replicates=50, seed=8))


@pytest.mark.parametrize(("n_per_class", "share", "copies"), [(50, 0.8, False), (50, 0.8, True), (30, 0.93, False)])
def test_the_f1_interval_covers_90_to_97_percent(n_per_class, share, copies):
    """Six classes whose confusions are known; with copies, pairs of images that nearly always get the same answer."""
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(6), n_per_class)
    right = np.clip(share + np.linspace(-0.12, 0.06, 6), 0, 1)
    chances = np.diag(right) + 0.7 * np.roll(np.diag(1 - right), 1, 1) + 0.3 * np.roll(np.diag(1 - right), 2, 1)
    truth = float(SCORES["f1"](np.stack([right, np.ones(6), chances.sum(axis=0)])))
    groups = np.arange(len(labels)) // 2 if copies else np.arange(len(labels))
    covered, studies = 0, 400
    for study in range(studies):
        drawn = random.random(len(labels))
        if copies:
            drawn = np.where(random.random(len(labels)) < 0.9, drawn[groups * 2], drawn)
        predicted = (drawn[:, None] > chances.cumsum(axis=1)[labels][:, :-1]).sum(axis=1)
        counts = counts_of(labels, predicted, groups, 6)
        interval = bca_interval(counts, resample(counts, replicates=DRAWS, seed=study), SCORES["f1"])
        covered += interval.low <= truth <= interval.high
    assert 0.90 <= covered / studies <= 0.97


def simulate(seeds, seed_spread, studies=250, images=300):
    """How often the interval of the mean holds the true accuracy, and how often two equal variants seem to differ.

    An answer is right where an image's ease and a seed's luck are together above a limit.
    """
    random = np.random.default_rng(5)
    truth = norm.cdf(1.0 / np.sqrt(2 + seed_spread**2))
    covered = false_alarms = 0
    for study in range(studies):
        ease = random.normal(size=images)

        def right(ease=ease):
            luck = random.normal(0, seed_spread, (seeds, 1))
            return ease + luck + random.normal(size=(seeds, images)) < 1.0

        first, second = right(), right()
        drawn = [accuracy(resample(right_counts(r), replicates=DRAWS, seed=study)) for r in (first, second)]
        mean = first.mean(axis=1)
        interval = spread_interval(mean.mean(), two_level_spread(mean, drawn[0], images, seed=study), 0.0)
        covered += interval.low <= truth <= interval.high
        gap = mean - second.mean(axis=1)
        false_alarms += spread_p(gap.mean(), two_level_spread(gap, drawn[0] - drawn[1], images, seed=study)) < 0.05
    return covered / studies, false_alarms / studies


@pytest.mark.parametrize("seed_spread", [0.0, 0.1])
def test_three_seeds_cover_and_give_no_false_alarms(seed_spread):
    covered, false_alarms = simulate(3, seed_spread)
    assert 0.91 <= covered <= 0.98
    assert false_alarms <= 0.07


def test_the_error_of_images_is_that_of_a_share():
    right = np.arange(400)[None, :] % 5 > 0
    spread = two_level_spread(
        right.mean(axis=1), accuracy(resample(right_counts(right), replicates=4000, seed=0)), 400, seed=0
    )
    assert spread.images**0.5 == pytest.approx(np.sqrt(0.8 * 0.2 / 400), rel=0.05)
    assert (spread.seeds, spread.total) == (0.0, spread.images)


def test_where_nothing_varies_there_is_no_interval():
    counts = right_counts(np.ones((1, 20), dtype=bool))
    draws = resample(counts, replicates=20, seed=0)
    assert bca_interval(counts, draws, SCORES["f1"]) is None
    assert spread_interval(1.0, two_level_spread(np.ones(1), accuracy(draws), 20, seed=0), 0.0) is None
