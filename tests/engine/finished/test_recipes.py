"""Runs that differ in their recipe, told as one study."""

from dataclasses import replace

import numpy as np
import pytest

import engine
from engine.config.recipes import PAPER_DROPOUT, RECIPES
from engine.errors import InputError
from engine.evaluation import compute_metrics
from engine.events.record import JobKey, StudyRecord
from engine.reports.results import JobResult, Prediction, Seconds
from tests.tui.export import studies

IMAGES = 60
LABELS = np.arange(IMAGES) % 3


def run(recipe, wrong):
    """A run of two seeds whose variants say the next class of so many images."""
    record = StudyRecord(started=replace(studies.started(tuple(wrong), repeats=2), recipe=recipe))
    record.dataset = studies.summary()
    for variant, errors in wrong.items():
        for seed in (0, 1):
            said = np.where(np.arange(IMAGES) < errors + seed, (LABELS + 1) % 3, LABELS)
            images = tuple(
                Prediction(f"t/{i}.jpg", int(label), int(call), tuple(0.8 if c == call else 0.1 for c in range(3)))
                for i, (label, call) in enumerate(zip(LABELS, said, strict=True))
            )
            metrics = compute_metrics(LABELS, said, studies.PLAIN)
            record.results[JobKey(variant, seed, 0)] = JobResult(
                variant, seed, 0, "done", "", metrics, 0.5, 5, Seconds(), images
            )
    return record


QUICK = RECIPES["quick"]
PLAIN = run(replace(QUICK, name="plain"), {"vanilla": 20, "clahe": 14})
PAPER = run(RECIPES["paper"], {"vanilla": 20})
RENAMED_PAPER = run(replace(RECIPES["paper"], name=f"paper-dropout-{PAPER_DROPOUT}"), {"vanilla": 8})
AUGMENTED = run(replace(QUICK, name="augmented", flip=True), {"vanilla": 8, "clahe": 5})


def test_the_recipe_is_one_more_step_of_a_two_by_two():
    joined = engine.join_recipes([PLAIN, AUGMENTED])
    assert joined.started.variants == ("vanilla", "clahe", "augmented", "clahe+augmented")
    (analysis,) = joined.statistics.factorials
    effects = {effect.steps: effect.estimate * IMAGES for effect in analysis.effects}
    assert effects[("clahe",)] == pytest.approx((6 + 3) / 2)
    assert effects[("augmented",)] == pytest.approx((12 + 9) / 2)
    assert effects[("clahe", "augmented")] == pytest.approx((3 - 6) / 2)
    assert len(joined.statistics.comparisons) == 6


def test_the_runs_are_as_before():
    before = dict(PLAIN.results)
    engine.join_recipes([PLAIN, AUGMENTED])
    assert PLAIN.results == before
    assert PLAIN.statistics is None


def test_recipes_of_one_name_are_told_apart_by_what_differs():
    other = run(replace(QUICK, epochs=9), {"vanilla": 8})
    joined = engine.join_recipes([run(QUICK, {"vanilla": 20}), other])
    assert joined.started.variants == ("vanilla", "quick-epochs-9")


def test_a_name_that_meant_another_recipe_is_told_apart():
    (other,) = (recipe for name, recipe in RECIPES.items() if name.startswith("paper-"))
    former = run(replace(other, name="paper"), {"vanilla": 20})
    joined = engine.join_recipes([run(RECIPES["paper"], {"vanilla": 8}), former])
    assert joined.started.variants == ("vanilla", other.name)


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([PLAIN], "at least two runs"),
        ([PLAIN, PLAIN], "the same recipe"),
        ([PAPER, RENAMED_PAPER], "the same recipe"),
        ([PLAIN, replace(AUGMENTED, dataset=replace(studies.summary(), fingerprint="0"))], "different images"),
        ([PLAIN, StudyRecord()], "has not begun"),
        ([replace(PLAIN, results={}), replace(AUGMENTED, results={})], "no evaluated network"),
    ],
    ids=["one", "same", "same by another name", "other images", "not begun", "nothing"],
)
def test_what_cannot_be_compared_is_refused(records, words):
    with pytest.raises(InputError, match=words):
        engine.join_recipes(records)
