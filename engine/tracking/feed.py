"""Feeds trackers in threads of their own: one that fails, hangs or is slow never holds the study."""

import importlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Protocol

from engine.config.trackers import TrackerName
from engine.errors import InputError, describe_error
from engine.events.study import BatchTrained, Event
from engine.tracking.following import Following, for_trackers
from engine.tracking.process import TrackerProcess
from engine.tracking.tracker import TrackedStudy

MOST_WAITING = 4096
"""Events that may wait for a tracker; one that more wait for is given up."""

_THIN_FROM = 256
"""So many waiting events halve the batches that are told, twice as many leave every third, and so on."""

PATIENCE_SECONDS = 120.0
"""A tracker that takes longer for one event is given up."""

END_SECONDS = 5.0
"""How long the end of a study waits for all its trackers."""

_LATE, _LATE_PROCESS = "its last values may be missing", "its process goes on for a minute at most"
_FLUSH_SECONDS = 1.0

_IN_FILES: dict[TrackerName, str] = {"tensorboard": "engine.tracking.tensorboard", "csv": "engine.tracking.csv_files"}
"""Modules that write files themselves."""

_IN_PROCESSES: dict[TrackerName, str] = {
    "mlflow": "engine.tracking.mlflow",
    "wandb": "engine.tracking.wandb",
    "trackio": "engine.tracking.trackio",
}
"""Modules whose libraries print, take seconds to import and wait for servers: in a process of their own."""


def require_trackers(names: Sequence[TrackerName]) -> None:
    """Refuse trackers whose package is not installed; imports none.

    Raises:
        InputError: for the first such one; it names the extra to install.
    """
    for name in names:
        if name != "csv" and find_spec(name) is None:
            raise InputError(f"--log {name}: its package is not installed: pip install 'simpsons-tui[{name}]'")


class Follower(Protocol):
    """Takes the events that `for_trackers` lets through; every method may wait, or raise."""

    def take(self, event: Event) -> None:
        """Take the next event."""

    def flush(self) -> None:
        """Bring what was taken to where viewers look."""

    def close(self) -> None:
        """There are no more events."""


class Feed:
    """Hands events to one follower, in a thread of its own."""

    def __init__(
        self, name: str, begin: Callable[[], Follower], warn: Callable[[str], None], late: str = _LATE
    ) -> None:
        """`begin` makes the follower, in that thread; `warn` is told once, in any thread, why it is given up.

        `late` is what becomes of one that does not end in time.
        """
        self._name, self._begin, self._warn, self._late = name, begin, warn, late
        self._changed = threading.Condition()
        self._queue: deque[Event] = deque()
        self._over = self._given_up = False
        self._busy_since: float | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._work, name=f"tracker {name}", daemon=True).start()

    def put(self, event: Event) -> None:
        """Take an event; returns at once."""
        with self._changed:
            waiting, busy = len(self._queue), self._busy_since
            if self._given_up or (isinstance(event, BatchTrained) and event.step % (1 + waiting // _THIN_FROM)):
                return
            slow = busy is not None and time.monotonic() - busy > PATIENCE_SECONDS
            if not slow and waiting < MOST_WAITING:
                self._queue.append(event)
                self._changed.notify()
                return
        self._give_up(f"has not answered for {PATIENCE_SECONDS:.0f} s" if slow else "is too slow")

    def end(self) -> None:
        """No more events come."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def join(self, seconds: float) -> None:
        """Wait so long for the follower to take what it has and to close."""
        if not self._ended.wait(max(0.0, seconds)):
            self._give_up(f"had not ended {END_SECONDS:.0f} s after the study", self._late)

    def _work(self) -> None:
        try:
            self._busy_since = flushed = time.monotonic()
            follower = self._begin()
            while (event := self._next()) is not None:
                follower.take(event)
                if not self._queue or time.monotonic() - flushed > _FLUSH_SECONDS:
                    follower.flush()
                    flushed = time.monotonic()
            follower.close()
        except Exception as error:  # whatever a tracker runs into, the study goes on
            self._give_up(f"failed ({describe_error(error)})")
        finally:
            self._ended.set()

    def _next(self) -> Event | None:
        """The next event, once there is one; None at the end, or where this is given up."""
        with self._changed:
            self._busy_since = None
            self._changed.wait_for(lambda: self._queue or self._over or self._given_up)
            self._busy_since = time.monotonic()
            return self._queue.popleft() if self._queue else None

    def _give_up(self, why: str, then: str = "the study goes on without it") -> None:
        with self._changed:
            told, self._given_up = self._given_up, True
            self._queue.clear()
            self._changed.notify()
        if not told:
            self._warn(f"tracker {self._name} {why}: {then}")


class Feeds:
    """All trackers of a study."""

    def __init__(self, names: Sequence[TrackerName], study: TrackedStudy, warn: Callable[[str], None]) -> None:
        """Each may write to a folder of its name in the study's."""
        self._feeds = [_feed(name, replace(study, folder=study.folder / name), warn) for name in dict.fromkeys(names)]

    def put(self, event: Event) -> None:
        """Take an event, whatever it is; returns at once."""
        if self._feeds and (told := for_trackers(event)) is not None:
            for feed in self._feeds:
                feed.put(told)

    def close(self) -> None:
        """End all, within a few seconds; those that do not end are left to themselves."""
        until = time.monotonic() + END_SECONDS
        for feed in self._feeds:
            feed.end()
        for feed in self._feeds:
            feed.join(until - time.monotonic())
        self._feeds = []


def _feed(name: TrackerName, study: TrackedStudy, warn: Callable[[str], None]) -> Feed:
    if name in _IN_PROCESSES:
        return Feed(name, lambda: TrackerProcess(_IN_PROCESSES[name], study), warn, _LATE_PROCESS)
    return Feed(name, lambda: Following(study, importlib.import_module(_IN_FILES[name]).open_tracker(study)), warn)
