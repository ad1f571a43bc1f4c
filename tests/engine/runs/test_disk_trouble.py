"""A full disk holds the study and loses nothing; other trouble ends the recording and not the study."""

import errno
import json
import os

import pytest

from engine.errors import StudyStopped
from engine.events.control import StudyControl
from engine.events.record import JobKey
from engine.events.study import EpochTrained, JobFinished, Notice
from engine.runs import read_events
from engine.runs.layout import weights_path
from engine.system.files import is_full

KEY = JobKey("vanilla", 0, 0)


class Disk:
    """A disk that can be filled and broken: nothing is brought to it then."""

    def __init__(self, monkeypatch):
        self._trouble = None
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._checked_fsync)

    def fill(self):
        self._trouble = OSError(errno.ENOSPC, "No space left on device")

    def break_down(self):
        self._trouble = OSError(errno.EIO, "Input/output error")

    def free(self):
        self._trouble = None

    def _checked_fsync(self, descriptor):
        if self._trouble is not None:
            raise self._trouble
        self._fsync(descriptor)


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


@pytest.fixture
def control():
    return StudyControl()


@pytest.fixture
def told(run, control, monkeypatch):
    """What the run tells the user; nobody waits long in here."""
    monkeypatch.setattr("engine.events.control.POLL_SECONDS", 0.001)
    told = []
    run.serve(control, told.append)
    return told


def test_a_full_disk_holds_the_study_and_loses_nothing(run, control, told, disk, events, plain):
    run.append(events[0])
    disk.fill()
    for event in events[1:]:
        run.append(event)
    run.write_weights(KEY, b"weights")
    run.write_checkpoint(KEY, b"here")
    run.write_result({"study": 1})
    assert "free some space" in control.held
    assert told == [control.held]
    disk.free()
    control.checkpoint()  # goes on at once: there is room again
    assert control.held == ""
    assert plain(read_events(run.folder)) == plain(events)
    assert weights_path(run.folder, KEY).read_bytes() == b"weights"
    assert run.checkpoint_file(KEY).read_bytes() == b"here"
    assert json.loads((run.folder / "result.json").read_text()) == {"study": 1}
    assert run.failure == ""


@pytest.mark.usefixtures("told")
def test_the_study_waits_until_there_is_room(run, control, disk, events):
    paused = []
    control.listen(lambda: (paused.append("pause"), disk.free()), lambda: paused.append("resume"))
    disk.fill()
    run.append(events[0])
    control.checkpoint()
    assert paused == ["pause", "resume"]
    assert len(list(read_events(run.folder))) == 1


@pytest.mark.usefixtures("told")
def test_a_stop_ends_the_wait_for_room(run, control, disk, events):
    control.listen(control.stop, lambda: None)
    disk.fill()
    run.append(events[0])
    with pytest.raises(StudyStopped):
        control.checkpoint()
    assert not run.flush()
    run.close()
    assert "the last events are not kept" in run.failure


@pytest.mark.usefixtures("told")
def test_a_study_that_ends_waits_for_room_for_its_last_words(run, disk, events, monkeypatch):
    monkeypatch.setattr("engine.runs.writer.time.sleep", lambda seconds: disk.free())
    disk.fill()
    run.append(events[0])
    assert run.flush()
    assert len(list(read_events(run.folder))) == 1


class SmallRoom:
    """A file that takes a few bytes and then none."""

    def __init__(self, file):
        self._file, self.room = file, 10

    def write(self, data):
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken, self.room = data[: self.room], 0
        return self._file.write(taken)

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_half_a_line_on_a_full_disk_is_taken_back(run):
    run.append(EpochTrained(variant="vanilla", epoch=0, loss=1.0, accuracy=0.5))
    whole = (run.folder / "events.jsonl").read_bytes()
    file = run._stream._file
    run._stream._file = SmallRoom(file)
    run.append(EpochTrained(variant="vanilla", epoch=1, loss=1.0, accuracy=0.5))
    assert (run.folder / "events.jsonl").read_bytes() == whole
    run._stream._file = file
    run.append(Notice(message="room"))
    assert [type(event).__name__ for event in read_events(run.folder)] == ["EpochTrained", "EpochTrained", "Notice"]


@pytest.mark.usefixtures("told")
def test_the_predictions_are_there_before_the_event_that_speaks_of_them(run, control, disk, events):
    finished = next(event for event in events if isinstance(event, JobFinished))
    disk.fill()
    run.append(finished)
    assert list(read_events(run.folder)) == []
    disk.free()
    control.checkpoint()
    (read,) = read_events(run.folder)
    assert len(read.result.predictions) == 4


def test_other_trouble_ends_the_recording_and_not_the_study(run, control, told, disk, events):
    disk.break_down()
    for event in events:
        run.append(event)
    run.write_weights(KEY, b"weights")
    control.checkpoint()
    run.close()
    assert "Input/output error" in run.failure
    assert (control.held, told) == ("", [])


def test_a_folder_that_became_read_only_ends_the_recording_and_not_the_study(run, control, told, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("engine.runs.writer.replacing", refuse)
    run.write_result({})
    control.checkpoint()
    assert "Permission denied" in run.failure
    assert told == []


def test_a_full_quota_is_a_full_disk():
    assert is_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert not is_full(OSError(errno.EACCES, "Permission denied"))
