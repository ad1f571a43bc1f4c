import json
import math
from dataclasses import replace

import pytest

from engine.events.codec import event_from_line, event_to_line, from_jsonable, to_jsonable
from engine.events.study import StatisticsComputed
from engine.reports.statistics import StudyStatistics
from engine.statistics import compute_statistics
from engine.statistics.proportions import holm, mcnemar_p, newcombe_interval, wilson_interval

LABELS = [0, 1, 2] * 20
DRAWS = 400


def statistics(jobs, variants=("a", "b", "c"), groups=None):
    return compute_statistics(variants, jobs, groups or {}, 3, replicates=DRAWS)


@pytest.fixture
def job(make_job):
    """A job whose images in `wrong` are called the next class."""

    def make(variant, wrong, **more):
        return make_job(variant, LABELS, [(y + 1) % 3 if i in set(wrong) else y for i, y in enumerate(LABELS)], **more)

    return make


def test_one_seed_has_wilson_and_mcnemar(job):
    found = statistics([job("a", range(12)), job("b", range(6, 30)), job("c", range(12))])
    a = found.of("a")
    assert (a.images, a.groups, a.seeds, a.seed_spread) == (60, 60, (0,), None)
    assert a.accuracy == pytest.approx(0.8)
    assert a.accuracy_interval == wilson_interval(48, 60)
    assert a.macro_f1_interval.low < a.macro_f1 < a.macro_f1_interval.high
    assert "BCa" in a.macro_f1_interval.method
    ab, ac, bc = found.comparisons
    assert [(entry.first, entry.second) for entry in (ab, ac, bc)] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert (ab.first_only, ab.second_only, ab.method) == (18, 6, "exact McNemar")
    assert ab.difference == pytest.approx(0.2)
    assert ab.interval == newcombe_interval(30, 18, 6, 6)
    assert [entry.adjusted_p for entry in found.comparisons] == holm([mcnemar_p(18, 6), 1.0, mcnemar_p(6, 18)])
    assert [entry.significant for entry in found.comparisons] == [entry.adjusted_p < 0.05 for entry in (ab, ac, bc)]
    assert found.refused == ()


def test_the_correction_is_for_all_comparisons(job):
    one = statistics([job("a", range(5)), job("b", range(5, 25))], ("a", "b"))
    jobs = [job("a", range(5)), job("b", range(5, 25)), *(job(name, range(5)) for name in "cd")]
    four = statistics(jobs, ("a", "b", "c", "d"))
    assert len(four.comparisons) == 6
    assert four.between("b", "a").adjusted_p > one.between("a", "b").adjusted_p == one.comparisons[0].p_value


def test_several_seeds_show_the_spread_apart_from_the_sampling_error(job):
    jobs = [job("a", range(6 + 3 * seed), seed=seed) for seed in range(3)]
    jobs += [job("b", range(30, 48 + 3 * seed), seed=seed) for seed in range(3)]
    found = statistics(jobs, ("a", "b"))
    a = found.of("a")
    assert a.seeds == (0, 1, 2)
    assert a.seed_accuracies == pytest.approx((0.9, 0.85, 0.8))
    assert a.seed_spread == pytest.approx(0.05)
    assert a.sampling_error == pytest.approx(math.sqrt(0.85 * 0.15 / 60), rel=0.2)
    assert "seeds" in a.accuracy_interval.method
    assert a.accuracy_interval.low < a.accuracy < a.accuracy_interval.high
    (ab,) = found.comparisons
    assert ab.method == "paired bootstrap over images and seeds"
    assert ab.seeds == (0, 1, 2)
    assert (ab.first_only, ab.second_only) == (18 + 21 + 24, 6 + 9 + 12)
    assert ab.difference == pytest.approx(0.2)
    assert ab.interval.low < 0.2 < ab.interval.high
    assert ab.significant == (ab.interval.low > 0), "one comparison: p and interval are of the same distribution"


def test_identical_variants_do_not_differ(job):
    jobs = [job(name, range(9), seed=seed) for name in "ab" for seed in range(2)]
    (ab,) = statistics(jobs, ("a", "b")).comparisons
    assert (ab.difference, ab.p_value, ab.significant) == (0.0, 1.0, False)
    assert ab.interval.low < 0 < ab.interval.high


