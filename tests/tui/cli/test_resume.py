"""`simpsons-tui resume`: which run, with or without a screen, and what ends it."""

import json
import signal
import subprocess
import sys

import pytest

from engine.config.execution import Execution
from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from engine.runs import RunFolder, load_record
from tui.session import leaving as handover

TIMEOUT = 60


@pytest.fixture
def runs_dir(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def unfinished(runs_dir, fake_engine):
    """A run whose process was killed in its second variant."""
    events = []
    fake_engine.run_study(StudyConfig(variants=("vanilla", "bbox")), events.append)
    run, record = RunFolder.create(runs_dir, StudyConfig(variants=("vanilla", "bbox"))), StudyRecord()
    for event in events[:-6]:
        record.apply(event)
        run.append(event)
        run.write_summary(record)
    run.close()
    return run.folder


@pytest.fixture
def resumed(monkeypatch, fake_engine):
    """What the command line asked the engine to go on with."""
    asked = []

    def resume_study(folder, emit, control, *, replay=None, wait_seconds=None, recheck=False, execution=None, log=None):
        asked.append((folder, log) if log else (folder, wait_seconds))
        resume_study.execution = execution
        for event in load_record(folder).notices:
            (replay or emit)(event)
        return fake_engine.run_study(StudyConfig(variants=("vanilla", "bbox")), emit, control)

    monkeypatch.setattr("engine.resume_study", resume_study)
    monkeypatch.setattr("tests.tui.cli.test_resume.where", lambda: resume_study.execution)
    return asked


def where():
    """Where the study that is resumed runs."""


def test_without_a_name_it_is_the_newest_that_is_not_done(command, resumed, unfinished):
    status, out, err = command("resume")
    assert (status, resumed) == (0, [(unfinished, None)])
    assert "vanilla" in out
    assert "one box without area dropped" in err


def test_other_trackers_can_be_named(command, resumed, unfinished):
    assert command("resume", "--headless", "--log", "csv,tensorboard")[0] == 0
    assert resumed == [(unfinished, ("csv", "tensorboard"))]


def test_it_goes_on_where_it_ran_or_elsewhere(command, resumed, unfinished):
    command("resume")
    assert where() == Execution()
    command("resume", "--workers", 3)
    assert where() == Execution(workers=3)
    command("resume", "--on", "slurm", "--slurm-options", "-p gpu")
    assert where() == Execution("slurm", None, "-p gpu")


def test_a_name_or_its_beginning_is_enough_and_json_stands_alone(command, resumed, unfinished):
    status, out, _ = command("resume", unfinished.name[:-2], "--json", "--wait", 5)
    assert (status, resumed) == (0, [(unfinished, 5.0)])
    assert json.loads(out)["status"] == "done"


def test_an_unknown_run_is_one_line(command, unfinished):
    status, out, err = command("resume", "nothing")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert unfinished.name in err


def test_nothing_to_go_on_with_is_one_line(command):
    status, _, err = command("resume")
    assert (status, err.count("\n")) == (2, 1)
    assert "nothing to resume" in err


def test_in_a_terminal_it_opens_the_dashboard(command, unfinished, monkeypatch):
    opened = []
    monkeypatch.setattr("tui.app.open.is_terminal", lambda stream: True)
    monkeypatch.setattr(
        "tui.app.open.open_dashboard",
        lambda config, rate, images, session, resume: opened.append((config, resume)) or 0,
    )
    assert command("resume")[0] == 0
    ((config, folder),) = opened
    assert (config.variants, folder) == (("vanilla", "bbox"), unfinished)


def test_a_run_that_another_process_writes_is_refused(command, runs_dir):
    run = RunFolder.create(runs_dir, StudyConfig())
    status, _, err = command("resume", run.study, "--wait", 0)
    run.close()
    assert status == 1
    assert "is being written by process" in err


def test_a_lost_connection_does_not_end_a_study_without_a_screen(fake_command):
    child = fake_command("run", "--json", mode="endless")
    for line in child.stderr:
        if "training 4 batches" in line:
            break
    child.send_signal(signal.SIGHUP)
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 143  # stopped by the second signal, not by the first
    assert json.loads(out)["status"] == "stopped"


def test_a_worker_is_a_process_of_its_own_session_with_a_log(unfinished, monkeypatch):
    started = []

    class Process:
        pid = 4242

        def __init__(self, command, **options):
            started.append((command, options))

    monkeypatch.setattr(subprocess, "Popen", Process)
    assert handover.spawn_worker(unfinished) == 4242
    ((command, options),) = started
    assert command[:4] == [sys.executable, "-m", "tui.cli", "resume"]
    assert str(unfinished) in command
    assert options["start_new_session"]
    assert (unfinished / handover.LOG_FILE).exists()
