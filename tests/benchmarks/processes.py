"""Processes of our own: measurements that need a fresh one, their environment, and the memory that they take.

Run as a program, this module is the child's side of `call`.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-m", "tui.cli"]
"""The command line of this checkout, whatever else is installed."""

MEMORY_SECONDS = 0.02
"""Time between two looks at a process's memory: shorter than any tensor of a training step lives."""

_NOT_INHERITED = ("SIMPSONS_TUI_", "SSH_", "MALLOC_", "GLIBC_", "OMP_", "MKL_", "TORCH_", "THP_MEM_")
"""Beginnings of variables that would change what is compared."""

_ANONYMOUS = ("RssAnon:", "RssShmem:")

T = TypeVar("T")


def environment(**more: str) -> dict[str, str]:
    """The variables of a measured process: ours, without those that change what is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    return {**kept, "PYTHONPATH": str(PROJECT), **more}


def call(function: Callable[..., T], **arguments: Any) -> T:
    """What a function of one of our modules returns in a process of its own; arguments and result go as JSON."""
    command = [sys.executable, __file__, function.__module__, function.__name__, json.dumps(arguments, default=str)]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    result: T = json.loads(done.stdout.splitlines()[-1])
    return result


def as_in_the_program(work: Callable[[], T]) -> T:
    """What `work` returns, done as our program does it: memory kept, in a thread that is not the first."""
    from engine.system.process import keep_memory

    keep_memory()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def anonymous_bytes(pid: int) -> int:
    """Memory beyond the page cache that a process holds now (Linux); our program has no processes below it."""
    total = 0
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:  # noqa: PTH123
        for line in lines:
            if line.startswith(_ANONYMOUS):
                total += int(line.split()[1]) << 10
    return total


class MemoryMeter:
    """Largest anonymous memory seen since it began."""

    def __init__(self) -> None:
        self.peak_bytes = 0


@contextlib.contextmanager
def memory_meter(pid: int) -> Iterator[MemoryMeter]:
    """Watch a process in a thread."""
    meter, ended = MemoryMeter(), threading.Event()

    def watch() -> None:
        while not ended.wait(MEMORY_SECONDS):
            with contextlib.suppress(OSError):  # it may have ended
                meter.peak_bytes = max(meter.peak_bytes, anonymous_bytes(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield meter
    finally:
        ended.set()
        thread.join()


def drawing_seconds(pid: int) -> float:
    """Processor time of a process's first thread, in which the dashboard draws (Linux)."""
    fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kill(process: subprocess.Popen[Any]) -> None:
    """End a process that we started."""
    process.kill()
    process.wait()


def main() -> None:
    """Call the function that the command line names and print its result."""
    module, function, arguments = sys.argv[1:]
    result = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
