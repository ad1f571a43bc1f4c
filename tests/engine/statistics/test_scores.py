import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from engine.statistics.outcomes import collect_outcomes, folds_of
from engine.statistics.scores import (
    SCORES,
    Resampled,
    class_scores,
    draw_matrix,
    paired_difference,
    percentile_interval,
    unpaired_interval,
)

UNEVEN = (40, 30, 20, 45, 10, 25)


def rows(right, images=50):
    """A confusion matrix with `right` of `images` of each class on the diagonal, the rest spread over the others."""
    size = len(right)
    matrix = np.diag(right)
    for label, count in enumerate(right):
        for number in range(images - count):
            matrix[label, (label + 1 + number % (size - 1)) % size] += 1
    return matrix.tolist()


@pytest.fixture
def scored(make_job):
    """A variant with its scores, from a confusion matrix a seed; the images are the same in all of them."""

    def score(*matrices, first_seed=0, variant="vanilla"):
        jobs = []
        for seed, matrix in enumerate(matrices, first_seed):
            pairs = [(t, p) for t, row in enumerate(matrix) for p in _own_first(t, len(row)) for _ in range(row[p])]
            labels, predicted = zip(*pairs, strict=True)
            jobs.append(make_job(variant, labels, predicted, seed=seed, n_classes=len(matrix)))
        outcomes, _ = collect_outcomes(variant, jobs, {}, folds_of(jobs))
        return Resampled.of(outcomes, len(matrices[0]), replicates=200)

    return score


def _own_first(label, size):
    return [label, *(place for place in range(size) if place != label)]


def width(interval):
    return interval.high - interval.low


def test_the_scores_are_those_of_scikit_learn(scored):
    one = scored(rows(UNEVEN))
    labels, predicted = one.outcomes.labels, one.outcomes.predicted[0]
    expected = precision_recall_fscore_support(labels, predicted, average="macro")
    assert [one.score(metric) for metric in ("precision", "recall", "f1")] == pytest.approx(expected[:3])
    by_class = precision_recall_fscore_support(labels, predicted, average=None)
    counts = one.outcomes.group_counts(6).sum(axis=1)[0]
    for metric, wanted in zip(("precision", "recall", "f1"), by_class, strict=False):
        assert class_scores(counts, metric) == pytest.approx(wanted)


def test_a_class_that_is_never_named_and_one_without_images_count_as_elsewhere():
    counts = np.array([[3.0, 0.0, 0.0], [4.0, 2.0, 0.0], [5.0, 0.0, 1.0]])
    assert SCORES["precision"](counts) == pytest.approx((3 / 5 + 0) / 2)
    assert SCORES["recall"](counts) == pytest.approx((3 / 4 + 0) / 2)


def test_an_interval_holds_its_score_and_narrows_with_the_images(scored):
    few, many = (scored(rows((count,) * 6, images)) for count, images in ((40, 50), (400, 500)))
    spans = [one.intervals["precision"] for one in (few, many)]
    assert all(span.low < 0.8 < span.high for span in spans)
    assert width(spans[0]) > 2 * width(spans[1])


def test_an_interval_of_flawless_answers_does_not_shrink_to_a_point(scored):
    span = scored(rows((50,) * 6)).intervals["recall"]
    assert span.low < 0.995 < span.high == 1.0


def test_several_seeds_widen_the_interval_where_they_differ(scored):
    same = scored(*[rows((40,) * 6)] * 3)
    differ = scored(*(rows((count,) * 6) for count in (30, 40, 50)))
    assert width(differ.intervals["recall"]) > 2 * width(same.intervals["recall"])


def test_a_matrix_alone_gives_about_the_interval_of_its_images(scored):
    matrix = rows(UNEVEN)
    images, alone = scored(matrix).intervals["f1"], percentile_interval(SCORES["f1"](draw_matrix(matrix, 300)))
    assert (alone.low, alone.high) == pytest.approx((images.low, images.high), abs=0.02)


def test_a_paired_difference_is_narrower_than_an_unpaired_one(scored):
    better, worse = rows((40,) * 6), rows((30,) * 6)
    paired = paired_difference(scored(better), scored(worse), "f1")
    unpaired = unpaired_interval(better, worse, (300, 300), "f1")
    assert paired.value == pytest.approx(0.2, abs=0.01)
    assert width(paired.interval) < width(unpaired)
    assert paired.p_value < 0.001
    turned = paired_difference(scored(worse), scored(better), "f1")
    assert turned.value == pytest.approx(paired.turned().value)
    assert (turned.interval.low, turned.interval.high) == pytest.approx((-paired.interval.high, -paired.interval.low))


def test_the_accuracies_of_one_seed_are_compared_by_mcnemar(scored):
    found = paired_difference(scored(rows((40,) * 6)), scored(rows((39,) * 6)), "accuracy")
    assert found.value == pytest.approx(6 / 300)
    assert found.p_value == pytest.approx(2 * 0.5**6)


def test_only_the_seeds_that_both_have_are_compared(scored):
    many, one = scored(*(rows((count,) * 6) for count in (30, 40, 45))), scored(rows((40,) * 6), first_seed=1)
    found = paired_difference(many, one, "recall")
    assert (found.seeds, found.value, found.p_value) == ((1,), 0, 1)


def test_equal_answers_do_not_differ(scored):
    found = paired_difference(scored(rows((40,) * 6)), scored(rows((40,) * 6)), "f1")
    assert (found.value, found.p_value) == (0, 1)


def test_other_images_or_seeds_are_not_compared(scored):
    one, more, later = scored(rows((40,) * 6)), scored(rows((40,) * 6, 60)), scored(rows((40,) * 6), first_seed=3)
    assert paired_difference(one, more, "accuracy") is None
    assert paired_difference(one, later, "accuracy") is None
