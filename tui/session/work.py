"""Between the engine's thread and the screen: a buffer that the screen empties when it is ready.

The engine can't flood the screen, and leaving the screen never waits for the engine: its thread is a daemon.
"""

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine import runs_folder, write_report
from engine.config.study import StudyConfig
from engine.errors import SimpsonsError, StudyStopped
from engine.events.control import StudyControl
from engine.events.study import Emit, Event
from tui.session.engine import Engine


class EventBuffer:
    """Events on their way from one thread to another, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []

    def put(self, event: Event) -> None:
        """Take an event from the engine's thread; returns at once."""
        with self._lock:
            self._events.append(event)

    def __len__(self) -> int:
        return len(self._events)

    def drain(self, most: int | None = None) -> list[Event]:
        """Everything since the last call, or the first of it."""
        with self._lock:
            events = self._events[:most]
            del self._events[:most]
        return events


@dataclass(frozen=True)
class Failure:
    """Why a study ended without a result: one line, and where the details were written."""

    message: str
    expected: bool
    details: str = ""
    report: Path | None = None


class Control(Protocol):
    """What a user wishes of a running study; that it is done tells an event."""

    @property
    def paused(self) -> bool:
        """Whether the study waits for the user, or will after this batch."""

    @property
    def held(self) -> str:
        """What the study itself waits for, in words."""

    @property
    def stop_requested(self) -> bool:
        """Whether it ends after this batch."""

    @property
    def handing_over(self) -> bool:
        """Whether it ends here for another process to go on with."""

    def pause(self) -> None:
        """Have it wait after this batch."""

    def unpause(self) -> None:
        """Have it go on."""

    def stop(self) -> None:
        """Have it end after this batch."""


class Source(Protocol):
    """Where a study's events come from: this process, a run that another one writes, or a recording."""

    @property
    def running(self) -> bool:
        """Whether more events may come."""

    @property
    def failure(self) -> Failure | None:
        """Why it ended, if it did not end well."""

    @property
    def control(self) -> Control:
        """Pauses and stops it."""

    def drain(self) -> list[Event]:
        """The events since the last call."""


class LocalWork:
    """Work of the engine in a thread of this process, a `Source`: what `run` does with its events and its control."""

    def __init__(self, run: Callable[[Emit, StudyControl], object], runs_dir: Path | None) -> None:
        """`runs_dir` is where a report of an unexpected error goes, None for the user's."""
        self._run, self._runs_dir = run, runs_dir
        self._control = StudyControl()
        self._failure: Failure | None = None
        self._buffer = EventBuffer()
        # A daemon: the program may end while a batch of eight seconds is under way.
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        """Begin; events come through `drain`."""
        self._thread.start()

    @property
    def control(self) -> StudyControl:
        """Pauses and stops the work."""
        return self._control

    @property
    def failure(self) -> Failure | None:
        """Why the work ended, if it did not end well."""
        return self._failure

    @property
    def running(self) -> bool:
        """Whether the engine's thread works."""
        return self._thread.is_alive()

    def drain(self) -> list[Event]:
        """The events since the last call."""
        return self._buffer.drain()

    def wait(self, seconds: float | None = None) -> None:
        """Return when the engine's thread has ended, or after so many seconds."""
        self._thread.join(seconds)

    def _work(self) -> None:
        try:
            self._run(self._buffer.put, self.control)
        except StudyStopped:
            self._failure = Failure("stopped", expected=True)
        except SimpsonsError as error:
            self._failure = Failure(str(error), expected=True)
        except BaseException as error:  # the screen must live on and say what happened
            details = traceback.format_exc()
            message = f"{type(error).__name__}: {error}".splitlines()[0]
            report = write_report(details, runs_folder(self._runs_dir))
            self._failure = Failure(message, expected=False, details=details, report=report)


class LocalStudy(LocalWork):
    """A study that runs in a thread of this process. With a run folder it goes on with that run."""

    def __init__(self, engine: Engine, config: StudyConfig, folder: Path | None = None) -> None:
        self.config = config

        def run(emit: Emit, control: StudyControl) -> object:
            if folder is None:
                return engine.run_study(config, emit, control)
            return engine.resume_study(folder, emit, control)

        super().__init__(run, config.runs_dir)
