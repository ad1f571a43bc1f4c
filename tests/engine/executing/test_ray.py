"""Jobs on a real Ray, and what a user reads where there is none."""

import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from engine.errors import ExecutionError, InputError
from engine.executing import ray as ours
from engine.executing.executor import Request, State
from engine.executing.ray import RayExecutor
from tests.engine.executing.processes import SLEEP, begin, outcome, request_for
from tests.engine.executing.slurm_cluster import wait_until

real = pytest.mark.ray
GONE = State("ended", "a Ray task ends with the program that started it")


@pytest.fixture
def open_ray(ray_cluster):
    """Opens executors on the cluster; closed at the end."""
    opened = []

    def open_executor(*arguments):
        opened.append(RayExecutor(ray_cluster.address, *arguments))
        return opened[-1]

    yield open_executor
    for executor in opened:
        executor.close()


@pytest.fixture
def installed(monkeypatch):
    """As if Ray were there."""
    monkeypatch.setattr(ours.importlib.util, "find_spec", lambda name: name)


def pids(request):
    """The process of a request that has begun, and Ray's around it."""
    _, *numbers = request.output.read_text().split()
    return [psutil.Process(int(number)) for number in numbers]


def lives(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


# ---------------------------------------------------------------------- a real one


@real
def test_tasks_end_with_their_status_and_see_their_share_of_a_gpu(open_ray, tmp_path, monkeypatch):
    monkeypatch.setenv("SIMPSONS_TUI_RUNS_DIR", "/ours")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    executor = open_ray(0.5)
    show = "import engine, os; print(engine.__file__, *map(os.environ.get, {}))"
    names = ("CUDA_VISIBLE_DEVICES", "SIMPSONS_TUI_RUNS_DIR", "OMP_NUM_THREADS")
    codes = [show.format(names), "import sys; sys.exit(3)", "import os; os.kill(os.getpid(), 9)"]
    requests = [request_for(tmp_path / f"{number} %j 'x'", code) for number, code in enumerate(codes)]
    ids = [executor.start(request) for request in requests]
    ids.append(executor.start(Request("none", ("/no/such/program",), tmp_path, tmp_path / "none.log")))
    reasons = [outcome(executor, process).reason for process in ids]
    assert reasons[:3] == ["", "exit status 3", "ended by SIGKILL"]
    assert reasons[3].startswith("Ray: FileNotFoundError: ")
    import engine

    assert requests[0].output.read_text().split() == [engine.__file__, "0", "/ours", "None"]
    assert executor.place(ids[0]) == f"Ray task {ids[0][:8]}"


@real
def test_a_task_and_its_process_end_together(open_ray, tmp_path):
    executor = open_ray(0)
    cancelled, broken = (request_for(tmp_path / name, SLEEP) for name in ("cancelled", "broken"))
    ids = [begin(executor, request) for request in (cancelled, broken)]
    third = request_for(tmp_path / "third", SLEEP)
    last = executor.start(third)
    assert executor.ask([last]) == {last: State("waiting")}
    ended = [pids(cancelled)[0], pids(broken)[0]]

    executor.end(ids[:1])
    assert outcome(executor, ids[0]).reason == "the Ray task was cancelled"
    pids(broken)[1].kill()
    assert outcome(executor, ids[1]).reason == "Ray's process around the task was ended"
    wait_until(lambda: executor.ask([last])[last].phase == "running" and "begun" in third.output.read_text())
    ended.append(pids(third)[0])
    executor.close()
    wait_until(lambda: not any(map(lives, ended)))
    assert executor.ask([last]) == {last: GONE}
    executor.end([last])


@real
def test_a_lost_node_and_one_that_is_short_of_memory(open_ray, ray_cluster, tmp_path, monkeypatch):
    executor = open_ray(0, 3)  # more processors than the first node has
    waiting = executor.start(request_for(tmp_path / "waiting", SLEEP))
    assert executor.ask([waiting]) == {waiting: State("waiting", "no node of the Ray cluster has CPU 3")}
    node = ray_cluster.add_node(num_cpus=3)
    wait_until(lambda: executor.ask([waiting])[waiting].phase == "running")
    ray_cluster.remove_node(node, allow_graceful=False)
    assert outcome(executor, waiting).reason == "the node of the Ray task is gone"

    monkeypatch.setenv("RAY_memory_usage_threshold", "0.01")
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "100")
    node = ray_cluster.add_node(num_cpus=3)
    process = executor.start(request_for(tmp_path / "big", SLEEP))
    assert outcome(executor, process) == State("ended", "the memory of the Ray task's node ran short", True)
    ray_cluster.remove_node(node)


@real
def test_tasks_of_a_program_that_was_killed_end(ray_cluster, tmp_path):
    request = request_for(tmp_path / "job", SLEEP)
    code = f"""
import sys, time
from pathlib import Path
from engine.executing.executor import Request
from engine.executing.ray import RayExecutor
executor = RayExecutor({ray_cluster.address!r}, 0)
executor.start(Request("job", {request.command!r}, Path({str(request.folder)!r}), Path({str(request.output)!r})))
time.sleep(600)
"""
    program = psutil.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    )
    wait_until(lambda: request.output.exists() and "begun" in request.output.read_text())
    task = pids(request)[0]
    program.send_signal(signal.SIGKILL)
    program.wait()
    wait_until(lambda: not lives(task))


# ---------------------------------------------------------------------- where there is none


@real
@pytest.mark.parametrize("address", ["127.0.0.1:9", "nonsense"])
def test_a_wrong_address_is_one_line(address, ray_cluster, tmp_path):
    executor = RayExecutor(address)
    words = rf"^no Ray cluster at {address}: start one with `ray start --head`, or name another with --ray-address HOST"
    with pytest.raises(ExecutionError, match=words) as caught:
        executor.start(request_for(tmp_path / "job", ""))
    assert caught.value.permanent


@real
def test_somebody_else_at_the_address_is_not_waited_for(ray_cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(ours, "JOIN_PATIENCE_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as other:
        executor = RayExecutor(f"127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(ExecutionError, match="does not let this program in: is it up, is this machine one of its"):
            executor.start(request_for(tmp_path / "job", ""))


def test_no_ray_is_one_line(monkeypatch):
    monkeypatch.setattr(ours.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"^--on ray needs Ray: pip install 'simpsons-tui\[ray\]'$"):
        RayExecutor()


@pytest.mark.usefixtures("installed")
def test_no_cluster_is_started(monkeypatch):
    with pytest.raises(InputError, match="start a cluster with `ray start --head`"):
        RayExecutor("local")
    monkeypatch.setenv("RAY_ADDRESS", "local")
    with pytest.raises(InputError, match="start a cluster with `ray start --head`"):
        RayExecutor()


@pytest.mark.usefixtures("installed")
def test_another_programs_tasks_have_ended_with_it():
    executor = RayExecutor()
    assert executor.ask(["0a1b", "2c3d"]) == {"0a1b": GONE, "2c3d": GONE}
    assert executor.ask([]) == {}
    executor.end(["0a1b"])
    executor.close()
