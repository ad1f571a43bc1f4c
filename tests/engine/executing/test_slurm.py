"""Jobs on a real Slurm of two nodes, and what its commands may say, played by scripts of the same names."""

import os
import sys

import pytest

from engine.errors import ExecutionError, InputError
from engine.executing.executor import State
from engine.executing.slurm import SlurmExecutor
from tests.engine.executing.processes import ENDED, SLEEP, begin, outcome, request_for
from tests.engine.executing.slurm_cluster import wait_until

real = pytest.mark.slurm
TIME_OVER = "the time of the Slurm job was over: its limit, or the grace time before a preemption"


# ---------------------------------------------------------------------- a real one


@real
def test_jobs_end_with_their_status(slurm, tmp_path):
    executor = SlurmExecutor()
    codes = ["print('out'); import sys; sys.exit()", "import sys; sys.exit(3)", "import os; os.kill(os.getpid(), 9)"]
    folders = [tmp_path / name for name in ("a b", "100% 'j'", "%j $x")]
    ids = [executor.start(request_for(folder, code)) for folder, code in zip(folders, codes, strict=True)]
    assert [outcome(executor, process).reason for process in ids] == ["", "exit status 3", "ended by SIGKILL"]
    assert (folders[0] / "output.log").read_text() == "out\n"
    assert executor.place(ids[0]) == f"Slurm job {ids[0].split()[0]}"


@real
def test_a_job_finds_this_python_and_this_package(slurm, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    request = request_for(tmp_path / "job", "import engine, sys; print(sys.prefix, engine.__file__)")
    executor = SlurmExecutor(f"--chdir={tmp_path}")
    assert outcome(executor, executor.start(request)) == ENDED
    import engine

    assert request.output.read_text() == f"{sys.prefix} {engine.__file__}\n"


@real
def test_options_are_the_users_and_what_we_rely_on_is_ours(slurm, tmp_path):
    executor = SlurmExecutor("--comment='two words' --job-name=theirs --requeue -c 2")
    job = begin(executor, request_for(tmp_path / "job", SLEEP, "ours")).split()[0]
    assert slurm.call("squeue", "-h", "-j", job, "-o", "%k|%j|%C").strip() == "two words|ours|2"
    assert "Requeue=0" in slurm.call("scontrol", "show", "job", job)


@real
def test_a_refused_submission_says_it_in_slurms_words(slurm, tmp_path):
    request = request_for(tmp_path / "job", SLEEP)
    with pytest.raises(ExecutionError, match="invalid partition specified: nosuch; Batch job submission") as caught:
        SlurmExecutor("-p nosuch").start(request)
    assert caught.value.permanent
    with pytest.raises(ExecutionError, match=r"^Slurm: unrecognized option '--nosuch'$"):
        SlurmExecutor("--nosuch").start(request)


@real
def test_a_waiting_job_says_what_it_waits_for(slurm, tmp_path):
    executor = SlurmExecutor("--nodes=9")
    process = executor.start(request_for(tmp_path / "job", SLEEP))
    assert executor.ask([process]) == {process: State("waiting", "PartitionConfig")}
    executor.end([process])
    assert outcome(executor, process).reason == "the Slurm job was cancelled"


@real
def test_cancelled_by_hand_or_by_us(slurm, tmp_path):
    executor = SlurmExecutor()
    ids = [begin(executor, request_for(tmp_path / name, SLEEP)) for name in "ab"]
    slurm.call("scancel", ids[0].split()[0])
    assert outcome(executor, ids[0]).reason == "the Slurm job was cancelled"
    executor.end(ids)
    assert outcome(executor, ids[1]).reason == "the Slurm job was cancelled"
    executor.end(ids)


@real
def test_a_preempted_job_is_told_before_and_says_so_after(slurm, tmp_path):
    executor = SlurmExecutor("-p main --nodes=2 --exclusive")
    code = "import signal, sys; signal.signal(15, lambda *_: (print('told', flush=True), sys.exit()));" + SLEEP
    request = request_for(tmp_path / "job", code)
    process = begin(executor, request)
    urgent = SlurmExecutor("-p urgent")
    other = urgent.start(request_for(tmp_path / "urgent", ""))
    # The grace time may run out as a limit does.
    assert outcome(executor, process).reason in ("the Slurm job was preempted", TIME_OVER)
    assert "told" in request.output.read_text()
    assert outcome(urgent, other) == ENDED


@real
def test_a_job_whose_node_is_lost_has_ended(slurm, tmp_path):
    executor = SlurmExecutor("--nodelist=n2")
    process = begin(executor, request_for(tmp_path / "job", SLEEP))
    slurm.kill_node(2)
    try:
        assert outcome(executor, process).reason == "the node of the Slurm job failed"
    finally:
        slurm.start_node(2)


@real
def test_a_controller_that_is_away_does_not_end_jobs(slurm, tmp_path):
    executor = SlurmExecutor()
    running = begin(executor, request_for(tmp_path / "running", SLEEP))
    slurm.stop_controller()
    try:
        with pytest.raises(ExecutionError, match="Unable to contact slurm controller") as caught:
            executor.ask([running])
        assert not caught.value.permanent
        executor.end([running])
    finally:
        slurm.start_controller()
    wait_until(lambda: slurm.call("squeue", "-h", "--me"))
    assert executor.ask([running]) == {running: State("running")}


@real
def test_a_job_that_slurm_forgot_has_left_its_status(slurm, tmp_path):
    executor = SlurmExecutor()
    process = executor.start(request_for(tmp_path / "job", "import sys; sys.exit(3)"))
    assert outcome(executor, process).reason == "exit status 3"
    unknown = {
        f"999{number} {file}": reason
        for number, file, reason in (
            (1, process.split(" ", 1)[1], "exit status 3"),
            (2, tmp_path / "none", "Slurm does not know the job any more"),
        )
    }
    assert executor.ask([*unknown]) == {process: State("ended", reason) for process, reason in unknown.items()}


@real
def test_a_long_queue_is_asked_after_and_ended_by_one_command_each(slurm, tmp_path, monkeypatch):
    executor = SlurmExecutor("--hold")
    ids = [executor.start(request_for(tmp_path / str(number), SLEEP)) for number in range(100)]
    calls = tmp_path / "calls"
    programs(
        tmp_path,
        monkeypatch,
        **{
            name: f'echo {name} >> {calls}; PATH={os.environ["PATH"]} exec {name} "$@"'
            for name in ("squeue", "scancel")
        },
    )
    assert {state.phase for state in executor.ask(ids).values()} == {"waiting"}
    executor.end(ids)
    assert calls.read_text().split() == ["squeue", "scancel"]
    assert {state.phase for state in executor.ask(ids).values()} == {"ended"}


# ---------------------------------------------------------------------- what its commands may say


def programs(folder, monkeypatch, **scripts):
    """Shell scripts in the place of Slurm's commands."""
    for name, script in scripts.items():
        path = folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")


def state_of(tmp_path, monkeypatch, squeue="", sacct="exit 1"):
    programs(tmp_path, monkeypatch, squeue=f"echo '{squeue}'", sacct=sacct)
    return SlurmExecutor().ask(["17 /nowhere"])["17 /nowhere"]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PENDING|Priority", State("waiting", "Priority")),
        ("PENDING|None", State("waiting")),
        ("CONFIGURING|None", State("waiting")),
        ("COMPLETING|None", State("running")),
        ("COMPLETED|None", ENDED),
        ("OUT_OF_MEMORY|OutOfMemory", State("ended", "the Slurm job took more memory than it asked for", True)),
        ("FAILED|NonZeroExitCode", State("ended", "the Slurm job ended as FAILED (NonZeroExitCode)")),
        ("NEW_WORD|None", State("ended", "the Slurm job ended as NEW_WORD")),
    ],
)
def test_what_slurm_says_of_a_job(word, state, tmp_path, monkeypatch):
    assert state_of(tmp_path, monkeypatch, squeue=f"17|{word}") == state


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ("echo '17|CANCELLED by 0'", "the Slurm job was cancelled"),
        ("echo '17|COMPLETED'", ""),
        # The account lags behind the queue.
        ("echo '17|RUNNING'", "Slurm does not know the job any more"),
        ("echo 'Slurm accounting storage is disabled' >&2; exit 1", "Slurm does not know the job any more"),
    ],
)
def test_what_the_accounting_knows_of_a_forgotten_job(account, reason, tmp_path, monkeypatch):
    assert state_of(tmp_path, monkeypatch, sacct=account) == State("ended", reason)


