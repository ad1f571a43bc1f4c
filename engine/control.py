"""How a user's wish to pause or stop reaches the engine's thread."""

import threading
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

    @property
    def paused(self) -> bool:
        """Whether the engine waits, or will at its next checkpoint."""
        return not self._may_run.is_set() and not self._stop.is_set()

    @property
    def stop_requested(self) -> bool:
        """Whether the engine ends, or will at its next checkpoint."""
        return self._stop.is_set()

    def pause(self) -> None:
        """Ask the engine to wait at its next checkpoint."""
        self._may_run.clear()

    def resume(self) -> None:
        """Let a paused engine go on."""
        self._may_run.set()

    def stop(self) -> None:
        """Ask the engine to end at its next checkpoint, also when it is paused."""
        self._stop.set()
        self._may_run.set()

    def checkpoint(
        self, on_pause: Callable[[], None] | None = None, on_resume: Callable[[], None] | None = None
    ) -> None:
        """Wait while paused; called by the engine between two batches or images.

        Raises:
            StudyStopped: a stop was asked for.
        """
        if self.paused:
            if on_pause is not None:
                on_pause()
            self._may_run.wait()
            if on_resume is not None and not self._stop.is_set():
                on_resume()
        if self._stop.is_set():
            raise StudyStopped
