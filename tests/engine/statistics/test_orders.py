"""What orders, strengths and selections are said to do, by hand and by simulated studies."""

from itertools import product

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from engine.config.variants import words_of
from engine.reports.pipelines import changed_images
from engine.statistics import compute_statistics, contrasts
from engine.statistics.contrasts import SIGN_FLIPS, Scores, accuracy_scores
from engine.statistics.factorial import sign_flip_p
from engine.statistics.orders import (
    corrected_share,
    effect_weights,
    has_orders,
    length_correlation,
    mirror_pairs,
    order_p,
    projections,
    selection_p,
    share_interval,
)
from engine.statistics.pipelines import analyse_outcomes, analyse_pipelines
from engine.statistics.proportions import corrected, holm
from engine.statistics.resampling import accuracy, resample, two_level_spread
from engine.statistics.strengths import find_sweeps
from tests.engine.statistics.simulated import ORDERS, clopper_pearson, simulate, true_accuracy

FOUR = [words_of(name) for name in ("vanilla", "a", "b", "a+b", "b+a")]
CLASSES = ("benign", "malignant")


@pytest.fixture(autouse=True)
def one_thread():
    """Small matrices take longer with a thread a core, the more so where the cores have other work."""
    with threadpool_limits(1):
        yield


def scores_of(outcomes):
    return accuracy_scores(np.stack([entry.right for entry in outcomes]), outcomes[0].groups)


# ---------------------------------------------------------------- designs, by hand


def test_effects_of_two_steps_and_their_orders_by_hand():
    accuracies = np.array([0.50, 0.60, 0.54, 0.70, 0.58])
    found = {(kind, steps): float(weights @ accuracies) for kind, steps, weights in effect_weights(FOUR)}
    assert found == {
        ("step", ("a",)): pytest.approx(((0.60 - 0.50) + (0.70 - 0.54) + (0.58 - 0.54)) / 3),
        ("step", ("b",)): pytest.approx(((0.54 - 0.50) + (0.70 - 0.60) + (0.58 - 0.60)) / 3),
        ("first", ("a",)): pytest.approx(0.12),
        ("first", ("b",)): pytest.approx(-0.12),
        ("last", ("a",)): pytest.approx(-0.12),
        ("last", ("b",)): pytest.approx(0.12),
        ("length", ()): pytest.approx((0.70 + 0.58) / 2 - (0.60 + 0.54) / 2),
    }
    assert mirror_pairs(FOUR) == [(3, 4)]
    assert length_correlation(FOUR, accuracies) == pytest.approx(np.corrcoef([1, 1, 2, 2], accuracies[1:])[0, 1])


def test_all_65_orders_have_every_effect_and_mirror():
    effects = list(effect_weights(ORDERS))
    kinds = [kind for kind, *_ in effects]
    assert [kinds.count(kind) for kind in ("step", "first", "last", "ends", "length")] == [4, 4, 4, 6, 1]
    assert len(mirror_pairs(ORDERS)) == (12 + 24 + 24) // 2
    for _, _, weights in effects:
        assert weights.sum() == pytest.approx(0)
    lengths = np.array([len(words) for words in ORDERS])
    (slope,) = (weights for kind, _, weights in effects if kind == "length")
    assert slope @ (0.3 - 0.02 * lengths) == pytest.approx(-0.02)


def test_places_are_compared_within_sets_of_steps_only():
    """A set of steps that is good in every order says nothing of a place in it."""
    accuracies = np.array([0.9 if "hsv" in words else 0.5 for words in ORDERS])
    for kind, _, weights in effect_weights(ORDERS):
        if kind in {"first", "last", "ends"}:
            assert weights @ accuracies == pytest.approx(0)


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (("vanilla", "a+b", "b+a"), True),
        (("vanilla", "a", "b", "a+b"), False),
        (("a+b", "c+a"), False),
        (("vanilla", "denoise(weight=0.1)+a", "a+denoise(weight=0.1)"), True),
    ],
)
def test_a_study_has_orders_where_the_same_steps_stand_differently(names, ordered):
    assert has_orders([words_of(name) for name in names]) == ordered


