"""Jobs in processes: the same to the bit as in one, whatever happens to them."""

import hashlib
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config.execution import Execution
from engine.config.study import StudyConfig
from engine.errors import ExecutionError
from engine.events import study as events
from engine.events.control import StudyControl
from engine.executing.attempts import FENCED
from engine.executing.executor import State
from engine.executing.local import LocalExecutor
from engine.runs import load_config, load_record, read_events
from engine.study import coordinator, followed, refusals
from engine.study.running import resume_study, run_study
from engine.study.workers import WORKER_MODULES
from tests.engine.study.mortal import outcome
from tests.engine.study.processes import At, Shared, kill, own_code

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc, and signals processes")

TWO = Execution(workers=2)
WAIT = 60


@pytest.fixture(scope="module")
def server():
    executor = LocalExecutor((*WORKER_MODULES, "tests.engine.study.each_epoch"))
    yield executor
    executor.close()


@pytest.fixture(autouse=True)
def shared(server, monkeypatch):
    """The executor that the study gets, whichever it asks for."""
    executor = Shared(server)
    monkeypatch.setattr("engine.study.order.open_executor", lambda *_, **__: executor)
    yield executor
    executor.immortal.clear()
    executor.close()


@pytest.fixture(scope="module")
def expected(tiny_dataset, tmp_path_factory):
    """What one process gives."""
    known = {}

    def of(config):
        # Folders change nothing.
        key = repr(replace(config, cache_dir=None, runs_dir=None, execution=Execution()))
        if key not in known:
            place = tmp_path_factory.mktemp("expected")
            record = run_study(
                replace(config, execution=Execution(), runs_dir=place / "runs", cache_dir=place / "cache")
            )
            known[key] = whole(record)
        return known[key]

    return of


@pytest.fixture
def config(config):
    return replace(config, repeats=2, execution=TWO)


def whole(record):
    """All that must be the same: numbers, predictions and weights."""
    folder = Path(record.finished.folder) / "weights"
    weights = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    return outcome(load_record(folder.parent)), weights


def folder_of(config):
    (folder,) = (path for path in config.runs_dir.iterdir() if (path / "study.json").exists())
    return folder


def die_at_batch(batch, config):
    """A study in a process of its own, which is killed; its workers, whose server is ours, live on."""
    child = os.fork()
    if not child:
        try:
            run_study(config, At(batch, lambda *_: os.kill(os.getpid(), signal.SIGKILL)))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_two_workers_give_what_one_process_gives(config, expected, shared):
    listener = At(0, lambda *_: None)
    record = run_study(config, listener)
    assert whole(record) == expected(config)
    assert shared.most_at_once == 2
    assert [event.attempt for event in listener.of(events.AttemptSubmitted)] == [1] * 4
    started = listener.of(events.AttemptStarted)
    assert {str(event.process) for event in started} == set(shared.started)
    assert all((folder_of(config) / event.output).is_file() for event in started)
    assert [event.reason for event in listener.of(events.AttemptEnded)] == [""] * 4
    (workers,) = listener.of(events.WorkersChanged)
    assert (workers.workers, workers.on, workers.reason) == (2, "local", "")
    times = [event.time for event in listener.of(events.BatchTrained) if event.variant == "bbox"]
    assert times == sorted(times)
    assert len(listener.of(events.StatisticsComputed)) >= 2, "after each seed"
    assert not list((folder_of(config) / "checkpoints").glob("*"))
    left = {path.name for path in (folder_of(config) / "attempts").rglob("*") if path.is_file()}
    assert left == {"attempt.json", "output.log", "flags"}
    assert not list((config.cache_dir / "seen-by").iterdir())


def test_steps_and_a_network_of_ones_own_are_the_same_in_workers(config, expected, shared, tmp_path):
    with own_code(tmp_path) as network:
        recipe = replace(config.recipe, network=network)
        config = StudyConfig(**{**vars(config), "recipe": recipe, "variants": ("mine(level=4)", "bbox+mine")})
        record = run_study(config)
        assert record.finished.status == "done"
        assert whole(record) == expected(config)
    assert shared.most_at_once == 2


