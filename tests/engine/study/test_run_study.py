"""The whole engine, headless, on a tiny data set."""

import json
import math
from dataclasses import replace

import pytest

from engine.config.combinations import COMBINATIONS
from engine.config.model import ModelRequest
from engine.config.variants import STUDY_VARIANTS
from engine.errors import InputError, StorageError
from engine.events.control import StudyControl
from engine.events.study import (
    AuditFinished,
    BaselinesMeasured,
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    JobFinished,
    MachineChosen,
    Notice,
    PipelinesAnalysed,
    ProtocolApplied,
    StageFinished,
    StageStarted,
    StatisticsComputed,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
)
from engine.events.study_json import study_to_json
from engine.finished.predicting.predict import predict_images
from engine.runs import load_record, read_events
from engine.study.running import resume_study, run_study
from tests.study_schema import assert_valid


def stages(events, kind=StageStarted):
    return [(event.variant, event.stage) for event in events if isinstance(event, kind)]


def test_the_four_variants_are_trained_evaluated_and_compared(config):
    events = []
    record = run_study(replace(config, variants=STUDY_VARIANTS), events.append)
    data = json.loads(json.dumps(study_to_json(record), allow_nan=False))
    assert_valid(data)
    assert data["status"] == "done"
    assert list(data["variants"]) == list(STUDY_VARIANTS)
    for result in data["variants"].values():
        assert result["status"] == "done"
        assert [sum(row) for row in result["confusion_matrix"]] == [5, 5, 5]
        assert len(result["loss"]) == 3 * math.ceil(36 / 10)
        assert result["final_loss"] == result["loss"][-1]
        right = sum(result["confusion_matrix"][i][i] for i in range(3))
        assert result["accuracy"] == pytest.approx(right / 15)
    assert set(data["baselines"]) == {"majority", "thumbnail_1nn"}
    assert data["superres_weights"].startswith("shipped")
    assert data["dataset"]["boxed"] == {"train": 18, "test": 0}
    assert len(data["conclusion"]) > 4
    assert isinstance(events[0], StudyStarted)
    assert isinstance(events[-1], StudyFinished)


def test_the_events_come_in_the_order_that_screens_rely_on(config):
    events = []
    run_study(config, events.append)
    jobs = [(variant, stage) for variant in config.variants for stage in ("preprocess", "train", "evaluate")]
    assert stages(events) == [("", "check"), ("", "audit"), *jobs, ("", "baselines")]
    assert stages(events, StageFinished) == stages(events)
    kinds = [type(event) for event in events if not isinstance(event, Notice)]
    order = [
        StudyStarted,
        DatasetChecked,
        AuditFinished,
        ProtocolApplied,
        MachineChosen,
        BatchTrained,
        EpochTrained,
        JobFinished,
        StatisticsComputed,
        BaselinesMeasured,
    ]
    assert sorted(order, key=kinds.index) == order
    assert kinds[-1] is StudyFinished
    assert SuperresWeightsChosen not in kinds
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_the_same_seed_gives_the_same_result_and_another_seed_another(config, tmp_path):
    first = study_to_json(run_study(config))["variants"]
    again = study_to_json(run_study(replace(config, cache_dir=tmp_path / "another-cache")))["variants"]
    other = study_to_json(run_study(replace(config, seed=1)))["variants"]
    for variant in config.variants:
        assert first[variant]["loss"] == again[variant]["loss"]
        assert first[variant]["confusion_matrix"] == again[variant]["confusion_matrix"]
        assert first[variant]["loss"] != other[variant]["loss"]


def test_the_run_folder_holds_the_same_study(config):
    record = run_study(config)
    (folder,) = config.runs_dir.iterdir()
    assert study_to_json(load_record(folder)) == study_to_json(record)
    assert json.loads((folder / "result.json").read_text()) == study_to_json(record)
    assert sorted(path.name for path in (folder / "weights").iterdir()) == [
        "bbox-seed0-fold0.safetensors",
        "vanilla-seed0-fold0.safetensors",
    ]
    finished = [event for event in read_events(folder) if isinstance(event, JobFinished)]
    assert all(len(event.result.predictions) == 15 for event in finished)


def test_every_prediction_keeps_its_images_path_and_sums_to_one(config):
    for prediction in run_study(config).result("vanilla").predictions:
        assert prediction.path.startswith("test/")
        assert sum(prediction.probabilities) == pytest.approx(1)
        assert prediction.predicted == max(range(3), key=prediction.probabilities.__getitem__)


