import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from engine.config.combinations import COMBINATIONS, combinations_of
from engine.events.codec import event_from_line, event_to_line, from_jsonable, to_jsonable
from engine.events.study import StatisticsComputed
from engine.reports.statistics import StudyStatistics
from engine.statistics import compute_statistics
from engine.statistics.factorial import Cell, analyse_factorial, contrast_weights, sign_flip_p
from engine.statistics.outcomes import Outcomes
from engine.statistics.proportions import holm, mcnemar_p
from engine.statistics.resampling import accuracy, resample

TWO = ("denoise", "superres")
THREE = ("bbox", "denoise", "superres")
DRAWS = 300


def outcomes_of(right, groups=None):
    """What one variant said, from right answers (S, N)."""
    right = np.atleast_2d(right)
    images = right.shape[1]
    labels = np.zeros(images, dtype=np.int64)
    return Outcomes(
        "v",
        tuple((0, f"{i:05}.jpg", 0) for i in range(images)),
        tuple(range(len(right))),
        labels,
        np.arange(images) if groups is None else groups,
        np.where(right, 0, 1),
        np.full(right.shape, 0.7),
    )


def analyse(steps, rights, groups=None, seed=0):
    outcomes = [outcomes_of(right, groups) for right in rights]
    draws = [accuracy(resample(entry.group_counts(2), replicates=DRAWS, seed=seed)) for entry in outcomes]
    return analyse_factorial(steps, [Cell(*pair) for pair in zip(outcomes, draws, strict=True)], seed)


def share(images, right):
    return np.arange(images) < right


def test_two_steps_by_hand():
    """Of 100 images: 60 right without either, 70 with the first, 66 with the second, 90 with both."""
    found = analyse(TWO, [share(100, right) for right in (60, 70, 66, 90)])
    assert found.variants == ("vanilla", "denoise", "superres", "denoise+superres")
    assert found.accuracies == pytest.approx((0.60, 0.70, 0.66, 0.90))
    assert [effect.steps for effect in found.effects] == [("denoise",), ("superres",), TWO]
    by_hand = [(70 + 90 - 60 - 66) / 200, (66 + 90 - 60 - 70) / 200, ((90 - 66) - (70 - 60)) / 200]
    assert [effect.estimate for effect in found.effects] == pytest.approx(by_hand)
    assert found.effect("superres", "denoise") == found.effects[2]
    assert (found.images, found.groups, found.seeds) == (100, 100, (0,))


def test_three_steps_by_hand():
    counts = dict(zip(combinations_of(THREE), (50, 54, 58, 56, 70, 60, 62, 90), strict=True))
    found = analyse(THREE, [share(100, right) for right in counts.values()])
    assert [effect.steps for effect in found.effects] == [
        ("bbox",),
        ("denoise",),
        ("superres",),
        ("bbox", "denoise"),
        ("bbox", "superres"),
        ("denoise", "superres"),
        THREE,
    ]
    # Sums of the four with the step, or with the even side, less the other four, over 4.
    expected = [
        (54 + 70 + 60 + 90) - (50 + 58 + 56 + 62),
        (58 + 70 + 62 + 90) - (50 + 54 + 56 + 60),
        (56 + 60 + 62 + 90) - (50 + 54 + 58 + 70),
        (50 + 70 + 56 + 90) - (54 + 58 + 60 + 62),
        (50 + 60 + 58 + 90) - (54 + 56 + 70 + 62),
        (50 + 62 + 54 + 90) - (58 + 56 + 70 + 60),
        (54 + 58 + 56 + 90) - (50 + 70 + 60 + 62),
    ]
    assert [effect.estimate for effect in found.effects] == pytest.approx([value / 400 for value in expected])
    assert [effect.adjusted_p for effect in found.effects] == holm([effect.p_value for effect in found.effects])


def test_contrasts_are_orthogonal_and_leave_out_the_mean():
    effects = [chosen for size in (1, 2, 3) for chosen in itertools.combinations(THREE, size)]
    weights = np.array([contrast_weights(THREE, chosen) for chosen in effects])
    np.testing.assert_allclose(weights.sum(axis=1), 0)
    np.testing.assert_allclose(weights @ weights.T, np.eye(7) / 2)


def test_sign_flips_of_two_variants_are_mcnemars_test():
    for first, second in [(0, 0), (1, 0), (5, 5), (3, 12), (0, 9)]:
        contrasts = np.array([1] * first + [-1] * second + [0] * 20)
        assert sign_flip_p(contrasts) == pytest.approx(mcnemar_p(first, second), abs=1e-12)


def test_sign_flips_agree_with_all_flips_by_hand():
    contrasts = np.array([3, -1, 2, 2, 0, -4, 1])
    flips = np.array(list(itertools.product((-1, 1), repeat=len(contrasts))))
    sums = np.abs(flips @ contrasts)
    assert sign_flip_p(contrasts) == pytest.approx(np.mean(sums >= abs(contrasts.sum())))


