"""The machine is measured while a study runs, and whatever comes of it, the study goes on."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from engine.events.control import StudyControl
from engine.events.record import JobKey, StudyRecord
from engine.events.study import MachineMeasured, Notice, StudyFinished
from engine.runs import load_record
from engine.study import measuring
from engine.study.running import run_study


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(measuring, "SECONDS", 0.001)


def test_a_study_keeps_how_busy_the_machine_was_and_when_each_stage_ran(config, often):
    events = []
    record = run_study(replace(config, variants=("vanilla",)), events.append)
    (folder,) = config.runs_dir.iterdir()
    kept = load_record(folder)
    assert record.loads
    assert kept.loads == record.loads == [event for event in events if isinstance(event, MachineMeasured)]
    assert isinstance(events[-1], StudyFinished)
    stages = [(span.stage, span.job.variant) for span in kept.spans]
    job = [(stage, "vanilla") for stage in ("preprocess", "train", "evaluate")]
    assert stages == [("check", ""), ("audit", ""), *job, ("baselines", "")]
    assert all(span.end is not None and span.end >= span.start for span in kept.spans)
    assert kept.spans[2].job == JobKey("vanilla", 0, 0)


def test_a_worker_says_whose_figures_they_are(monkeypatch, tmp_path):
    monkeypatch.setattr(measuring, "WORKERS_SECONDS", 0.001)
    told, some = [], threading.Event()

    class Listener:
        folder, control = SimpleNamespace(folder=tmp_path), StudyControl()

        def emit(self, event):
            told.append(event.worker)
            some.set()

    with measuring.measuring(Listener(), lambda folder: MachineMeasured, worker="vanilla-seed0-fold0"):
        assert some.wait(60)
    assert {*told} == {"vanilla-seed0-fold0"}


def test_a_meter_that_fails_costs_one_warning(config, often, monkeypatch):
    class Broken:
        def __init__(self, folder):
            raise OSError("no /proc here")

    monkeypatch.setattr(measuring, "MachineMeter", Broken)
    record = run_study(replace(config, variants=("vanilla",)))
    told = [notice for notice in record.notices if "machine" in notice.message]
    assert [(notice.message, notice.level) for notice in told] == [
        ("the machine is no longer measured: OSError: no /proc here", "warning")
    ]
    assert record.finished.status == "done"


def test_stages_that_a_kill_cut_off_end_where_the_machine_was_last_measured():
    from engine.events.study import RunResumed, StageFinished, StageStarted

    record = StudyRecord.from_events(
        [
            StageStarted(time=10, stage="train", total=5, variant="vanilla"),
            MachineMeasured(time=15, cpu=0.5),
            RunResumed(time=100, program_version="1"),
            StageStarted(time=101, stage="train", total=5, variant="vanilla"),
            StageFinished(time=105, stage="train", seconds=4, variant="vanilla"),
            Notice(message="so"),
        ]
    )
    assert [(span.start, span.end) for span in record.spans] == [(10, 15), (101, 105)]
