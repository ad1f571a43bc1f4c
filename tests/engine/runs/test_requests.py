import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import StorageError, StudyStopped
from engine.events.control import StudyControl
from engine.runs import RunFolder, is_live, send_request

ROOT = Path(__file__).parents[3]


@pytest.fixture
def control(run, monkeypatch):
    monkeypatch.setattr("engine.events.control.POLL_SECONDS", 0.0)
    control = StudyControl()
    run.serve(control, lambda message: None)
    return control


def test_requests_reach_the_study_in_order(run, control):
    told = []
    # While the engine waits, somebody asks it to go on: it looks for requests there too.
    control.listen(lambda: (told.append("pause"), send_request(run.folder, "unpause")), lambda: told.append("unpause"))
    send_request(run.folder, "pause")
    control.checkpoint()
    assert told == ["pause", "unpause"]
    for request in ("pause", "unpause", "pause", "stop"):
        send_request(run.folder, request)
    with pytest.raises(StudyStopped):
        control.checkpoint()
    assert list((run.folder / "control").iterdir()) == []


def test_files_of_others_in_the_control_folder_do_nothing(run, control):
    folder = run.folder / "control"
    folder.mkdir()
    for name in ("000001-explode-aa", "stop", ".000001-stop-aa-1234", "x"):
        (folder / name).write_text("")
    control.checkpoint()
    assert len(list(folder.iterdir())) == 4


def test_a_run_that_nobody_writes_takes_no_requests(run):
    run.close()
    with pytest.raises(StorageError, match="no process works on"):
        send_request(run.folder, "stop")


@pytest.mark.usefixtures("control")
def test_what_was_asked_of_a_dead_writer_does_not_stop_the_next(run):
    send_request(run.folder, "stop")
    run.close()
    again, control = RunFolder.open_for_resume(run.folder), StudyControl()
    again.serve(control, lambda message: None)
    control.checkpoint()
    again.close()


WRITER = """
import sys
from pathlib import Path
from engine.config.study import StudyConfig
from engine.runs import RunFolder
run = RunFolder.create(Path(sys.argv[1]), StudyConfig())
print(run.folder, flush=True)
sys.stdin.read()
"""


def test_a_killed_process_leaves_its_run_to_others(runs_dir):
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(runs_dir)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        folder = Path(child.stdout.readline().strip())
        assert is_live(folder)
        with pytest.raises(StorageError, match=f"is being written by process {child.pid}"):
            RunFolder.open_for_resume(folder, wait_seconds=0)
    finally:
        child.kill()
        child.communicate()
    assert not is_live(folder)
    RunFolder.open_for_resume(folder).close()
