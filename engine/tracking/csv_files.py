"""Tables that grow while a study trains, a folder a job.

    parameters.csv  name, value
    batches.csv     time, epoch, step, and the values of a batch
    epochs.csv      time, epoch, step, and the values of an epoch
    scores.csv      name, value: on the test images
    confusion.csv   true, predicted, count

Epochs and steps count from 0; times are in seconds since the Unix epoch. What there is not, or is not finite, is empty.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from engine.reports.results import JobResult
from engine.tracking.points import BATCH_NAMES, EPOCH_NAMES, Point, confusion
from engine.tracking.tracker import JobLog, TrackedJob, TrackedStudy, Tracker

_PLACE = ("time", "epoch", "step")


def open_tracker(study: TrackedStudy) -> Tracker:
    """A folder of folders."""
    return CsvTracker(study.folder)


class CsvTracker(Tracker):
    """Writes a folder a job."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, job: TrackedJob) -> JobLog:
        """Its tables, begun or gone on with."""
        folder = self._folder / job.name
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "parameters.csv", ("name", "value"), job.parameters.items())
        return CsvJob(folder)


class CsvJob(JobLog):
    """The tables of a job."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._batches = _Growing(folder / "batches.csv", BATCH_NAMES)
        self._epochs = _Growing(folder / "epochs.csv", EPOCH_NAMES)

    def log(self, point: Point) -> None:
        """Add a row; scores are written at the end."""
        if point.of_epoch:
            self._epochs.add(point)
        elif not point.values.keys().isdisjoint(BATCH_NAMES):
            self._batches.add(point)

    def go_back(self, step: int) -> None:
        """Take out the rows that come again."""
        for table in (self._batches, self._epochs):
            table.cut(step)

    def finish(self, result: JobResult, last: Point) -> None:
        """Write the scores."""
        _write(self._folder / "scores.csv", ("name", "value"), last.values.items())
        _write(self._folder / "confusion.csv", ("true", "predicted", "count"), confusion(result))
        self.close()

    def flush(self) -> None:
        """Hand the rows to the system."""
        for table in (self._batches, self._epochs):
            table.file.flush()

    def close(self) -> None:
        """Let go of the files."""
        for table in (self._batches, self._epochs):
            table.file.close()


class _Growing:
    """A table that rows are added to; one that there is already is gone on with, in its own columns."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._path, self._names = path, names
        self.file = self._open()

    def _open(self) -> TextIO:
        file = self._path.open("a", newline="", encoding="utf-8")
        if not self._path.stat().st_size:
            csv.writer(file, lineterminator="\n").writerow((*_PLACE, *self._names))
        else:
            with self._path.open(newline="", encoding="utf-8") as begun:
                self._names = next(csv.reader(begun))[len(_PLACE) :]
        return file

    def add(self, point: Point) -> None:
        values = (_plain(point.values.get(name)) for name in self._names)
        csv.writer(self.file, lineterminator="\n").writerow((point.time, point.epoch, point.step, *values))

    def cut(self, step: int) -> None:
        """Keep the rows before a step."""
        self.file.close()
        with self._path.open(newline="", encoding="utf-8") as file:
            heading, *rows = csv.reader(file)
        _write(self._path, heading, (row for row in rows if int(row[_PLACE.index("step")]) < step))
        self.file = self._open()


def _plain(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