def test_order_and_selection_share_the_sum_of_squares_by_hand():
    pipelines = [words_of(name) for name in ("a+b", "b+a", "a+c", "c+a")]
    gains = np.array([1.0, 3.0, 5.0, 9.0])
    within, between = projections(pipelines)
    assert gains @ within @ gains == pytest.approx(1 + 1 + 4 + 4)
    assert gains @ between @ gains == pytest.approx(4 * 2.5**2)
    covariance = np.eye(4) * 0.5  # two degrees of freedom within, one between
    assert corrected_share(gains, covariance, (within, between)) == pytest.approx((10 - 1) / (10 - 1 + 25 - 0.5))
    assert np.isnan(corrected_share(np.zeros(4), covariance, (within, between)))


def test_sweeps_are_found_where_all_else_is_equal():
    names = (
        "vanilla",
        "d(w=0.1)+c(k=2)",
        "d(w=0.02)+c(k=2)",
        "d(w=0.1)+c(k=3)",
        "d(w=0.5)",
        "c(k=2)+d(w=0.02)",
        "e(m=x)",
    )
    weight, clip = find_sweeps([words_of(name) for name in names])
    assert (weight.step, weight.parameter, weight.pipeline) == ("d", "w", "d(w=*)+c(k=2)")
    assert (weight.values, weight.places) == ((0.02, 0.1), (2, 1))
    assert (clip.step, clip.parameter, clip.values, clip.places) == ("c", "k", (2.0, 3.0), (1, 3))


# ---------------------------------------------------------------- contrasts


def test_the_covariances_are_what_the_bootstrap_of_groups_and_seeds_tends_to():
    outcomes = simulate(np.random.default_rng(3), pipelines=ORDERS[:2], seeds=4, pictures=150, copies=2)
    scores = scores_of(outcomes)
    found = scores.contrast(np.array([[1.0, -1.0]]))
    draws = [accuracy(resample(entry.group_counts(2), replicates=8000, seed=1)) for entry in outcomes]
    spread = two_level_spread(scores.by_seed[0] - scores.by_seed[1], draws[0] - draws[1], 150, seed=1)
    assert found.variances[0] == pytest.approx(spread.total, rel=0.1)
    assert scores.images[0, 0] + scores.images[1, 1] - 2 * scores.images[0, 1] == pytest.approx(spread.images, rel=0.1)


def test_with_one_seed_two_variants_are_tested_by_all_flips_of_groups():
    outcomes = simulate(np.random.default_rng(4), pipelines=ORDERS[:2], seeds=1, pictures=60, copies=3)
    (found,) = contrasts.tested(scores_of(outcomes), np.array([[1.0, -1.0]]), 180)
    gaps = outcomes[0].right[0].astype(int) - outcomes[1].right[0]
    by_group = np.bincount(outcomes[0].groups, gaps).astype(np.int64)
    assert (found.p_value, found.method) == (pytest.approx(sign_flip_p(by_group)), SIGN_FLIPS)
    assert found.estimate == pytest.approx(gaps.mean())


def test_drawn_flips_agree_with_all_flips():
    right = np.array([[[1, 1, 1, 0, 1, 1, 0, 1]], [[0, 1, 0, 0, 0, 1, 0, 0]], [[0, 1, 0, 1, 0, 0, 0, 1]]], dtype=bool)
    scores = accuracy_scores(right, np.arange(8))
    weights = np.array([[1.0, -0.3, -0.7]])
    (found,) = contrasts.tested(scores, weights, 8)
    by_image = weights[0] @ right[:, 0]
    flipped = np.abs([np.dot(signs, by_image) for signs in product((-1, 1), repeat=8)])
    assert found.p_value == pytest.approx(np.mean(flipped >= abs(by_image.sum()) - 1e-9), abs=0.01)


def test_variants_that_never_differ_have_no_gain_but_an_interval():
    right = np.ones((3, 2, 50), dtype=bool)
    for seeds in (1, 2):
        (found,) = contrasts.tested(accuracy_scores(right[:, :seeds], np.arange(50)), np.array([[1.0, 0, -1.0]]), 50)
        assert (found.estimate, found.p_value) == (0.0, 1.0)
        assert found.interval.low < 0 < found.interval.high


def test_many_variants_lend_each_other_degrees_of_freedom():
    outcomes = simulate(np.random.default_rng(5), seeds=2)
    gain = np.zeros((1, 65))
    gain[0, :2] = -1, 1
    alone = scores_of(outcomes[:2]).contrast(gain[:, :2])
    together = scores_of(outcomes).contrast(gain)
    assert alone.estimates == pytest.approx(together.estimates)
    assert together.degrees[0] > 20 > alone.degrees[0]


