"""The driver of `engine.executing.ray`: joins a Ray cluster, and starts, watches and cancels its tasks.

Run as `python -m engine.executing.ray_driver PIPE`, the file descriptor of a `multiprocessing.Pipe`. Each call that
comes over it (a method's name and its arguments) is answered with the result or an ExecutionError. At the end of the
pipe, however its other side ended, the driver leaves the cluster, and Ray ends its tasks.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import ray
from ray import exceptions

from engine.errors import ExecutionError, describe_error
from engine.executing.environment import PATH_VARIABLE, describe_status, python_path
from engine.executing.executor import Request, State
from engine.executing.ray import HERE

_CONNECT_PATIENCE_S = 5
_LOOK_S = 0.1
_PR_SET_PDEATHSIG = 1
# What a process on a node is to find as one here does; the rest of its environment is the node's own.
_CARRIED = ("SIMPSONS_TUI_", "XDG_", "OMP_", "MKL_")
_RAYS_OWN = "OMP_NUM_THREADS"
_REASONS: dict[type[Exception], str] = {
    exceptions.TaskCancelledError: "the Ray task was cancelled",
    exceptions.OutOfMemoryError: "the memory of the Ray task's node ran short",
    exceptions.NodeDiedError: "the node of the Ray task is gone",
    exceptions.WorkerCrashedError: "Ray's process around the task was ended",
}


def _run(command: Sequence[str], output: str, environment: Mapping[str, str]) -> tuple[int, bool]:
    """Run a command on a node and wait for it; it ends with this process, and with the task.

    Ray copies this function and what it uses to the node, so it needs nothing of ours there.

    Returns:
        Its exit status, and whether the system ended processes for want of memory in the meantime.
    """

    def memory_kills() -> str:
        with suppress(OSError), open("/proc/vmstat", encoding="ascii") as counters:  # noqa: PTH123
            return next((line for line in counters if line.startswith("oom_kill ")), "")
        return ""

    def end_with_parent() -> None:
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    before = memory_kills()
    # Ray sets a number of threads; a study has its own.
    node = {name: value for name, value in os.environ.items() if name != _RAYS_OWN}
    with open(output, "ab") as log:  # noqa: PTH123
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**node, **environment},
            preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, before Ray's threads could matter
        )
    try:
        while child.poll() is None:  # Ray cancels between two statements, not within a wait
            time.sleep(_LOOK_S)
    finally:
        child.kill()
        child.wait()
    return child.returncode, memory_kills() != before


class Driver:
    """The tasks of one cluster that this process has started."""

    def __init__(self) -> None:
        self._tasks: dict[str, Any] = {}
        """Ray's reference to the result of each."""
        self._outputs: dict[str, Path] = {}
        self._ended: dict[str, State] = {}
        self._wants: dict[str, float] = {}

    def join(self, address: str, threads: int, gpus: float | None, none: str, closed: str) -> None:
        """Join a cluster, for tasks that each want so many processors and GPUs (None: one, where there are any).

        Raises:
            ExecutionError: there is `none`, or it is `closed` for us; or in Ray's own words.
        """
        host, _, port = address.removeprefix("ray://").rpartition(":")
        try:
            if address != HERE:
                socket.create_connection((host, int(port)), _CONNECT_PATIENCE_S).close()
        except (OSError, ValueError) as error:
            raise ExecutionError(none, permanent=True) from error
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except ConnectionError as error:
            found = "Could not find any" not in str(error)
            raise ExecutionError(closed if found else none, permanent=True) from error
        if gpus is None:
            gpus = min(1, ray.cluster_resources().get("GPU", 0))
        self._wants = {"CPU": threads, "GPU": gpus}

    def start(self, request: Request) -> str:
        """Have Ray run a command once, on any node."""
        environment = {name: value for name, value in os.environ.items() if name.startswith(_CARRIED)}
        environment[PATH_VARIABLE] = python_path()
        task = ray.remote(max_retries=0)(_run).options(
            name=request.name, num_cpus=self._wants["CPU"], num_gpus=self._wants["GPU"]
        )
        result = task.remote(request.command, str(request.output), environment)
        process = str(result.task_id().hex())
        self._tasks[process], self._outputs[process] = result, request.output
        return process

    def ask(self, processes: Sequence[str]) -> dict[str, State]:
        """How tasks are; one that has opened its output runs."""
        living = {self._tasks[process]: process for process in processes if process in self._tasks}
        ended = ray.wait([*living], num_returns=len(living), timeout=0, fetch_local=True)[0] if living else []
        for result in ended:
            self._ended[living[result]] = _fate(result)
            del self._tasks[living[result]]
        return {process: self._ended.get(process) or self._living(process) for process in processes}

    def end(self, processes: Sequence[str]) -> None:
        """Cancel tasks, and with each the process that it has started."""
        for process in processes:
            if process in self._tasks:
                ray.cancel(self._tasks[process])

    def _living(self, process: str) -> State:
        if self._outputs[process].exists():
            return State("running")
        fits = any(
            node["Alive"] and all(node["Resources"].get(name, 0) >= count for name, count in self._wants.items())
            for node in ray.nodes()
        )
        return State("waiting", "" if fits else f"no node of the Ray cluster has {_resources(self._wants)}")


def _resources(wants: Mapping[str, float]) -> str:
    return " and ".join(f"{name} {count:g}" for name, count in wants.items() if count)


def _fate(result: Any) -> State:
    """Why a task has ended."""
    try:
        status, memory_kills = ray.get(result)
    except exceptions.RayError as error:
        reason = next((words for kind, words in _REASONS.items() if isinstance(error, kind)), "") or _words(error)
        return State("ended", reason, out_of_memory=isinstance(error, exceptions.OutOfMemoryError))
    by_memory = memory_kills and status == -signal.SIGKILL
    return State("ended", describe_status(status) + (", for want of memory" if by_memory else ""), by_memory)


def _words(error: Exception) -> str:
    """Ray's own first sentence, or that of the error on the node."""
    cause = getattr(error, "cause", None)
    return "Ray: " + describe_error(cause if isinstance(cause, Exception) else error)


def serve(pipe: Connection) -> None:
    """Answer calls until the pipe ends."""
    driver = Driver()
    while True:
        try:
            call, arguments = pipe.recv()
        except EOFError:
            break
        answer, wrong = None, None
        try:
            answer = getattr(driver, call)(*arguments)
        except ExecutionError as error:
            wrong = error
        except Exception as error:
            wrong = ExecutionError(_words(error))
        pipe.send((answer, wrong))
    ray.shutdown()


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
