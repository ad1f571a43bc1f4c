"""A run that another machine writes, over a disk that carries no locks between machines."""

import threading
from types import SimpleNamespace

import pytest

from engine.config.study import StudyConfig
from engine.errors import StorageError, StudyStopped
from engine.events.control import StudyControl
from engine.events.study import Notice
from engine.runs import EventFollower, RunFolder, is_live, read_events, remove_run, send_request, summary_of
from engine.runs.heartbeat import BEAT_SECONDS, SILENT_SECONDS, Heartbeat


class UnseenLock:
    """The lock of another machine's process, as far as this one can tell."""

    is_locked = True

    def __init__(self, *_, **__):
        pass

    def acquire(self, **_):
        pass

    release = acquire


class Clock:
    """Stands still but where somebody sleeps; then `meanwhile` is called."""

    def __init__(self):
        self.now = 1000.0
        self.meanwhile = lambda: None

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.meanwhile()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    time = SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep, time=lambda: 0.0)
    monkeypatch.setattr("engine.runs.lock.time", time)
    monkeypatch.setattr("engine.runs.heartbeat.time", time)
    return clock


@pytest.fixture
def machine(monkeypatch):
    """Makes this process one of another machine."""

    def on(name):
        monkeypatch.setattr("engine.runs.lock.platform", SimpleNamespace(node=lambda: name))

    on("node07")
    return on


@pytest.fixture
def elsewhere(clock, machine, run, monkeypatch):
    """A run that node07 writes, seen from node08; returns its folder."""
    monkeypatch.setattr("engine.runs.lock.FileLock", UnseenLock)
    monkeypatch.setattr("engine.runs.lock.is_locked", lambda path: False if path.exists() else path.stat())
    machine("node08")
    return run.folder


@pytest.fixture
def run(clock, machine, runs_dir):
    run = RunFolder.create(runs_dir, StudyConfig())
    yield run
    run.close()


def beat(folder, number=[0]):  # noqa: B006 - counts
    number[0] += 1
    (folder / "heartbeat").write_text(f"node07 {number[0]}")


def test_a_writer_elsewhere_lives_as_long_as_its_heartbeat_changes(elsewhere, clock):
    for _ in range(20):
        assert is_live(elsewhere)
        assert EventFollower(elsewhere).live
        clock.now += SILENT_SECONDS - 1
        beat(elsewhere)
    assert is_live(elsewhere)
    clock.now += SILENT_SECONDS
    assert not is_live(elsewhere)
    assert not EventFollower(elsewhere).live
    beat(elsewhere)
    assert is_live(elsewhere)


def test_it_takes_requests_and_is_listed_by_its_host(elsewhere):
    send_request(elsewhere, "pause")
    summary = summary_of(elsewhere)
    assert summary.live
    assert summary.writer.endswith(" on node07")


def test_the_clocks_of_machines_are_not_compared(elsewhere, clock):
    assert is_live(elsewhere)
    clock.now -= 10**6  # as of another process, which looks for the first time
    assert is_live(elsewhere)


def test_a_run_that_lives_elsewhere_is_not_resumed(elsewhere, clock):
    began, clock.meanwhile = clock.now, lambda: (clock.now - began) % BEAT_SECONDS or beat(elsewhere)
    with pytest.raises(StorageError, match=r"is being written by process \d+ on node07"):
        RunFolder.open_for_resume(elsewhere)
    with pytest.raises(StorageError, match="on node07"):
        remove_run(elsewhere)
    assert clock.now - began <= 2 * BEAT_SECONDS
    assert is_live(elsewhere, sure=True)


def test_a_run_whose_machine_died_is_resumed_after_a_minute_without_a_heartbeat(elsewhere, clock):
    began = clock.now
    RunFolder.open_for_resume(elsewhere).close()
    assert SILENT_SECONDS <= clock.now - began <= SILENT_SECONDS + 1
    again = clock.now
    RunFolder.open_for_resume(elsewhere).close()
    assert clock.now == again  # it ended of itself


def test_whoever_has_watched_it_die_resumes_at_once(elsewhere, clock):
    assert is_live(elsewhere)
    clock.now += SILENT_SECONDS
    before = clock.now
    RunFolder.open_for_resume(elsewhere).close()
    assert clock.now == before


def test_a_run_that_ended_of_itself_elsewhere_is_not_live(elsewhere, run, clock, machine):
    machine("node07")
    run.close()
    machine("node08")
    assert not is_live(elsewhere)
    RunFolder.open_for_resume(elsewhere).close()
    assert clock.now == 1000.0


def test_a_folder_of_before_there_were_heartbeats_goes_by_its_lock(elsewhere):
    (elsewhere / "heartbeat").unlink()
    assert not is_live(elsewhere)


def test_on_its_own_machine_the_lock_decides(elsewhere, machine):
    machine("node07")
    assert not is_live(elsewhere)


def test_a_folder_that_cannot_be_locked_goes_by_its_heartbeat(elsewhere, monkeypatch, clock, machine):
    machine("node07")
    monkeypatch.setattr("engine.runs.lock.is_locked", lambda path: None)
    assert is_live(elsewhere)
    clock.now += SILENT_SECONDS
    assert not is_live(elsewhere)


def test_a_writer_that_was_taken_for_dead_leaves_the_run_to_the_next(machine, clock, runs_dir, monkeypatch):
    monkeypatch.setattr("engine.runs.heartbeat.BEAT_SECONDS", 0.01)
    monkeypatch.setattr("engine.runs.lock.FileLock", UnseenLock)
    first, control, left = RunFolder.create(runs_dir, StudyConfig()), StudyControl(), threading.Event()
    first.serve(control, lambda message: None)
    hand_over = control.hand_over
    monkeypatch.setattr(control, "hand_over", lambda: (hand_over(), left.set()))
    machine("node08")
    # Its heartbeat stood still for the time of our look.
    monkeypatch.setattr("engine.runs.lock.is_beating", lambda folder: False)
    second = RunFolder.open_for_resume(first.folder)
    assert left.wait(10)
    with pytest.raises(StudyStopped):
        control.checkpoint()
    assert control.handing_over
    second.append(Notice(message="second"))
    first.append(Notice(message="first"))
    first.close()
    assert "goes on with it" in first.failure
    assert [event.message for event in read_events(first.folder)] == ["second"]
    assert (first.folder / "heartbeat").exists()  # the second one's
    second.close()
    assert not (first.folder / "heartbeat").exists()


def test_a_heartbeat_changes_with_each_beat_and_goes_at_its_end(tmp_path):
    beats = []
    heartbeat = Heartbeat(tmp_path, lambda: beats.append((tmp_path / "heartbeat").read_bytes()), lambda: None)
    beats.append((tmp_path / "heartbeat").read_bytes())
    heartbeat.beat()
    heartbeat.beat()
    assert len(set(beats)) == 3
    heartbeat.end()
    heartbeat.beat()
    assert list(tmp_path.iterdir()) == []