def test_images_are_pre_processed_once_for_all_jobs_of_a_variant(config, expected, shared):
    config = replace(config, variants=("bbox",), repeats=4, execution=Execution(workers=4))
    listener = At(0, lambda *_: None)
    assert whole(run_study(config, listener)) == expected(config)
    starts = [event for event in listener.of(events.StageStarted) if event.stage == "preprocess"]
    assert sorted(event.total - event.cached for event in starts) == [0, 0, 0, starts[0].total]


@pytest.mark.parametrize("batch", [1, 7, 20])
def test_a_killed_worker_is_replaced(config, expected, shared, batch):
    config = replace(config, recipe=replace(config.recipe, epochs=12))  # it must not be done before it is killed
    listener = At(batch, kill())
    assert whole(run_study(config, listener)) == expected(config)
    reasons = [event.reason for event in listener.of(events.AttemptEnded)]
    assert sorted(reasons) == [""] * 4 + ["ended by SIGKILL"]
    assert len(shared.started) == 5


def test_a_worker_that_gives_no_sign_is_replaced_and_ends_itself_when_it_wakes(config, expected, shared, monkeypatch):
    monkeypatch.setattr(followed, "STALE_SECONDS", 6.0)
    halted = []

    def halt(event, at):
        halted.append(str(at.process_of(event)))
        shared.immortal.add(halted[0])
        os.kill(int(halted[0]), signal.SIGSTOP)

    listener = At(5, halt)
    assert whole(run_study(config, listener)) == expected(config)
    assert "it gives no sign of life" in [event.reason for event in listener.of(events.AttemptEnded)]
    os.kill(int(halted[0]), signal.SIGCONT)
    until = time.monotonic() + WAIT
    while (state := shared.local.ask(halted)[halted[0]]).phase != "ended":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert state.reason == f"exit status {FENCED}"
    assert whole(load_record(folder_of(config))) == expected(config)


def test_a_worker_that_its_engine_takes_for_dead_finds_that_another_counts(config, expected, shared):
    config, lost = replace(config, recipe=replace(config.recipe, epochs=30)), []

    def lose(event, at):
        lost.append(str(at.process_of(event)))
        shared.says[lost[0]] = State("ended", "its node failed")

    listener = At(3, lose)
    run_study(config, listener)
    assert "its node failed" in [event.reason for event in listener.of(events.AttemptEnded)]
    until = time.monotonic() + WAIT
    while (state := shared.local.ask(lost)[lost[0]]).phase != "ended":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert state.reason == f"exit status {FENCED}"
    assert whole(load_record(folder_of(config))) == expected(config)


def test_a_pause_reaches_all_workers_and_a_stop_is_gone_on_from_in_one_process(config, expected, shared):
    control = StudyControl()

    def listen(event):
        listener(event)
        if isinstance(event, events.StudyPaused):
            control.unpause()
        if isinstance(event, events.StudyUnpaused):
            control.stop()

    listener = At(3, lambda *_: control.pause())
    config = replace(config, recipe=replace(config.recipe, epochs=40))
    record = run_study(config, listen, control)
    assert record.finished.status == "stopped"
    (paused,), (unpaused,) = listener.of(events.StudyPaused), listener.of(events.StudyUnpaused)
    between = [event for event in listener.of(events.BatchTrained) if paused.time < event.time < unpaused.time]
    assert not between
    assert not shared.local._living
    assert {result.status for result in record.results.values()} <= {"stopped", "done"}
    assert [result for result in record.results.values() if result.status == "stopped" and result.metrics]
    resumed = resume_study(folder_of(config), execution=Execution())
    assert whole(resumed) == expected(config)
    assert load_config(folder_of(config)).execution == Execution(), "what is resumed keeps where"
    assert shared.most_at_once == 2


def test_a_study_of_one_process_goes_on_in_two(config, expected, shared):
    control = StudyControl()
    begun = replace(config, execution=Execution())
    run_study(begun, At(17, lambda *_: control.stop()), control)
    assert not shared.started
    record = resume_study(folder_of(config), execution=TWO)
    assert whole(record) == expected(config)
    assert len(shared.started) == 3


