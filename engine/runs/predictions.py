"""Predictions per test image as a file of columns: quick to read, and open to other tools."""

import json
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StorageError
from engine.events.codec import from_jsonable, to_jsonable
from engine.reports.results import Prediction
from engine.runs.layout import read_json


@dataclass(frozen=True)
class _Columns:
    paths: tuple[str, ...]
    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    probabilities: tuple[tuple[float, ...], ...]


def predictions_to_bytes(predictions: tuple[Prediction, ...]) -> bytes:
    """Strict JSON: `paths`, `labels`, `predicted` and `probabilities` (a list an image, in label order)."""
    columns = {
        "paths": [entry.path for entry in predictions],
        "labels": [entry.label for entry in predictions],
        "predicted": [entry.predicted for entry in predictions],
        "probabilities": [to_jsonable(entry.probabilities) for entry in predictions],
    }
    return json.dumps(columns, separators=(",", ":"), allow_nan=False).encode()


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    """What `predictions_to_bytes` wrote.

    Raises:
        StorageError: the file is missing or damaged.
    """
    try:
        columns = from_jsonable(_Columns, read_json(path))
        rows = zip(columns.paths, columns.labels, columns.predicted, columns.probabilities, strict=True)
        return tuple(Prediction(*row) for row in rows)
    except ValueError as error:
        raise StorageError(f"{path} is damaged: {error}") from None
