"""An attempt at a job: a folder in the run's, by which its process and the study's coordinator speak with each other.

    attempts/JOB/NUMBER/    laid out as a run's folder (see `engine.runs.layout`), and besides
      attempt.json          which job, what was started and by which engine, so that any coordinator can go on with it
      heartbeat             a number that grows while the process lives
      fence                 there once another attempt counts: whoever sees it, or no folder, ends itself
      control/              what the coordinator asks for: pause, unpause, stop, hand over
      output.log            what the process prints

The process writes events, checkpoints, weights and predictions here and nowhere else; the coordinator alone writes the
run's own, so what a process does that was taken for dead can harm nothing.
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.config.execution import Engine
from engine.config.machine import MachineSettings, Precision
from engine.errors import StorageError
from engine.events import study as events
from engine.events.codec import from_jsonable, to_jsonable
from engine.events.control import Request, StudyControl
from engine.events.record import JobKey
from engine.reports.results import NetworkInfo, SuperresWeightsInfo
from engine.runs import layout
from engine.runs.event_folder import EventFolder
from engine.runs.reader import StreamFollower
from engine.runs.requests import RequestReader, put_request
from engine.system.files import replace_json, sync_folder

ATTEMPT_FILE, HEARTBEAT_FILE, FENCE_FILE, OUTPUT_FILE = "attempt.json", "heartbeat", "fence", "output.log"

HEARTBEAT_SECONDS = 2.0
_LAST_LINES, _LAST_BYTES = 3, 1000
"""Of a process's output that are told where it ended without a word."""

FENCED = 75
"""Exit status of a process that found its fence raised."""


@dataclass(frozen=True)
class Task:
    """What a process is to do, in its attempt's `attempt.json`.

    Attributes:
        variant, seed, fold: the job; no variant for a probe, which chooses how to compute and runs none.
        number: of the attempt, from 1.
        command: the program and its arguments.
        on: the engine.
        process: its ID there; empty until it was started.
        told: how many batches of the job the run's stream has: a checkpoint that is further on is not gone on from.
        machine: how to compute; None where that is not chosen yet.
        network: what is trained, where it is not one of ours that starts at random.
        superres_weights, superres_precision: of super-resolution, where a variant needs it.
    """

    variant: str
    seed: int
    fold: int
    number: int
    command: tuple[str, ...] = ()
    on: Engine = "local"
    process: str = ""
    told: int = 0
    machine: MachineSettings | None = None
    network: NetworkInfo | None = None
    superres_weights: SuperresWeightsInfo | None = None
    superres_precision: Precision | None = None

    @property
    def key(self) -> JobKey:
        """The job."""
        return JobKey(self.variant, self.seed, self.fold)


def attempts_of(run: Path) -> Iterator["Attempt"]:
    """All attempts in a run's folder, job by job in the order of their numbers; damaged ones are left out."""
    for job in sorted((run / layout.ATTEMPTS).glob("*/")):
        for folder in sorted(job.glob("[0-9]*/"), key=lambda folder: int(folder.name)):
            try:
                yield Attempt(folder)
            except StorageError:
                continue


def new_attempt(run: Path, task: Task, command: Callable[[Path], Sequence[str]]) -> "Attempt":
    """Make the folder of a job's next attempt; `command` gives what to start by its path.

    Raises:
        OSError: it cannot be written.
    """
    job = run / layout.ATTEMPTS / layout.job_name(task.key)
    job.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(path.name) for path in job.iterdir() if path.name.isdigit()), default=0)
    folder = job / str(number)
    folder.mkdir()
    replace_json(folder / ATTEMPT_FILE, to_jsonable(replace(task, number=number, command=tuple(command(folder)))))
    return Attempt(folder)