def test_a_study_that_is_handed_over_leaves_no_result_and_no_process(config, expected, shared):
    control = StudyControl()
    record = run_study(config, At(3, lambda *_: control.hand_over()), control)
    assert record.finished is None
    assert not any(result.status == "stopped" for result in record.results.values())
    assert not shared.local._living
    assert whole(resume_study(folder_of(config))) == expected(config)


def test_out_of_memory_there_are_fewer_workers_and_no_attempt_is_lost(config, expected, shared):
    bad = State("ended", "out of memory: the system ended it", out_of_memory=True)
    shared.before = lambda request: bad if len(shared.started) == 1 else None
    listener = At(0, lambda *_: None)
    assert whole(run_study(config, listener)) == expected(config)
    first, second = listener.of(events.WorkersChanged)
    assert (first.workers, second.workers) == (2, 1)
    assert "fewer --workers" in second.reason


def test_after_four_attempts_a_job_has_failed_and_the_others_go_on(config, shared):
    lost = State("ended", "node failure")
    shared.before = lambda request: lost if "bbox-seed1" in request.name else None
    record = run_study(config)
    assert record.finished.status == "failed"
    failed = [result for result in record.results.values() if result.status != "done"]
    assert [(result.variant, result.seed) for result in failed] == [("bbox", 1)]
    assert failed[0].reason == "4 processes ended before it was done, the last: node failure"
    assert sum(process.startswith("never") for process in shared.started) == 4
    again = resume_study(folder_of(config), execution=Execution())
    assert {result.status for result in again.results.values()} == {"done"}


def test_what_cannot_help_is_not_tried_again(config, shared):
    shared.before = lambda request: State("ended", "no such account", permanent=True)
    record = run_study(config)
    assert {result.reason for result in record.results.values()} == {"no such account"}
    assert len(shared.started) == 4


def test_a_refusal_is_the_engines_own_sentence(config, shared):
    def refuse(request):
        raise ExecutionError("sbatch: error: invalid partition specified: gpu")

    shared.before = refuse
    with pytest.raises(ExecutionError, match="invalid partition"):
        run_study(config)
    assert not list(config.runs_dir.glob("*/study.json")), "nothing was done"


def test_an_engine_that_is_full_is_asked_again_and_leaves_no_attempts(config, expected, shared, monkeypatch):
    for times in (coordinator.LOOK_SECONDS, coordinator.SETTLE_SECONDS):
        monkeypatch.setitem(times, "slurm", 0.05)
    monkeypatch.setattr(refusals, "FIRST_RETRY_SECONDS", 0.0)
    refused = []

    def refuse(request):
        if "vanilla" in request.name and len(refused) < 5:
            refused.append(request.folder)
            raise ExecutionError("Slurm: QOSMaxSubmitJobPerUserLimit", unsure=len(refused) == 5)

    shared.before = refuse
    listener = At(0, lambda *_: None)
    assert whole(run_study(replace(config, execution=Execution(on="slurm", workers=2)), listener)) == expected(config)
    held = [event.held for event in listener.of(events.WorkersChanged) if event.held or event.held_seconds]
    assert held == ["Slurm: QOSMaxSubmitJobPerUserLimit", ""]
    assert [event.attempt for event in listener.of(events.AttemptSubmitted)] == [2, 1, 1, 1]
    assert [folder.name for folder in refused] == ["1"] * 5
    assert (refused[-1] / "fence").exists(), "it may have been started all the same"


def test_a_stop_waits_for_no_job_that_an_engine_which_is_away_has_not_begun(config, shared, monkeypatch):
    for times in (coordinator.LOOK_SECONDS, coordinator.SETTLE_SECONDS):
        monkeypatch.setitem(times, "slurm", 0.05)
    shared.before = lambda request: State("waiting") if "bbox" in request.name else None
    control, ask = StudyControl(), shared.ask

    def away(ids):
        raise ExecutionError("Slurm: Unable to contact slurm controller")

    def stop(*_):
        shared.ask = away
        control.stop()

    monkeypatch.setattr(coordinator, "GRACE_SECONDS", 0.5)
    record = run_study(replace(config, execution=Execution(on="slurm", workers=2)), At(3, stop), control)
    shared.ask = ask
    assert record.finished.status == "stopped"
    assert [result.variant for result in record.results.values()] == ["vanilla"]
    fences = {path.parents[1].name for path in config.runs_dir.glob("*/attempts/*/*/fence")}
    assert "bbox-seed0-fold0" in fences, "where it begins after all it ends itself"
    assert "vanilla-seed0-fold0" not in fences


