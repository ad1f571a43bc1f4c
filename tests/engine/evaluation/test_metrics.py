import numpy as np
import pytest

from engine.evaluation import compute_metrics

CLASSES = ("a", "b", "c")


def test_scores_by_hand():
    metrics = compute_metrics(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 2]), CLASSES)
    assert metrics.accuracy == pytest.approx(4 / 6)
    assert metrics.confusion_matrix == ((2, 1, 0), (1, 1, 0), (0, 0, 1))
    by_class = {scores.name: scores for scores in metrics.per_class}
    assert by_class["a"].precision == pytest.approx(2 / 3)
    assert by_class["b"].recall == pytest.approx(1 / 2)
    assert by_class["c"].f1 == 1
    assert [scores.support for scores in metrics.per_class] == [3, 2, 1]
    assert metrics.recall.macro == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert metrics.recall.weighted == pytest.approx((3 * 2 / 3 + 2 * 1 / 2 + 1) / 6)


def test_micro_averages_equal_the_accuracy_also_with_an_absent_class():
    metrics = compute_metrics(np.array([0, 0, 1, 1]), np.array([0, 2, 1, 0]), CLASSES)
    for average in (metrics.precision, metrics.recall, metrics.f1):
        assert average.micro == pytest.approx(metrics.accuracy)


def test_a_class_without_test_images_is_left_out_of_the_macro_average():
    metrics = compute_metrics(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), CLASSES)
    assert metrics.recall.macro == 1
    assert metrics.f1.macro == 1
    assert metrics.per_class[2].support == 0


def test_a_class_never_predicted_scores_zero_rather_than_nothing():
    metrics = compute_metrics(np.array([0, 1]), np.array([0, 0]), ("a", "b"))
    assert metrics.per_class[1].precision == 0
    assert metrics.precision.macro == pytest.approx(0.25)


def test_nothing_to_score_is_an_error():
    with pytest.raises(ValueError, match="no test images"):
        compute_metrics(np.array([], dtype=int), np.array([], dtype=int), CLASSES)
