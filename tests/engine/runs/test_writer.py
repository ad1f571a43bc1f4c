"""What is written, and who may write."""

import json
import os
import time

import pytest

from engine.config.study import StudyConfig
from engine.errors import StorageError
from engine.events.record import JobKey
from engine.events.study import BatchTrained, Notice, StageProgress
from engine.runs import FORMAT_VERSION, RunFolder, is_live, load_config, read_events, read_header

KEY = JobKey("vanilla", 0, 0)


def test_a_run_folder_holds_its_configuration_environment_and_events(run, events, plain):
    for event in events:
        run.append(event)
    run.close()
    stored = json.loads((run.folder / "study.json").read_text())
    assert (stored["version"], stored["study"], stored["config"]["seed"]) == (FORMAT_VERSION, run.study, 7)
    assert stored["fingerprint"] == "f00d"
    assert stored["environment"]["python"].count(".") == 2
    assert stored["environment"]["libraries"]["torch"]
    assert plain(read_events(run.folder)) == plain(events)


def test_paths_of_the_configuration_mean_the_same_from_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = StudyConfig(data="images", cache_dir="cache", runs_dir="runs")
    run = RunFolder.create(config.runs_dir, config)
    run.close()
    monkeypatch.chdir("/")
    read = load_config(tmp_path / run.folder)
    assert (read.data, read.cache_dir, read.runs_dir) == (tmp_path / "images", tmp_path / "cache", tmp_path / "runs")


def test_a_configuration_that_this_version_cannot_use_is_named(run):
    path = run.folder / "study.json"
    header = json.loads(path.read_text())
    for change in ({"variants": ["sepia"]}, {"epochs": 3, "seed": "seven"}):
        path.write_text(json.dumps({**header, "config": {**header["config"], **change}}))
        with pytest.raises(StorageError, match=r"study\.json: a configuration that this version cannot use"):
            load_config(run.folder)


def test_predictions_and_scores_have_files_of_their_own(run, events):
    for event in events:
        run.append(event)
    line = next(line for line in (run.folder / "events.jsonl").read_text().splitlines() if "JobFinished" in line)
    assert json.loads(line)["result"]["predictions"] == []
    columns = json.loads((run.folder / "predictions" / "bbox-seed0-fold0.json").read_text())
    assert columns["labels"] == [0, 0, 1, 1]
    assert columns["probabilities"][0] == [0.1 + 0.2, None]
    scores = json.loads((run.folder / "metrics" / "bbox-seed0-fold0.json").read_text())
    assert scores["metrics"]["accuracy"] == 0.75


def test_events_other_than_batches_can_be_read_while_the_study_runs(run):
    run.append(Notice(message="first"))
    assert [event.message for event in read_events(run.folder)] == ["first"]


def test_a_checkpoint_never_knows_of_batches_that_the_stream_does_not(run):
    for step in range(3):
        run.append(BatchTrained(variant="vanilla", epoch=0, step=step, loss=1.0, images=4))
    run.write_checkpoint(KEY, b"here")
    assert len(list(read_events(run.folder))) == 3
    assert run.checkpoint_file(KEY).read_bytes() == b"here"
    run.drop_checkpoint(KEY)
    assert not run.checkpoint_file(KEY).exists()


def test_of_a_stages_progress_a_watcher_gets_what_is_two_seconds_apart(run):
    for moment in (100.0, 100.5, 101.9, 102.0, 103.0, 50.0, 51.0):  # the clock is set back
        run.append(StageProgress(stage="check", done=1, time=moment))
    assert [event.time for event in read_events(run.folder)] == [100.0, 102.0, 50.0]


def test_a_runs_folder_that_cannot_be_made_names_the_option(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--runs-dir"):
        RunFolder.create(tmp_path / "file", StudyConfig())


def test_a_result_that_cannot_be_written_leaves_the_old_one(run):
    run.write_result({"study": 1})
    with pytest.raises(ValueError, match="JSON"):
        run.write_result({"study": float("nan")})
    assert json.loads((run.folder / "result.json").read_text()) == {"study": 1}
    assert [path.name for path in run.folder.iterdir() if path.name.startswith(".")] == []


def test_names_are_unique_and_numbers_grow_also_when_the_clock_jumps_back(runs_dir, monkeypatch):
    moments = iter([2_000_000_000, 1_000_000_000, 1_000_000_000, 1_000_000_000])
    real = time.gmtime
    monkeypatch.setattr("engine.runs.naming.time.gmtime", lambda: real(next(moments)))

    def new():
        run = RunFolder.create(runs_dir, StudyConfig())
        run.close()
        return read_header(run.folder)

    headers = [new() for _ in range(3)]
    assert [header.sequence for header in headers] == [1, 2, 3]
    assert len({header.study for header in headers}) == 3
    (runs_dir / headers[0].study / "study.json").write_text("damaged")
    assert new().sequence == 4


# ---------------------------------------------------------------- one writer


def test_a_run_has_one_writer(run):
    assert is_live(run.folder)
    with pytest.raises(StorageError, match=f"is being written by process {os.getpid()}"):
        RunFolder.open_for_resume(run.folder, wait_seconds=0)
    run.close()
    assert not is_live(run.folder)
    again = RunFolder.open_for_resume(run.folder)
    assert is_live(run.folder)
    again.close()


def test_going_on_writes_behind_what_there_is_and_drops_half_a_line(run):
    run.append(Notice(message="first"))
    run.close()
    path = run.folder / "events.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event":"Noti')
    again = RunFolder.open_for_resume(run.folder)
    again.append(Notice(message="second"))
    again.close()
    assert [event.message for event in read_events(run.folder)] == ["first", "second"]


def test_going_on_removes_half_written_files_and_no_others(run):
    run.close()
    (run.folder / "weights").mkdir()
    for name in (".summary.json-0123abcd", "weights/.x.safetensors-0123abcd", ".mine", "weights/mine-0123abcd"):
        (run.folder / name).write_text("")
    RunFolder.open_for_resume(run.folder).close()
    kept = {path.name for path in run.folder.rglob("*")}
    assert {".mine", "mine-0123abcd"} <= kept
    assert not {".summary.json-0123abcd", ".x.safetensors-0123abcd"} & kept


def test_a_folder_that_is_no_run_cannot_be_gone_on_with(tmp_path):
    with pytest.raises(StorageError, match="no run folder"):
        RunFolder.open_for_resume(tmp_path)
    assert list(tmp_path.iterdir()) == []
