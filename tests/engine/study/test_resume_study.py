"""A study that is stopped, handed over or cut off, and gone on with, ends as one that was never interrupted."""

import json
import os
import shutil
from dataclasses import replace

import pytest
from PIL import Image

from engine.errors import InputError, StorageError
from engine.events.control import StudyControl
from engine.events.study import (
    BatchTrained,
    JobFinished,
    RunResumed,
    StageStarted,
    StudyFinished,
    StudyPaused,
    StudyStarted,
    StudyUnpaused,
    TrainingResumed,
)
from engine.events.study_json import study_to_json
from engine.runs import RunFolder, load_record, read_events, send_request
from engine.runs.finding import find_resumable, list_runs
from engine.study.running import resume_study, run_study

STEPS = 12  # three epochs of four batches


@pytest.fixture
def whole(config, tmp_path):
    """The outcome of the study without an interruption."""
    return outcome(run_study(replace(config, runs_dir=tmp_path / "whole")))


def outcome(record):
    """Everything that must be the same: all that is told of a study but names, places and times."""
    data = study_to_json(record)
    for name in ("study", "folder", "messages"):
        del data[name]
    for variant in data["variants"].values():
        del variant["seconds"]
        for job in variant["jobs"]:
            del job["seconds"]
    predictions = {key: result.predictions for key, result in record.results.items()}
    return json.dumps(data, sort_keys=True), predictions


def run_until(config, condition, act=StudyControl.stop):
    """Run, and stop (or whatever `act` does) after the first event that the condition holds for."""
    control = StudyControl()

    def listen(event):
        if condition(event):
            act(control)

    record = run_study(config, listen, control)
    (folder,) = config.runs_dir.iterdir()
    return record, folder


def batch(variant, step):
    return lambda event: isinstance(event, BatchTrained) and (event.variant, event.step) == (variant, step)


@pytest.mark.parametrize("step", [1, 3, 5])
def test_a_stopped_study_goes_on_from_its_batch(config, whole, step):
    record, folder = run_until(config, batch("bbox", step))
    assert record.finished.status == "stopped"
    events = []
    assert outcome(resume_study(folder, events.append)) == whole
    assert outcome(load_record(folder)) == whole
    (continued,) = (event for event in events if isinstance(event, TrainingResumed))
    assert (continued.variant, continued.step) == ("bbox", step + 1)
    assert list((folder / "checkpoints").iterdir()) == []
    assert json.loads((folder / "result.json").read_text())["status"] == "done"


def test_what_is_done_is_not_done_again(config, whole):
    _, folder = run_until(config, batch("bbox", 5))
    events = []
    resume_study(folder, events.append)
    begun = next(place for place, event in enumerate(events) if isinstance(event, RunResumed))
    assert sum(isinstance(event, JobFinished) for event in events[:begun]) == 2  # what was before is shown first
    assert [event.result.variant for event in events[begun:] if isinstance(event, JobFinished)] == ["bbox"]
    assert [e.variant for e in events[begun:] if isinstance(e, StageStarted) and e.stage == "train"] == ["bbox"]


def test_a_study_that_is_handed_over_ends_without_a_word(config, whole):
    record, folder = run_until(config, batch("vanilla", 6), StudyControl.hand_over)
    assert record.finished is None
    assert not any(isinstance(event, JobFinished | StudyFinished) for event in read_events(folder))
    (run,) = list_runs(config.runs_dir)
    assert run.state == "interrupted"
    assert outcome(resume_study(folder)) == whole


@pytest.mark.parametrize("stage", ["check", "preprocess", "evaluate", "baselines"])
def test_a_study_can_be_handed_over_at_every_stage(config, whole, stage):
    _, folder = run_until(
        config, lambda event: isinstance(event, StageStarted) and event.stage == stage, StudyControl.hand_over
    )
    assert load_record(folder).finished is None
    assert outcome(resume_study(folder)) == whole


def cut_off(folder, condition):
    """Leave the stream as a kill right after an event would."""
    path = folder / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    place = next(place for place, event in enumerate(read_events(folder)) if condition(event))
    path.write_bytes(b"".join(lines[: place + 1]))


def test_a_study_without_a_usable_checkpoint_begins_the_variant_anew(config, whole):
    _, folder = run_until(config, batch("bbox", 6), StudyControl.hand_over)
    (checkpoint,) = (folder / "checkpoints").iterdir()
    checkpoint.write_bytes(checkpoint.read_bytes()[:-10])
    record = resume_study(folder)
    assert outcome(record) == whole
    assert any("training begins at its start" in notice.message for notice in record.notices)


def test_a_checkpoint_that_knows_more_than_the_stream_is_not_used(config, whole):
    _, folder = run_until(config, batch("bbox", 6), StudyControl.hand_over)
    cut_off(folder, batch("bbox", 2))
    record = resume_study(folder)
    assert outcome(record) == whole
    assert any("ahead of the 3 batches" in notice.message for notice in record.notices)


