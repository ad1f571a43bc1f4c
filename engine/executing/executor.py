"""What an engine of processes has to offer.

It starts a process, says whether it lives and why it ended, and ends it. Everything else (events, wishes, checkpoints)
goes through files of the attempt's folder (`engine.executing.attempts`), so an engine moves no data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Phase = Literal["waiting", "running", "ended"]


@dataclass(frozen=True)
class Request:
    """One process to start.

    Attributes:
        name: for people, in the engine's own lists.
        command: the program and its arguments.
        folder: of the attempt; the process's output goes to a file in it.
        output: that file.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    output: Path


@dataclass(frozen=True)
class State:
    """How a process is.

    Attributes:
        phase: "waiting" for its turn or its start, "running", or "ended".
        reason: why it ended, in the engine's words, empty where it ended by itself with status 0; or what it waits for.
        out_of_memory: whether it was ended for the memory it took.
        permanent: whether starting it again cannot help ("no such partition").
    """

    phase: Phase
    reason: str = ""
    out_of_memory: bool = False
    permanent: bool = False


class Executor(Protocol):
    """One engine of processes; made for one study, used from one thread."""

    def start(self, request: Request) -> str:
        """Start a process, or queue it, and return its ID: one line of text that another process can ask with.

        Raises:
            ExecutionError: the engine refuses; the message is its own sentence. `permanent` where that will not change.
        """
        ...

    def ask(self, ids: Sequence[str]) -> dict[str, State]:
        """How the processes are, by one question where the engine allows; one that nobody knows any more has ended.

        Raises:
            ExecutionError: the engine does not answer; it may later.
        """
        ...

    def end(self, ids: Sequence[str]) -> None:
        """End processes at once; harmless for those that have ended."""
        ...

    def place(self, process: str) -> str:
        """What people call the process: "process 4711", "Slurm job 17"."""
        ...

    def close(self) -> None:
        """Let go of the engine; processes that it outlives go on."""
        ...
