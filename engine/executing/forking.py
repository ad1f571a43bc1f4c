"""A process that forks others: it has imported what they need, so that one begins in hundredths of a second.

Started by `engine.executing.local` as `python -m engine.executing.forking MODULE...`. It says "ready" when it has
imported them and called the `before_forks` of those that have one, reads one request a line from its standard input and
answers each with one line on its standard output, as JSON. A command of the form `python -m MODULE ARGUMENT...` becomes
a call of that module's `main` in a fork, any other is executed. At the end of its input (its user is no more, however
that ended) it ends all its children.

The standard library's fork server is not used because it runs the user's main script again in every process, takes
its environment from whenever the first was started, and leaves its children behind.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_NICER = 5
"""Keys come first; less than training beside a screen (`engine.system.process`), for there may be no screen."""

_READILY_KILLED = "500"
"""Added to a process's badness (0 to 1000): where memory runs out, a worker goes before the study and its screen."""


def serve(modules: Sequence[str]) -> None:
    """Import the modules and answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the study's to answer
    for module in modules:
        imported = importlib.import_module(module)
        if hasattr(imported, "before_forks"):
            imported.before_forks()
    gc.freeze()  # what is there is shared with all children, as long as nobody looks it through
    children: set[int] = set()
    answers.write("ready\n")
    try:
        for line in iter(sys.stdin.readline, ""):
            answer = _answer(json.loads(line), children, answers.fileno())
            answers.write(json.dumps(answer) + "\n")
    finally:
        _end(children)


def _answer(request: Mapping[str, Any], children: set[int], answers: int) -> object:
    match request["do"]:
        case "start":
            child = _fork(request, answers)
            children.add(child)
            return child
        case "end":
            _end(children & {*request["processes"]})
            return None
        case _:
            return _ended(children)


def _ended(children: set[int]) -> dict[int, int]:
    """The exit statuses of children that have ended since the last call; minus a signal's number."""
    found = {}
    for child in tuple(children):
        process, status = os.waitpid(child, os.WNOHANG)
        if process:
            children.discard(child)
            found[child] = os.waitstatus_to_exitcode(status)
    return found


def _end(children: set[int]) -> None:
    """Kill children and all that they have started."""
    for child in children:  # none of them is reaped yet, so their numbers are nobody else's
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)


def _fork(request: Mapping[str, Any], answers: int) -> int:
    """Begin a process as the request has it; returns its number, which is that of its group and session too."""
    server = os.getpid()
    child = os.fork()
    if child:
        with contextlib.suppress(OSError):  # it may have done so itself
            os.setpgid(child, child)
        return child
    status = 1
    try:
        os.close(answers)
        _leave_home(request["output"], server)
        os.environ.clear()
        os.environ.update(request["environment"])
        status = _become(request["command"])
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _leave_home(output: str, server: int) -> None:
    """A group of its own, no terminal, output into a file, and an end with the server's at the latest."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os._exit(1)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_READILY_KILLED)
    os.nice(_NICER)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _become(command: Sequence[str]) -> int:
    if list(command[:2]) != [sys.executable, "-m"]:
        os.execvp(command[0], list(command))
    sys.argv = list(command[2:])
    return int(importlib.import_module(command[2]).main(sys.argv[1:]) or 0)


if __name__ == "__main__":
    serve(sys.argv[1:])
    os._exit(0)  # tidying up what was imported takes half a second, for which the study would wait
