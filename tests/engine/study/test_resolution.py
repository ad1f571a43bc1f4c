"""Accuracy against resolution of a finished run whose classes differ in colour and in fine stripes."""

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.errors import InputError, StudyStopped
from engine.events.control import StudyControl
from engine.finished.explain.resolution import REPORT_FILE, measure_resolution, stored_resolution
from engine.finished.run import FinishedRun, open_run
from engine.runs import load_record
from engine.study.running import run_study

WIDTH, HEIGHT = 64, 48
CLASSES = ("fine", "plain")
TRAIN, TEST, COPIED = 10, 16, 4


def draw(label, generator):
    """ "fine" is reddish under stripes of one pixel, "plain" bluish."""
    patches = bytes(generator.randrange(60, 160) for _ in range(8 * 6))
    ground = np.asarray(Image.frombytes("L", (8, 6), patches).resize((WIDTH, HEIGHT), Image.Resampling.NEAREST))
    pixels = np.repeat(ground[..., None], 3, axis=2).astype(np.int16)
    pixels[..., 0 if label == "fine" else 2] += 40
    if label == "fine":
        pixels[:, ::2] += 50
        pixels[:, 1::2] -= 50
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def larger(image):
    return image.resize((2 * WIDTH, 2 * HEIGHT), Image.Resampling.NEAREST)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Training images twice as large as the test images, four of which a class are copies of test images."""
    root, generator = tmp_path_factory.mktemp("striped"), random.Random(3)
    for name in CLASSES:
        for part in ("train", "test"):
            (root / part / name).mkdir(parents=True)
        tests = [draw(name, generator) for _ in range(TEST)]
        for number, image in enumerate(tests):
            image.save(root / "test" / name / f"test_{number}.png")
        for number, image in enumerate([*(draw(name, generator) for _ in range(TRAIN)), *tests[:COPIED]]):
            larger(image).save(root / "train" / name / f"train_{number}.png")
    return root


def study(data, place, **changes):
    config = StudyConfig(
        data=data,
        variants=("vanilla", "denoise"),
        recipe=replace(RECIPES["quick"], image_size=(HEIGHT, WIDTH), batch_size=10, epochs=1, denoise_weight=0.01),
        protocol="clean",
        offline=True,
        precision="fp32",
        memory_format="channels_last",
        threads=1,
        device="cpu",
        cache_dir=place / "cache",
        runs_dir=place / "runs",
    )
    return Path(run_study(replace(config, **changes)).started.folder)


@pytest.fixture(scope="module")
def finished_run(data, tmp_path_factory):
    return study(data, tmp_path_factory.mktemp("resolution"))


@pytest.fixture
def folder(finished_run, tmp_path):
    """A copy of the run."""
    return Path(shutil.copytree(finished_run, tmp_path / finished_run.name))


class SeesColour(nn.Module):
    """Whether there is more red or more blue in the whole picture."""

    def forward(self, images):
        return images.mean(dim=(2, 3))[:, [0, 2]]


class SeesDetail(nn.Module):
    """How much neighbouring columns differ: stripes, or patches only."""

    def forward(self, images):
        contrast = (images[..., 1:] - images[..., :-1]).abs().mean(dim=(1, 2, 3))
        return torch.stack([contrast, torch.full_like(contrast, 0.1)], dim=1)


def network(monkeypatch, model):
    monkeypatch.setattr(FinishedRun, "network", lambda run, key: model)


def accuracies(ladder):
    return {step.size: step.right / ladder.images for step in ladder.steps}


def test_a_network_that_sees_colour_alone_keeps_its_accuracy(folder, monkeypatch):
    network(monkeypatch, SeesColour())
    report = measure_resolution(open_run(folder), variants=("vanilla",))
    for part in ("test", "held out"):
        ladder = report.ladder("vanilla", part)
        assert ladder.accuracy == 1
        assert set(accuracies(ladder).values()) == {1.0}
        assert ladder.first_notable is None


def test_a_network_that_needs_fine_detail_loses_it(folder, monkeypatch):
    network(monkeypatch, SeesDetail())
    report = measure_resolution(open_run(folder), variants=("vanilla",))
    ladder = report.ladder("vanilla", "test")
    assert ladder.accuracy == 1
    assert accuracies(ladder)[32] == accuracies(ladder)[16] == 0.5
    assert ladder.first_surely_notable.size >= 32
    held_out = report.ladder("vanilla", "held out")
    assert held_out.accuracy == 1
    assert accuracies(held_out)[96] == 1  # still larger than what the network sees
    assert accuracies(held_out)[32] == 0.5


def test_the_images_are_those_of_the_run(folder):
    told = []
    report = measure_resolution(open_run(folder), progress=told.append)
    record = load_record(folder)
    assert report.variants == ("vanilla", "denoise")
    for variant in report.variants:
        ladder = report.ladder(variant, "test")
        assert ladder.images == 2 * TEST
        assert ladder.accuracy == pytest.approx(record.result(variant).metrics.accuracy)
        assert [step.size for step in ladder.steps] == [48, 32, 24, 16]
        held_out = report.ladder(variant, "held out")
        assert held_out.images == 2 * COPIED
        assert [step.size for step in held_out.steps] == [96, 64, 48, 32, 24, 16]
    assert [(sizes.part, sizes.images, sizes.median) for sizes in report.sizes] == [
        ("training", 2 * TRAIN, 2 * WIDTH),
        ("test", 2 * TEST, WIDTH),
        ("held out", 2 * COPIED, 2 * WIDTH),
    ]
    assert "The test images have 0.50 of the training images' size" in report.answers[0]
    assert told[-1].done == told[-1].total == 2 * (2 * TEST * 5 + 2 * COPIED * 7)


def test_the_pixel_cache_is_left_alone(folder):
    cache = open_run(folder).config.cache_dir
    before = sorted(path for path in cache.rglob("*") if path.is_file())
    measure_resolution(open_run(folder), variants=("vanilla",))
    assert sorted(path for path in cache.rglob("*") if path.is_file()) == before


def test_variants_are_kept_one_by_one_and_measured_once(folder, monkeypatch):
    assert stored_resolution(open_run(folder)) is None
    first = measure_resolution(open_run(folder), variants=("denoise",))
    assert stored_resolution(open_run(folder)) == first
    both = measure_resolution(open_run(folder))
    assert both.variants == ("vanilla", "denoise")
    assert both.of(("denoise",)) == first.ladders
    assert stored_resolution(open_run(folder)) == both
    monkeypatch.setattr("engine.study.jobs.predict_proba", None)
    assert measure_resolution(open_run(folder)) == both
    (folder / REPORT_FILE).write_text('{"version": 1, "report": {}}')
    assert stored_resolution(open_run(folder)) is None


def test_a_stop_keeps_what_was_finished(folder):
    control = StudyControl()

    def stop_in_the_second(progress):
        if progress.words.startswith("denoise"):
            control.stop()

    with pytest.raises(StudyStopped):
        measure_resolution(open_run(folder), progress=stop_in_the_second, control=control)
    assert stored_resolution(open_run(folder)).variants == ("vanilla",)


def test_a_variant_that_was_not_trained_is_said(folder):
    with pytest.raises(InputError, match="no evaluated job of bbox in this run: it has vanilla, denoise"):
        measure_resolution(open_run(folder), variants=("bbox",))


def test_a_crop_is_told_with_how_many_images_have_a_box(data, tmp_path):
    folder = study(data, tmp_path, variants=("bbox",))
    notes = " ".join(measure_resolution(open_run(folder)).notes)
    assert f"bbox crops 0 of {2 * TEST} test images and 0 of {2 * COPIED} held-out images to their boxes" in notes


def test_divided_images_are_of_one_size_and_need_no_second_line(data, tmp_path):
    folder = study(data, tmp_path, protocol="grouped", variants=("vanilla",), repeats=2)
    report = measure_resolution(open_run(folder))
    assert report.parts == ("test",)
    assert report.seed == 0
    assert any("seed 0 alone; the study trained 2 seeds" in note for note in report.notes)
    assert measure_resolution(open_run(folder), seed=1).seed == 1


def test_images_that_were_watched_while_training_are_held_out(data, tmp_path):
    folder = study(data, tmp_path, protocol="official", variants=("vanilla",), validation_fraction=0.25)
    report = measure_resolution(open_run(folder))
    watched = load_record(folder).protocol.validation_counts[0]
    assert report.ladder("vanilla", "held out").images == watched > 0
