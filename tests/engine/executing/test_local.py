"""Processes of this machine: what they print, how they end, what they may use."""

import os
import signal
import sys
import time
from itertools import count

import pytest

from engine.errors import ExecutionError, InputError
from engine.executing import local
from engine.executing.executor import Request, State
from engine.executing.local import LocalExecutor

WAIT = 60
PREPARED = "tests.engine.executing.prepared"


@pytest.fixture
def executor():
    executor = LocalExecutor()
    yield executor
    executor.close()


@pytest.fixture
def start(executor, tmp_path):
    """Start a shell's script and return the process; its output goes to the file of that name."""

    def begin(script, output="output.log"):
        return executor.start(Request("a test", ("sh", "-c", script), tmp_path, tmp_path / output))

    return begin


def ended(executor, process):
    """The state of a process once it has ended."""
    until = time.monotonic() + WAIT
    while (state := executor.ask([process])[process]).phase != "ended":
        assert time.monotonic() < until
        time.sleep(0.01)
    return state


def lives(process):
    """Whether there is such a process, and not only its name."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until_gone(process):
    until = time.monotonic() + WAIT
    while lives(process):
        assert time.monotonic() < until
        time.sleep(0.01)


def until_written(path):
    until = time.monotonic() + WAIT
    while not path.exists() or not path.read_text().endswith("\n"):
        assert time.monotonic() < until
        time.sleep(0.01)
    return path.read_text()


def test_a_process_ends_by_itself_and_what_it_printed_is_kept(executor, start, tmp_path):
    process = start("echo said; echo complained >&2")
    assert ended(executor, process) == State("ended")
    assert (tmp_path / "output.log").read_text() == "said\ncomplained\n"
    assert executor.ask([process])[process] == State("ended"), "asked again"
    assert executor.place(process) == f"process {process}"


def test_a_status_is_a_reason(executor, start):
    assert ended(executor, start("exit 3")) == State("ended", "exit status 3")


def test_it_reads_no_terminal_and_is_a_group_of_its_own(executor, start, tmp_path):
    process = start("cat; ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat")
    assert ended(executor, process) == State("ended")
    assert (tmp_path / "output.log").read_text().strip() == process


def test_the_end_of_a_process_is_that_of_what_it_started(executor, start, tmp_path):
    process = start("sleep 1000 & echo $!; wait")
    child = until_written(tmp_path / "output.log").strip()
    executor.end([process, "999999"])
    assert ended(executor, process) == State("ended", "ended by SIGKILL")
    until_gone(child)


def test_killed_by_the_system_for_its_memory(executor, start, monkeypatch):
    kills = count(executor._kills + 1)
    monkeypatch.setattr(local, "_memory_kills", lambda: next(kills))
    process = start("kill -KILL $$")
    assert ended(executor, process) == State("ended", "out of memory: the system ended it", out_of_memory=True)


def test_killed_by_somebody_else(executor, start, monkeypatch):
    monkeypatch.setattr(local, "_memory_kills", lambda: 0)
    assert ended(executor, start("kill -KILL $$")) == State("ended", "ended by SIGKILL")


def test_what_we_end_is_not_out_of_memory(executor, start, monkeypatch):
    kills = count(executor._kills + 1)
    process = start("sleep 1000")
    executor.end([process])
    monkeypatch.setattr(local, "_memory_kills", lambda: next(kills))
    assert ended(executor, process) == State("ended", "ended by SIGKILL")


def test_processes_of_another_program_are_no_more(executor):
    assert executor.ask(["4711"])["4711"].phase == "ended"


def test_all_end_with_the_study(start, executor, tmp_path):
    start("sleep 1000 & echo $!; wait")
    child = until_written(tmp_path / "output.log").strip()
    executor.close()
    until_gone(child)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux ends children with their parent")
def test_where_the_server_is_killed_its_processes_end_and_another_takes_its_place(executor, start):
    process = start("sleep 1000")
    os.kill(executor._server.pid, signal.SIGKILL)
    assert ended(executor, process).reason == "ended by SIGKILL"
    until_gone(process)
    assert ended(executor, start("true")) == State("ended")


def test_one_process_a_gpu(monkeypatch, tmp_path):
    monkeypatch.setenv(local.PRETEND_GPUS, "2")
    executor = LocalExecutor()
    script = "echo $CUDA_VISIBLE_DEVICES; sleep 1000"

    def begin(name):
        output = tmp_path / name
        process = executor.start(Request("a test", ("sh", "-c", script), tmp_path, output))
        return process, until_written(output).strip()

    (first, one), (_, other) = begin("first"), begin("second")
    assert {one, other} == {"0", "1"}
    executor.end([first])
    ended(executor, first)
    assert begin("third")[1] == one, "the one that is free"
    executor.close()


def test_without_gpus_nothing_is_said_of_them(monkeypatch):
    monkeypatch.delenv(local.PRETEND_GPUS, raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert local.visible_gpus() == ("2", "5")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert local.visible_gpus() == ()
    monkeypatch.setenv(local.PRETEND_GPUS, "two")
    with pytest.raises(InputError, match="SIMPSONS_TUI_PRETEND_GPUS=two: give a number"):
        local.visible_gpus()


def test_a_module_that_cannot_be_imported_is_named(tmp_path):
    executor = LocalExecutor(["no_such_module"])
    with pytest.raises(ExecutionError, match="no_such_module"):
        executor.start(Request("a test", ("true",), tmp_path, tmp_path / "output.log"))


def test_what_a_module_does_before_forks_is_done_once_for_all(tmp_path):
    executor = LocalExecutor([PREPARED])
    said = []
    for name in ("first", "second"):
        command = (sys.executable, "-m", PREPARED)
        process = executor.start(Request("a test", command, tmp_path, tmp_path / name))
        assert ended(executor, process) == State("ended")
        said.append((tmp_path / name).read_text(encoding="utf-8").split())
    executor.close()
    (server, first), (server_too, second) = said
    assert server == server_too
    assert len({server, first, second, "0"}) == len(said) + 2
