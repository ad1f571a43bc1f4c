"""Event files for TensorBoard, a folder a job: losses of batches, what was measured at each epoch's end, scores.

The format's own library writes them, from the optional extra `tensorboard`. A batch's time is interpolated within its
epoch, whose beginning and end the record has.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine import Exported
from engine.errors import InputError
from engine.events.record import JobKey, StudyRecord
from engine.events.study import EpochTrained

_VERSION = "brain.Event:2"
MISSING = "the format tensorboard needs the package of that name: pip install 'simpsons-tui[tensorboard]'"


@dataclass(frozen=True)
class Scalar:
    """One point of one of TensorBoard's charts; `time` is in seconds since the Unix epoch."""

    tag: str
    step: int
    value: float
    time: float


def render(exported: Exported) -> dict[str, bytes]:
    """A folder of folders, one a job, each with one event file; point TensorBoard's --logdir at it.

    Raises:
        InputError: the package is not installed.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError:
        raise InputError(MISSING) from None
    record = exported.record
    started = record.started.time if record.started else 0.0

    def file(key: JobKey) -> bytes:
        stream = io.BytesIO()
        writer = RecordWriter(stream)
        writer.write(Event(wall_time=started, file_version=_VERSION).SerializeToString())
        for point in scalars(record, key):
            summary = Summary(value=[Summary.Value(tag=point.tag, simple_value=point.value)])
            writer.write(Event(wall_time=point.time, step=point.step, summary=summary).SerializeToString())
        return stream.getvalue()

    name = f"events.out.tfevents.{int(started):010d}.simpsons-tui"
    keys = sorted({*record.losses, *record.results})
    return {f"{_folder(record, key)}/{name}": file(key) for key in keys}


def _folder(record: StudyRecord, key: JobKey) -> str:
    from engine import file_name

    name = file_name(key.variant)
    if record.started is not None and record.started.jobs_per_variant == 1:
        return name
    return f"{name}-seed{key.seed}-fold{key.fold}"


def scalars(record: StudyRecord, key: JobKey) -> Iterator[Scalar]:
    """Every point of one job: batches by step, epochs by their number from 0, scores at the last step."""
    losses, ended = record.losses.get(key, []), record.epochs.get(key, [])
    times = _batch_times(record, key, len(losses))
    for step, (loss, time) in enumerate(zip(losses, times, strict=True)):
        yield Scalar("loss/batch", step, loss, time)
    for entry in ended:
        yield from _of_epoch(entry)
    result = record.results.get(key)
    if result is not None and result.metrics is not None:
        time = ended[-1].time if ended else times[-1] if times else 0.0
        last = max(0, len(losses) - 1)
        yield Scalar("test/accuracy", last, result.metrics.accuracy, time)
        yield Scalar("test/macro F1", last, result.metrics.f1.macro, time)


def _of_epoch(entry: EpochTrained) -> Iterator[Scalar]:
    yield Scalar("loss/epoch", entry.epoch, entry.loss, entry.time)
    yield Scalar("accuracy/train", entry.epoch, entry.accuracy, entry.time)
    if entry.validation_accuracy is not None:
        yield Scalar("accuracy/validation", entry.epoch, entry.validation_accuracy, entry.time)
    if entry.validation_loss is not None:
        yield Scalar("loss/validation", entry.epoch, entry.validation_loss, entry.time)


def _batch_times(record: StudyRecord, key: JobKey, batches: int) -> Sequence[float]:
    """When each batch was trained; an epoch that has not ended has the time of its first batch for all."""
    starts = record.epoch_starts.get(key, [])
    ends = {entry.epoch: entry.time for entry in record.epochs.get(key, [])}
    times: list[float] = []
    for place, start in enumerate(starts):
        until = starts[place + 1].step if place + 1 < len(starts) else batches
        count = max(1, until - start.step)
        each = (ends.get(start.epoch, start.time) - start.time) / count
        times += [start.time + each * batch for batch in range(until - start.step)]
    return times + [0.0] * (batches - len(times))
