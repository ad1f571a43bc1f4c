"""Predictions per test image as a file of columns: quick to read, and open to other tools."""

import json
import math
from pathlib import Path
from typing import Any

from engine.errors import StorageError
from engine.events.codec import to_jsonable
from engine.reports.results import Prediction
from engine.runs.layout import read_json


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
    data = read_json(path)
    try:
        rows = zip(data["paths"], data["labels"], data["predicted"], data["probabilities"], strict=True)
        return tuple(_prediction(*row) for row in rows)
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError(f"{path} is damaged: {error}") from None


def _prediction(path: Any, label: Any, predicted: Any, probabilities: Any) -> Prediction:
    if type(path) is not str or type(label) is not int or type(predicted) is not int:
        raise ValueError(f"{path!r}, {label!r}, {predicted!r} are no prediction")
    return Prediction(path, label, predicted, tuple(math.nan if p is None else float(p) for p in probabilities))
