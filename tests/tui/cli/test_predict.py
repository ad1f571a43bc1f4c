"""`simpsons-tui predict` and a network as an ONNX file, with an engine that has its answers ready."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config.model import ModelRequest
from engine.errors import InputError, WeightsError
from engine.reports.prediction import ImagePrediction, ModelOpened
from engine.reports.results import SkippedFile

MODEL = ModelOpened(
    study="20260101-120000-aaaaaa",
    folder="/runs/20260101-120000-aaaaaa",
    variant="bbox",
    seed=0,
    fold=0,
    classes=("apu", "homer_simpson"),
    image_size=(96, 128),
    device="cpu",
    device_name="a processor",
    precision="fp32",
    images=3,
    notes=("new images have no box",),
)
GOOD = (ImagePrediction("a.jpg", (0.25, 0.75)), ImagePrediction("c.jpg", (0.5, 0.5)))
BROKEN = SkippedFile("b.jpg", "an empty file")


@pytest.fixture
def run(tmp_path):
    """A folder that find_run takes for a run."""
    folder = tmp_path / "runs" / "20260101-120000-aaaaaa"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").touch()
    return folder


@pytest.fixture
def asked(monkeypatch, run):
    """What the engine was asked; the first entry is what it answers."""
    seen = [(GOOD[0], BROKEN, GOOD[1])]

    def predict_images(request, paths, take, control=None):
        seen.append((request, paths))
        take(replace(MODEL, images=len(seen[0])))
        for answer in seen[0]:
            take(answer)

    monkeypatch.setattr("engine.predict_images", predict_images)
    return seen


def test_a_line_an_image_and_a_refusal_on_the_other_stream(command, asked, run):
    status, out, err = command("predict", "latest:bbox", "frames", "b.jpg")
    assert status == 1
    assert out.splitlines() == [
        "homer_simpson  0.750  apu            0.250  a.jpg",
        "apu            0.500  homer_simpson  0.500  c.jpg",
    ]
    lines = err.splitlines()
    assert lines[0].startswith("bbox of run 20260101-120000-aaaaaa (seed 0, fold 0)")
    assert lines[1:3] == ["new images have no box", "b.jpg: an empty file"]
    assert lines[3].startswith("2 images predicted, 1 could not be used")
    assert asked[1] == (ModelRequest(run, "bbox"), (Path("frames"), Path("b.jpg")))


def test_json_is_one_object_and_nothing_else(command, asked):
    status, out, _ = command("predict", "20260101", "frames", "--json")
    data = json.loads(out)
    assert status == 1
    assert out.count("\n") == 1
    assert (data["run"], data["variant"], data["classes"]) == (MODEL.study, "bbox", ["apu", "homer_simpson"])
    assert data["images"][0] == {
        "path": "a.jpg",
        "predicted": "homer_simpson",
        "confidence": 0.75,
        "probabilities": {"apu": 0.25, "homer_simpson": 0.75},
    }
    assert [image["path"] for image in data["images"]] == ["a.jpg", "c.jpg"]
    assert data["refused"] == [{"path": "b.jpg", "reason": "an empty file"}]
    assert data["notes"] == ["new images have no box"]


@pytest.mark.parametrize("extra", [(), ("--json",)])
@pytest.mark.parametrize(("answers", "status"), [(GOOD, 0), ((*GOOD, BROKEN), 1), ((BROKEN,), 2), ((), 2)])
def test_the_exit_status_tells_whether_all_some_or_none_were_predicted(command, asked, answers, status, extra):
    asked[0] = answers
    assert command("predict", "latest", "frames", *extra)[0] == status


def test_options_reach_the_engine(command, asked, run, tmp_path):
    weights = tmp_path / "own.safetensors"
    weights.touch()
    options = ("--seed", 3, "--fold", 1, "--device", "cpu", "--superres-weights", weights, "--cache-dir", tmp_path)
    command("predict", run, "a.jpg", "--offline", *options)
    assert asked[1][0] == ModelRequest(
        run, None, seed=3, fold=1, device="cpu", superres_weights=weights, offline=True, cache_dir=tmp_path
    )


def test_a_folder_with_a_colon_is_a_folder(command, asked, tmp_path):
    folder = tmp_path / "12:30"
    folder.mkdir()
    (folder / "events.jsonl").touch()
    command("predict", folder, "a.jpg")
    command("predict", f"{folder}:denoise", "a.jpg")
    assert [request for request, _ in asked[1:]] == [ModelRequest(folder), ModelRequest(folder, "denoise")]


def test_a_run_that_is_not_there_is_one_line(command, asked):
    status, out, err = command("predict", "1999", "a.jpg")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "no run '1999'" in err
    assert len(asked) == 1


def test_a_model_that_cannot_be_used_is_one_line(command, run, monkeypatch):
    def refuse(*_):
        raise WeightsError("the weights are gone")

    monkeypatch.setattr("engine.predict_images", refuse)
    assert command("predict", run, "a.jpg") == (2, "", "simpsons-tui: the weights are gone\n")


def test_no_image_is_wrong_use(command, run):
    status, _, err = command("predict", run)
    assert status == 2
    assert "IMAGE" in err


def test_onnx_prints_the_file_and_the_difference(command, run, monkeypatch, tmp_path):
    seen = []

    def export(request, path):
        seen.append((request, path))
        return 1.5e-5

    monkeypatch.setattr("engine.export_onnx", export)
    out = tmp_path / "model.onnx"
    said = (0, f"{out}\n", "largest difference of a logit from torch: 1.5e-05\n")
    assert command("export", "latest:bbox", "--out", out) == said
    assert command("export", run, "--format", "onnx", "--out", out) == said
    assert seen == [(ModelRequest(run, "bbox"), out), (ModelRequest(run), out)]


def test_onnx_without_its_extra_is_one_line(command, run, monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise InputError("install the extra")

    monkeypatch.setattr("engine.export_onnx", refuse)
    said = command("export", run, "--format", "onnx", "--out", tmp_path / "m")
    assert said == (2, "", "simpsons-tui: install the extra\n")


def test_onnx_replaces_a_file_only_when_asked_to(command, run, monkeypatch, tmp_path):
    out = tmp_path / "model.onnx"
    out.write_text("mine")
    monkeypatch.setattr("engine.export_onnx", lambda *_: 0.0)
    status, _, err = command("export", run, "--out", out)
    assert (status, err.count("\n")) == (2, 1)
    assert "--force" in err
    assert command("export", run, "--out", out, "--force")[0] == 0
