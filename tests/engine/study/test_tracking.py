"""Trackers follow a study, and whatever becomes of them, it is done."""

import csv
from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.events.control import StudyControl
from engine.events.record import JobKey
from engine.events.study import BatchTrained
from engine.runs import load_config, load_record
from engine.study.running import resume_study, run_study
from engine.tracking import csv_files


def losses(folder, job="vanilla"):
    with (folder / "trackers" / "csv" / job / "batches.csv").open(newline="") as file:
        return [float(row["loss/batch"]) for row in csv.DictReader(file)]


def test_a_study_writes_the_trackers_that_it_was_asked_for(config):
    record = run_study(replace(config, log=("csv",)))
    (folder,) = config.runs_dir.iterdir()
    assert sorted(path.name for path in (folder / "trackers" / "csv").iterdir()) == ["bbox", "vanilla"]
    assert losses(folder) == record.losses[JobKey("vanilla", 0, 0)]
    assert load_config(folder).log == ("csv",)
    assert record.finished.status == "done"


def test_a_study_that_is_resumed_goes_on_with_its_tables(config):
    control = StudyControl()

    def stop(event):
        if isinstance(event, BatchTrained) and event.step == 5:
            control.stop()

    run_study(replace(config, variants=("vanilla",), log=("csv",)), stop, control)
    (folder,) = config.runs_dir.iterdir()
    assert len(losses(folder)) == 6
    record = resume_study(folder)
    assert losses(folder) == record.losses[JobKey("vanilla", 0, 0)]
    assert len(losses(folder)) == 12


def test_a_resume_may_name_other_trackers(config):
    control = StudyControl()
    control.stop()
    run_study(replace(config, variants=("vanilla",)), None, control)
    (folder,) = config.runs_dir.iterdir()
    resume_study(folder, log=("csv",))
    assert len(losses(folder)) == 12
    assert load_config(folder).log == ("csv",)


def test_a_tracker_that_fails_costs_one_warning(config, monkeypatch):
    class Broken(csv_files.CsvTracker):
        def open(self, job):
            raise PermissionError("not here")

    monkeypatch.setattr(csv_files, "CsvTracker", Broken)
    record = run_study(replace(config, log=("csv",)))
    (folder,) = config.runs_dir.iterdir()
    told = [notice.message for notice in load_record(folder).notices if "tracker" in notice.message]
    assert told == ["tracker csv failed (PermissionError: not here): the study goes on without it"]
    assert record.finished.status == "done"


def test_an_unknown_tracker_is_refused(config):
    with pytest.raises(InputError, match="--log neptune: choose from tensorboard, csv"):
        replace(config, log=("neptune",))
