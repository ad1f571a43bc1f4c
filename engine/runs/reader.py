"""Reading a run folder, whole or while it grows."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from engine.errors import StorageError
from engine.events.codec import event_from_line
from engine.events.record import JobKey, StudyRecord
from engine.events.search import TuningFinished, TuningStarted
from engine.events.study import BatchTrained, Event, JobFinished, Notice, StudyFinished, StudyStarted
from engine.runs import layout
from engine.runs.lock import is_live
from engine.runs.predictions import read_predictions

_PART_BYTES = 1 << 20
"""A long stream is read bit by bit: its events take more memory than what is made of them."""

_TAIL_BYTES = 1 << 16
"""More than the last event takes: it holds sentences, no predictions."""


def read_events(folder: Path) -> Iterator[Event]:
    """The events of a run folder in order; a last line that was cut off in writing is left out.

    Raises:
        StorageError: there is no such run, a newer version wrote it, or a line in the middle is damaged.
    """
    return EventFollower(folder).read_on()


def load_record(folder: Path) -> StudyRecord:
    """The record of a study from its run folder.

    Raises:
        StorageError: as `read_events`.
    """
    return StudyRecord.from_events(read_events(folder))


class StreamFollower:
    """Reads a folder's stream of events as it grows; `description` is the file without which the folder is gone."""

    def __init__(self, folder: Path, description: str) -> None:
        self.folder = folder
        self._place = folder.absolute()
        self._path, self._description = folder / layout.EVENTS_FILE, folder / description
        self._offset = self._lines = 0

    def drain(self, most_bytes: int | None = None) -> list[Event]:
        """The events since the last call; a line that is not complete yet waits for the next.

        With `most_bytes` it reads no more of the stream than that and the rest of a line. The folder that a study names
        is the one that is read, wherever it was written.

        A writer whose disk is full cuts the file back and writes the same lines again, so a place once read stays
        good.

        Raises:
            StorageError: the folder is gone, the stream cannot be read, or a line in it is damaged.
        """
        with self._opened() as stream:
            return self._take(stream.read() if most_bytes is None else _some_lines(stream, most_bytes))

    def read_on(self) -> Iterator[Event]:
        """All further events; the stream is opened once, and read a part at a time.

        Raises:
            StorageError: as `drain`.
        """
        with self._opened() as stream:
            while content := _some_lines(stream, _PART_BYTES):
                yield from self._take(content)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The stream from the first event that was not read yet."""
        try:
            with contextlib.ExitStack() as stack:
                try:
                    stream: BinaryIO = stack.enter_context(self._path.open("rb"))
                except FileNotFoundError:
                    if not self._description.exists():
                        raise StorageError(
                            f"{self.folder} is gone: removed, or its disk is not there any more"
                        ) from None
                    stream = BytesIO()  # a run in its first moment, or killed in it
                stream.seek(self._offset)
                yield stream
        except OSError as error:
            raise StorageError(f"{self._path} cannot be read: {error.strerror or error}") from None

    def _take(self, content: bytes) -> list[Event]:
        """The events in what was read, which begins at the first that was not taken yet."""
        whole = content[: content.rfind(b"\n") + 1]
        events: list[Event] = []
        for line in whole.decode(errors="replace").split("\n")[:-1]:
            self._lines += 1
            events += self._decode(line)
        self._offset += len(whole)
        return events

    def _decode(self, line: str) -> list[Event]:
        try:
            event = event_from_line(line)
        except ValueError as error:
            raise StorageError(
                f"{self._path}, line {self._lines} is damaged ({error}): take that line out to read the rest, or "
                f"remove the run"
            ) from None
        if isinstance(event, BatchTrained):
            return [event]
        if isinstance(event, StudyStarted | StudyFinished | TuningStarted | TuningFinished):
            return [replace(event, folder=str(self._place))]
        if not isinstance(event, JobFinished) or event.result.predictions or event.result.metrics is None:
            return [event]
        return self._with_predictions(event)

    def _with_predictions(self, event: JobFinished) -> list[Event]:
        """Predictions lie in a file of their own; where that is damaged the rest of the result still counts."""
        result = event.result
        key = JobKey(result.variant, result.seed, result.fold)
        path = self.folder / layout.PREDICTIONS / f"{layout.job_name(key)}.json"
        try:
            return [replace(event, result=replace(result, predictions=read_predictions(path)))]
        except StorageError as error:
            message = f"the predictions of {layout.job_name(key)} are missing: {error}"
            return [event, Notice(time=event.time, message=message, level="warning", variant=result.variant)]


class EventFollower(StreamFollower):
    """Reads a run's stream of events as it grows."""

    def __init__(self, folder: Path) -> None:
        """Begin at the first event.

        Raises:
            StorageError: there is no such run, or a newer version wrote it.
        """
        layout.read_header(folder)
        super().__init__(folder, layout.STUDY_FILE)

    @property
    def live(self) -> bool:
        """Whether a process writes the run now; where none does, `drain` once more for its last words."""
        return is_live(self.folder)


def _some_lines(stream: BinaryIO, least_bytes: int) -> bytes:
    """So many bytes, and the rest of the line that they end in."""
    return stream.read(least_bytes) + stream.readline()


def has_ended(folder: Path) -> bool:
    """Whether the last whole event of a run is `StudyFinished`; reads the end of the stream only."""
    try:
        with (folder / layout.EVENTS_FILE).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = stream.read().rpartition(b"\n")[0].splitlines()
    except OSError:
        return False
    return bool(lines) and b'"event":"StudyFinished"' in lines[-1]
