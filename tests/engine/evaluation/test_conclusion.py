from dataclasses import replace

import numpy as np

from engine.evaluation import compute_metrics, draw_conclusion
from engine.results import Baseline, DatasetSummary, JobResult, Seconds

CLASSES = ("apu", "bart", "homer")
DATASET = DatasetSummary("set", "/set", "kaggle", False, CLASSES, (50, 50, 50), (10, 10, 10), 50, 0)
LABELS = np.repeat(np.arange(3), 10)


def result(variant, predicted, status="done"):
    metrics = None if predicted is None else compute_metrics(LABELS, np.array(predicted), CLASSES)
    return JobResult(variant, 0, 0, status, "", metrics, 0.5, 5, Seconds())


GOOD = [0] * 10 + [1] * 10 + [2] * 10
APU_AS_HOMER = [0] * 2 + [2] * 8 + [1] * 10 + [2] * 10


def text(results, baselines=(), dataset=DATASET):
    return " ".join(draw_conclusion(dataset, results, {b.name: b for b in baselines}))


def test_best_worst_classes_and_commonest_confusion_are_named():
    said = text([result("vanilla", GOOD), result("denoise", APU_AS_HOMER)])
    assert "Best accuracy: vanilla (1.000); worst: denoise (0.733)." in said
    assert "Most confused class: apu (0.60 recognised, mean of 2 variants); least: bart and homer (1.00)." in said
    assert "denoise: commonest confusion apu taken for homer, 8 times." in said
    assert "vanilla: no test image was taken for another class." in said


def test_whether_the_gap_is_inside_the_interval_is_said():
    nearly = [1, *GOOD[1:]]
    assert "accuracy reaches into it" in text([result("vanilla", GOOD), result("denoise", nearly)])
    assert "accuracy lies below it" in text([result("vanilla", GOOD), result("denoise", APU_AS_HOMER)])


def test_ties_are_not_given_to_the_first():
    assert "All 2 variants reached the same accuracy" in text([result("vanilla", GOOD), result("bbox", GOOD)])


def test_one_variant_alone_is_not_compared():
    said = text([result("vanilla", APU_AS_HOMER)])
    assert "vanilla reached accuracy 0.733" in said
    assert "worst" not in said


def test_the_box_variant_says_what_explains_it():
    boxed = result("bbox", GOOD)
    assert "33 % of the training images and 0 % of the test images" in text([boxed])
    assert "the study resized first" in text([boxed])
    assert "same pictures as vanilla" in text([boxed], dataset=replace(DATASET, boxed_train=0))


def test_a_stopped_variant_does_not_compete():
    said = text([result("vanilla", APU_AS_HOMER), result("bbox", GOOD, status="stopped")])
    assert "vanilla reached accuracy 0.733" in said
    assert "Stopped early, so not comparable with the rest: bbox." in said


def test_baselines_say_who_does_not_beat_them():
    strong = Baseline("thumbnail_1nn", compute_metrics(LABELS, np.array(GOOD), CLASSES))
    weak = Baseline("majority", compute_metrics(LABELS, np.zeros(30, dtype=int), CLASSES))
    said = text([result("vanilla", APU_AS_HOMER)], [strong, weak])
    assert "nearest thumbnail scores 1.000, not beaten by vanilla" in said
    assert "commonest training class scores 0.333, beaten by every variant" in said


def test_nothing_evaluated_is_said():
    assert (
        text([result("vanilla", None, status="failed")]) == "No variant was evaluated, so there is nothing to compare."
    )
