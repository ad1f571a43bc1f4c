"""Writing and reading one run folder so that a kill at any moment leaves it readable."""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.codec import event_from_line, event_to_line, to_jsonable
from engine.config import StudyConfig
from engine.errors import StorageError
from engine.events import BatchTrained, Event, StageProgress
from engine.files import replace_json

FORMAT_VERSION = 1
FLUSH_SECONDS = 1.0
"""How much of a stream of batches a kill may cost; every other event is flushed at once."""

_STUDY_FILE, _EVENTS_FILE, _RESULT_FILE = "study.json", "events.jsonl", "result.json"


class RunFolder:
    """One study's folder, open for writing by the engine that makes it.

    Writing never ends a study: the first failure closes the folder for good and is kept in `failure`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failure: str = ""
        self._flushed = time.monotonic()
        self._stream = (folder / _EVENTS_FILE).open("a", encoding="utf-8", newline="\n")

    @classmethod
    def create(cls, runs_dir: Path, config: StudyConfig) -> "RunFolder":
        """Make a new folder, named by the time (UTC) and a random part.

        Raises:
            StorageError: the folder cannot be made or written.
        """
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
        folder = runs_dir / name
        try:
            folder.mkdir(parents=True)
            replace_json(
                folder / _STUDY_FILE, {"version": FORMAT_VERSION, "study": name, "config": to_jsonable(config)}
            )
            return cls(folder)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageError(f"cannot write to {runs_dir} ({reason}): name another folder with --runs-dir") from None

    @property
    def study(self) -> str:
        """The study's ID, which is the folder's name."""
        return self.folder.name

    def append(self, event: Event) -> None:
        """Add one event to the stream."""
        if self._stream.closed or isinstance(event, StageProgress):
            return  # progress is of no use once it has passed
        try:
            self._stream.write(event_to_line(event) + "\n")
            now = time.monotonic()
            if not isinstance(event, BatchTrained) or now - self._flushed >= FLUSH_SECONDS:
                self._stream.flush()
                self._flushed = now
        except OSError as error:
            self._fail(error)

    def write_result(self, result: dict[str, Any]) -> None:
        """Write the study's JSON object beside the stream."""
        try:
            replace_json(self.folder / _RESULT_FILE, result)
        except OSError as error:
            self._fail(error)

    def weights_file(self, variant: str, seed: int, fold: int) -> Path:
        """Where the weights of one job go; the folder is made.

        Raises:
            OSError: the folder cannot be made.
        """
        path = self.folder / "weights" / f"{variant}-seed{seed}-fold{fold}.safetensors"
        path.parent.mkdir(exist_ok=True)
        return path

    def close(self) -> None:
        """Bring the stream to the disk and close it."""
        if self._stream.closed:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
        except OSError as error:
            self._fail(error)

    def discard(self) -> None:
        """Remove the folder of a study that never came to work."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _fail(self, error: OSError) -> None:
        self.failure = f"{self.folder}: {error.strerror or error}"
        with contextlib.suppress(OSError):  # closing flushes, which fails for the same reason
            self._stream.close()


def read_events(folder: Path) -> Iterator[Event]:
    """The events of a run folder in order; a last line that was cut off in writing is left out.

    Raises:
        StorageError: there is no such run, or a line in the middle is damaged.
    """
    path = folder / _EVENTS_FILE
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    except OSError as error:
        raise StorageError(f"{folder} is no run folder: {path.name}: {error.strerror or error}") from None
    for number, line in enumerate(lines, start=1):
        if not line.endswith("\n"):
            return
        try:
            yield event_from_line(line)
        except ValueError as error:
            raise StorageError(f"{path}, line {number} is damaged: {error}") from None
