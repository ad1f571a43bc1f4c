"""Between the engine's thread and the screen: a buffer that the screen empties when it is ready.

The engine can't flood the screen, and leaving the screen never waits for the engine.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from engine.config.study import StudyConfig
from engine.events.control import StudyControl
from engine.events.study import Emit, Event
from tui.session.background import Work
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


class EngineWork(Work):
    """Work of the engine that tells events and can be paused and stopped.

    Attributes:
        control: pauses and stops it.
    """

    def __init__(self, run: Callable[[Emit, StudyControl], object], runs_dir: Path | None) -> None:
        self.control = StudyControl()
        self._buffer = EventBuffer()
        super().__init__("engine", lambda: run(self._buffer.put, self.control), runs_dir)

    def drain(self) -> list[Event]:
        """The events since the last call."""
        return self._buffer.drain()


class LocalStudy(EngineWork):
    """A study that runs in a thread of this process. With a run folder it resumes that run."""

    def __init__(self, engine: Engine, config: StudyConfig, folder: Path | None = None) -> None:
        self.config = config

        def run(emit: Emit, control: StudyControl) -> object:
            if folder is None:
                return engine.run_study(config, emit, control)
            return engine.resume_study(folder, emit, control, execution=config.execution, log=config.log)

        super().__init__(run, config.runs_dir)
