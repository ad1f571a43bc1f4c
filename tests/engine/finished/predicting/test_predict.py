"""A model of a run, asked about images."""

import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.config.model import ModelRequest
from engine.errors import InputError, StorageError, StudyStopped, WeightsError
from engine.events.control import StudyControl
from engine.finished.predicting.predict import predict_images
from engine.reports.prediction import ImagePrediction, ModelOpened
from engine.reports.results import SkippedFile

VARIANTS = ("vanilla", "bbox", "denoise", "superres")


def request(trained, variant=None, **changes):
    base = ModelRequest(trained.folder, variant, device="cpu", offline=True, cache_dir=trained.config.cache_dir)
    return replace(base, **changes)


def ask(request, paths, control=None):
    told = []
    predict_images(request, paths, told.append, control)
    assert isinstance(told[0], ModelOpened)
    return told[0], told[1:]


def stored(trained, variant):
    return {p.path: p.probabilities for p in trained.record.result(variant).predictions}


@pytest.fixture(autouse=True)
def no_hub(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-hub"))


@pytest.fixture
def copy(trained, tmp_path):
    """The run in a folder that a test may change."""
    return shutil.copytree(trained.folder, tmp_path / "run")


@pytest.mark.parametrize("variant", VARIANTS)
def test_test_images_get_the_probabilities_that_the_study_stored(trained, variant):
    model, answers = ask(request(trained, variant), [trained.images / "test"])
    expected = stored(trained, variant)
    assert model.images == len(answers) == len(expected) == 12
    for answer in answers:
        probabilities = expected[answer.path.removeprefix(f"{trained.images}/")]
        assert answer.probabilities == pytest.approx(probabilities, abs=1e-6)
        assert answer.predicted == probabilities.index(max(probabilities))


def test_an_image_alone_gets_the_same_answer_as_among_others(trained):
    _, together = ask(request(trained, "denoise"), [trained.images / "test"])
    for answer in together[::5]:
        _, (alone,) = ask(request(trained, "denoise"), [type(trained.images)(answer.path)])
        assert alone == answer


def test_the_most_accurate_variant_is_the_default(trained):
    accuracies = {name: trained.record.result(name).metrics.accuracy for name in VARIANTS}
    model, _ = ask(request(trained), [trained.images / "test" / "red"])
    assert model.variant == max(VARIANTS, key=accuracies.get)
    assert (model.seed, model.fold, model.classes) == (0, 0, ("blue", "green", "red"))


@pytest.mark.parametrize("variant", ["vanilla", "superres"])
def test_a_broken_image_is_told_in_its_place_and_the_rest_goes_on(trained, tmp_path, variant):
    good = sorted((trained.images / "test" / "red").iterdir())
    (tmp_path / "broken.png").write_bytes(good[0].read_bytes()[:60])
    (tmp_path / "text.jpg").write_text("no image")
    paths = [good[0], tmp_path / "broken.png", good[1], tmp_path / "gone.png", tmp_path / "text.jpg", good[2]]
    _, answers = ask(request(trained, variant), paths)
    assert [answer.path for answer in answers] == [str(path) for path in paths]
    assert [type(answer) for answer in answers] == [
        ImagePrediction,
        SkippedFile,
        ImagePrediction,
        SkippedFile,
        SkippedFile,
        ImagePrediction,
    ]
    expected = stored(trained, variant)
    for answer in (answers[0], answers[2], answers[5]):
        relative = answer.path.removeprefix(f"{trained.images}/")
        assert answer.probabilities == pytest.approx(expected[relative], abs=1e-6)
    assert "truncated" in answers[1].reason


def test_that_new_images_are_taken_whole_is_said_of_bbox_alone(trained):
    for variant in VARIANTS:
        model, _ = ask(request(trained, variant), [trained.images / "test" / "blue" / "pic_0000.png"])
        assert any("no box" in note for note in model.notes) is (variant == "bbox")


def test_a_stop_ends_it_before_the_rest_is_done(trained):
    control, told = StudyControl(), []

    def take(event):
        told.append(event)
        control.stop()

    with pytest.raises(StudyStopped):
        predict_images(request(trained, "vanilla"), [trained.images], take, control)
    assert [type(event) for event in told] == [ModelOpened]


def test_a_variant_seed_or_fold_without_a_model_is_refused_by_name(trained):
    image = [trained.images / "test" / "blue" / "pic_0000.png"]
    with pytest.raises(InputError, match="choose from vanilla, bbox, denoise, superres"):
        ask(request(trained, "superres-full"), image)
    with pytest.raises(InputError, match=r"seed 0 fold 0.*--seed"):
        ask(request(trained, "vanilla", seed=3), image)
    with pytest.raises(InputError, match="--fold"):
        ask(request(trained, "vanilla", fold=1), image)


def test_a_folder_that_is_no_run_is_refused(trained, tmp_path):
    with pytest.raises(StorageError, match="no run"):
        ask(request(trained, folder=tmp_path), [tmp_path])


def test_weights_that_are_missing_or_not_finite_are_refused(trained, copy):
    path = copy / "weights" / "vanilla-seed0-fold0.safetensors"
    tensors = load_file(path)
    tensors["linear.bias"][0] = torch.nan
    save_file(tensors, path)
    with pytest.raises(WeightsError, match=r"vanilla-seed0-fold0\.safetensors.*not finite"):
        ask(request(trained, "vanilla", folder=copy), [trained.images])
    path.unlink()
    with pytest.raises(WeightsError, match=r"vanilla-seed0-fold0\.safetensors"):
        ask(request(trained, "vanilla", folder=copy), [trained.images])


def test_other_super_resolution_weights_than_the_runs_are_refused(trained, copy):
    own = trained.record.superres_weights.sha256
    events = copy / "events.jsonl"
    events.write_text(events.read_text().replace(own, "12" * 32))
    with pytest.raises(WeightsError, match=r"121212121212.*--superres-weights"):
        ask(request(trained, "superres", folder=copy), [trained.images])
    model, _ = ask(request(trained, "vanilla", folder=copy), [trained.images / "test" / "blue"])
    assert model.variant == "vanilla"


def test_a_run_in_bf16_is_computed_in_fp32_where_there_is_none(trained, copy, monkeypatch):
    events = copy / "events.jsonl"
    events.write_text(events.read_text().replace('"precision":"fp32"', '"precision":"bf16"'))
    monkeypatch.setattr("engine.system.devices.has_bf16", lambda device: False)
    model, answers = ask(request(trained, "superres", folder=copy), [trained.images / "test"])
    assert model.precision == "fp32"
    assert [note for note in model.notes if "bf16" in note] == list(model.notes)
    assert len(model.notes) == 1
    expected = stored(trained, "superres")
    for answer in answers:
        assert answer.probabilities == pytest.approx(expected[answer.path.removeprefix(f"{trained.images}/")], abs=1e-6)