def test_seeds_that_differ_in_some_variants_only_lend_less():
    """The more unlike the variances over seeds are, the more a variant has to speak for itself."""
    random = np.random.default_rng(6)
    alike, unlike = np.full(40, 0.01), np.exp(random.normal(-5, 1.5, 40))
    worth = []
    for deviations in (alike, unlike):
        by_seed = random.normal(size=(40, 5)) * deviations[:, None]
        worth.append(Scores.of(by_seed, np.full(9, 1 / 9), np.zeros((40, 5, 9))).prior.degrees)
    assert worth[0] > 20
    assert worth[1] < 4


# ---------------------------------------------------------------- nothing is there


FAMILIES = (
    np.eye(65)[1:] - np.eye(65)[0],
    np.stack([weights for *_, weights in effect_weights(ORDERS)]),
    np.stack([np.eye(65)[one] - np.eye(65)[other] for one, other in mirror_pairs(ORDERS)]),
)


def false_alarms(outcomes):
    """Whether any gain, any effect and any mirror pair is significant."""
    scores = scores_of(outcomes)
    images = len(outcomes[0].items)
    return [any(test.significant for test in corrected(contrasts.tested(scores, part, images))) for part in FAMILIES]


@pytest.mark.parametrize(
    ("studies", "setting"),
    [
        (250, {"seeds": 5, "copies": 2, "pictures": 80}),
        (250, {"seeds": 2, "luck": 0.15, "seed_luck": 0.1, "pictures": 120}),
        (100, {"seeds": 1, "luck": 0.0, "seed_luck": 0.0, "copies": 2, "pictures": 50}),
    ],
)
def test_65_variants_of_noise_give_false_alarms_in_one_study_of_twenty_at_most(studies, setting):
    random = np.random.default_rng(7)
    alarms = np.sum([false_alarms(simulate(random, **setting)) for _ in range(studies)], axis=0)
    for count in alarms:
        assert clopper_pearson(int(count), studies)[0] <= 0.05
        assert count / studies <= 0.075


@pytest.mark.parametrize(("seeds", "luck"), [(3, 0.1), (1, 0.0)])
def test_orders_that_make_no_difference_have_no_share_by_chance(seeds, luck):
    """The selection matters, the order does not: its permutation must not see it."""
    random, pipelines = np.random.default_rng(8), [words for words in ORDERS if len(words) == 3]
    p_values = []
    for study in range(40):
        outcomes = simulate(
            random, lambda words: 0.3 * ("hsv" in words), pipelines=pipelines, seeds=seeds, luck=luck, pictures=40
        )
        p_values.append(order_p(pipelines, scores_of(outcomes), study))
    assert clopper_pearson(int(np.count_nonzero(np.array(p_values) < 0.05)), 40)[0] <= 0.05
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.15)


def test_pipelines_alike_have_p_one():
    pipelines = [words for words in ORDERS if len(words) == 2]
    scores = accuracy_scores(np.ones((12, 2, 20), dtype=bool), np.arange(20))
    assert order_p(pipelines, scores, 0) == 1.0
    assert selection_p(pipelines, np.ones(12), 0) == 1.0
    assert selection_p([pipelines[0], pipelines[0][::-1]], np.array([0.1, 0.2]), 0) is None


# ---------------------------------------------------------------- something is there


def first_matters(words):
    """Equalising costs, less so where it comes first; each further step costs a little."""
    return -0.05 * len(words) + (0.25 if words[:1] == ("equalize",) else 0.0)


def test_simulated_effects_of_orders_are_found():
    found = analyse_outcomes(simulate(np.random.default_rng(9), first_matters, seeds=3, pictures=800), CLASSES)
    effects = {(entry.kind, entry.steps): entry for entry in found.effects}
    accuracies = np.array([true_accuracy(first_matters(words), 0.05, 0.05) for words in ORDERS])
    for kind, steps, weights in effect_weights(ORDERS):
        interval = effects[kind, steps].effect.interval
        assert interval.low - 0.004 < weights @ accuracies < interval.high + 0.004, (kind, steps)
    assert effects["first", ("equalize",)].effect.significant
    assert effects["first", ("equalize",)].effect.estimate > 0.05
    assert effects["length", ()].effect.significant
    assert effects["length", ()].effect.estimate < 0
    assert found.length_correlation < -0.2
    ends = [entry for entry in found.effects if entry.kind == "ends" and "equalize" in entry.steps]
    assert all(entry.effect.significant for entry in ends)
    sure = [entry for entry in found.mirrors if entry.difference.significant]
    assert sure
    assert all("equalize" in (words_of(one.first)[0], words_of(one.second)[0]) for one in sure)
    assert all(one.adjusted_order_p < 0.05 for one in found.shares)


