"""A tracker in a process of its own: events go to its standard input, what it prints to a file in its folder."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from engine.errors import StorageError
from engine.events.codec import event_to_line
from engine.events.study import Event
from engine.tracking.tracker import TrackedStudy

OUTPUT = "output.log"
GRACE_SECONDS = 60.0
"""How long the process may go on once the study has ended, or its process."""

_LAST_WORDS_SECONDS = 2.0
_LONGEST_WORDS = 200


class TrackerProcess:
    """Takes a study's events to `engine.tracking.child`, which ends when this process does."""

    def __init__(self, module: str, study: TrackedStudy) -> None:
        """`module` has the function `open_tracker`.

        Raises:
            OSError: it cannot be started.
        """
        study.folder.mkdir(parents=True, exist_ok=True)
        self._output = study.folder / OUTPUT
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine.tracking.child", module, str(GRACE_SECONDS)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C and a closed terminal are for the study
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        self._write(json.dumps({**vars(study), "folder": str(study.folder.absolute())}))

    def take(self, event: Event) -> None:
        """Send an event.

        Raises:
            StorageError: the process has ended; what it said last.
        """
        self._write(event_to_line(event))

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
        except OSError:
            raise StorageError(self._last_words()) from None

    def flush(self) -> None:
        """Send what is not sent yet.

        Raises:
            StorageError: as `take`.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.flush()
        except OSError:
            raise StorageError(self._last_words()) from None

    def close(self) -> None:
        """Wait until it has ended.

        Raises:
            StorageError: it failed.
        """
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        if self._process.wait():
            raise StorageError(self._last_words())

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORDS_SECONDS)
        lines = self._output.read_text(encoding="utf-8", errors="replace").splitlines()
        said = next((line.strip() for line in reversed(lines) if line.strip()), "its process ended")
        return said if len(said) <= _LONGEST_WORDS else f"{said[:_LONGEST_WORDS]}... (see {self._output})"