def test_the_users_own_view_of_the_queue_hides_no_job(tmp_path, monkeypatch):
    monkeypatch.setenv("SQUEUE_PARTITION", "other")
    programs(tmp_path, monkeypatch, squeue='echo "17|RUNNING|${SQUEUE_PARTITION}"')
    assert SlurmExecutor().ask(["17 /nowhere"]) == {"17 /nowhere": State("running")}


@pytest.mark.parametrize(
    ("complaint", "permanent", "unsure"),
    [
        ("sbatch: error: Batch job submission failed: Unable to contact slurm controller", False, False),
        ("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", False, True),
        ("sbatch: error: QOSMaxSubmitJobPerUserLimit", False, False),
        ("sbatch: error: AssocGrpSubmitJobsLimit", False, False),
        ("sbatch: error: Batch job submission failed: Requested node configuration is not available", True, False),
    ],
)
def test_whether_a_refusal_is_for_good_and_certain(complaint, permanent, unsure, tmp_path, monkeypatch):
    programs(tmp_path, monkeypatch, sbatch=f"echo '{complaint}' >&2; exit 1")
    with pytest.raises(ExecutionError, match=complaint.rpartition(": ")[2]) as caught:
        SlurmExecutor().start(request_for(tmp_path / "job", ""))
    assert (caught.value.permanent, caught.value.unsure) == (permanent, unsure)


def test_no_slurm_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExecutionError, match=r"^no Slurm here: there is no sbatch; start on a login node$"):
        SlurmExecutor().start(request_for(tmp_path / "job", ""))


@pytest.mark.parametrize("options", ["--comment='open", "--array=1-3", "-p gpu -M other", "--wrap hostname"])
def test_options_that_cannot_be(options):
    with pytest.raises(InputError, match="--slurm-options "):
        SlurmExecutor(options)


def test_nothing_is_asked_for_no_jobs(monkeypatch):
    monkeypatch.setenv("PATH", "")
    SlurmExecutor().end([])
    assert SlurmExecutor().ask([]) == {}