def test_shares_of_the_variance_are_recovered():
    """Of a third to two thirds; measured shares are off by the noise, corrected ones hold it."""

    def shift(words):
        return 0.12 * ("hsv" in words) + (0.1 if words[:1] == ("equalize",) else 0.0)

    random, pipelines = np.random.default_rng(10), [words for words in ORDERS if len(words) == 3]
    accuracies, parts = (
        np.array([true_accuracy(shift(words), 0.05, 0.05) for words in pipelines]),
        projections(pipelines),
    )
    truth = float(corrected_share(accuracies, np.zeros((24, 24)), parts))
    raw, corrected_shares, held = [], [], []
    for study in range(100):
        scores = scores_of(simulate(random, shift, pipelines=pipelines, pictures=400))
        gains = scores.by_seed.mean(axis=1)
        raw.append(float(corrected_share(gains, np.zeros((24, 24)), parts)))
        corrected_shares.append(float(corrected_share(gains, scores.covariance, parts)))
        interval = share_interval(gains, scores.covariance, parts, study)
        held.append(interval is not None and interval.low <= truth <= interval.high)
    assert abs(np.median(corrected_shares) - truth) < 0.07
    assert abs(np.median(corrected_shares) - truth) < abs(np.median(raw) - truth)
    assert np.mean(held) >= 0.88


def test_gains_have_intervals_that_hold_the_truth_and_count_broken_images():
    def shift(words):
        return -0.5 if words == ("hsv",) else 0.0

    outcomes = simulate(np.random.default_rng(12), shift, seeds=3, pictures=500)
    found = analyse_outcomes(outcomes, CLASSES)
    assert [entry.variant for entry in found.gains] == [entry.variant for entry in outcomes[1:]]
    loss = found.gain_of("hsv")
    assert (loss.length, loss.gain.significant) == (1, True)
    truth = true_accuracy(-0.5, 0.05, 0.05) - true_accuracy(0.0, 0.05, 0.05)
    assert loss.gain.interval.low < truth < loss.gain.interval.high
    assert [entry.gain.adjusted_p for entry in found.gains] == pytest.approx(
        holm([entry.gain.p_value for entry in found.gains])
    )
    before, after = (entry.right.mean(axis=0) > 0.5 for entry in (outcomes[0], outcomes[ORDERS.index(("hsv",))]))
    assert (loss.broken, loss.mended) == (np.sum(before & ~after), np.sum(~before & after))


def test_the_trend_of_strengths_is_recovered():
    strengths = (0.02, 0.05, 0.1, 0.2)
    pipelines = [(), *((f"denoise(weight={value})", "hsv") for value in strengths), ("hsv",)]

    def shift(words):
        return -0.15 * strengths.index(float(words[0][15:-1])) if len(words) == 2 else 0.0

    outcomes = simulate(np.random.default_rng(13), shift, pipelines=pipelines, seeds=3, pictures=1500)
    (curve,) = analyse_outcomes(outcomes, CLASSES).curves
    assert (curve.step, curve.parameter, curve.pipeline) == ("denoise", "weight", "denoise(weight=*)+hsv")
    assert [point.value for point in curve.points] == list(strengths)
    assert [point.variant for point in curve.points] == [entry.variant for entry in outcomes[1:5]]
    levels = [true_accuracy(-0.15 * rank, 0.05, 0.05) for rank in range(4)]
    for point, level in zip(curve.points, levels, strict=True):
        assert point.interval.low < level < point.interval.high
        assert point.gain.interval.low - 0.01 < level - levels[0] < point.gain.interval.high + 0.01
    assert curve.trend.significant
    assert curve.trend.interval.low < np.polyfit(range(4), levels, 1)[0] < curve.trend.interval.high


# ---------------------------------------------------------------- as part of a study

LABELS = [0, 1, 2] * 20


