"""The real program in a pseudo-terminal: what it writes, when, and what then stands on the screen.

A thread takes the bytes with their times and does nothing else, so that reading takes no time from what is measured;
what the screen showed at a moment is worked out afterwards.
"""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import pexpect
import pyte
from processes import PROGRAM, environment

COLUMNS, LINES = 120, 40
READ_BYTES = 65_536
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 240.0


class Terminal:
    """A program in a pseudo-terminal, ours where no other is named; use it as a context manager, which ends it."""

    def __init__(self, arguments: Sequence[str], program: Sequence[str] = PROGRAM) -> None:
        variables = environment(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
        command = [*program, *arguments]
        self.chunks: list[tuple[float, bytes]] = []
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._shown = 0
        self.started = time.time()
        self._child = pexpect.spawn(command[0], command[1:], env=variables, dimensions=(LINES, COLUMNS))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The program's process."""
        process: int = self._child.pid
        return process

    def alive(self) -> bool:
        """Whether the program still has the terminal."""
        return self._reader.is_alive()

    def press(self, key: str) -> float:
        """Send a key; returns the moment before."""
        pressed = time.time()
        os.write(self._child.child_fd, key.encode())
        return pressed

    def wait_for(self, *words: str) -> None:
        """Wait until all words stand on the screen.

        Raises:
            RuntimeError: they never came.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(word in self.text for word in words):
            self._catch_up()
            if time.monotonic() > deadline or not (self._reader.is_alive() or self._shown < len(self.chunks)):
                raise RuntimeError(f"{words} never came; the screen:\n{self.text}")
            time.sleep(POLL_SECONDS)

    @property
    def text(self) -> str:
        """The screen as far as it was worked out."""
        return "\n".join(self._screen.display)

    def screens(self) -> Iterator[tuple[float, str]]:
        """The screens that were not worked out yet, one after each piece of output, each with its time."""
        while self._shown < len(self.chunks):
            moment, data = self.chunks[self._shown]
            self._stream.feed(data)
            self._shown += 1
            yield moment, self.text

    def bytes_between(self, begin: float, end: float) -> int:
        """Bytes that the program wrote between two times."""
        return sum(len(data) for moment, data in self.chunks if begin <= moment <= end)

    def _catch_up(self) -> None:
        while self._shown < len(self.chunks):
            self._stream.feed(self.chunks[self._shown][1])
            self._shown += 1

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._child.child_fd, READ_BYTES)
            except OSError:  # Linux says so when the program has ended
                return
            if not data:
                return
            self.chunks.append((time.time(), data))

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill(9)
        self._child.wait()
        self._reader.join()
        self._child.close()


def start_study(terminal: Terminal) -> None:
    """Start from the set-up screen, once everything is ready there."""
    terminal.wait_for("libraries ready", "Enter starts")
    terminal.press("\r")


def study_options(data: Path, recipe: str, cache_dir: Path, runs_dir: Path, *more: str) -> list[str]:
    """Options of a study that touches neither the network nor the user's folders."""
    folders = ["--data", str(data), "--cache-dir", str(cache_dir), "--runs-dir", str(runs_dir)]
    return [*folders, "--recipe", recipe, "--device", "cpu", "--offline", *more]
