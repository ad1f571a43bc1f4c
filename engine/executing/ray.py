"""Processes as tasks of a Ray cluster, started through a driver: a process of ours that alone imports Ray.

Ray's library writes to the terminal, waits two minutes at a wrong address and ends the process that loses its cluster;
so it has one of its own. Tasks end with their driver, and it with the program that started it, however that ends.
"""

import contextlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from engine.errors import ExecutionError, require
from engine.executing.environment import PATH_VARIABLE, python_path
from engine.executing.executor import Request, State

ADDRESS_VARIABLE = "RAY_ADDRESS"
HERE = "auto"
"""Ray's name for the cluster that this machine is a node of."""

PATIENCE_S, JOIN_PATIENCE_S, LEAVE_PATIENCE_S = 60, 30, 10
"""How long Ray may take to answer, to let us in (it takes 5 s), and to let us go."""

CLOSED = (
    "the Ray cluster {where} does not let this program in: is it up, is this machine one of its nodes, with the same "
    "Ray and the same token (RAY_AUTH_MODE, RAY_AUTH_TOKEN)?"
)
NO_CLUSTER = "no Ray cluster {where}: start one with `ray start --head`, or name another with --ray-address HOST:PORT"
LOST = "the Ray cluster does not answer any more"
MISSING = "--on ray needs Ray: pip install 'simpsons-tui[ray]'"
_GONE = State("ended", "a Ray task ends with the program that started it")
_SHORT = 8
"""Characters of a task's ID that people see."""


class RayExecutor:
    """Tasks of a cluster that is up; no cluster is started.

    An ID is that of Ray's task. Another program's tasks have ended: Ray ends them with their driver.
    """

    def __init__(self, address: str = "", gpus: float | None = None, threads: int = 1) -> None:
        """Take the cluster's address (or RAY_ADDRESS, or the one of this machine) and what a task wants of a node.

        Args:
            address: "HOST:PORT", or empty.
            gpus: as in `Execution.gpus`.
            threads: processors.

        Raises:
            InputError: Ray is not installed, or the address is not one of a cluster that is up.
        """
        require(importlib.util.find_spec("ray") is not None, MISSING)
        self._address = address or os.environ.get(ADDRESS_VARIABLE, "") or HERE
        require(
            self._address != "local", "--ray-address local: start a cluster with `ray start --head`, and leave this out"
        )
        self._wants = (threads, gpus)
        self._driver: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._own: set[str] = set()

    def start(self, request: Request) -> str:
        """Start a task; see `Executor.start`."""
        if self._driver is None:
            self._connect()
        process = str(self._call("start", request))
        self._own.add(process)
        return process

    def ask(self, ids: Sequence[str]) -> dict[str, State]:
        """How the tasks are; see `Executor.ask`."""
        own = [process for process in ids if process in self._own]
        states: dict[str, State] = self._call("ask", own) if own else {}
        return {process: states.get(process, _GONE) for process in ids}

    def end(self, ids: Sequence[str]) -> None:
        """Cancel tasks; see `Executor.end`."""
        own = [process for process in ids if process in self._own]
        if own:
            with contextlib.suppress(ExecutionError):  # then they end with the driver
                self._call("end", own)

    def place(self, process: str) -> str:
        """Which task of Ray it is."""
        return f"Ray task {process[:_SHORT]}"

    def close(self) -> None:
        """Leave the cluster; tasks that run still end."""
        if self._driver is not None and self._pipe is not None:
            self._pipe.close()
            try:
                self._driver.wait(LEAVE_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._driver.kill()
                self._driver.wait()
        self._driver, self._pipe, self._own = None, None, set()

    def _connect(self) -> None:
        """Start the driver, and have it join the cluster.

        Raises:
            ExecutionError: there is no cluster, or it does not let us in.
        """
        self._pipe, theirs = Pipe()
        with theirs:
            self._driver = subprocess.Popen(
                [sys.executable, "-m", "engine.executing.ray_driver", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in a terminal is the study's to answer
                env={**os.environ, PATH_VARIABLE: python_path()},
            )
        where = "on this machine" if self._address == HERE else f"at {self._address}"
        none, closed = NO_CLUSTER.format(where=where), CLOSED.format(where=where)
        try:
            self._call("join", self._address, *self._wants, none, closed, patience=JOIN_PATIENCE_S, silence=closed)
        except ExecutionError:
            self.close()
            raise

    def _call(self, what: str, *arguments: object, patience: float = PATIENCE_S, silence: str = LOST) -> Any:
        """The driver's answer.

        Raises:
            ExecutionError: Ray's own; or there is no answer: then the driver is ended, and its tasks end with it.
        """
        assert self._pipe is not None
        assert self._driver is not None
        try:
            self._pipe.send((what, arguments))
            if not self._pipe.poll(patience):
                raise EOFError
            answer, error = self._pipe.recv()
        except (OSError, EOFError):
            self._driver.kill()
            self.close()
            raise ExecutionError(silence) from None
        if error is not None:
            raise error
        return answer
