import errno
import json

import pytest

from engine.config import StudyConfig
from engine.errors import StorageError
from engine.events import BatchTrained, Notice, StageProgress, StudyFinished
from engine.runs import FORMAT_VERSION, RunFolder, read_events

EVENTS = [
    Notice(message="first"),
    BatchTrained(variant="vanilla", epoch=0, step=0, loss=float("inf"), images=3),
    StudyFinished(status="done"),
]


@pytest.fixture
def run(tmp_path):
    folder = RunFolder.create(tmp_path / "deep" / "runs", StudyConfig(seed=7))
    yield folder
    folder.close()


def test_a_run_folder_holds_its_configuration_and_its_events(run):
    for event in EVENTS:
        run.append(event)
    run.close()
    stored = json.loads((run.folder / "study.json").read_text())
    assert (stored["version"], stored["study"], stored["config"]["seed"]) == (FORMAT_VERSION, run.study, 7)
    kinds = [type(event) for event in read_events(run.folder)]
    assert kinds == [type(event) for event in EVENTS]


def test_events_other_than_batches_can_be_read_while_the_study_runs(run):
    run.append(EVENTS[0])
    assert [event.message for event in read_events(run.folder)] == ["first"]


def test_progress_is_not_kept(run):
    run.append(StageProgress(stage="check", done=1))
    run.append(EVENTS[0])
    assert len(list(read_events(run.folder))) == 1


def test_a_line_cut_off_by_a_kill_is_left_out(run):
    for event in EVENTS:
        run.append(event)
    run.close()
    path = run.folder / "events.jsonl"
    whole = path.read_bytes()
    for cut in (1, 5, 20):
        path.write_bytes(whole[:-cut])
        assert len(list(read_events(run.folder))) == len(EVENTS) - 1


def test_a_damaged_line_is_named(run):
    run.append(EVENTS[0])
    run.close()
    path = run.folder / "events.jsonl"
    path.write_text("garbage\n" + path.read_text())
    with pytest.raises(StorageError, match="line 1 is damaged"):
        list(read_events(run.folder))


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(StorageError, match="no run folder"):
        list(read_events(tmp_path))


def test_a_runs_folder_that_cannot_be_made_names_the_option(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--runs-dir"):
        RunFolder.create(tmp_path / "file", StudyConfig())


def test_a_full_disk_ends_the_recording_and_not_the_study(run, monkeypatch):
    def full(event):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.runs.store.event_to_line", full)
    run.append(EVENTS[0])
    run.append(EVENTS[1])
    run.close()
    assert "No space left" in run.failure


def test_a_result_that_cannot_be_written_leaves_the_old_one(run):
    run.write_result({"study": 1})
    with pytest.raises(ValueError, match="JSON"):
        run.write_result({"study": float("nan")})
    assert json.loads((run.folder / "result.json").read_text()) == {"study": 1}
    assert [path.name for path in run.folder.iterdir() if path.name.startswith(".")] == []


def test_two_studies_of_one_second_get_two_folders(tmp_path):
    folders = [RunFolder.create(tmp_path, StudyConfig()) for _ in range(3)]
    for folder in folders:
        folder.close()
    assert len({folder.study for folder in folders}) == 3
