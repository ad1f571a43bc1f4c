"""A folder that a stream of events goes into, and the files that they speak of: no kill and no full disk tears them."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Any

from engine.errors import StudyStopped
from engine.events import study as events
from engine.events.codec import event_to_line, to_jsonable
from engine.events.control import StudyControl
from engine.events.record import JobKey, StudyRecord
from engine.events.study_json import metrics_to_json
from engine.reports.results import JobResult
from engine.runs import layout
from engine.runs.predictions import predictions_to_bytes
from engine.runs.requests import RequestReader
from engine.runs.room import Room
from engine.runs.stream import LineStream
from engine.system.files import is_full, json_bytes, replacing

PROGRESS_SECONDS = 2.0
"""How often the progress of a stage is kept: it is of use to whoever watches, and to nobody once it has passed."""

_CAN_BE_LOST = (
    *(events.BatchTrained, events.Notice, events.MachineMeasured),
    *(events.StageStarted, events.StageProgress, events.StageFinished),
)
"""Events that a power cut may take, with what led to them; the others are on the disk before the study goes on."""

_SPOKEN_OF = frozenset({layout.METRICS, layout.PREDICTIONS, layout.WEIGHTS})
"""Folders of files that an event tells of: where one is missing, so must be the event."""


class EventFolder:
    """A folder open for writing by the one process that does: a study's, or an attempt's at one of its jobs.

    Nothing here waits or ends a study. Where the disk is full, what is to be written is kept in memory and the
    study's control holds the engine at its next checkpoint until there is room. Any other trouble closes the folder
    for good and is kept in `failure`. Methods may be called from any thread.
    """

    FLUSH_SECONDS = 1.0
    """How much of a stream of batches a kill may cost; every other event is flushed at once."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            OSError: it cannot be written.
        """
        self.folder = folder
        self.failure = ""
        self._stream = LineStream(folder / layout.EVENTS_FILE)
        self._files: dict[Path, tuple[bytes, int]] = {}
        """What waits to be written, with the length of the stream before the events that speak of it."""
        self._flushed = time.monotonic()
        self._progressed: dict[JobKey, float] = {}
        self._busy = RLock()
        self.room = Room(folder)
        self._control: StudyControl | None = None

    def serve(self, control: StudyControl, tell: Callable[[str], None]) -> None:
        """Hand requests that come through the folder to `control`, and have it wait while the disk is full.

        `tell` gets a sentence for the user when that begins and once a minute.
        """
        self._control = control
        self.room.serve(control, tell)
        control.poll(RequestReader(self.folder, control).poll)

    def append(self, event: events.Event) -> None:
        """Add one event to the stream; predictions go to a file of their own."""
        if isinstance(event, events.StageProgress) and self._is_recent(event):
            return
        with self._busy:
            if self._closed:
                return
            self._stream.add(self._line(event).encode())
            if not isinstance(event, events.BatchTrained) or time.monotonic() - self._flushed >= self.FLUSH_SECONDS:
                self._write(durable=not isinstance(event, _CAN_BE_LOST))

    def write_summary(self, record: StudyRecord) -> None:
        """Bring what lists of runs show up to date, where this is a run."""

    def write_weights(self, key: JobKey, content: bytes) -> None:
        """Keep the weights of a job."""
        self._put(self._job_file(layout.WEIGHTS, key, "safetensors"), content)

    def write_checkpoint(self, key: JobKey, content: bytes) -> None:
        """Keep where a job is; the events up to here are on the disk before it."""
        with self._busy:
            self._write(durable=True)
            self._put(self.checkpoint_file(key), content)

    def checkpoint_file(self, key: JobKey) -> Path:
        """Where a job's checkpoint lies, if there is one."""
        return self._job_file(layout.CHECKPOINTS, key, "safetensors")

    def drop_checkpoint(self, key: JobKey) -> None:
        """A job is done: nobody will go on with it."""
        path = self.checkpoint_file(key)
        with self._busy:
            self._files.pop(path, None)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                self._fail(error)

    def flush(self) -> bool:
        """Wait until everything is written or a stop is asked for; returns whether it is."""
        while not self._catch_up():
            if self._closed or self._control is None:
                return False
            try:
                self._control.checkpoint()
            except StudyStopped:
                return False
        return not self.failure

    def close(self) -> None:
        """Bring all to the disk, as far as it has room, and let others write."""
        with self._busy:
            if not self._closed and not self._catch_up():
                self._keep_what_fits()
            self._stream.close()

    # ------------------------------------------------------------------ inside

    @property
    def _closed(self) -> bool:
        return self._stream.closed

    def _job_file(self, part: str, key: JobKey, ending: str) -> Path:
        return self.folder / part / f"{layout.job_name(key)}.{ending}"

    def _is_recent(self, event: events.StageProgress) -> bool:
        """Whether the job's progress was kept a moment ago (by the event's own clock, which may jump)."""
        job = JobKey(event.variant, event.seed, event.fold)
        if 0 <= event.time - self._progressed.get(job, 0.0) < PROGRESS_SECONDS:
            return True
        self._progressed[job] = event.time
        return False

    def _line(self, event: events.Event) -> str:
        if not isinstance(event, events.JobFinished):
            return event_to_line(event)
        result = event.result
        key = JobKey(result.variant, result.seed, result.fold)
        self._put(self._job_file(layout.METRICS, key, "json"), json_bytes(_scores(result)))
        if result.predictions:
            self._put(self._job_file(layout.PREDICTIONS, key, "json"), predictions_to_bytes(result.predictions))
        return event_to_line(replace(event, result=replace(result, predictions=())))

    def _put(self, path: Path, content: bytes) -> None:
        """Write a whole file, now or when there is room; the newest content counts."""
        with self._busy:
            if self._closed:
                return
            self._files.pop(path, None)
            self._files[path] = content, self._stream.length
            self._write(durable=False)

    def _write(self, *, durable: bool) -> bool:
        """Write what waits: files first, because events speak of them. Returns whether all is written."""
        try:
            while self._files:
                self._write_file(next(iter(self._files)))
            (self._stream.sync if durable else self._stream.flush)()
            self._flushed = time.monotonic()
        except OSError as error:
            if is_full(error):
                self.room.lacks(lambda: self._closed or self._catch_up())
            else:
                self._fail(error)
            return False
        return True

    def _write_file(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as stream:
            stream.write(self._files[path][0])
        del self._files[path]

    def _catch_up(self) -> bool:
        with self._busy:
            return not self._closed and self._write(durable=True)

    def _keep_what_fits(self) -> None:
        """On a disk that is full to the end: a job's files, the events that speak of none that is missing, the rest.

        What is left is a run as a kill leaves it, to be gone on with.
        """
        self.failure = self.failure or f"{self.folder}: the disk is full, and the last events are not kept"
        try:
            for path in [path for path in self._files if path.parent.name in _SPOKEN_OF]:
                self._try_file(path)
            lost = [length for path, (_, length) in self._files.items() if path.parent.name in _SPOKEN_OF]
            self._stream.give_up(min(lost, default=self._stream.length))
            with contextlib.suppress(OSError):
                self._stream.sync()
            for path in list(self._files):
                if path.parent.name != layout.CHECKPOINTS or not (lost or self._stream.behind):
                    self._try_file(path)
        except OSError as error:
            self._fail(error)

    def _try_file(self, path: Path) -> None:
        """Write it if there is room."""
        try:
            self._write_file(path)
        except OSError as error:
            if not is_full(error):
                raise

    def _fail(self, error: OSError) -> None:
        self.failure = f"{self.folder}: {error.strerror or error}"
        self._stream.close()


def _scores(result: JobResult) -> dict[str, Any]:
    data = to_jsonable(replace(result, metrics=None, predictions=()))
    del data["predictions"]
    return {**data, "metrics": metrics_to_json(result.metrics) if result.metrics else None}
