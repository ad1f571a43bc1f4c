"""Predictions per test image as a file of columns: quick to read, and open to other tools."""

import functools
import json
import math
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast, overload

from engine.errors import StorageError
from engine.events.codec import to_jsonable
from engine.reports.results import Prediction

if TYPE_CHECKING:
    from msgspec.json import Decoder


@dataclass(frozen=True)
class _Columns:
    paths: tuple[str, ...]
    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    probabilities: tuple[tuple[float | None, ...], ...]


class _StoredPredictions(Sequence[Prediction]):
    """As a tuple of them, in a sixth of the memory: a study has a row for each job and test image.

    Raises:
        ValueError: the columns are not of one length.
    """

    def __init__(self, columns: _Columns) -> None:
        self._paths = tuple(map(sys.intern, columns.paths))  # other jobs have the same
        self._labels, self._predicted = array("i", columns.labels), array("i", columns.predicted)
        self._width = len(columns.probabilities[0]) if columns.probabilities else 0
        lengths = {len(self._paths), len(self._labels), len(self._predicted), len(columns.probabilities)}
        if len(lengths) > 1 or any(len(row) != self._width for row in columns.probabilities):
            raise ValueError("columns of several lengths")
        rows = columns.probabilities
        try:
            self._probabilities = array("d", chain.from_iterable(cast(tuple[tuple[float, ...], ...], rows)))
        except TypeError:  # one that is not finite is null in the file
            self._probabilities = array("d", [math.nan if one is None else one for row in rows for one in row])

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, place: int) -> Prediction: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Prediction]: ...
    def __getitem__(self, place: int | slice) -> Prediction | Sequence[Prediction]:
        if isinstance(place, slice):
            return tuple(self)[place]
        row = range(len(self))[place] * self._width
        probabilities = tuple(self._probabilities[row : row + self._width])
        return Prediction(self._paths[place], self._labels[place], self._predicted[place], probabilities)

    def __iter__(self) -> Iterator[Prediction]:
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


@functools.cache
def _decoder() -> "Decoder[_Columns]":
    """Made when the first run is read; it takes a seventh of the time of `json` and checks the types too."""
    from msgspec.json import Decoder

    return Decoder(_Columns)


def predictions_to_bytes(predictions: Sequence[Prediction]) -> bytes:
    """Strict JSON: `paths`, `labels`, `predicted` and `probabilities` (a list an image, in label order)."""
    columns = {
        "paths": [entry.path for entry in predictions],
        "labels": [entry.label for entry in predictions],
        "predicted": [entry.predicted for entry in predictions],
        "probabilities": [to_jsonable(entry.probabilities) for entry in predictions],
    }
    return json.dumps(columns, separators=(",", ":"), allow_nan=False).encode()


def read_predictions(path: Path) -> Sequence[Prediction]:
    """What `predictions_to_bytes` wrote.

    Raises:
        StorageError: the file is missing or damaged.
    """
    try:
        return _StoredPredictions(_decoder().decode(path.read_bytes()))
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from None
    except (ValueError, OverflowError) as error:
        raise StorageError(f"{path} is damaged: {error}") from None