def test_a_stop_in_training_keeps_and_evaluates_what_was_trained(config):
    control, events = StudyControl(), []

    def listen(event):
        events.append(event)
        if isinstance(event, BatchTrained) and (event.variant, event.step) == ("bbox", 4):
            control.stop()

    record = run_study(replace(config, variants=("vanilla", "bbox", "denoise")), listen, control)
    data = study_to_json(record)
    assert data["status"] == "stopped"
    assert data["variants"]["vanilla"]["status"] == "done"
    assert data["variants"]["bbox"]["status"] == "stopped"
    assert data["variants"]["bbox"]["reason"] == "stopped after 1 of 3 epochs"
    assert sum(map(sum, data["variants"]["bbox"]["confusion_matrix"])) == 15
    assert data["variants"]["denoise"]["status"] == "stopped"
    assert data["variants"]["denoise"]["loss"] == []


def test_a_stop_before_training_leaves_no_figures(config):
    control = StudyControl()
    control.stop()
    data = study_to_json(run_study(config, control=control))
    assert data["status"] == "stopped"
    assert all(result["accuracy"] is None for result in data["variants"].values())


@pytest.mark.parametrize("moment", ["last batch", "evaluation"])
def test_a_stop_when_training_is_over_costs_no_result(config, moment):
    control = StudyControl()

    def listen(event):
        last_batch = isinstance(event, BatchTrained) and event.step == 11
        evaluation = isinstance(event, StageStarted) and event.stage == "evaluate"
        if last_batch if moment == "last batch" else evaluation:
            control.stop()

    data = study_to_json(run_study(config, listen, control))
    assert data["status"] == "stopped"
    assert data["variants"]["vanilla"]["status"] == "done"
    assert sum(map(sum, data["variants"]["vanilla"]["confusion_matrix"])) == 15
    assert list(data["baselines"]) == ["majority"]


def test_a_baseline_that_fails_costs_no_result(config, monkeypatch):
    def fail(*arguments, **named):
        raise StorageError("the disk is gone")

    monkeypatch.setattr("engine.evaluation.thumbnail_baseline", fail)
    data = study_to_json(run_study(replace(config, variants=("vanilla",))))
    assert data["status"] == "done"
    assert data["variants"]["vanilla"]["status"] == "done"
    assert list(data["baselines"]) == ["majority"]
    assert any("the disk is gone" in message["message"] for message in data["messages"])


def test_a_listener_that_fails_ends_the_showing_and_not_the_study(config):
    seen = []

    def listen(event):
        seen.append(event)
        if isinstance(event, BatchTrained):
            raise RuntimeError("the screen is gone")

    data = study_to_json(run_study(config, listen))
    assert data["status"] == "done"
    assert isinstance(seen[-1], BatchTrained)
    assert any("the screen is gone" in message["message"] for message in data["messages"])


def test_a_variant_that_fails_leaves_the_others(config, monkeypatch):
    from engine.study import jobs

    original = jobs.preprocess

    def fail_on_bbox(variant, *arguments, **named):
        if variant.name == "bbox":
            raise RuntimeError("out of luck\nsecond line")
        return original(variant, *arguments, **named)

    monkeypatch.setattr(jobs, "preprocess", fail_on_bbox)
    data = study_to_json(run_study(config))
    assert data["status"] == "failed"
    assert data["variants"]["bbox"]["reason"] == "RuntimeError: out of luck"
    assert data["variants"]["vanilla"]["status"] == "done"
    (folder,) = config.runs_dir.iterdir()
    assert "second line" in (folder / "errors.txt").read_text()


def test_a_loss_that_is_not_finite_is_a_warning_and_not_a_crash(config):
    events = []
    hot = replace(config, variants=("vanilla",), recipe=replace(config.recipe, learning_rate=1e38))
    data = study_to_json(run_study(hot, events.append))
    assert data["variants"]["vanilla"]["status"] == "done"
    assert None in data["variants"]["vanilla"]["loss"]
    warnings = [event.message for event in events if isinstance(event, Notice) and event.variant == "vanilla"]
    assert len([message for message in warnings if "not finite" in message]) == 1


def test_a_batch_larger_than_the_set_is_said(config):
    big = replace(config, variants=("vanilla",), recipe=replace(config.recipe, batch_size=500, epochs=1))
    data = study_to_json(run_study(big))
    assert len(data["variants"]["vanilla"]["loss"]) == 1
    assert any("one batch an epoch" in message["message"] for message in data["messages"])


def test_an_unreadable_image_is_left_out_of_every_variant(config, tiny_dataset, tmp_path):
    import shutil

    copy = shutil.copytree(tiny_dataset, tmp_path / "copy")
    broken = copy / "train" / "red" / "pic_0001.png"
    broken.write_bytes(broken.read_bytes()[:200])
    data = study_to_json(run_study(replace(config, data=copy)))
    assert data["status"] == "done"
    assert data["dataset"]["train"] == 35
    assert [skipped["path"] for skipped in data["dataset"]["skipped"]] == ["train/red/pic_0001.png"]


