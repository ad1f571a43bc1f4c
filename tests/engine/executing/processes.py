"""Small processes to start on an engine."""

import sys

from engine.executing.executor import Request, State
from tests.engine.executing.slurm_cluster import wait_until

SLEEP = "import os, time; print('begun', os.getpid(), os.getppid(), flush=True); time.sleep(600)"
ENDED = State("ended")


def request_for(folder, code, name="job"):
    folder.mkdir(exist_ok=True)
    return Request(name, (sys.executable, "-c", code), folder, folder / "output.log")


def outcome(executor, process):
    """The state that a process ends with."""
    wait_until(lambda: executor.ask([process])[process].phase == "ended")
    return executor.ask([process])[process]


def begin(executor, request):
    """Start a process, and wait until it has printed its first line."""
    process = executor.start(request)
    wait_until(lambda: request.output.exists() and "begun" in request.output.read_text())
    assert executor.ask([process]) == {process: State("running")}
    return process
