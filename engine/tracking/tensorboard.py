"""Event files for TensorBoard, a folder a job; the format's own library writes them (the optional extra `tensorboard`).

A point's step is its batch, that of an epoch the epoch's number, both from 0.
"""

import os
import time
from collections.abc import Mapping
from typing import IO, Any

from engine.errors import InputError
from engine.reports.results import JobResult
from engine.tracking.points import Point, confusion_text
from engine.tracking.tracker import JobLog, Parameter, TrackedJob, TrackedStudy, Tracker

_VERSION = "brain.Event:2"
MISSING = "the format tensorboard needs the package of that name: pip install 'simpsons-tui[tensorboard]'"


class EventFile:
    """An event file, written to a stream."""

    def __init__(self, stream: IO[bytes], started: float) -> None:
        """`started` is the time of what comes first, in seconds since the Unix epoch.

        Raises:
            InputError: the package is not installed.
        """
        try:
            from tensorboard.compat.proto.event_pb2 import Event, SessionLog
            from tensorboard.compat.proto.summary_pb2 import Summary
            from tensorboard.summary.writer.record_writer import RecordWriter
        except ImportError:
            raise InputError(MISSING) from None
        self._event, self._session_log, self._summary = Event, SessionLog, Summary
        self._stream, self._writer = stream, RecordWriter(stream)
        self._write(wall_time=started, file_version=_VERSION)

    def scalar(self, tag: str, step: int, value: float, time: float) -> None:
        """Add a point to one of TensorBoard's charts."""
        summary = self._summary(value=[self._summary.Value(tag=tag, simple_value=value)])
        self._write(wall_time=time, step=step, summary=summary)

    def text(self, tag: str, markdown: str, time: float) -> None:
        """Add a text."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        self._write(wall_time=time, summary=text_pb(tag, markdown))

    def parameters(self, values: Mapping[str, Parameter], time: float) -> None:
        """Say what the job was asked to do, for the table of hyperparameters."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        self._write(wall_time=time, summary=hparams_pb(dict(values)))

    def go_back(self, step: int, time: float) -> None:
        """Void what was told of this step and later ones: they come again."""
        log = self._session_log(status=self._session_log.START)
        self._write(wall_time=time, step=step, session_log=log)

    def flush(self) -> None:
        """Hand it to the system."""
        self._stream.flush()

    def close(self) -> None:
        """Let go of the stream."""
        self._stream.close()

    def _write(self, **fields: Any) -> None:
        self._writer.write(self._event(**fields).SerializeToString())


def open_tracker(study: TrackedStudy) -> Tracker:
    """A folder of folders; point TensorBoard's --logdir at it."""
    return TensorboardTracker(study)


class TensorboardTracker(Tracker):
    """Writes a folder a job."""

    def __init__(self, study: TrackedStudy) -> None:
        self._folder = study.folder

    def open(self, job: TrackedJob) -> JobLog:
        """A file of its own, beside those of earlier processes."""
        folder, now = self._folder / job.name, time.time()
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / f"events.out.tfevents.{int(now):010d}.simpsons-tui.{os.getpid()}").open("ab")
        file = EventFile(stream, now)
        file.parameters(job.parameters, now)
        return TensorboardJob(file)


class TensorboardJob(JobLog):
    """The event file of a job."""

    def __init__(self, file: EventFile) -> None:
        self._file = file

    def log(self, point: Point) -> None:
        """Add the values."""
        for tag, value in point.values.items():
            self._file.scalar(tag, point.epoch if point.of_epoch else point.step, value, point.time)

    def go_back(self, step: int) -> None:
        """Void later batches; TensorBoard drops them as those of a process that died."""
        self._file.go_back(step, time.time())

    def finish(self, result: JobResult, last: Point) -> None:
        """Add the confusion matrix."""
        if result.metrics is not None:
            self._file.text("confusion matrix", confusion_text(result), last.time)
        self.close()

    def flush(self) -> None:
        """Hand it to the system."""
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
