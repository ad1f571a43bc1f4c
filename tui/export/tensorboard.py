"""Event files for TensorBoard, a folder a job: losses of batches, what was measured at each epoch's end, scores.

The format's own library writes them, from the optional extra `tensorboard`.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

from engine import Exported
from engine.events.record import JobKey, StudyRecord


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
    from engine import EventFile, tracked_name

    record = exported.record
    started = record.started.time if record.started else 0.0
    alone = record.started is not None and record.started.jobs_per_variant == 1

    def file(key: JobKey) -> bytes:
        stream = io.BytesIO()
        events = EventFile(stream, started)
        for point in scalars(record, key):
            events.scalar(point.tag, point.step, point.value, point.time)
        return stream.getvalue()

    name = f"events.out.tfevents.{int(started):010d}.simpsons-tui"
    keys = sorted({*record.losses, *record.results})
    return {f"{tracked_name(key, alone=alone)}/{name}": file(key) for key in keys}


def scalars(record: StudyRecord, key: JobKey) -> Iterator[Scalar]:
    """Every point of one job: batches by step, epochs by their number from 0, scores at the last step."""
    from engine import epoch_values, score_values

    losses, ended = record.losses.get(key, []), record.epochs.get(key, [])
    times, norms = record.times.get(key, ()), record.gradient_norms.get(key, ())
    for step, (loss, norm, time) in enumerate(zip(losses, norms, times, strict=True)):
        yield Scalar("loss/batch", step, loss, time)
        if not math.isnan(norm):
            yield Scalar("gradient_norm/batch", step, norm, time)
    for entry in ended:
        yield from (Scalar(tag, entry.epoch, value, entry.time) for tag, value in epoch_values(entry).items())
    result = record.results.get(key)
    if result is not None:
        time = ended[-1].time if ended else times[-1] if times else 0.0
        last = max(0, len(losses) - 1)
        yield from (Scalar(tag, last, value, time) for tag, value in score_values(result).items())
