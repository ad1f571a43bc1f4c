"""The user's own Python files: run because the user named them now, and called so that nothing waits for them in vain.

A file is loaded as it is when it is named. What it prints is kept for the log, since standard output holds results.
"""

import builtins
import contextlib
import hashlib
import linecache
import os
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any, TypeVar

from engine.errors import InputError, StudyStopped, describe_error

Result = TypeVar("Result")

DIGITS = 12
"""Of a digest, to tell two files apart for the eye."""

_LINES_KEPT, _LINE_WIDTH = 20, 200
"""Of what the user's code prints."""

POLL_SECONDS = 0.2
GRACE_SECONDS = 5.0
"""After a stop, a call under way may take so long; then nobody waits for it any more."""


@dataclass(frozen=True)
class OwnFile:
    """A Python file as it was when the user named it.

    Attributes:
        path: its whole path.
        source: its bytes.
    """

    path: Path
    source: bytes

    @classmethod
    def read(cls, name: str | Path, option: str) -> "OwnFile":
        """Read a file without running it; `option` is what named it, for messages.

        Raises:
            InputError: it is no Python file, or cannot be read.
        """
        path = Path(name).expanduser().resolve()
        if path.suffix != ".py":
            raise InputError(f"{option} {name}: is no Python file: name one that ends in .py")
        try:
            return cls(path, path.read_bytes())
        except OSError as error:
            raise InputError(f"{option} {name}: cannot be read: {error.strerror or error}") from None

    @cached_property
    def sha256(self) -> str:
        """Of its bytes, as `sha256sum` says it."""
        return hashlib.sha256(self.source).hexdigest()

    def load(self, option: str) -> ModuleType:
        """Run it, and return what it defines as a module of a name that no other file has.

        Raises:
            InputError: it is no Python, or raises; the message has the line.
        """
        path, module = str(self.path), ModuleType(f"simpsons_tui_own_{self.path.stem}_{self.sha256[:DIGITS]}")
        module.__file__ = path
        text = self.source.decode("utf-8", errors="replace")
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        sys.modules[module.__name__] = module  # dataclasses and pickle look their module up
        keep_prints_of(module)
        try:
            with contextlib.redirect_stdout(printed):  # before results are written, and before there are threads
                exec(compile(self.source, path, "exec"), module.__dict__)
        except SyntaxError as error:
            where = f"{error.filename or path}, line {error.lineno}"
            raise InputError(f"{option} {where}: {error.msg}") from None
        except (Exception, SystemExit) as error:
            raise InputError(f"{option} {path}{line_of(error, path)}: {words_of_error(error)}") from error
        return module


def load_file(name: str | Path, option: str) -> tuple[ModuleType, str]:
    """A user's Python file as a module, and the SHA-256 of its source.

    Raises:
        InputError: it cannot be read or run; the message is one line with the place.
    """
    file = OwnFile.read(name, option)
    return file.load(option), file.sha256


def line_of(error: BaseException, path: str) -> str:
    """The last line of a file that an error came through, as ", line 7"; "" where it came through none."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f", line {lines[-1]}" if lines else ""


def words_of_error(error: BaseException) -> str:
    """An error in the user's code as one line."""
    if isinstance(error, Exception):
        return describe_error(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


# ---------------------------------------------------------------- what it prints


class Printed:
    """The first lines that the user's code prints; a text stream as far as `print` needs one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[str] = deque()
        self._begun, self._count = "", 0
        self._sources: set[str] = set()

    def write(self, text: str) -> int:
        """Take a part of a line, or several lines."""
        with self._lock:
            *lines, rest = (self._begun + text).split("\n")
            self._begun = rest[:_LINE_WIDTH]
            for line in filter(str.strip, lines):
                self._count += 1
                if self._count <= _LINES_KEPT:
                    self._lines.append(line[:_LINE_WIDTH])
                elif self._count == _LINES_KEPT + 1:
                    self._lines.append("it prints more, which is not shown")
        return len(text)

    def flush(self) -> None:
        """There is nothing to flush."""

    def begin(self, source: str) -> None:
        """A source begins to print: one that did not before has as many lines again."""
        with self._lock:
            if source not in self._sources:
                self._sources.add(source)
                self._begun, self._count = "", 0

    def drain(self) -> list[str]:
        """The lines since the last call."""
        with self._lock:
            lines = list(self._lines)
            self._lines.clear()
        return lines


printed = Printed()
"""By all of the user's code in this process."""


def keep_prints_of(module: ModuleType) -> None:
    """Have what a module prints to standard output kept; no other module is concerned, whatever thread it is in."""
    printed.begin(module.__name__)

    def print_kept(*values: object, **more: Any) -> None:
        if more.get("file") in (None, sys.stdout):
            more["file"] = printed
        builtins.print(*values, **more)  # noqa: T201 - as it was asked for

    vars(module)["print"] = print_kept


# ---------------------------------------------------------------- calling it


class _Caller:
    """A daemon thread that calls functions one after another; the program ends without waiting for it."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self._waiting: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        threading.Thread(target=self._work, name="own code", daemon=True).start()

    def submit(self, job: "Callable[[], Result]") -> "Future[Result]":
        """Have it called; the future's result is the function's."""
        future: Future[Result] = Future()
        self._waiting.put((future, job))
        return future

    def end(self) -> None:
        """Let the thread end when what it calls has returned, if it ever does."""
        self._waiting.put(None)

    def _work(self) -> None:
        while (asked := self._waiting.get()) is not None:
            future, job = asked
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job())
            except BaseException as error:  # whatever the user's code raises belongs to who asked
                future.set_exception(error)


_choosing = threading.Lock()
_caller: _Caller | None = None


def never() -> bool:
    """For work that nobody stops."""
    return False


def call(job: Callable[[], Result], stopped: Callable[[], bool] = never, limit: float | None = None) -> Result:
    """Call the user's code in the one thread that does so in this process, and return what it gives.

    So that code need not be safe in threads. Where it does not return, a stop is obeyed all the same: its thread is
    left to itself, and the next call gets another.

    Args:
        job: what is called.
        stopped: whether a stop was asked for.
        limit: seconds after which it is given up.

    Raises:
        StudyStopped: a stop was asked for before, or the call did not end in `GRACE_SECONDS` after that.
        TimeoutError: it took longer than the limit.
        BaseException: what it raised.
    """
    global _caller  # noqa: PLW0603 - one thread for the process
    if stopped():
        raise StudyStopped
    with _choosing:
        if _caller is None or _caller.process != os.getpid():
            _caller = _Caller()
        caller = _caller
        future = caller.submit(job)
    began = time.monotonic()
    asked: float | None = None
    while not wait((future,), POLL_SECONDS).done:
        now = time.monotonic()
        asked = now if asked is None and stopped() else asked
        stop, late = asked is not None and now - asked > GRACE_SECONDS, limit is not None and now - began > limit
        if (stop or late) and not future.done():
            future.cancel()
            with _choosing:
                if _caller is caller:  # nothing can be submitted to it any more
                    caller.end()
                    _caller = None
            raise StudyStopped if stop else TimeoutError(f"it took more than {limit:g} s")
    return future.result()
