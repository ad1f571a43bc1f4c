"""Scores of two classes: against scikit-learn, against the bootstrap, and what of an error is a shifted threshold."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import recall_score, roc_auc_score

from engine.reports.pipelines import Rate
from engine.statistics.outcomes import Outcomes
from engine.statistics.pipelines import analyse_outcomes
from engine.statistics.proportions import wilson_interval
from engine.statistics.two_class import TwoClass, rates
from tests.engine.statistics.simulated import simulate

CLASSES = ("benign", "malignant")


def outcomes_of(name, labels, probability, groups=None):
    """From probabilities of the positive class (S, N)."""
    probability = np.atleast_2d(probability)
    seeds, images = probability.shape
    predicted = (probability > 0.5).astype(np.int64)
    items = tuple((0, f"{i:05}.jpg", int(label)) for i, label in enumerate(labels))
    groups = np.arange(images) if groups is None else groups
    confidence = np.where(predicted == 1, probability, 1 - probability)
    return Outcomes(name, items, tuple(range(seeds)), np.asarray(labels), groups, predicted, confidence)


def drawn(random, labels, *, separation=2.0, shift=0.0, seeds=1):
    """Probabilities whose log odds are normal; `shift` moves all of them."""
    noise = random.normal(size=(seeds, len(labels)))
    return expit(separation * (np.asarray(labels) - 0.5) * 2 / 2 + noise + shift)


LABELS = np.array([0, 1, 1] * 100)


def test_they_are_scikit_learns():
    random = np.random.default_rng(0)
    probability = np.round(drawn(random, LABELS, seeds=2), 2)  # with ties
    found = TwoClass.of([outcomes_of("vanilla", LABELS, probability)])
    for seed in range(2):
        predicted = probability[seed] > 0.5
        assert found.recall(positive=True).by_seed[0, seed] == pytest.approx(recall_score(LABELS, predicted))
        specificity = recall_score(LABELS, predicted, pos_label=0)
        assert found.recall(positive=False).by_seed[0, seed] == pytest.approx(specificity)
        assert found.roc_area().by_seed[0, seed] == pytest.approx(roc_auc_score(LABELS, probability[seed]))


def test_the_error_of_the_area_is_the_bootstraps():
    random, groups = np.random.default_rng(1), np.repeat(np.arange(150), 2)
    labels = groups % 2
    probability = np.repeat(drawn(random, labels[::2]), 2, axis=1)
    found = TwoClass.of([outcomes_of("vanilla", labels, probability, groups)]).roc_area()
    areas = []
    for _ in range(800):
        chosen = random.integers(150, size=150)
        areas.append(roc_auc_score(labels[::2][chosen], probability[0, ::2][chosen]))
    assert found.images[0, 0] ** 0.5 == pytest.approx(np.std(areas), rel=0.12)


def test_intervals_hold_the_truth_with_seeds_and_copies():
    random, held = np.random.default_rng(2), []
    for _ in range(150):
        two = TwoClass.of(simulate(random, pipelines=[(), ("a",)], seeds=4, pictures=150, copies=2))
        truth = 0.7143  # of images and seeds alike, see `true_accuracy`
        held += [rate.interval.low < truth < rate.interval.high for rate in rates(two.recall(positive=True), 150)]
    assert np.mean(held) >= 0.92


def test_a_faultless_variant_is_not_certain():
    labels = np.array([0, 1] * 30)
    (perfect,) = rates(TwoClass.of([outcomes_of("vanilla", labels, labels * 0.8 + 0.1)]).roc_area(), 30)
    assert perfect == Rate(1.0, wilson_interval(30, 30))


def test_errors_are_told_apart_into_a_shifted_threshold_and_damage():
    random = np.random.default_rng(3)
    labels = np.array([0, 1] * 1000)
    odds = drawn(random, labels)
    logits = np.log(odds / (1 - odds))
    variants = {
        "vanilla": odds,
        "shifted": expit(logits + 1.5),
        "damaged": expit(logits + random.normal(0, 3.0, logits.shape)),
        "better": expit(logits + 2.0 * (labels * 2 - 1)),
    }
    found = analyse_outcomes([outcomes_of(name, labels, values) for name, values in variants.items()], CLASSES)
    assert found.positive == "malignant"
    vanilla, shifted, damaged, better = found.two_class
    assert (vanilla.area_gain, vanilla.errors_matched, vanilla.shift_share) == (None, None, None)
    assert (shifted.errors_matched, shifted.shift_share) == (vanilla.errors, 1.0)
    assert shifted.area_gain.estimate == pytest.approx(0, abs=1e-9)
    assert shifted.sensitivity.value > vanilla.sensitivity.value
    assert shifted.specificity.value < vanilla.specificity.value
    assert damaged.shift_share < 0.1
    assert damaged.area_gain.significant
    assert better.shift_share is None
    assert better.errors < vanilla.errors


def test_probabilities_that_are_no_numbers_do_not_end_it():
    labels = np.array([0, 1] * 30)
    diverged = outcomes_of("a", labels, np.full(60, 0.4))
    diverged = replace(diverged, confidence=np.full((1, 60), np.nan))
    found = analyse_outcomes([outcomes_of("vanilla", labels, labels * 0.8 + 0.1), diverged], CLASSES)
    assert found.two_class[1].roc_area.value == pytest.approx(0.5)


def test_three_classes_and_a_class_without_images_have_none():
    labels = np.array([0, 1] * 30)
    entries = [outcomes_of(name, labels, labels * 0.8 + 0.1) for name in ("vanilla", "a+b", "b+a")]
    three = analyse_outcomes(entries, ("a", "b", "c"))
    assert (three.positive, three.two_class) == ("", ())
    ones = [outcomes_of(name, np.ones(9, dtype=int), np.full(9, 0.7)) for name in ("vanilla", "a")]
    assert analyse_outcomes(ones, CLASSES).two_class == ()