def test_copies_count_less_than_images_of_their_own(job):
    jobs = [job("a", range(12))]
    alone = statistics(jobs, ("a",)).of("a")
    groups = {f"t/{i}.jpg": i // 12 for i in range(60)}
    together = statistics(jobs, ("a",), groups).of("a")
    assert (together.images, together.groups) == (60, 5)
    assert together.sampling_error > 2 * alone.sampling_error
    width = [s.macro_f1_interval.high - s.macro_f1_interval.low for s in (alone, together)]
    assert width[1] > width[0]


def test_folds_are_pooled_within_a_seed(make_job):
    def halves(variant, seed=0):
        return [
            make_job(variant, LABELS[:30], LABELS[:30], seed=seed, fold=0),
            make_job(variant, LABELS[30:], [0] * 30, seed=seed, fold=1, first=30),
        ]

    found = statistics([*halves("a"), *halves("b"), *halves("a", 1)[:1]], ("a", "b"))
    a = found.of("a")
    assert (a.images, a.accuracy, a.seeds) == (60, pytest.approx(40 / 60), (0,))
    assert "seed 1" in found.refused[0]


def test_only_what_is_done_counts(job):
    stopped = job("b", range(3), status="stopped")
    failed = replace(job("c", ()), status="failed", metrics=None, predictions=())
    found = statistics([job("a", range(3)), stopped, failed])
    assert [entry.variant for entry in found.variants] == ["a"]
    assert found.comparisons == ()
    assert [sentence.split()[0] for sentence in found.refused] == ["b", "c"]


def test_different_images_are_not_compared(job, make_job):
    found = statistics([job("a", range(3)), make_job("b", LABELS, LABELS, first=5)], ("a", "b"))
    assert found.comparisons == ()
    assert found.refused == ("a and b are not compared: they were not tested on the same images.",)
    other_labels = make_job("b", [(label + 1) % 3 for label in LABELS], LABELS)
    assert statistics([job("a", range(3)), other_labels], ("a", "b")).comparisons == ()


def test_without_a_common_seed_nothing_is_compared(job):
    found = statistics([job("a", range(3)), job("b", range(3), seed=1)], ("a", "b"))
    assert found.refused == ("a and b are not compared: no seed is complete for both.",)


def test_seeds_that_only_one_has_are_left_out_of_the_comparison(job):
    jobs = [job("a", range(9)), job("a", range(40), seed=1), job("b", range(9))]
    (ab,) = statistics(jobs, ("a", "b")).comparisons
    assert (ab.seeds, ab.method, ab.difference) == ((0,), "exact McNemar", 0.0)


def test_a_faultless_variant_is_not_certain(job):
    found = statistics([job("a", ())], ("a",)).of("a")
    assert found.accuracy_interval == wilson_interval(60, 60)
    assert found.macro_f1_interval.low == found.accuracy_interval.low
    seeds = statistics([job("a", (), seed=seed) for seed in range(3)], ("a",)).of("a")
    assert seeds.accuracy_interval == found.accuracy_interval


def test_probabilities_that_are_no_numbers_do_not_end_it(job):
    found = statistics([job("a", range(9), confidence=math.nan), job("b", range(9))], ("a", "b"))
    assert math.isnan(found.of("a").calibration.expected_error)
    assert len(found.comparisons) == 1


def test_nothing_done_no_statistics(job):
    assert statistics([]) == StudyStatistics(())
    assert statistics([job("a", range(3), status="stopped")]) == StudyStatistics(())


def test_the_same_seed_gives_the_same_numbers(job):
    jobs = [job(name, range(start, 20), seed=seed) for name, start in (("a", 0), ("b", 9)) for seed in range(2)]
    assert to_jsonable(statistics(jobs)) == to_jsonable(statistics(list(reversed(jobs))))


def test_statistics_survive_the_trip_to_json(job):
    jobs = [job(name, range(start, 20), seed=seed) for name, start in (("a", 0), ("b", 9)) for seed in range(2)]
    found = statistics(jobs)
    written = json.loads(json.dumps(to_jsonable(found), allow_nan=False))
    back = from_jsonable(StudyStatistics, written)
    assert to_jsonable(back) == to_jsonable(found)
    assert back.comparisons == found.comparisons
    line = event_to_line(StatisticsComputed(statistics=found))
    assert event_from_line(line).statistics.between("a", "b") == found.between("a", "b")
