"""Studies whose variants have parameters: run, stopped and resumed, opened, predicted from and estimated."""

import json
from dataclasses import replace

import pytest

from engine.config.expressions import expand_names
from engine.config.model import ModelRequest
from engine.events.control import StudyControl
from engine.events.study import BatchTrained, Notice, StageFinished
from engine.events.study_json import study_to_json
from engine.finished.predicting.predict import predict_images
from engine.runs import load_record
from engine.runs.layout import load_config
from engine.steps import StepSpec
from engine.steps.registry import temporarily
from engine.study.estimate import typical_seconds
from engine.study.running import resume_study, run_study
from tests.study_schema import assert_valid

PIPELINE = "denoise(weight=0.05)+clahe(clip=4)"
VARIANTS = expand_names(["vanilla", PIPELINE, "denoise(weight=0.05|0.2)"])


@pytest.fixture
def pipelines(config):
    return replace(config, variants=VARIANTS, recipe=replace(config.recipe, epochs=1))


def scores(record):
    return {key: (result.status, result.metrics, result.predictions) for key, result in record.results.items()}


def test_a_study_of_pipelines_and_a_sweep_is_stopped_resumed_and_predicted_from(pipelines, tmp_path):
    whole = run_study(replace(pipelines, runs_dir=tmp_path / "whole"))
    assert_valid(json.loads(json.dumps(study_to_json(whole), allow_nan=False)))
    assert {result.status for result in whole.results.values()} == {"done"}

    control = StudyControl()

    def stop(event):
        if isinstance(event, BatchTrained) and (event.variant, event.step) == (PIPELINE, 1):
            control.stop()

    run_study(pipelines, stop, control)
    (folder,) = pipelines.runs_dir.iterdir()
    assert load_config(folder).variants == VARIANTS
    assert scores(resume_study(folder)) == scores(load_record(folder)) == scores(whole)
    names = {path.name for path in (folder / "weights").iterdir()}
    assert len(names) == len(VARIANTS)
    assert not any(set(name) & set("()=|,:") for name in names)

    request = ModelRequest(folder, "denoise(weight=0.050) + clahe(clip=4)", device="cpu", cache_dir=pipelines.cache_dir)
    answers = []
    predict_images(request, [pipelines.data / "test"], answers.append)
    stored = {p.path: p.probabilities for p in whole.result(PIPELINE).predictions}
    assert answers[0].variant == PIPELINE
    assert len(answers) == 1 + len(stored)
    for answer in answers[1:]:
        expected = stored[answer.path.removeprefix(f"{pipelines.data}/")]
        assert answer.probabilities == pytest.approx(expected, abs=1e-6)


def test_a_pipeline_starts_from_the_results_of_another(pipelines):
    events = []
    run_study(replace(pipelines, variants=("denoise(weight=0.05)", PIPELINE)), events.append)
    ends = [event for event in events if isinstance(event, StageFinished) and event.stage == "preprocess"]
    assert [event.variant for event in ends] == ["denoise(weight=0.05)", PIPELINE]
    recipe = pipelines.recipe
    alone, after = (
        typical_seconds("preprocess", PIPELINE, recipe, names)
        for names in ((PIPELINE,), ("denoise(weight=0.05)", PIPELINE))
    )
    other = typical_seconds("preprocess", PIPELINE, recipe, ("denoise(weight=0.2)", PIPELINE))
    assert after < alone == other


def test_a_step_that_fails_stops_its_variant_alone_and_names_the_image(pipelines):
    def fussy(pixels):
        return pixels[:-1] if pixels[0, 0, 0] % 2 else pixels

    events = []
    with temporarily(StepSpec("fussy", "looked at", fussy)):
        record = run_study(replace(pipelines, variants=("fussy", "superres+fussy", "vanilla")), events.append)
    assert [record.result(name).status for name in ("fussy", "superres+fussy", "vanilla")] == ["failed"] * 2 + ["done"]
    for name in ("fussy", "superres+fussy"):
        assert "pic_" in record.result(name).reason
        assert "the step 'fussy' returned pixels of shape (15, 20, 3) for (16, 20, 3)" in record.result(name).reason
    assert len([event for event in events if isinstance(event, Notice) and event.level == "error"]) == 2
