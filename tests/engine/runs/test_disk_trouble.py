"""A full disk holds the study and loses nothing; other trouble ends the recording and not the study."""

import errno
import json
import os
from types import SimpleNamespace

import pytest

from engine.errors import StudyStopped
from engine.events.control import StudyControl
from engine.events.record import JobKey
from engine.events.study import EpochTrained, JobFinished, Notice
from engine.runs import event_folder, read_events, send_request
from engine.runs.layout import weights_path
from engine.study.reporting import Reporter
from engine.system.files import is_full

KEY = JobKey("vanilla", 0, 0)


class Disk:
    """A disk that can be filled and broken: nothing is brought to it then."""

    def __init__(self, monkeypatch):
        self._trouble = None
        self.trouble = lambda: None
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._checked_fsync)

    def fill(self):
        self._trouble = OSError(errno.ENOSPC, "No space left on device")

    @property
    def full(self):
        return self._trouble is not None

    def break_down(self):
        self._trouble = OSError(errno.EIO, "Input/output error")

    def free(self):
        self._trouble = None

    def _checked_fsync(self, descriptor):
        self.trouble()
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
def test_a_study_that_ends_waits_for_room_for_its_last_words(run, control, disk, events):
    control.listen(disk.free, lambda: None)
    disk.fill()
    run.append(events[0])
    assert run.flush()
    assert len(list(read_events(run.folder))) == 1


@pytest.mark.usefixtures("told")
def test_a_stop_from_outside_ends_the_wait_for_the_last_words(run, control, disk, events, monkeypatch):
    monkeypatch.setattr("engine.runs.requests.is_live", lambda folder: True)
    disk.fill()
    run.append(events[0])
    disk.free()
    send_request(run.folder, "stop")
    disk.fill()
    assert not run.flush()
    assert control.stop_requested


@pytest.fixture
def clock(monkeypatch):
    """The clock that messages go by."""
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr("engine.runs.room.time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def test_a_full_disk_is_spoken_of_at_once_and_then_once_a_minute(run, control, told, disk, events, clock):
    disk.fill()
    for seconds in range(150):
        clock.seconds = 1000.0 + seconds
        run.append(events[0])
        control.clear_obstacle()
    assert len(told) == 3


def test_after_a_stop_a_full_disk_is_neither_waited_for_nor_spoken_of(run, control, told, disk, events, clock):
    disk.fill()
    run.append(events[0])
    control.stop()
    clock.seconds += 600
    for event in events[1:]:
        run.append(event)
    assert len(told) == 1


def test_what_a_reporter_says_of_a_full_disk_is_said_once(run, control, disk, events, monkeypatch):
    """On d185b93 a stop had every message about the full disk followed by another, for ever."""
    monkeypatch.setattr("engine.events.control.POLL_SECONDS", 0.001)
    seen = []
    reporter = Reporter(run, control, lambda event: (seen.append(event), len(seen) > 1000 and pytest.fail("no end")))
    disk.fill()
    for event in events[:-1]:
        reporter.emit(event)
    control.stop()
    reporter.emit(events[-1])
    said = [event.message for event in seen if isinstance(event, Notice) and "free some space" in event.message]
    assert len(said) == 1
    run.close()


def test_while_it_waits_a_reporter_speaks_of_the_full_disk_once_a_minute(
    run, control, disk, events, clock, monkeypatch
):
    monkeypatch.setattr("engine.events.control.POLL_SECONDS", 0.001)
    seen = []
    reporter = Reporter(run, control, seen.append)
    poll, looks = disk.trouble, iter(range(300))

    def look():
        clock.seconds += 1.0
        if next(looks) == 200:
            control.stop()
        poll()

    disk.trouble = look
    disk.fill()
    reporter.emit(events[0])
    with pytest.raises(StudyStopped):
        control.checkpoint()
    said = [event for event in seen if isinstance(event, Notice)]
    assert 3 <= len(said) <= 4


def test_a_stop_on_a_full_disk_keeps_what_fits(run, control, told, disk, events, monkeypatch):
    """A file too large for the disk keeps the event that speaks of it out of the stream, and nothing before it."""
    real = event_folder.replacing

    def small(path):
        if path.parent.name == "weights" and "bbox" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path)

    monkeypatch.setattr(event_folder, "replacing", small)
    finished = 0
    for event in events:
        if isinstance(event, JobFinished):
            run.write_weights(JobKey(event.result.variant, 0, 0), b"weights")
            finished += 1
        run.append(event)
    run.write_result({"study": 1})
    control.stop()
    assert not run.flush()
    run.close()
    assert finished == 2
    kept = list(read_events(run.folder))
    assert [event.result.variant for event in kept if isinstance(event, JobFinished)] == ["vanilla"]
    assert len(kept) == len(events) - 2
    assert json.loads((run.folder / "result.json").read_text()) == {"study": 1}
    assert "the last events are not kept" in run.failure


def test_without_room_for_a_checkpoint_the_events_are_kept(run, control, told, events, monkeypatch):
    real = event_folder.replacing

    def small(path):
        if path.parent.name == "checkpoints":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path)

    monkeypatch.setattr(event_folder, "replacing", small)
    run.append(events[0])
    run.write_checkpoint(KEY, b"here")
    run.append(events[1])
    control.stop()
    run.close()
    assert len(list(read_events(run.folder))) == 2


def test_what_is_written_at_once_waits_for_room_and_a_stop_ends_that(run, control, told, disk):
    written = []

    def write():
        if disk.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(1)

    control.listen(disk.free, lambda: None)
    disk.fill()
    run.room.wait(write)
    assert (written, len(told)) == ([1], 1)
    control.listen(control.stop, lambda: None)
    disk.fill()
    with pytest.raises(StudyStopped):
        run.room.wait(write)
    assert written == [1]


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

    monkeypatch.setattr("engine.runs.event_folder.replacing", refuse)
    run.write_result({})
    control.checkpoint()
    assert "Permission denied" in run.failure
    assert told == []


def test_a_full_quota_is_a_full_disk():
    assert is_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert not is_full(OSError(errno.EACCES, "Permission denied"))