class Attempt:
    """The coordinator's side."""

    def __init__(self, folder: Path) -> None:
        """Look at an attempt that there is.

        Raises:
            StorageError: it is none, or damaged.
        """
        self.folder = folder
        self.task = read_task(folder)
        self._follower = StreamFollower(folder, ATTEMPT_FILE)

    @property
    def output(self) -> Path:
        """What the process prints."""
        return self.folder / OUTPUT_FILE

    @property
    def checkpoint(self) -> Path:
        """Where its job's checkpoint lies, if there is one."""
        return self._file(layout.CHECKPOINTS)

    @property
    def weights(self) -> Path:
        """Where its job's weights lie, if there are any."""
        return self._file(layout.WEIGHTS)

    def started(self, process: str) -> None:
        """Note the engine's ID, by which another coordinator finds the process.

        Raises:
            OSError: it cannot be written.
        """
        self.task = replace(self.task, process=process)
        replace_json(self.folder / ATTEMPT_FILE, to_jsonable(self.task))

    def drain(self) -> list[events.Event]:
        """The events since the last call.

        Raises:
            StorageError: the stream is damaged.
        """
        return self._follower.drain()

    def heartbeat(self) -> bytes:
        """Another one than before where the process lives; empty where it has not begun."""
        try:
            return (self.folder / HEARTBEAT_FILE).read_bytes()
        except OSError:
            return b""

    def last_output(self) -> str:
        """The last lines that the process printed, as one; empty where it printed nothing."""
        try:
            with self.output.open("rb") as output:
                output.seek(max(0, self.output.stat().st_size - _LAST_BYTES))
                lines = output.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return " | ".join([" ".join(line.split()) for line in lines if line.strip()][-_LAST_LINES:])

    def ask(self, request: Request) -> None:
        """Leave a wish, which the process follows within its batch.

        Raises:
            OSError: the folder cannot be written.
        """
        put_request(self.folder, request)

    def raise_fence(self) -> None:
        """Have the process end itself where it still lives: another attempt counts from here on.

        Raises:
            OSError: the folder cannot be written.
        """
        (self.folder / FENCE_FILE).touch()
        sync_folder(self.folder)

    def withdraw(self, *, perhaps_started: bool) -> None:
        """Nobody works on it; a process that was started all the same, though its engine did not say so, ends itself.

        Raises:
            OSError: the folder cannot be written.
        """
        if perhaps_started:
            self.raise_fence()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what the run's own folder has by now; what it was and what it printed stays."""
        for name in (layout.EVENTS_FILE, HEARTBEAT_FILE, layout.ERRORS_FILE):
            (self.folder / name).unlink(missing_ok=True)
        for name in (layout.CHECKPOINTS, layout.WEIGHTS, layout.PREDICTIONS, layout.METRICS, layout.CONTROL):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _file(self, part: str) -> Path:
        return self.folder / part / f"{layout.job_name(self.task.key)}.safetensors"


def read_task(folder: Path) -> Task:
    """What an attempt is to do.

    Raises:
        StorageError: the folder is no attempt's, or is damaged.
    """
    try:
        return from_jsonable(Task, layout.read_json(folder / ATTEMPT_FILE))
    except ValueError as error:
        raise StorageError(f"{folder / ATTEMPT_FILE} is damaged: {error}") from None


class AttemptFolder(EventFolder):
    """The process's side: as a run's folder, with a heartbeat, and guarded by the fence."""

    FLUSH_SECONDS = 0.2
    """What is not flushed does not reach the run's stream, nor a screen."""

    def __init__(self, folder: Path) -> None:
        """Open it, and begin to beat.

        Raises:
            OSError: it cannot be written.
            StorageError: it is no attempt's, or is damaged.
        """
        self._fence = folder / FENCE_FILE
        self._obey_fence(folder)
        self.task = read_task(folder)
        super().__init__(folder)
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def serve(self, control: StudyControl, tell: Callable[[str], None]) -> None:
        """As for any folder of events, with a look at the fence before each look for requests."""
        super().serve(control, tell)
        requests = RequestReader(self.folder, control)

        def ask() -> None:
            self._obey_fence(self.folder)
            requests.poll()

        control.poll(ask)

    def _write(self, *, durable: bool) -> bool:
        if durable or self._files:  # what lasts
            self._obey_fence(self.folder)
        return super()._write(durable=durable)

    def _obey_fence(self, folder: Path) -> None:
        """End this process, from whichever thread, where another attempt has its place, or the run was removed."""
        if self._fence.exists() or not folder.exists():
            print(f"{folder}: another attempt has taken this one's place", flush=True)  # noqa: T201 - into its log
            os._exit(FENCED)

    def _beat(self) -> None:
        """Write the heartbeat, and bring events to the disk: others may only see there what is synced.

        In place, because a full disk has no room for another file, and is no death.
        """
        number, path, ended = 0, self.folder / HEARTBEAT_FILE, threading.Event()
        while not self._closed:
            self._obey_fence(self.folder)
            number += 1
            with self._busy:
                if not self._closed:
                    self._write(durable=self.task.on != "local")
            with contextlib.suppress(OSError):
                path.touch()
                with path.open("r+b") as file:
                    file.write(b"%d %012d\n" % (os.getpid(), number))
                    file.flush()
                    os.fsync(file.fileno())
            ended.wait(HEARTBEAT_SECONDS)
