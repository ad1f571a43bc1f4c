"""Work in a thread: the one place where it begins, where its errors become a message, and where its answer comes back.

The threads are daemons: leaving the program never waits for them, as it would for Textual's own workers.
"""

import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from textual.message_pump import MessagePump

from engine import runs_folder, write_report
from engine.errors import SimpsonsError, StudyStopped

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Failure:
    """Why work ended early: one line, and for a mistake of ours the traceback and the file that holds it."""

    message: str
    expected: bool
    details: str = ""
    report: Path | None = None

    @property
    def words(self) -> str:
        """The line, and where the details are."""
        return f"{self.message}   details: {self.report}" if self.report else self.message


def failure_of(error: BaseException, runs_dir: Path | None) -> Failure:
    """What is said of an error; one that no user can cause is written to a file beside the runs."""
    if isinstance(error, SimpsonsError):
        return Failure(str(error), expected=True)
    details = "".join(traceback.format_exception(error))
    message = f"{type(error).__name__}: {error}".splitlines()[0]
    return Failure(message, expected=False, details=details, report=write_report(details, runs_folder(runs_dir)))


class Work:
    """A job in a daemon thread.

    Attributes:
        failure: why it ended early; set in the thread.
    """

    def __init__(
        self,
        name: str,
        job: Callable[[], object],
        runs_dir: Path | None,
        failed: Callable[[Failure], object] | None = None,
    ) -> None:
        """`runs_dir` is where mistakes of ours are written down, None for the user's folder of runs.

        `failed` is called in the thread; not for a job that ended because it was asked to stop.
        """
        self.failure: Failure | None = None
        self._job, self._runs_dir, self._failed = job, runs_dir, failed
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        """Return when the thread has ended, or after so many seconds."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._job()
        except StudyStopped:
            self.failure = Failure("stopped", expected=True)
        except BaseException as error:  # the screen must live on and say what happened
            self.failure = failure_of(error, self._runs_dir)
            if self._failed is not None:
                self._failed(self.failure)


def tell(owner: MessagePump, callback: Callable[..., object], *arguments: Any) -> None:
    """Have a screen or the app call something in its own thread; one that is gone does not."""
    with suppress(RuntimeError):  # the loop is closed where the user left meanwhile
        owner.call_later(callback, *arguments)


class Background:
    """Questions whose answers go to a screen: of several by one name, the last one's answer alone counts."""

    def __init__(self, runs_dir: Path | None, complain: Callable[[str], object]) -> None:
        """`complain` shows a failure that its asker does not show; called in any thread."""
        self._runs_dir, self._complain = runs_dir, complain
        self._last: WeakKeyDictionary[MessagePump, dict[str, Work]] = WeakKeyDictionary()

    def run(
        self,
        owner: MessagePump,
        name: str,
        job: Callable[[], Answer],
        then: Callable[[Answer], object],
        failed: Callable[[Failure], object] | None = None,
        *,
        courtesy: bool = False,
    ) -> None:
        """Do `job` in a thread and call `then` with its answer, or `failed`, in the screen's.

        Nothing is called after a stop, for an `owner` that is gone, or where it has asked anew by the same name.
        Trouble with a `courtesy` is not told.
        """

        def ask() -> None:
            with suppress(*((Exception,) if courtesy else ())):
                tell(owner, reply, partial(then, job()))

        def trouble(failure: Failure) -> None:
            if failed is None:
                self._complain(failure.words)
            else:
                tell(owner, reply, partial(failed, failure))

        def reply(call: Callable[[], object]) -> None:
            if self._last[owner].get(name) is work:
                call()

        work = Work(name, ask, self._runs_dir, trouble)
        self._last.setdefault(owner, {})[name] = work
        work.start()

    def forget(self, owner: MessagePump, name: str) -> None:
        """The answer is of no use any more."""
        self._last.get(owner, {}).pop(name, None)
