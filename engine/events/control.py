"""Pausing and stopping a running study from any thread, and blocking it until something is cleared."""

import threading
import time
from collections.abc import Callable
from typing import Literal

from engine.errors import StudyStopped

Request = Literal["pause", "unpause", "stop", "hand_over"]

POLL_SECONDS = 0.5
"""How often requests from outside are looked for, and how often what the engine waits for is tried again."""


class StudyControl:
    """Flags that any thread may set and that the engine reads between two batches or images.

    Stopping wins over waiting and is final.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = self._stop = self._hand_over = False
        self._obstacle: tuple[Callable[[], bool], str] | None = None
        self._waiting, self._asking = threading.Lock(), threading.Lock()
        self._asked_at = -POLL_SECONDS
        self._ask: Callable[[], None] = lambda: None
        self._on_pause: Callable[[], None] = lambda: None
        self._on_unpause: Callable[[], None] = lambda: None
        self.paused_seconds = 0.0
        """How long the engine has waited so far."""

    @property
    def paused(self) -> bool:
        """Whether a user had the engine wait; it does, or will at its next checkpoint."""
        return self._paused and not self._stop

    @property
    def held(self) -> str:
        """What the engine itself waits for, in words; empty where nothing is in its way."""
        obstacle = self._obstacle
        return obstacle[1] if obstacle is not None and not self._stop else ""

    @property
    def stop_requested(self) -> bool:
        """Whether the engine ends, or will at its next checkpoint."""
        return self._stop

    @property
    def handing_over(self) -> bool:
        """Whether the engine ends so that another process can go on from where it is."""
        return self._hand_over

    def pause(self) -> None:
        """Ask the engine to wait at its next checkpoint; too late after a stop."""
        with self._changed:
            if not self._stop:
                self._paused = True

    def unpause(self) -> None:
        """Let a paused engine go on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def stop(self) -> None:
        """Ask the engine to end at its next checkpoint, also when it waits."""
        with self._changed:
            self._stop, self._paused = True, False
            self._changed.notify_all()

    def hand_over(self) -> None:
        """Ask the engine to save where it is and to end there, unfinished, for another process to go on.

        Too late after a stop.
        """
        with self._changed:
            self._hand_over = self._hand_over or not self._stop
        self.stop()

    def listen(self, on_pause: Callable[[], None], on_unpause: Callable[[], None]) -> None:
        """Have the engine told when it begins to wait and when it goes on, once each, in a thread of its own."""
        self._on_pause, self._on_unpause = on_pause, on_unpause

    def poll(self, ask: Callable[[], None]) -> None:
        """Have `ask` called at checkpoints and while waiting, at most every `POLL_SECONDS`: it looks for requests."""
        self._ask = ask

    def block_until(self, cleared: Callable[[], bool], reason: str) -> None:
        """Have the engine wait at its next checkpoint until `cleared()`, which is called again and again there."""
        with self._changed:
            self._obstacle = (cleared, reason)

    def clear_obstacle(self) -> bool:
        """Try whether nothing is in the way any more; returns whether that is so."""
        obstacle = self._obstacle
        if obstacle is not None and obstacle[0]():
            with self._changed:
                if self._obstacle is obstacle:
                    self._obstacle = None
        return self._obstacle is None

    def checkpoint(self) -> None:
        """Wait while paused or held; called by the engine between two batches or images, from any of its threads.

        Raises:
            StudyStopped: a stop was asked for.
        """
        self.take_requests()
        if self._must_wait():
            self._wait()
        if self._stop:
            raise StudyStopped

    def _must_wait(self) -> bool:
        return (self._paused or self._obstacle is not None) and not self._stop

    def take_requests(self) -> None:
        """Look for requests from outside, at most every `POLL_SECONDS`; a checkpoint does it first."""
        if time.monotonic() - self._asked_at < POLL_SECONDS or not self._asking.acquire(blocking=False):
            return
        try:
            self._asked_at = time.monotonic()
            self._ask()
        finally:
            self._asking.release()

    def _wait(self) -> None:
        # The first thread to arrive reports the pause for all; the others queue behind it.
        with self._waiting:
            self.clear_obstacle()
            if not self._must_wait():
                return
            began = time.perf_counter()
            self._on_pause()
            while self._must_wait():
                with self._changed:
                    self._changed.wait_for(lambda: not self._must_wait(), POLL_SECONDS)
                self.take_requests()
                self.clear_obstacle()
            self.paused_seconds += time.perf_counter() - began
            self._on_unpause()