def jobs_of(make_job, wrong, seeds=(0,), n_classes=3):
    labels = [label % n_classes for label in LABELS]
    return [
        make_job(
            name,
            labels,
            [(y + 1) % n_classes if i in images else y for i, y in enumerate(labels)],
            seed=seed,
            n_classes=n_classes,
        )
        for name, images in wrong.items()
        for seed in seeds
    ]


def analyse(jobs, classes=("x", "y", "z"), variants=None):
    return analyse_pipelines(variants or tuple(dict.fromkeys(job.variant for job in jobs)), jobs, {}, classes)


def test_a_study_without_such_a_design_has_no_analysis(make_job):
    names = ("vanilla", "denoise", "superres", "denoise+superres")
    assert analyse(jobs_of(make_job, dict.fromkeys(names, range(5)))) is None
    assert analyse([]) is None


def test_without_the_plain_resize_orders_have_no_gains_but_mirrors(make_job):
    found = analyse(jobs_of(make_job, {"a+b": range(5), "b+a": range(12)}))
    assert (found.baseline, found.gains) == ("", ())
    (mirror,) = found.mirrors
    assert (mirror.first, mirror.second, mirror.difference.estimate) == ("a+b", "b+a", pytest.approx(7 / 60))


def test_of_many_variants_each_is_compared_with_the_plain_resize_alone(make_job):
    names = ("vanilla", *(f"v{place}" for place in range(19)))
    jobs = jobs_of(make_job, {name: range(place) for place, name in enumerate(names)})
    found = compute_statistics(names, jobs, {}, 3, replicates=100)
    assert [(entry.first, entry.second) for entry in found.comparisons] == [("vanilla", name) for name in names[1:]]
    assert found.refused == (
        "20 variants make 190 pairs, too many for a correction to leave much to find: each is compared with vanilla "
        "alone.",
    )
    assert len(compute_statistics(names[1:], jobs, {}, 3, replicates=100).comparisons) == 19 * 18 / 2


def test_variants_drawn_together_have_the_intervals_of_variants_drawn_alone(make_job):
    jobs = jobs_of(make_job, {"vanilla": range(5), "a": range(9)}, (0, 1))
    both = compute_statistics(("vanilla", "a"), jobs, {}, 3, replicates=100)
    for name in ("vanilla", "a"):
        (alone,) = compute_statistics((name,), jobs, {}, 3, replicates=100).variants
        assert alone.accuracy_interval == both.of(name).accuracy_interval
        assert alone.macro_f1_interval == both.of(name).macro_f1_interval


def test_broken_and_mended_images_are_named(make_job):
    wrong = {"vanilla": range(5), "a+b": range(3, 9), "b+a": range(5)}
    jobs = jobs_of(make_job, wrong)
    found = analyse(jobs)
    gain = found.gain_of("a+b")
    assert (gain.broken, gain.mended) == (4, 3)
    changed = changed_images(jobs, found.baseline, "a+b", found.seeds)
    assert changed == {
        **{f"t/{i}.jpg": "mended" for i in range(3)},
        **{f"t/{i}.jpg": "broken" for i in range(5, 9)},
    }
    assert not changed_images(jobs, "vanilla", "b+a", found.seeds)


def test_an_image_counts_as_broken_where_most_seeds_say_so(make_job):
    right = {name: jobs_of(make_job, {name: ()}, (0, 1, 2)) for name in ("vanilla", "b+a")}
    jobs = [*right["vanilla"], *right["b+a"]]
    for seed, images in enumerate(({0, 1}, {0}, {0, 1, 2})):
        jobs += jobs_of(make_job, {"a+b": images}, (seed,))
    found = analyse(jobs)
    assert found.gain_of("a+b").broken == 2
    assert list(changed_images(jobs, "vanilla", "a+b", found.seeds)) == ["t/0.jpg", "t/1.jpg"]
    two = [job for job in jobs if job.seed < 2]
    assert list(changed_images(two, "vanilla", "a+b", (0, 1))) == ["t/0.jpg"], "half of the seeds is not most"


def test_variants_that_lack_a_seed_or_saw_other_images_count_nowhere(make_job):
    jobs = jobs_of(make_job, dict.fromkeys(("vanilla", "a+b", "b+a"), range(5)), (0, 1))
    jobs += jobs_of(make_job, {"c": range(5)})
    jobs.append(make_job("d", LABELS, LABELS, first=7))
    found = analyse(jobs)
    assert found.seeds == (0, 1)
    assert [entry.variant for entry in found.gains] == ["a+b", "b+a"]
