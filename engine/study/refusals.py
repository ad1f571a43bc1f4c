"""An engine that takes no jobs for a while, or does not answer, is asked again; people are told why and how long."""

import time
from collections.abc import Callable, Sequence
from typing import Literal

from engine.errors import ExecutionError
from engine.executing.executor import Executor, Request, State
from engine.study.followed import Followed

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 5.0, 60.0
"""How long to wait after the first refusal, and after many: each time twice as long."""

PATIENCE_SECONDS = 24 * 3600.0
"""How long to ask again while none of our jobs lives there."""

TELL_SECONDS = 3600.0
"""How often to say that it still takes none."""


class PatientEngine:
    """Starts processes and asks after them by an executor, whose refusals it bears until they last too long."""

    def __init__(self, executor: Executor, tell: Callable[[str, float], None]) -> None:
        """`tell` gets why no job is taken, empty once one is again, and for how many seconds by then."""
        self._executor, self._tell = executor, tell
        self._call: Literal["start", "ask", ""] = ""
        """What it refuses."""
        self._final: ExecutionError | None = None
        self.unsure = False
        """Whether the last process that was refused may have been started all the same."""
        self._reason = ""
        self._since = self._told = self._next = self._wait = 0.0

    def may_start(self, others: int) -> bool:
        """Whether it is time to ask for a process; so many others of ours live there.

        Raises:
            ExecutionError: it has refused one for good, and the others have ended since.
        """
        if self._final is not None and not others:
            raise self._final
        return self._final is None and time.monotonic() >= self._next

    def start(self, request: Request, others: int, *, again: bool = True) -> str | None:
        """The ID of a new process; None where there is none for now.

        Args:
            request: what to start.
            others: how many processes of ours live there.
            again: whether a refusal may pass where nothing of ours is in the way.

        Raises:
            ExecutionError: it has refused for too long.
        """
        try:
            process = self._executor.start(request)
        except ExecutionError as error:
            self.unsure = error.unsure
            if error.permanent or not (again or others):
                self._final = error
                if others:
                    self._tell(f"{error}; no more jobs are started", 0.0)
            else:
                self._wait = min(LAST_RETRY_SECONDS, 2 * self._wait or FIRST_RETRY_SECONDS)
                self._next = time.monotonic() + self._wait
                self._bear("start", error, alone=not others)
            return None
        self._took("start")
        return process

    def ask(self, works: Sequence[Followed]) -> dict[str, State]:
        """How processes are; empty where the engine does not answer.

        Raises:
            ExecutionError: it has not answered for too long, and none of them gives a sign of life.
        """
        if not works:
            return {}
        try:
            states = self._executor.ask([work.process for work in works])
        except ExecutionError as error:
            self._bear("ask", error, alone=all(work.is_stale() for work in works))
            return {}
        self._took("ask")
        return states

    def has_room(self) -> None:
        """One of our processes has ended: there may be room for another."""
        self._next = self._wait = 0.0

    def _bear(self, call: Literal["start", "ask"], error: ExecutionError, *, alone: bool) -> None:
        now, reason = time.monotonic(), str(error)
        if not self._call:
            self._since = now
        elif call == "ask" and self._call == "start":
            return
        waited = now - self._since
        if alone and waited >= PATIENCE_SECONDS:
            raise ExecutionError(f"{reason}; asked again for {waited / 3600:.0f} hours: resume the study later")
        if reason != self._reason or now - self._told >= TELL_SECONDS:
            self._told = now
            self._tell(reason, waited)
        self._call, self._reason = call, reason

    def _took(self, call: Literal["start", "ask"]) -> None:
        if self._call == call:
            self._call, self._reason, self._next, self._wait = "", "", 0.0, 0.0
            self._tell("", time.monotonic() - self._since)