def test_a_study_killed_in_its_first_moment_begins(config, whole):
    run = RunFolder.create(config.runs_dir, config)
    run.close()
    assert outcome(resume_study(run.folder)) == whole
    assert isinstance(next(read_events(run.folder)), StudyStarted)


def test_a_variant_that_failed_is_tried_again(config, whole, monkeypatch):
    def fail(*arguments, **named):
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("engine.study.jobs.predict_proba", fail)
        assert run_study(config).finished.status == "failed"
    (folder,) = config.runs_dir.iterdir()
    assert outcome(resume_study(folder)) == whole


def test_seeds_and_folds_go_on_where_they_were(config, tmp_path):
    config = replace(config, variants=("vanilla",), protocol="grouped", folds=2, repeats=2)
    expected = outcome(run_study(replace(config, runs_dir=tmp_path / "whole")))
    _, folder = run_until(
        config, lambda event: isinstance(event, BatchTrained) and (event.seed, event.fold, event.step) == (1, 0, 2)
    )
    assert outcome(resume_study(folder)) == expected


def test_other_pixels_of_the_old_size_and_time_are_refused(config, tiny_dataset, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(tiny_dataset, data)
    image = data / "train" / "red" / "pic_0000.png"
    picture = Image.open(image).convert("RGB")
    picture.save(image.with_suffix(".bmp"))
    image.unlink()
    image = image.with_suffix(".bmp")
    _, folder = run_until(replace(config, data=data), batch("bbox", 2))
    before = image.stat()
    picture.rotate(180).save(image)
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert image.stat().st_size == before.st_size
    with pytest.raises(InputError, match="not those that the study began with"):
        resume_study(folder)


def test_changed_images_are_refused_and_what_is_done_stays(config, tiny_dataset, tmp_path):
    import shutil

    data = tmp_path / "data"
    shutil.copytree(tiny_dataset, data)
    _, folder = run_until(replace(config, data=data), batch("bbox", 2))
    Image.new("RGB", (48, 36), "white").save(data / "train" / "red" / "pic_0000.png")
    with pytest.raises(InputError, match="not those that the study began with"):
        resume_study(folder)
    assert load_record(folder).result("vanilla").status == "done"
    assert find_resumable("", config.runs_dir) == folder


def test_a_study_that_is_done_has_nothing_to_go_on_with(config):
    run_study(config)
    (folder,) = config.runs_dir.iterdir()
    before = (folder / "events.jsonl").read_bytes()
    with pytest.raises(InputError, match="the study is done"):
        resume_study(folder)
    assert (folder / "events.jsonl").read_bytes() == before
    with pytest.raises(InputError, match="is unfinished"):
        find_resumable("", config.runs_dir)


def test_a_study_that_another_process_writes_is_refused(config):
    run = RunFolder.create(config.runs_dir, config)
    with pytest.raises(StorageError, match="is being written"):
        resume_study(run.folder, wait_seconds=0)
    run.close()


def test_the_way_of_computing_stays_that_of_the_beginning(config, whole):
    _, folder = run_until(config, batch("bbox", 2))
    header = json.loads((folder / "study.json").read_text())
    header["config"] |= {"precision": "auto", "memory_format": "auto", "threads": None}
    (folder / "study.json").write_text(json.dumps(header))
    assert outcome(resume_study(folder)) == whole


def test_statistics_that_a_kill_kept_from_being_computed_are(config, whole):
    run_study(config)
    (folder,) = config.runs_dir.iterdir()
    cut_off(folder, lambda event: isinstance(event, JobFinished) and event.result.variant == "bbox")
    (folder / "checkpoints" / "bbox-seed0-fold0.safetensors").write_bytes(b"left by a kill")
    assert outcome(resume_study(folder)) == whole
    assert list((folder / "checkpoints").iterdir()) == []
    assert json.loads((folder / "result.json").read_text()) == study_to_json(load_record(folder))


def test_a_watcher_pauses_and_stops_the_study_through_its_folder(config, monkeypatch):
    monkeypatch.setattr("engine.events.control.POLL_SECONDS", 0.0)
    events = []

    def listen(event):
        events.append(event)
        (folder,) = config.runs_dir.iterdir()
        if batch("vanilla", 2)(event):
            send_request(folder, "pause")
        if isinstance(event, StudyPaused):
            assert list_runs(config.runs_dir)[0].state == "paused"
            send_request(folder, "unpause")
        if batch("vanilla", 5)(event):
            send_request(folder, "stop")

    record = run_study(config, listen)
    assert record.finished.status == "stopped"
    assert sum(isinstance(event, StudyPaused | StudyUnpaused) for event in events) == 2
    assert len(next(iter(record.losses.values()))) == 6
