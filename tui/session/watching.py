"""A study that another process runs, followed from its folder: its events come in, pause and stop go out."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import SimpsonsError
from engine.events.study import Event, RunResumed, StudyFinished, StudyPaused, StudyUnpaused
from tui.session.run_store import Follower, RunStore
from tui.session.work import EventBuffer, Failure

if TYPE_CHECKING:
    from engine.events.control import Request

LOOK_SECONDS = 0.3
"""How often the folder is looked at."""

BYTES_A_LOOK = 1 << 20
"""How much of a long stream is read at once, so that a run of hours appears bit by bit and a look stays short."""

EVENTS_A_DRAW = 10_000
"""How many events the screen takes at once, so that it answers keys in between."""


class RequestsToWriter:
    """A `Control` whose wishes another process fulfils: what was asked counts until its events tell otherwise."""

    held = ""
    handing_over = False

    def __init__(self, send: "Callable[[Request], None]") -> None:
        self._send = send
        self._paused = self._stop = False

    @property
    def paused(self) -> bool:
        """Whether the writer waits, or was asked to."""
        return self._paused and not self._stop

    @property
    def stop_requested(self) -> bool:
        """Whether the writer was asked to stop."""
        return self._stop

    def pause(self) -> None:
        """Ask the writer to wait."""
        self._paused = True
        self._send("pause")

    def unpause(self) -> None:
        """Ask the writer to go on."""
        self._paused = False
        self._send("unpause")

    def stop(self) -> None:
        """Ask the writer to end after its batch."""
        self._stop = True
        self._send("stop")

    def take(self, event: Event) -> None:
        """What the writer did, whoever asked for it."""
        match event:
            case StudyPaused():
                self._paused = True
            case StudyUnpaused():
                self._paused = False
            case StudyFinished() | RunResumed():
                self._paused = self._stop = False

    def forget(self) -> None:
        """The writer will not hear what was asked."""
        self._paused = self._stop = False


class WatchedStudy:
    """A run that another process writes; a `Source`. A thread reads its folder until the study ends or `close`.

    Where the writer dies it is interrupted: `running` is false and `failure` says so. The thread looks on all the
    same, because another process may go on with the run.
    """

    def __init__(self, runs: RunStore, folder: Path, complain: Callable[[str], None]) -> None:
        """`complain` is told, in the thread, why a request could not be sent."""
        self.folder = folder
        self._runs, self._complain = runs, complain
        self._buffer = EventBuffer()
        self._wishes: deque[Request] = deque()
        self._wake, self._closed = threading.Event(), False
        self._ended = self._alone = False
        self._failure: Failure | None = None
        self._control = RequestsToWriter(self._ask)
        self._last: Event | None = None
        self._thread = threading.Thread(target=self._work, name="watching", daemon=True)

    def start(self) -> None:
        """Begin; events come through `drain`."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; the study goes on."""
        self._closed = True
        self._wake.set()

    def wait(self, seconds: float | None = None) -> None:
        """Return when the thread has ended, or after so many seconds."""
        self._thread.join(seconds)

    @property
    def control(self) -> RequestsToWriter:
        """Sends requests to the writer."""
        return self._control

    @property
    def failure(self) -> Failure | None:
        """That the writer is gone, or why the folder cannot be read."""
        return self._failure

    @property
    def interrupted(self) -> bool:
        """Whether the study has not ended, and nobody works on it."""
        return self._alone and not self._ended

    @property
    def running(self) -> bool:
        """Whether more events may come, or are still to be drawn."""
        return not (self._ended or self._alone) or bool(len(self._buffer))

    def drain(self) -> list[Event]:
        """The next events, `EVENTS_A_DRAW` at most."""
        return self._buffer.drain(EVENTS_A_DRAW)

    # ------------------------------------------------------------ in the thread

    def _ask(self, request: "Request") -> None:
        self._wishes.append(request)
        self._wake.set()

    def _work(self) -> None:
        try:
            follower = self._runs.follow(self.folder)
            while not self._closed and not self._ended:
                self._send_wishes()
                if not self._look(follower):
                    self._wake.wait(LOOK_SECONDS)
                    self._wake.clear()
        except SimpsonsError as error:
            self._give_up(str(error))
        except Exception as error:  # the screen must live on and say what happened
            self._give_up(f"{type(error).__name__}: {error}")

    def _look(self, follower: Follower) -> bool:
        """Take what came; whether there may be more at once."""
        live = follower.live  # asked first: what a writer wrote before it ended is read below
        events = follower.drain(BYTES_A_LOOK)
        for event in events:
            self._control.take(event)
            self._buffer.put(event)
            self._last = event
        if not events and not live:
            self._settle()
        elif self._alone:
            self._alone, self._failure = False, None  # somebody goes on with it
        return bool(events)

    def _settle(self) -> None:
        """Nobody writes any more, and all is read."""
        if isinstance(self._last, StudyFinished):
            self._ended = True
        elif not self._alone:
            self._control.forget()
            self._failure = Failure("interrupted: its writer is gone", expected=True)
            self._alone = True

    def _send_wishes(self) -> None:
        while self._wishes:
            request = self._wishes.popleft()
            try:
                self._runs.send_request(self.folder, request)
            except SimpsonsError as error:
                self._control.forget()
                self._complain(str(error))

    def _give_up(self, message: str) -> None:
        self._failure = Failure(message, expected=True)
        self._ended = True
