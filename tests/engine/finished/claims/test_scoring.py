import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from engine.finished.claims.scoring import (
    SCORES,
    matrix_interval,
    mean_score,
    outcomes_of,
    paired_difference,
    score_interval,
    unpaired_difference,
)


def outcomes(record, variant="vanilla"):
    return outcomes_of(variant, record.jobs(variant), {})


def test_the_scores_are_those_of_scikit_learn(built, rows):
    record = built({"vanilla": rows((40, 30, 20, 45, 10, 25))}).record()
    predictions = record.result("vanilla").predictions
    expected = precision_recall_fscore_support(
        [one.label for one in predictions], [one.predicted for one in predictions], average="macro"
    )
    found = [mean_score(outcomes(record), 6, metric) for metric in ("precision", "recall", "f1")]
    assert found == pytest.approx(expected[:3])


def test_a_class_that_is_never_named_and_one_without_images_count_as_elsewhere():
    counts = np.array([[3.0, 0.0, 0.0], [4.0, 2.0, 0.0], [5.0, 0.0, 1.0]])
    assert SCORES["precision"](counts) == pytest.approx((3 / 5 + 0) / 2)
    assert SCORES["recall"](counts) == pytest.approx((3 / 4 + 0) / 2)


def test_an_interval_holds_its_score_and_narrows_with_the_images(built, rows):
    few = outcomes(built({"vanilla": rows((40,) * 6)}).record())
    many = outcomes(built({"vanilla": rows((400,) * 6, images=500)}).record())
    spans = [score_interval(one, 6, "precision") for one in (few, many)]
    assert all(span.low < 0.8 < span.high for span in spans)
    assert (spans[0].high - spans[0].low) > 2 * (spans[1].high - spans[1].low)


def test_an_interval_of_flawless_answers_does_not_shrink_to_a_point(built, rows):
    span = score_interval(outcomes(built({"vanilla": rows((50,) * 6)}).record()), 6, "recall")
    assert span.low < 0.995 < span.high == 1.0


def test_several_seeds_widen_the_interval_where_they_differ(built, rows):
    same = outcomes(built({"vanilla": [rows((40,) * 6)] * 3}).record())
    differ = outcomes(built({"vanilla": [rows((count,) * 6) for count in (30, 40, 50)]}).record())
    spans = [score_interval(one, 6, "recall") for one in (same, differ)]
    assert (spans[1].high - spans[1].low) > 2 * (spans[0].high - spans[0].low)


def test_a_matrix_alone_gives_about_the_interval_of_its_images(built, rows):
    matrix = rows((40, 30, 20, 45, 10, 25))
    images = score_interval(outcomes(built({"vanilla": matrix}).record()), 6, "f1")
    alone = matrix_interval(matrix, 300, "f1")
    assert (alone.low, alone.high) == pytest.approx((images.low, images.high), abs=0.02)


def test_a_paired_difference_is_narrower_than_an_unpaired_one(built, rows):
    matrices = {"vanilla": rows((40,) * 6), "bbox": rows((30,) * 6)}
    record = built(matrices).record()
    paired = paired_difference(outcomes(record), outcomes(record, "bbox"), 6, "f1")
    unpaired = unpaired_difference(matrices["vanilla"], matrices["bbox"], (300, 300), "f1")
    assert paired.value == pytest.approx(0.2, abs=0.01)
    assert (paired.interval.high - paired.interval.low) < (unpaired.high - unpaired.low)
    assert paired.p_value < 0.001


def test_the_accuracies_of_one_seed_are_compared_by_mcnemar(built, rows):
    record = built({"vanilla": rows((40,) * 6), "bbox": rows((39,) * 6)}).record()
    found = paired_difference(outcomes(record), outcomes(record, "bbox"), 6, "accuracy")
    assert found.value == pytest.approx(6 / 300)
    assert found.p_value == pytest.approx(2 * 0.5**6)


def test_equal_answers_do_not_differ(built, rows):
    record = built({"vanilla": rows((40,) * 6), "bbox": rows((40,) * 6)}).record()
    found = paired_difference(outcomes(record), outcomes(record, "bbox"), 6, "f1")
    assert (found.value, found.p_value) == (0, 1)


def test_other_images_or_seeds_are_not_compared(built, rows):
    one, more = built({"vanilla": rows((40,) * 6)}).record(), built({"vanilla": rows((40,) * 6, images=60)}).record()
    later = built({"vanilla": rows((40,) * 6)}, seed=3).record()
    assert paired_difference(outcomes(one), outcomes(more), 6, "accuracy") is None
    assert paired_difference(outcomes(one), outcomes(later), 6, "accuracy") is None


def test_without_predictions_there_is_nothing_to_pair(built, rows):
    assert outcomes(built({"vanilla": rows((40,) * 6)}, predictions=False).record()) is None
