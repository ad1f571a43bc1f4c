"""A study that another process runs, followed from its folder: its events come in, pause and stop go out."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import SimpsonsError
from engine.events.study import Event, RunResumed, StudyFinished, StudyPaused, StudyUnpaused
from tui.session.background import Failure, Work
from tui.session.engine import Engine
from tui.session.work import EventBuffer

if TYPE_CHECKING:
    from engine.events.control import Request

LOOK_SECONDS = 0.3
"""How often the folder is looked at."""

BYTES_A_LOOK = 1 << 20
"""How much of a long stream is read at once, so that a run of hours appears bit by bit and a look stays short."""

EVENTS_A_DRAW = 10_000
"""How many events the screen takes at once, so that it answers keys in between."""


class RequestsToWriter:
    """As `StudyControl`, but another process does what is asked: that counts until its events tell otherwise."""

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
        """Ask the writer to unpause."""
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


class WatchedStudy(Work):
    """A run that another process writes. A thread reads its folder until the study ends or `close`.

    Where the writer dies it is interrupted: `running` is false and `failure` says so. The thread looks on all the
    same, because another process may resume the run.

    Attributes:
        control: sends requests to the writer.
    """

    def __init__(
        self, engine: Engine, folder: Path, complain: Callable[[str], object], runs_dir: Path | None = None
    ) -> None:
        """`complain` is told, in the thread, why a request could not be sent."""
        super().__init__("watching", self._watch, runs_dir)
        self.folder = folder
        self.control = RequestsToWriter(self._ask)
        self._engine, self._complain = engine, complain
        self._buffer = EventBuffer()
        self._wishes: deque[Request] = deque()
        self._wake, self._closed, self._alone = threading.Event(), False, False
        self._last: Event | None = None
        self._read_whole = False

    def close(self) -> None:
        """Look no more; the study keeps running."""
        self._closed = True
        self._wake.set()

    @property
    def interrupted(self) -> bool:
        """Whether the study has not ended, and nobody works on it."""
        return self._alone

    @property
    def running(self) -> bool:
        """Whether more events may come, or are still to be drawn."""
        return (super().running and not self._alone) or bool(len(self._buffer))

    @property
    def caught_up(self) -> bool:
        """Whether everything that was written by now was taken."""
        return self._read_whole and not len(self._buffer)

    def drain(self) -> list[Event]:
        """The next events, `EVENTS_A_DRAW` at most."""
        return self._buffer.drain(EVENTS_A_DRAW)

    # ------------------------------------------------------------ in the thread

    def _ask(self, request: "Request") -> None:
        self._wishes.append(request)
        self._wake.set()

    def _watch(self) -> None:
        follower = self._engine.EventFollower(self.folder)
        ended = False
        while not self._closed and not ended:
            self._send_wishes()
            live = follower.live  # asked first: what a writer wrote before it ended is read below
            events = follower.drain(BYTES_A_LOOK)
            if self._alone and (events or live):  # somebody resumed it: known before what he wrote is drawn
                self._alone, self.failure = False, None
            self._take(events)
            self._read_whole = not events
            if not events and not live:
                ended = isinstance(self._last, StudyFinished)
                if not ended and not self._alone:
                    self.control.forget()
                    self.failure, self._alone = Failure("interrupted: its writer is gone", expected=True), True
            if not events and not ended:
                self._wake.wait(LOOK_SECONDS)
                self._wake.clear()

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self.control.take(event)
            self._buffer.put(event)
            self._last = event

    def _send_wishes(self) -> None:
        while self._wishes:
            request = self._wishes.popleft()
            try:
                self._engine.send_request(self.folder, request)
            except SimpsonsError as error:
                self.control.forget()
                self._complain(str(error))
