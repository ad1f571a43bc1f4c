"""A study with a network of the user's own: what its run keeps, and that nobody runs code that was not named."""

from dataclasses import replace

import pytest

from engine.config.model import ModelRequest
from engine.errors import InputError, WeightsError
from engine.events.control import StudyControl
from engine.events.study import BatchTrained, NetworkOpened
from engine.finished.explain.explainer import open_explainer
from engine.finished.predicting.onnx_file import PACKAGES
from engine.finished.predicting.predict import export_onnx, predict_images
from engine.finished.run import FinishedRun
from engine.runs import load_record
from engine.study.estimate import estimate
from engine.study.opening import inspect_dataset
from engine.study.running import resume_study, run_study
from engine.system import named_code
from engine.system.named_code import name_network, named_network
from tests.engine.models.conftest import TINY


@pytest.fixture(autouse=True)
def _nothing_named_yet(monkeypatch):
    monkeypatch.setattr(named_code, "_named", {})


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "my_net.py"
    file.write_text(TINY)
    return file


@pytest.fixture
def own(config, path):
    return replace(config, variants=("vanilla",), recipe=replace(config.recipe, network=name_network(f"{path}:build")))


def losses(record):
    return next(iter(record.losses.values()))


def forget():
    named_code._named.clear()


def refused(call):
    with pytest.raises(InputError, match=r"my_net\.py:build is code of your own, which is only run where you name it"):
        call()


def test_the_run_keeps_what_was_trained_and_gives_it_back_only_to_who_names_it(own, path, tmp_path):
    record = run_study(own)
    (folder,) = (tmp_path / "runs").iterdir()
    assert record.finished.status == "done"
    kept = load_record(folder).network
    assert kept == record.network
    assert (kept.name, kept.source_sha256) == ("my_net.py:build", named_network(own.recipe.network).file.sha256)
    assert (kept.mean, kept.deviation) == ((0.5,) * 3, (0.25,) * 3)
    image = next((own.data / "test" / "red").iterdir())
    answers = []

    forget()
    refused(lambda: predict_images(ModelRequest(folder), [image], answers.append))
    refused(lambda: open_explainer(FinishedRun(folder), "vanilla"))
    assert not answers

    moved = tmp_path / "elsewhere.py"
    moved.write_bytes(path.read_bytes())
    path.unlink()
    name_network(f"{moved}:build")
    predict_images(ModelRequest(folder), [image], answers.append)
    of_run = next(one for one in record.result("vanilla").predictions if one.path.endswith(f"red/{image.name}"))
    assert answers[1].probabilities == pytest.approx(of_run.probabilities, abs=1e-6)
    view = open_explainer(FinishedRun(folder), "vanilla").look(of_run.path, of_run.label)
    assert [name for name, _ in view.blocks] == ["2"]
    assert view.for_true is not None
    assert view.notes == ()

    moved.write_text(TINY + "# changed\n")
    forget()
    name_network(f"{moved}:build")
    with pytest.raises(InputError, match=r"elsewhere\.py: not the source that the run was trained with"):
        predict_images(ModelRequest(folder), [image], answers.append)


def test_a_study_is_resumed_to_the_same_numbers_once_its_network_is_named(own, path, tmp_path):
    whole = run_study(replace(own, runs_dir=tmp_path / "whole"))
    control = StudyControl()

    def stop(event):
        if isinstance(event, BatchTrained) and event.step == 5:
            control.stop()

    run_study(own, stop, control)
    (folder,) = (tmp_path / "runs").iterdir()
    forget()
    refused(lambda: resume_study(folder))
    name_network(f"{path}:build")
    resumed = resume_study(folder)
    assert losses(resumed) == losses(whole)
    assert resumed.result("vanilla").predictions == whole.result("vanilla").predictions


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"network": "resnet19"}, InputError, "--network resnet19: did you mean resnet18"),
        ({"weights": "nowhere.pth"}, InputError, "--weights nowhere.pth: there is no such file"),
        ({"network": "squeezenet1_1", "weights": "default"}, WeightsError, "--offline: torchvision SqueezeNet1_1"),
    ],
)
def test_what_is_not_there_is_refused_before_any_work_and_leaves_no_run(config, tmp_path, changes, error, words):
    seen = []
    with pytest.raises(error, match=words):
        run_study(replace(config, recipe=replace(config.recipe, **changes)), seen.append)
    assert not any(isinstance(event, NetworkOpened) for event in seen)
    assert not list((tmp_path / "runs").glob("*"))


def test_a_model_of_torchvision_goes_the_whole_way(config, tmp_path):
    recipe = replace(config.recipe, network="squeezenet1_1", image_size=(32, 40), epochs=1, head_share=0.5)
    record = run_study(replace(config, variants=("vanilla",), recipe=recipe))
    assert record.finished.status == "done"
    assert record.network.weights == "none: at random"
    assert any("a step on 10 images takes about" in notice.message for notice in record.notices)


def test_the_estimate_measures_a_step_of_a_network_of_others(own):
    made = estimate(own, inspect_dataset(own))
    assert made.memory_bytes > 0
    assert made.free_memory_bytes > made.memory_bytes
    ours = replace(own, recipe=replace(own.recipe, network="two-block"))
    assert estimate(ours, inspect_dataset(ours)).memory_bytes == 0


def test_it_is_exported_to_onnx(own, tmp_path):
    for package in PACKAGES:
        pytest.importorskip(package)
    run_study(own)
    (folder,) = (tmp_path / "runs").iterdir()
    assert export_onnx(ModelRequest(folder), tmp_path / "net.onnx") < 1e-4
    forget()
    refused(lambda: export_onnx(ModelRequest(folder), tmp_path / "again.onnx"))
