import json
import os
from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.errors import InputError, StorageError
from engine.events.codec import to_jsonable
from engine.events.record import StudyRecord
from engine.events.study import JobFinished, StudyPaused
from engine.runs import find_run, list_runs, remove_run, summary_of


def test_a_list_shows_the_newest_first_with_its_best_variant(write, events, runs_dir):
    folders = [write(events) for _ in range(3)]
    runs = list_runs(runs_dir)
    assert [run.folder for run in runs] == folders[::-1]
    run = runs[0]
    assert (run.state, run.dataset, run.fingerprint) == ("done", "set", "f00d")
    assert (run.protocol, run.recipe) == ("official", "quick")
    assert (run.best_variant, run.accuracy, run.accuracies) == ("bbox", 0.75, (("vanilla", 0.5), ("bbox", 0.75)))
    assert (run.variants, run.seeds, run.jobs_done, run.jobs) == (("vanilla", "bbox"), (0,), 2, 2)
    assert (run.started, run.finished) == (10.0, 30.0)
    assert not run.resumable


def test_a_recipe_is_listed_by_what_its_name_means_today(write, events, runs_dir):
    (other,) = (recipe for name, recipe in RECIPES.items() if name.startswith("paper-"))
    folder = write(events)
    for path, part in ((folder / "summary.json", ""), (folder / "study.json", "config")):
        data = json.loads(path.read_text())
        (data[part] if part else data)["recipe"] = {**to_jsonable(other), "name": "paper"} if part else "paper"
        path.write_text(json.dumps(data))
    assert [run.recipe for run in list_runs(runs_dir)] == [other.name]


def test_what_is_no_run_is_not_listed(write, events, runs_dir):
    folder = write(events)
    (runs_dir / "crash-1.txt").write_text("")
    (runs_dir / "something").mkdir()
    assert [run.folder for run in list_runs(runs_dir)] == [folder]
    assert list_runs(runs_dir / "nowhere") == []


def test_a_folder_that_cannot_be_listed_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be read"):
        list_runs(tmp_path / "file")


def test_a_run_that_is_written_is_running_or_paused_and_says_by_whom(run, events):
    record = StudyRecord()
    for event in (*events[:6], StudyPaused()):
        record.apply(event)
        run.append(event)
        run.write_summary(record)
        summary = summary_of(run.folder)
        assert (summary.state, summary.live) == ("paused" if isinstance(event, StudyPaused) else "running", True)
        assert summary.writer == f"process {os.getpid()}"


def test_a_study_that_has_just_begun_is_listed(run, runs_dir):
    (summary,) = list_runs(runs_dir)
    assert (summary.folder, summary.state, summary.variants) == (run.folder, "running", ())


def test_a_run_whose_writer_died_is_interrupted(write, events):
    summary = summary_of(write(events[:9]))
    assert (summary.state, summary.resumable, summary.writer) == ("interrupted", True, "")
    assert (summary.jobs_done, summary.best_variant) == (1, "vanilla")


def test_a_run_killed_after_its_last_event_is_done(write, events):
    folder = write(events)
    data = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps({**data, "state": "running"}))
    assert summary_of(folder).state == "done"


def test_a_run_without_a_summary_is_read_from_its_events(write, events):
    folder = write(events)
    before = summary_of(folder)
    (folder / "summary.json").unlink()
    assert summary_of(folder) == before


@pytest.mark.parametrize("name", ["summary.json", "study.json"])
def test_a_damaged_run_is_listed_as_damaged(write, events, runs_dir, name):
    folder = write(events)
    (folder / "summary.json").unlink()
    (folder / name).write_text('{"version": 2')
    (run,) = list_runs(runs_dir)
    assert (run.state, run.folder) == ("damaged", folder)
    assert f"{name} is damaged" in run.message


@pytest.mark.parametrize("name", ["summary.json", "study.json"])
def test_a_newer_run_is_listed_as_newer(write, events, runs_dir, name):
    folder = write(events)
    data = json.loads((folder / name).read_text())
    (folder / "summary.json").unlink()
    (folder / name).write_text(json.dumps({**data, "version": 99}))
    (run,) = list_runs(runs_dir)
    assert run.state == "newer"
    assert "update the program" in run.message


def test_a_stopped_job_does_not_count_as_done(write, events):
    stopped = [
        replace(event, result=replace(event.result, status="stopped")) if isinstance(event, JobFinished) else event
        for event in events
    ]
    assert summary_of(write(stopped)).jobs_done == 0


# ---------------------------------------------------------------- finding and removing


def test_a_run_is_found_by_path_name_beginning_and_as_the_newest(write, events, runs_dir):
    older, newer = write(events), write(events)
    assert find_run("", runs_dir) == find_run("latest", runs_dir) == newer
    assert find_run(older.name, runs_dir) == older
    assert find_run(older.name[:-1], runs_dir) == older
    assert find_run(str(older), runs_dir / "elsewhere") == older


def test_a_run_that_is_not_there_or_not_meant_alone_is_named(write, events, runs_dir):
    with pytest.raises(InputError, match="no run in"):
        find_run("", runs_dir)
    folders = [write(events), write(events)]
    with pytest.raises(InputError, match="there is no run 'x'") as caught:
        find_run("x", runs_dir)
    assert folders[0].name in str(caught.value)
    with pytest.raises(InputError, match="fits 2 runs"):
        find_run(folders[0].name[:4], runs_dir)


def test_a_path_may_begin_in_the_home_folder(write, events, runs_dir, monkeypatch):
    folder = write(events)
    monkeypatch.setenv("HOME", str(runs_dir))
    monkeypatch.setenv("USERPROFILE", str(runs_dir))
    assert find_run(f"~/{folder.name}", runs_dir / "elsewhere") == folder


def test_a_folder_that_is_no_run_is_refused_by_its_path(tmp_path, runs_dir):
    with pytest.raises(InputError, match=r"is no run folder: it holds neither study\.json nor events\.jsonl"):
        find_run(str(tmp_path), runs_dir)


def test_a_removed_run_is_gone(write, events, runs_dir):
    remove_run(write(events))
    assert list_runs(runs_dir) == []
    assert [path.name for path in runs_dir.iterdir() if path.is_dir()] == []


def test_a_removal_that_was_killed_is_made_good(write, events, runs_dir):
    folder = write(events)
    folder.rename(runs_dir / f".{folder.name}-removed")
    assert list_runs(runs_dir) == []
    newer = write(events)
    assert list(runs_dir.iterdir()) == [newer]


def test_a_run_that_is_written_is_not_removed(run):
    with pytest.raises(StorageError, match="is being written"):
        remove_run(run.folder)
    assert run.folder.is_dir()


def test_what_is_no_run_is_not_removed(tmp_path):
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(InputError, match="no run folder"):
        remove_run(tmp_path)
    assert (tmp_path / "mine.txt").exists()
