"""Looking into the networks of a finished run, on a tiny data set whose classes differ in colour alone."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.errors import InputError, SimpsonsError, StudyStopped, WeightsError
from engine.events.control import StudyControl
from engine.events.record import run_folder
from engine.finished.explain.ablation import REPORT_FILE, measure_explanation, stored_explanation
from engine.finished.explain.explainer import open_explainer
from engine.finished.explain.figures import report_figures
from engine.finished.explain.inside import feature_maps, first_filters, grad_cam, probabilities
from engine.finished.run import LEAST_BOXED, DividedImages, open_run
from engine.runs import load_record
from engine.study.running import run_study


@pytest.fixture(scope="module")
def finished_run(tiny_dataset, tmp_path_factory):
    """The folder of a run, trained once; nobody writes to it."""
    place = tmp_path_factory.mktemp("explaining")
    config = StudyConfig(
        data=tiny_dataset,
        variants=("vanilla", "bbox", "boxmask", "bbox-paper"),
        recipe=replace(RECIPES["quick"], image_size=(16, 20), batch_size=10, epochs=12, dropout=0.0),
        offline=True,
        precision="fp32",
        memory_format="channels_last",
        threads=1,
        device="cpu",
        cache_dir=place / "cache",
        runs_dir=place / "runs",
    )
    record = run_study(config)
    assert record.result("vanilla").metrics.accuracy > 0.8
    return Path(record.started.folder)


@pytest.fixture
def folder(finished_run, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(finished_run, tmp_path / finished_run.name))


def first(folder, variant="vanilla"):
    return load_record(folder).result(variant).predictions[0]


def test_a_network_says_again_what_it_said_in_the_run(folder):
    explainer = open_explainer(open_run(folder), "vanilla")
    for said in load_record(folder).result("vanilla").predictions:
        assert probabilities(explainer.model, explainer.image(said.path)) == pytest.approx(said.probabilities, abs=1e-4)


def test_one_image_inside_one_network(folder):
    said = first(folder, "bbox")
    explainer = open_explainer(open_run(folder, record=load_record(folder)), "bbox", 0)
    pixels = explainer.image(said.path)
    assert pixels.shape == (16, 20, 3)
    assert [block.maps.shape for block in feature_maps(explainer.model, pixels)] == [(16, 8, 10), (32, 4, 5)]
    assert first_filters(explainer.model).shape == (16, 5, 5, 3)
    evidence = grad_cam(explainer.model, pixels, said.label)
    assert evidence.shape == (4, 5)
    assert 0 <= evidence.min() <= evidence.max() <= 1
    view = explainer.look(said.path, said.label)
    assert view.predicted == said.predicted
    assert view.for_true.shape == view.for_predicted.shape == view.pixels.shape
    assert [name for name, _ in view.blocks] == ["block1", "block2"]


def test_what_is_not_there_is_said(folder):
    with pytest.raises(InputError, match="no finished job of denoise"):
        open_explainer(open_run(folder), "denoise")
    with pytest.raises(InputError, match="seed 7"):
        open_explainer(open_run(folder), "vanilla", 7)
    with pytest.raises(InputError, match=r"gone\.png"):
        open_explainer(open_run(folder), "vanilla").image("gone.png")
    next((folder / "weights").glob("vanilla*")).unlink()
    with pytest.raises(WeightsError, match="vanilla"):
        open_explainer(open_run(folder), "vanilla")


def test_colour_is_what_these_classes_differ_in(folder):
    told = []
    report = measure_explanation(open_run(folder), progress=told.append)
    colour = next(one for one in report.of("vanilla") if one.change == "colour removed")
    accuracy = load_record(folder).result("vanilla").metrics.accuracy
    assert colour.images_from == "test"
    assert colour.total.before / colour.total.images == pytest.approx(accuracy)
    assert colour.total.after < 0.7 * colour.total.before
    assert [outcome.images for outcome in colour.classes] == [5, 5, 5]
    assert sum(outcome.called_after for outcome in colour.classes) == 15
    assert told[-1].done == told[-1].total


def test_test_images_without_boxes_leave_the_training_images_and_that_is_said(folder):
    report = measure_explanation(open_run(folder))
    changes = {one.change: one for one in report.of("vanilla")}
    assert list(changes) == ["colour removed", "background greyed", "box greyed", "top of box greyed"]
    assert {changes[name].images_from for name in list(changes)[1:]} == {"trained on"}
    assert changes["box greyed"].total.images == 18
    # The character is the colour; the background is grey noise.
    assert changes["box greyed"].total.after < changes["background greyed"].total.after
    for hiding in ("bbox", "boxmask"):
        assert [one.change for one in report.of(hiding)] == ["colour removed", "top of box greyed"]
    assert [one.change for one in report.of("bbox-paper")] == ["colour removed"]
    notes = " ".join(report.notes)
    assert "trained on" in notes
    assert "bbox-paper cuts boxed images elsewhere" in notes
    assert "bbox sees nothing but the box" in notes
    assert "boxmask sees nothing but the box" in notes


def test_what_was_measured_is_kept_and_read_again(folder, monkeypatch):
    assert stored_explanation(open_run(folder)) is None
    report = measure_explanation(open_run(folder))
    assert stored_explanation(open_run(folder)) == report
    monkeypatch.setattr("engine.study.jobs.predict_proba", None)
    assert measure_explanation(open_run(folder)) == report
    (folder / REPORT_FILE).write_text('{"version": 1, "report": {}}')
    assert stored_explanation(open_run(folder)) is None


def test_a_stop_keeps_nothing(folder):
    control = StudyControl()
    with pytest.raises(StudyStopped):
        measure_explanation(open_run(folder), progress=lambda _: control.stop(), control=control)
    assert not (folder / REPORT_FILE).exists()


@dataclass
class Sample:
    path: str
    box: object


@dataclass
class Image:
    sample: Sample


@dataclass
class Checked:
    images: list


def boxed_from(*, tested, left_out, trained):
    """Where boxed images are taken from, when so many of each kind have a box."""
    kinds = {"tested": tested, "left": left_out, "trained": trained}
    images = [Image(Sample(f"{kind}{n}", (0, 0, 1, 1))) for kind, count in kinds.items() for n in range(count)]
    images += [Image(Sample(f"{kind}-whole", None)) for kind in kinds]
    parts = [tuple(one for one in images if one.sample.path.startswith(kind)) for kind in ("trained", "tested")]
    where, boxed = DividedImages(Checked(images), *parts).boxed
    assert all(image.sample.box for image in boxed)
    return where, len(boxed)


@pytest.mark.parametrize(
    ("tested", "left_out", "trained", "expected"),
    [
        (LEAST_BOXED, 50, 50, ("test", LEAST_BOXED)),
        (3, LEAST_BOXED, 50, ("not trained on", LEAST_BOXED + 3)),
        (3, 4, 50, ("trained on", 50)),
        (3, 4, 0, ("not trained on", 7)),
        (0, 0, 0, ("test", 0)),
    ],
)
def test_boxed_images_are_those_that_say_most(tested, left_out, trained, expected):
    assert boxed_from(tested=tested, left_out=left_out, trained=trained) == expected


def test_figures_are_png_files_with_words(folder):
    figures = report_figures(open_run(folder), variants=("vanilla",))
    assert [figure.title for figure in figures] == [
        "What each variant sees",
        "The surest mistakes",
        "Where the evidence lies",
        "Filters of the first layer",
        "Feature maps: vanilla",
    ]
    assert all(figure.png.startswith(b"\x89PNG") and figure.caption for figure in figures)


def test_figures_whose_data_is_gone_are_left_out(folder):
    record = load_record(folder)
    for weights in (folder / "weights").iterdir():
        weights.unlink()
    titles = [figure.title for figure in report_figures(open_run(folder, record=record))]
    assert titles == ["What each variant sees", "The surest mistakes"]
    (folder / "study.json").unlink()
    assert report_figures(open_run(folder, record=record)) == []


def test_a_run_without_a_folder_has_no_networks(folder):
    record = load_record(folder)
    record.started = replace(record.started, folder="")
    record.finished = replace(record.finished, folder="")
    with pytest.raises(SimpsonsError, match="is no run folder"):
        open_explainer(open_run(run_folder(record), record=record), "vanilla")


def test_pixels_of_one_image_are_those_that_the_network_was_trained_on(folder):
    """Through the cache and without it."""
    run = open_run(folder)
    explainer = open_explainer(run, "vanilla")
    path = first(folder).path
    plain = next(iter(run.gallery.through(path, ("vanilla",)))).pixels
    assert np.array_equal(explainer.image(path), plain)
