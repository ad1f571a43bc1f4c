"""How a user's wish to pause or stop reaches the engine's thread."""

import threading
import time
from collections.abc import Callable

from engine.errors import StudyStopped


class StudyControl:
    """Flags that any thread may set and that the engine reads between two batches or images.

    Stopping wins over pausing and is final.
    """

    def __init__(self) -> None:
        self._may_run = threading.Event()
        self._may_run.set()
        self._stop = threading.Event()
        self._setting = threading.Lock()
        self._waiting = threading.Lock()
        self._on_pause: Callable[[], None] = _nothing
        self._on_resume: Callable[[], None] = _nothing
        self.paused_seconds = 0.0
        """How long the engine has waited so far."""

    @property
    def paused(self) -> bool:
        """Whether the engine waits, or will at its next checkpoint."""
        return not self._may_run.is_set() and not self._stop.is_set()

    @property
    def stop_requested(self) -> bool:
        """Whether the engine ends, or will at its next checkpoint."""
        return self._stop.is_set()

    def pause(self) -> None:
        """Ask the engine to wait at its next checkpoint; too late after a stop."""
        with self._setting:
            if not self._stop.is_set():
                self._may_run.clear()

    def resume(self) -> None:
        """Let a paused engine go on."""
        self._may_run.set()

    def stop(self) -> None:
        """Ask the engine to end at its next checkpoint, also when it is paused."""
        with self._setting:
            self._stop.set()
            self._may_run.set()

    def listen(self, on_pause: Callable[[], None], on_resume: Callable[[], None]) -> None:
        """Have the engine told when it begins to wait and when it goes on, once each, in a thread of its own."""
        self._on_pause, self._on_resume = on_pause, on_resume

    def checkpoint(self) -> None:
        """Wait while paused; called by the engine between two batches or images, from any of its threads.

        Raises:
            StudyStopped: a stop was asked for.
        """
        if self.paused:
            self._wait()
        if self._stop.is_set():
            raise StudyStopped

    def _wait(self) -> None:
        # The first thread to arrive reports the pause for all; the others queue behind it.
        with self._waiting:
            if not self.paused:
                return
            began = time.perf_counter()
            self._on_pause()
            self._may_run.wait()
            self.paused_seconds += time.perf_counter() - began
            self._on_resume()


def _nothing() -> None:
    pass
