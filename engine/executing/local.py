"""Processes of this machine, forked from one that has imported what they need."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ExecutionError, require
from engine.executing.environment import PATH_VARIABLE, describe_status, python_path
from engine.executing.executor import Request, State

PRETEND_GPUS = "SIMPSONS_TUI_PRETEND_GPUS"
"""Environment variable: so many GPUs that there are not, to see how jobs are spread over them."""

WAIT_SECONDS = 0.1
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_BY_MEMORY = "out of memory: the system ended it"
_NOT_OURS = State("ended", "the process that had started it is no more")


def visible_gpus() -> tuple[str, ...]:
    """The GPUs that processes of this machine may use, as `CUDA_VISIBLE_DEVICES` names them.

    Raises:
        InputError: the number to pretend is none.
    """
    if count := os.environ.get(PRETEND_GPUS, ""):
        require(count.isascii() and count.isdigit(), f"{PRETEND_GPUS}={count}: give a number, or unset it")
        return tuple(map(str, range(int(count))))
    named = os.environ.get(_VISIBLE)
    if named is not None:
        return tuple(name for name in named.split(",") if name)
    import torch

    return tuple(map(str, range(torch.cuda.device_count())))  # asks the driver, and opens none


class LocalExecutor:
    """Processes of this machine, which end with this one; each with one GPU, where there are any.

    `modules` are imported once for all processes whose command is `python -m MODULE` with one of them. `wait` is called
    again and again while `start` waits for that; what it raises ends the wait.
    """

    def __init__(self, modules: Sequence[str] = (), wait: Callable[[], object] = lambda: None) -> None:
        self._modules, self._wait = tuple(modules), wait
        self._ready = False
        self._server: subprocess.Popen[str] | None = None
        self._gpus = visible_gpus()
        self._on_gpu: dict[str, str] = {}
        """The GPU of each living process."""
        self._ended: dict[str, State] = {}
        self._living: set[str] = set()
        self._told_to_end: set[str] = set()
        self._kills = _memory_kills()
        self._trouble = ""
        self._serve()

    def start(self, request: Request) -> str:
        """Fork a process and return its number.

        Raises:
            ExecutionError: it cannot be started.
        """
        gpu = min(self._gpus, key=[*self._on_gpu.values()].count, default="")
        environment = {**os.environ, **({_VISIBLE: gpu} if gpu else {})}
        answer = self._request(
            {"do": "start", "command": request.command, "output": str(request.output), "environment": environment}
        )
        if answer is None:
            raise ExecutionError(f"a process of this machine cannot be started: {self._trouble or 'it was ended'}")
        process = str(answer)
        self._living.add(process)
        if gpu:
            self._on_gpu[process] = gpu
        return process

    def ask(self, ids: Sequence[str]) -> dict[str, State]:
        """How the processes are; those of another program's run are taken to have ended with it."""
        found = self._request({"do": "ask"}) if self._living else {}
        if found is None:  # its children end with it
            found = dict.fromkeys(self._living, -signal.SIGKILL)
        kills = _memory_kills()
        for process, status in found.items():
            by_memory = status == -signal.SIGKILL and process not in self._told_to_end and kills > self._kills
            self._ended[process] = State("ended", _BY_MEMORY if by_memory else describe_status(status), by_memory)
            self._living.discard(process)
            self._on_gpu.pop(process, None)
        self._kills = kills
        return {
            process: State("running") if process in self._living else self._ended.get(process, _NOT_OURS)
            for process in ids
        }

    def end(self, ids: Sequence[str]) -> None:
        """Kill processes and what they have started."""
        ids = [process for process in ids if process in self._living]
        self._told_to_end |= {*ids}
        if ids:
            self._request({"do": "end", "processes": [*map(int, ids)]})

    def place(self, process: str) -> str:
        """As people call it."""
        return f"process {process}"

    def close(self) -> None:
        """End all processes."""
        if self._server is not None:
            with self._server as server:  # closes its pipes and waits for it
                assert server.stdin is not None
                server.stdin.close()
            self._server = None

    def _serve(self) -> subprocess.Popen[str]:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "engine.executing.forking", *self._modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                env={**os.environ, PATH_VARIABLE: python_path()},
            )
        return self._server

    def _await_ready(self) -> None:
        server = self._serve()
        assert server.stdout is not None
        while not self._ready:
            if select.select([server.stdout], [], [], WAIT_SECONDS)[0]:
                server.stdout.readline()  # or the end of a server that could not begin, which a request will find
                self._ready = True
            else:
                self._wait()

    def _request(self, request: Mapping[str, Any]) -> Any:
        """The server's answer; None where it was ended, and another is then started when one is needed."""
        self._await_ready()
        server = self._serve()
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            server.stdin.write(json.dumps(request) + "\n")
            server.stdin.flush()
            answer = server.stdout.readline()
        except OSError:
            answer = ""
        if answer:
            return json.loads(answer)
        self._server, self._ready = None, False
        server.kill()
        self._trouble = (server.communicate()[1].strip().splitlines() or [""])[-1]
        return None


@dataclass(frozen=True)
class _Counter:
    path: str
    pattern: str


_COUNTERS = (
    _Counter("/sys/fs/cgroup{v2}/memory.events", r"^oom_kill (\d+)"),
    _Counter("/sys/fs/cgroup/memory{v1}/memory.oom_control", r"^oom_kill (\d+)"),
    _Counter("/proc/vmstat", r"^oom_kill (\d+)"),
)


def _memory_kills() -> int:
    """How many processes the system has ended for want of memory, in our control group where that is told; or 0."""
    for counter in _COUNTERS:
        try:
            text = Path(counter.path.format(**_groups())).read_text(encoding="utf-8")
        except OSError:
            continue
        if found := re.search(counter.pattern, text, re.MULTILINE):
            return int(found[1])
    return 0


def _groups() -> dict[str, str]:
    """Our control groups' paths, of the one hierarchy (v2) and of memory's own (v1)."""
    found = {"v1": "", "v2": ""}
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return found
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if kinds in ("", "memory"):
            found["v1" if kinds else "v2"] = path.rstrip("/")
    return found
