"""Image quality in whole studies: values, references, folds, failing, stopping, resuming."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchvision.transforms.v2 import functional

from engine.config.variants import get_variant
from engine.errors import StorageError
from engine.events.control import StudyControl
from engine.events.record import run_folder
from engine.events.study import QualityMeasured, StageFinished, StageProgress, StageStarted
from engine.events.study_json import study_to_json
from engine.reports.quality import compared_images, reference_of
from engine.runs import load_record, read_events
from engine.statistics.quality import compare_image
from engine.steps.clahe import clahe
from engine.steps.gaussian import gaussian
from engine.study.running import resume_study, run_study
from tests.study_schema import assert_valid

ENHANCED = ("vanilla", "gaussian", "clahe", "gamma", "bbox", "bbox+gaussian", "superres-full")
TESTED = 15


def of_stage(events, kind):
    return [event for event in events if isinstance(event, kind) and event.stage == "quality"]


def resized(path, size):
    pixels = torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)
    return functional.resize(pixels, size, antialias=True).permute(1, 2, 0).contiguous().numpy()


def test_values_are_scikit_images_own_on_the_tested_pixels(config):
    events = []
    record = run_study(replace(config, variants=ENHANCED), events.append)
    paths = [config.data / entry.path for entry in record.result("vanilla").predictions]
    plain = [resized(path, config.recipe.image_size) for path in paths]
    blurred = [gaussian.function(pixels, sigma=1.0) for pixels in plain]
    equalised = [clahe.function(pixels, clip=2.0, tiles=8) for pixels in plain]
    for name, own in (("gaussian", blurred), ("clahe", equalised), ("bbox+gaussian", blurred)):
        pairs = list(zip(plain, own, strict=True))
        psnr = np.mean([peak_signal_noise_ratio(*pair, data_range=255) for pair in pairs])
        ssim = np.mean([structural_similarity(*pair, channel_axis=-1, data_range=255) for pair in pairs])
        found = record.quality.of(name)
        assert (found.images, found.identical) == (TESTED, 0)
        assert (found.psnr, found.ssim) == (pytest.approx(psnr), pytest.approx(ssim))
        assert found.psnr_interval.low < psnr < found.psnr_interval.high
    assert [(entry.variant, entry.reference) for entry in record.quality.variants] == [
        ("gaussian", "vanilla"),
        ("clahe", "vanilla"),
        ("gamma", "vanilla"),
        ("bbox+gaussian", "bbox"),
        ("superres-full", "vanilla"),
    ]
    assert record.quality.of("superres-full").ssim > 0.8  # against the original at twice the size
    assert_valid(study_to_json(record))
    assert load_record(run_folder(record)).quality == record.quality
    (started,), (ended,) = of_stage(events, StageStarted), of_stage(events, StageFinished)
    assert (started.variant, started.total) == ("", 5 * TESTED)
    assert [event.done for event in of_stage(events, StageProgress)][-1] == 5 * TESTED
    assert ended.seconds > 0


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("vanilla", None),
        ("bbox", None),
        ("boxmask(level=0)", None),
        ("denoise", "vanilla"),
        ("boxmask(level=0)+denoise+clahe", "boxmask(level=0)"),
        ("superres-full", "vanilla"),
    ],
)
def test_a_variant_is_compared_with_its_own_steps_on_the_original(name, reference):
    found = reference_of(get_variant(name))
    assert (found.name if found else None) == reference


def test_what_is_compared_for_each_test_image():
    assert compared_images(["vanilla", "bbox", "of a later version"]) == 0
    assert compared_images(["vanilla", "denoise", "bbox+denoise", "denoise+superres-full"]) == 2 + 4


def test_a_study_without_enhancements_measures_none(config):
    events = []
    record = run_study(config, events.append)
    assert record.quality is None
    assert not of_stage(events, StageStarted)
    assert study_to_json(record)["quality"] is None


def test_every_image_that_a_fold_tests_is_compared_once(config):
    events = []
    study = replace(config, variants=("vanilla", "gaussian"), protocol="grouped", folds=2, repeats=2)
    record = run_study(study, events.append)
    tested = {entry.path for result in record.results.values() for entry in result.predictions}
    assert record.quality.of("gaussian").images == len(tested)
    assert len(of_stage(events, StageStarted)) == 1


@pytest.fixture
def enhanced(config):
    return replace(config, variants=("vanilla", "gaussian", "gamma"), recipe=replace(config.recipe, epochs=1))


def test_what_cannot_be_measured_costs_nothing_else(enhanced, monkeypatch):
    def fail(pixels, plain):
        if np.array_equal(pixels, plain):
            raise StorageError("the disk is gone")
        return compare_image(pixels, plain)

    monkeypatch.setattr("engine.study.quality.compare_image", fail)
    study = replace(enhanced, variants=("vanilla", "gamma(gamma=1)", "gaussian"))
    record = run_study(study)
    assert record.finished.status == "done"
    assert [entry.variant for entry in record.quality.variants] == ["gaussian"]
    (notice,) = [notice for notice in record.notices if notice.level == "error"]
    assert (notice.variant, "the disk is gone" in notice.message) == ("gamma(gamma=1)", True)


@pytest.mark.parametrize("end", [StudyControl.stop, StudyControl.hand_over])
def test_a_study_that_ends_before_it_measures_the_rest_once_it_is_resumed(enhanced, end):
    whole = run_study(replace(enhanced, runs_dir=enhanced.runs_dir / "whole"))
    control = StudyControl()

    def listen(event):
        if isinstance(event, StageProgress) and event.stage == "quality" and event.done == TESTED:
            end(control)

    record = run_study(enhanced, listen, control)
    folder = run_folder(record) if record.finished else next(enhanced.runs_dir.glob("*/events.jsonl")).parent
    assert [entry.variant for entry in record.quality.variants] == ["gaussian"]
    assert all(result.status == "done" for result in record.results.values())
    events = []
    resumed = resume_study(folder, events.append, replay=lambda event: None)
    assert resumed.finished.status == "done"
    assert resumed.quality == whole.quality
    assert [event.total for event in of_stage(events, StageStarted)] == [TESTED]


def test_a_study_that_is_stopped_in_training_measures_when_it_is_resumed_and_only_then(enhanced):
    control = StudyControl()

    def listen(event):
        if isinstance(event, StageStarted) and (event.stage, event.variant) == ("train", "gamma"):
            control.stop()

    record = run_study(enhanced, listen, control)
    assert record.quality is None
    resumed = resume_study(run_folder(record))
    assert [entry.variant for entry in resumed.quality.variants] == ["gaussian", "gamma"]


def test_a_variant_that_fails_is_measured_once_it_is_tried_again(enhanced, monkeypatch):
    from engine.study import jobs

    evaluate = jobs._evaluate

    def fail(job, *arguments):
        if job.key.variant == "gamma":
            raise StorageError("the disk is gone")
        return evaluate(job, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "_evaluate", fail)
        record = run_study(enhanced)
    assert (record.finished.status, [entry.variant for entry in record.quality.variants]) == ("failed", ["gaussian"])
    resumed = resume_study(run_folder(record))
    assert [entry.variant for entry in resumed.quality.variants] == ["gaussian", "gamma"]
    measured = [event for event in read_events(run_folder(record)) if isinstance(event, QualityMeasured)]
    assert [len(event.quality.variants) for event in measured] == [1, 2]


def test_the_relation_to_the_accuracy_is_in_the_study(enhanced):
    study = replace(enhanced, variants=("vanilla", "gaussian", "clahe", "gamma", "median", "equalize"))
    record = run_study(replace(study, recipe=replace(study.recipe, epochs=2)))
    assert record.quality.relations, "the five gains are not all the same"
    for relation in record.quality.relations:
        assert relation.variants == study.variants[1:]
        assert math.isfinite(relation.correlation)
    assert record.quality.answer.startswith("Does the picture")