def test_where_the_engine_refuses_for_good_what_runs_comes_to_its_end(config, shared):
    def refuse(request):
        if len(shared.started) == 2:
            raise ExecutionError("Slurm: Job violates accounting policy", permanent=True)

    shared.before = refuse
    record = run_study(config)
    assert (record.finished.status, record.finished.reason) == ("failed", "Slurm: Job violates accounting policy")
    assert [result.status for result in record.results.values()] == ["done"] * 2


def test_the_first_workers_last_lines_are_told_since_its_folder_is_not_kept(config, shared, monkeypatch):
    for times in (coordinator.LOOK_SECONDS, coordinator.SETTLE_SECONDS):
        monkeypatch.setitem(times, "slurm", 0.05)

    def break_down(request):
        request.output.write_text("Traceback:\n\n  in line 1\nModuleNotFoundError: No module named 'torch'\n")
        return State("ended", "exit status 1")

    shared.before = break_down
    with pytest.raises(ExecutionError) as caught:
        run_study(replace(config, execution=Execution(on="slurm")))
    assert str(caught.value) == (
        "exit status 1; its output ends: Traceback: | in line 1 | ModuleNotFoundError: No module named 'torch'"
    )
    assert not list(config.runs_dir.glob("*/study.json"))


def test_the_attempts_of_a_dead_coordinator_are_gone_on_with(config, expected, shared, monkeypatch):
    die_at_batch(4, config)
    shared.ask = lambda ids: {process: State("running" if lives(process) else "ended") for process in ids}
    listener = At(0, lambda *_: None)
    record = resume_study(folder_of(config), listener, replay=lambda event: None)
    assert whole(record) == expected(config)
    past = list(read_events(folder_of(config)))
    steps = [event.step for event in past if isinstance(event, events.BatchTrained)]
    assert len(steps) == 4 * 12, "no batch came twice"
    assert len([event for event in past if isinstance(event, events.AttemptSubmitted)]) == 4


def test_the_attempts_of_a_dead_coordinator_that_died_are_taken_over(config, expected, shared):
    die_at_batch(7, config)
    record = resume_study(folder_of(config), execution=Execution())
    assert whole(record) == expected(config)
    past = list(read_events(folder_of(config)))
    submitted = [event for event in past if isinstance(event, events.AttemptSubmitted)]
    ended = [event for event in past if isinstance(event, events.AttemptEnded)]
    assert len(submitted) == len(ended)


def lives(process):
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_elsewhere_a_worker_chooses_how_to_compute(config, expected, shared, monkeypatch):
    for times in (coordinator.LOOK_SECONDS, coordinator.SETTLE_SECONDS):
        monkeypatch.setitem(times, "slurm", 0.05)
    monkeypatch.setattr("engine.study.order.choose_study_machine", None)
    listener = At(0, lambda *_: None)
    config = replace(config, execution=Execution(on="slurm", workers=None))
    assert whole(run_study(config, listener)) == expected(config)
    assert len(shared.started) == 5
    assert len(listener.of(events.MachineChosen)) == 1
    assert len(listener.of(events.AttemptSubmitted)) == 4
    assert listener.of(events.WorkersChanged)[0].workers == 4


def test_a_worker_that_does_not_see_the_data_is_named(config, shared, monkeypatch):
    monkeypatch.setitem(coordinator.SETTLE_SECONDS, "local", 0.0)

    def hide(request):
        for path in config.data.rglob("*.png"):
            path.rename(path.with_suffix(".gone"))

    shared.before = hide
    try:
        record = run_study(config)
    finally:
        for path in config.data.rglob("*.gone"):
            path.rename(path.with_suffix(".png"))
    reasons = {result.reason for result in record.results.values()}
    assert all("does not see the data: " in reason for reason in reasons)