@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        ({"protocol": "secret"}, InputError, "unknown protocol 'secret'"),
        ({"superres_weights": "none.pt"}, InputError, "none.pt"),
        ({"data": "nowhere"}, InputError, "nowhere"),
    ],
)
def test_wrong_input_is_one_line_before_the_first_event(config, tmp_path, change, error, named):
    paths = {key: tmp_path / value if key != "protocol" else value for key, value in change.items()}
    events = []
    with pytest.raises(error, match=named) as caught:
        run_study(replace(config, **paths), events.append)
    assert "\n" not in str(caught.value)
    assert not events
    assert not config.runs_dir.exists()


def test_a_runs_folder_that_cannot_be_written_is_named(config, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--runs-dir"):
        run_study(replace(config, runs_dir=tmp_path / "file"))


@pytest.mark.parametrize("change", [{"device": "abacus"}, {"threads": 100_000}, {"superres_weights": "text.pt"}])
def test_wrong_input_found_later_ends_the_stream_and_leaves_no_run_folder(config, tmp_path, change):
    (tmp_path / "text.pt").write_text("no weights")
    if "superres_weights" in change:
        change = {"superres_weights": tmp_path / "text.pt", "variants": ("superres",)}
    events = []
    with pytest.raises(InputError):
        run_study(replace(config, **change), events.append)
    assert isinstance(events[-1], StudyFinished)
    assert events[-1].status == "failed"
    assert events[-1].folder == ""
    assert list(config.runs_dir.iterdir()) == []


def test_orders_and_a_sweep_are_a_study_with_an_analysis_of_pipelines(config):
    swept = ("gamma(gamma=0.5)", "gamma(gamma=2)")
    variants = ("vanilla", "grey+equalize", "equalize+grey", *swept)
    told = []
    config = replace(config, variants=variants, repeats=2, recipe=replace(config.recipe, epochs=1))
    record = run_study(config, told.append)
    kinds = [type(event) for event in told if isinstance(event, StatisticsComputed | PipelinesAnalysed)]
    assert kinds == [StatisticsComputed, PipelinesAnalysed] * 2, "after each seed"
    data = json.loads(json.dumps(study_to_json(record), allow_nan=False))
    assert_valid(data)
    found = data["pipelines"]
    assert [entry["variant"] for entry in found["gains"]] == list(variants[1:])
    assert found["seeds"] == [0, 1]
    (mirror,), (curve,) = found["mirrors"], found["curves"]
    assert (mirror["first"], mirror["second"]) == variants[1:3]
    assert [point["variant"] for point in curve["points"]] == list(swept)
    accuracies = {name: variant["accuracy"] for name, variant in data["variants"].items()}
    for entry in found["gains"]:
        assert entry["gain"]["estimate"] == pytest.approx(accuracies[entry["variant"]] - accuracies["vanilla"])
    assert any(sentence.startswith("Gain over vanilla: ") for sentence in data["conclusion"])
    (folder,) = config.runs_dir.iterdir()
    assert load_record(folder).analysis == record.analysis


def test_all_combinations_of_the_steps_are_a_study_with_effects(config):
    record = run_study(replace(config, variants=COMBINATIONS))
    data = json.loads(json.dumps(study_to_json(record), allow_nan=False))
    assert_valid(data)
    assert list(data["variants"]) == list(COMBINATIONS)
    (found,) = data["effects"]
    assert found["steps"] == ["bbox", "denoise", "superres"]
    accuracies = {name: variant["accuracy"] for name, variant in data["variants"].items()}
    assert found["accuracies"] == pytest.approx(list(accuracies.values()))
    by_hand = sum(value if "denoise" in name else -value for name, value in accuracies.items()) / 4
    assert found["effects"][1]["estimate"] == pytest.approx(by_hand)
    (folder,) = config.runs_dir.iterdir()
    assert (folder / "weights" / "bbox+denoise+superres-seed0-fold0.safetensors").is_file()
    assert study_to_json(load_record(folder)) == study_to_json(record)
    request = ModelRequest(folder, "denoise+superres", device="cpu", offline=True, cache_dir=config.cache_dir)
    answers = []
    predict_images(request, [config.data / "test"], answers.append)
    stored = {p.path: p.probabilities for p in record.result("denoise+superres").predictions}
    assert len(answers) == 1 + len(stored)
    for answer in answers[1:]:
        expected = stored[answer.path.removeprefix(f"{config.data}/")]
        assert answer.probabilities == pytest.approx(expected, abs=1e-6)


def test_a_study_of_combinations_goes_on_where_it_stopped(config, tmp_path):
    config = replace(config, variants=("vanilla", "denoise", "bbox+denoise"))
    control = StudyControl()

    def stop_in_the_last(event):
        if isinstance(event, BatchTrained) and event.variant == "bbox+denoise":
            control.stop()

    run_study(config, stop_in_the_last, control)
    (folder,) = config.runs_dir.iterdir()
    record = resume_study(folder)
    whole = run_study(replace(config, runs_dir=tmp_path / "whole"))
    assert record.finished.status == "done"
    assert record.result("bbox+denoise").predictions == whole.result("bbox+denoise").predictions
