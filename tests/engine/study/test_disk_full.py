"""A disk that fills in the middle of a study or a search, and what a stop then does."""

import errno
import os
from dataclasses import replace

import pytest

from engine.config.search import TuningConfig
from engine.config.study import StudyConfig
from engine.events.control import StudyControl
from engine.events.search import TrialFinished
from engine.events.study import EpochTrained, JobFinished, Notice, StudyPaused
from engine.runs import load_record
from engine.study.running import resume_study, run_study
from engine.tuning.order import load_search, tune


class Disk:
    """Once it is full nothing is brought to it."""

    def __init__(self, monkeypatch):
        self.full, self._fsync = False, os.fsync
        monkeypatch.setattr(os, "fsync", self._checked)

    def _checked(self, descriptor):
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._fsync(descriptor)


@pytest.fixture
def disk(monkeypatch):
    monkeypatch.setattr("engine.events.control.POLL_SECONDS", 0.001)
    return Disk(monkeypatch)


class Endless(BaseException):
    """Not one that a study survives."""


class Watcher:
    """Fills the disk at the first event of a kind; acts when the study then waits; ends a study that talks on."""

    def __init__(self, disk, kind, act):
        self.control, self.events = StudyControl(), []
        self._disk, self._kind, self._act = disk, kind, act

    def take(self, event):
        self.events.append(event)
        if len(self.events) > 5000:
            raise Endless
        if isinstance(event, self._kind) and not self._disk.full and self._kind is not StudyPaused:
            self._kind, self._disk.full = StudyPaused, True
        elif isinstance(event, StudyPaused) and self._disk.full:
            self._act(self)

    @property
    def said(self):
        return [event for event in self.events if isinstance(event, Notice) and "free some space" in event.message]


def stop(watcher):
    watcher.control.stop()


def test_a_stop_while_the_disk_is_full_ends_the_study_and_gives_what_there_is(config, disk):
    watcher = Watcher(disk, JobFinished, stop)
    record = run_study(config, watcher.take, watcher.control)
    assert record.finished.status == "stopped"
    assert next(result.status for result in record.results.values()) == "done"
    assert len(watcher.said) == 1


def test_what_a_stop_left_on_a_full_disk_is_gone_on_with(config, disk):
    watcher = Watcher(disk, EpochTrained, stop)
    folder = run_study(config, watcher.take, watcher.control).finished.folder
    disk.full = False
    load_record(folder_of(config))
    record = resume_study(folder_of(config))
    assert record.finished.status == "done"
    assert str(folder) == str(folder_of(config))
    undisturbed = run_study(replace(config, runs_dir=config.runs_dir.parent / "others"))
    assert scores(record) == scores(undisturbed)


def folder_of(config: StudyConfig):
    (folder,) = (path for path in config.runs_dir.iterdir() if path.is_dir())
    return folder


def scores(record):
    return [(key, result.metrics) for key, result in record.results.items()]


def test_a_study_goes_on_when_there_is_room_again(config, disk):
    def free(_watcher):
        disk.full = False

    watcher = Watcher(disk, EpochTrained, free)
    record = run_study(config, watcher.take, watcher.control)
    assert record.finished.status == "done"
    assert len(watcher.said) == 1
    assert len(load_record(folder_of(config)).results) == 2


@pytest.fixture
def search(config):
    study = replace(config, variants=("vanilla",), protocol="clean", validation_fraction=0.3)
    return TuningConfig(study, trials=3)


def test_a_search_waits_for_room_for_its_journal_and_goes_on(search, disk):
    def free(_watcher):
        disk.full = False

    watcher = Watcher(disk, TrialFinished, free)
    record = tune(search, watcher.take, watcher.control)
    assert record.finished.status == "done"
    assert [trial.state for trial in record.ended] == ["done"] * 3
    assert len(watcher.said) == 1


def test_a_stop_ends_the_wait_of_a_search(search, disk):
    watcher = Watcher(disk, TrialFinished, stop)
    record = tune(search, watcher.take, watcher.control)
    assert record.finished.status == "stopped"
    assert len(record.ended) == 1
    assert len(watcher.said) == 1
    disk.full = False
    load_search(next((search.study.runs_dir / "tuning").iterdir()))