def simulate(steps, *, shifts, seeds=1, seed_spread=0.0, copies=1, studies=150, pictures=200):
    """Shares of studies in which each effect's interval holds the truth, and in which its p is below 0.05.

    An answer is right where the ease of the image, a seed's luck with a variant and the variant's own shift pass a
    limit. `copies` images of a picture nearly always get the same answer.
    """
    random = np.random.default_rng(11)
    variants = combinations_of(steps)
    scale = np.sqrt(2 + seed_spread**2)
    truth = [norm.cdf((0.8 + shifts.get(name, 0.0)) / scale) for name in variants]
    names = [chosen for size in range(1, len(steps) + 1) for chosen in itertools.combinations(steps, size)]
    true = np.array([contrast_weights(steps, chosen) @ truth for chosen in names])
    groups = np.repeat(np.arange(pictures), copies)
    held, alarms = np.zeros(len(names)), np.zeros(len(names))
    for study in range(studies):
        ease = random.normal(size=pictures)[groups]
        rights = []
        for name in variants:
            luck = random.normal(0, seed_spread, (seeds, 1)) if seed_spread else 0.0
            noise = random.normal(size=(seeds, pictures))[:, groups]
            rights.append(ease + luck + noise < 0.8 + shifts.get(name, 0.0))
        effects = analyse(steps, rights, groups, seed=study).effects
        held += [entry.interval.low <= value <= entry.interval.high for entry, value in zip(effects, true, strict=True)]
        alarms += [entry.p_value < 0.05 for entry in effects]
    return held / studies, alarms / studies


def test_without_any_effect_alarms_are_rare_and_intervals_hold_zero():
    held, alarms = simulate(THREE, shifts={})
    assert held.mean() >= 0.93
    assert held.min() >= 0.90
    assert alarms.mean() <= 0.06


def test_copies_of_a_picture_are_no_further_evidence():
    held, alarms = simulate(TWO, shifts={}, copies=3, pictures=100)
    assert held.mean() >= 0.92
    assert alarms.mean() <= 0.07


def test_main_effects_alone_leave_the_interactions_at_zero():
    """On the scale of the accuracy shifts do not quite add up, which is part of the truth that intervals must hold."""
    shifts = {"denoise": 0.5, "superres": -0.4, "denoise+superres": 0.1}
    held, alarms = simulate(TWO, shifts=shifts)
    assert held.mean() >= 0.92
    assert (alarms[:2] > 0.8).all()
    assert alarms[2] < 0.2


def test_several_seeds_cover_and_give_no_false_alarms():
    held, alarms = simulate(TWO, shifts={}, seeds=3, seed_spread=0.1)
    assert held.mean() >= 0.92
    assert alarms.mean() <= 0.07


# ---------------------------------------------------------------- as part of a study's statistics

LABELS = [0, 1, 2] * 20


@pytest.fixture
def jobs(make_job):
    """A job a variant in which the first images are wrong, so many as are said."""

    def make(wrong, seeds=(0,)):
        return [
            make_job(name, LABELS, [(y + 1) % 3 if i < count + seed else y for i, y in enumerate(LABELS)], seed=seed)
            for name, count in wrong.items()
            for seed in seeds
        ]

    return make


def statistics(jobs, variants=None):
    return compute_statistics(
        variants or tuple(dict.fromkeys(job.variant for job in jobs)), jobs, {}, 3, replicates=DRAWS
    )


def test_a_study_of_all_combinations_has_seven_effects(jobs):
    wrong = dict(zip(COMBINATIONS, (30, 27, 24, 24, 21, 20, 12, 9), strict=True))
    found = statistics(jobs(wrong))
    (factorial,) = found.factorials
    assert (factorial.steps, factorial.variants) == (THREE, COMBINATIONS)
    assert len(factorial.effects) == 7
    assert factorial.accuracies == pytest.approx(tuple(found.of(name).accuracy for name in COMBINATIONS))
    main = factorial.effect("denoise")
    assert main.estimate == pytest.approx((27 + 30 + 24 + 20 - 24 - 21 - 12 - 9) / 4 / 60)
    assert main.method == "sign flips of groups of images"
    assert main.interval.low < main.estimate < main.interval.high


def test_several_seeds_take_the_bootstrap_of_images_and_seeds(jobs):
    wrong = dict(zip(combinations_of(TWO), (30, 24, 24, 6), strict=True))
    (factorial,) = statistics(jobs(wrong, seeds=(0, 1, 2))).factorials
    assert factorial.seeds == (0, 1, 2)
    assert {effect.method for effect in factorial.effects} == {"paired bootstrap over images and seeds"}
    assert factorial.effect("denoise").estimate == pytest.approx((30 + 24 - 24 - 6) / 2 / 60)


def test_only_complete_sets_in_one_order_count(jobs):
    four = dict.fromkeys(("vanilla", "bbox", "denoise", "superres"), 10)
    assert statistics(jobs(four)).factorials == ()
    both = {**four, "superres+denoise": 5}
    (factorial,) = statistics(jobs(both)).factorials
    assert factorial.steps == ("superres", "denoise")
    stopped = [replace(job, status="stopped") if job.variant == "denoise" else job for job in jobs(both)]
    assert statistics(stopped).factorials == ()


def test_a_set_on_different_images_is_refused_in_words(jobs, make_job):
    some = jobs(dict.fromkeys(("vanilla", "denoise", "superres"), 10))
    found = statistics([*some, make_job("denoise+superres", LABELS, LABELS, first=7)])
    assert found.factorials == ()
    assert any("effects of denoise, superres are not computed" in sentence for sentence in found.refused)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_variants_that_never_differ_have_no_effect_but_an_interval(make_job, seeds):
    found = statistics([make_job(name, LABELS, LABELS, seed=s) for name in combinations_of(TWO) for s in seeds])
    for effect in found.factorials[0].effects:
        assert (effect.estimate, effect.p_value, effect.significant) == (0.0, 1.0, False)
        assert effect.interval.low < 0 < effect.interval.high


def test_it_survives_the_trip_to_json_and_older_files_have_none(jobs):
    found = statistics(jobs(dict(zip(combinations_of(TWO), (30, 24, 24, 6), strict=True))))
    line = event_to_line(StatisticsComputed(statistics=found))
    assert event_from_line(line).statistics.factorials == found.factorials
    older = to_jsonable(found)
    del older["factorials"]
    assert from_jsonable(StudyStatistics, older).factorials == ()
