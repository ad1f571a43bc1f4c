"""The folder of an attempt, from both sides."""

import shutil

import pytest

from engine.config.machine import MachineSettings
from engine.errors import StorageError, StudyStopped
from engine.events.control import StudyControl
from engine.events.study import BatchTrained, EpochTrained, JobFinished
from engine.executing.attempts import FENCE_FILE, FENCED, Attempt, AttemptFolder, Task, attempts_of, new_attempt
from engine.reports.results import JobResult, Prediction, Seconds

TASK = Task("denoise(weight=0.1)", 3, 1, 0, told=7)
MACHINE = MachineSettings("cpu", "some processor", "fp32", channels_last=True, threads=2, chosen_by="given")
EPOCH = EpochTrained(variant=TASK.variant, seed=3, fold=1, epoch=0, loss=0.5, accuracy=0.25)


class Ended(BaseException):
    """In place of the process's end."""


@pytest.fixture(autouse=True)
def ends(monkeypatch):
    """The statuses that this process would have ended with."""
    found = []

    def end(status):
        found.append(status)
        raise Ended

    monkeypatch.setattr("os._exit", end)
    return found


@pytest.fixture(autouse=True)
def heart(monkeypatch):
    """What beats in a thread, called by the test; its pauses are the end of it."""
    beat = AttemptFolder._beat
    monkeypatch.setattr(AttemptFolder, "_beat", lambda folder: None)
    return beat


@pytest.fixture
def attempt(tmp_path):
    return new_attempt(tmp_path, TASK, lambda folder: ("work", str(folder)))


@pytest.fixture
def folder(attempt):
    folder = AttemptFolder(attempt.folder)
    yield folder
    folder.close()


def test_attempts_are_numbered_and_say_what_they_are(tmp_path):
    made = [new_attempt(tmp_path, TASK, lambda folder: ("work", str(folder))) for _ in range(2)]
    made[1].started("process 17")
    found = list(attempts_of(tmp_path))
    assert [entry.task.number for entry in found] == [1, 2]
    assert [entry.task.process for entry in found] == ["", "process 17"]
    assert found[0].task.command == ("work", str(made[0].folder))
    assert found[0].task.key == TASK.key
    assert found[0].task.told == 7
    assert made[0].folder.parts[-3:-1] == ("attempts", made[0].folder.parent.name)


def test_what_is_no_attempt_is_left_out(tmp_path, attempt):
    (attempt.folder / "attempt.json").write_text('{"variant": 3}')
    assert list(attempts_of(tmp_path)) == []
    with pytest.raises(StorageError, match="damaged"):
        Attempt(attempt.folder)


def test_a_task_keeps_how_to_compute(tmp_path):
    task = Task("vanilla", 0, 0, 0, machine=MACHINE, superres_precision="bf16")
    assert new_attempt(tmp_path, task, lambda _: ()).task.machine == MACHINE


def test_events_reach_the_other_side_with_their_predictions(attempt, folder):
    result = JobResult(
        **TASK.key._asdict(),
        status="done",
        reason="",
        metrics=None,
        final_loss=0.5,
        epochs_done=1,
        seconds=Seconds(),
        predictions=(Prediction("one.png", 0, 1, (0.25, 0.75)),),
    )
    assert attempt.drain() == []
    folder.append(EPOCH)
    assert attempt.drain() == [EPOCH]
    folder.append(JobFinished(result=result))
    assert [type(event) for event in attempt.drain()] == [JobFinished]


def test_the_heartbeat_is_another_each_time(attempt, folder, heart, monkeypatch):
    beats = []

    class Pause:
        def wait(self, seconds):
            beats.append(attempt.heartbeat())
            if len(beats) == 3:
                folder.close()

    monkeypatch.setattr("threading.Event", Pause)
    folder.append(EPOCH)
    folder.append(BatchTrained(**TASK.key._asdict(), epoch=1, step=9, loss=0.5, images=3))
    assert attempt.heartbeat() == b""
    heart(folder)
    assert len(set(beats)) == 3
    assert [type(event) for event in attempt.drain()] == [EpochTrained, BatchTrained], "a beat brings events along"


def test_wishes_reach_the_process(attempt, folder):
    control = StudyControl()
    folder.serve(control, lambda _: None)
    attempt.ask("pause")
    attempt.ask("hand_over")
    with pytest.raises(StudyStopped):
        control.checkpoint()
    assert control.handing_over


def test_a_process_whose_run_was_removed_ends_itself(attempt, folder, ends):
    control = StudyControl()
    folder.serve(control, lambda _: None)
    shutil.rmtree(attempt.folder)
    with pytest.raises(Ended):
        control.checkpoint()
    assert ends == [FENCED]
    attempt.folder.mkdir()  # so that the folder can be closed


@pytest.mark.parametrize(
    "then",
    [
        lambda folder, control: control.checkpoint(),
        lambda folder, control: folder.write_checkpoint(TASK.key, b"late"),
        lambda folder, control: AttemptFolder(folder.folder),
    ],
)
def test_behind_the_fence_a_process_ends_itself_before_anything_lasts(attempt, folder, ends, then):
    folder.append(BatchTrained(**TASK.key._asdict(), epoch=0, step=0, loss=0.5, images=3))
    attempt.raise_fence()
    control = StudyControl()
    folder.serve(control, lambda _: None)
    with pytest.raises(Ended):
        then(folder, control)
    assert ends == [FENCED]
    assert not attempt.checkpoint.exists()
    (attempt.folder / FENCE_FILE).unlink()  # so that the folder can be closed


def test_what_is_left_of_one_that_is_over(attempt, folder):
    folder.append(EPOCH)
    folder.write_weights(TASK.key, b"weights")
    attempt.output.write_text("printed\n")
    assert attempt.weights.read_bytes() == b"weights"
    folder.close()
    attempt.tidy()
    assert {path.name for path in attempt.folder.iterdir()} == {"attempt.json", "output.log"}
