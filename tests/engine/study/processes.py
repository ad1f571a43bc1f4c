"""Processes for the tests of the coordinator: one server for all of them, and what goes wrong on request."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.events import study as events
from engine.executing.executor import Request, State
from engine.executing.local import LocalExecutor
from engine.steps.registry import temporarily
from engine.system import named_code
from engine.system.named_code import name_network
from engine.system.own_step_code import name_steps
from tests.engine.models.conftest import TINY

STEP = """
from engine.steps import Parameter, step
@step("seen", Parameter("level", 3, 0, 9, "how much"))
def mine(pixels, *, level):
    return 255 - pixels // (1 + level)
"""


class Shared:
    """An executor of one server, whose imports take seconds; `close` ends processes, and not the server."""

    def __init__(self, local: LocalExecutor) -> None:
        self.local = local
        self.started: list[str] = []
        self.most_at_once = 0
        """Of those that were not asked to end: a replaced one may take a moment."""
        self.asked: set[str] = set()
        self.immortal: set[str] = set()
        """Processes that `end` does not reach, as on a node that was lost."""
        self.says: dict[str, State] = {}
        """In place of what is known of a process."""
        self.before: Callable[[Request], State | None] = lambda request: None
        """What a process ends with before it begins; None has it begin. It may raise."""

    def start(self, request: Request) -> str:
        said = self.before(request)
        if said is not None:
            process = f"never {len(self.started)}"
            self.says[process] = said
        else:
            process = self.local.start(request)
        self.started.append(process)
        self.most_at_once = max(self.most_at_once, len(self.local._living - self.asked))
        return process

    def ask(self, ids: Sequence[str]) -> dict[str, State]:
        return {**self.local.ask(ids), **{process: self.says[process] for process in ids if process in self.says}}

    def end(self, ids: Sequence[str]) -> None:
        self.asked.update(ids)
        self.local.end([process for process in ids if process not in self.immortal])

    def place(self, process: str) -> str:
        return self.local.place(process)

    def close(self) -> None:
        self.end(tuple(self.local._living))


class At:
    """A listener that does something at the n-th batch of the study, and keeps all events."""

    def __init__(self, batch: int, do: Callable[[events.BatchTrained, "At"], object]) -> None:
        self.left, self.do = batch, do
        self.events: list[events.Event] = []

    def __call__(self, event: events.Event) -> None:
        self.events.append(event)
        if isinstance(event, events.BatchTrained):
            self.left -= 1
            if self.left == 0:
                self.do(event, self)

    def process_of(self, event: events.BatchTrained) -> int:
        """The process that works on the event's job."""
        return next(
            started.process
            for started in reversed(self.events)
            if isinstance(started, events.AttemptStarted)
            and (started.variant, started.seed, started.fold) == (event.variant, event.seed, event.fold)
        )

    def of(self, kind: type[events.Event]) -> list[events.Event]:
        return [event for event in self.events if isinstance(event, kind)]


def kill(number: signal.Signals = signal.SIGKILL) -> Callable[[events.BatchTrained, At], object]:
    """Send a signal to the process of the batch."""
    return lambda event, at: os.kill(at.process_of(event), number)


@contextmanager
def own_code(folder: Path) -> Iterator[str]:
    """A step `mine` and a network of the user's own, named as by --steps and --network; gives the network's name."""
    steps, network = folder / "my_steps.py", folder / "my_net.py"
    steps.write_text(STEP)
    network.write_text(TINY)
    with temporarily():
        name_steps(str(steps))
        name = name_network(f"{network}:build")
        try:
            yield name
        finally:
            named_code._named.pop(name)
