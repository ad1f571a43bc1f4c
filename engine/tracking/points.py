"""What trackers are told, with the names that it has there; the same in exported files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from engine.events.record import JobKey
from engine.events.search import is_trial
from engine.events.study import BatchTrained, EpochTrained
from engine.reports.results import JobResult
from engine.system.files import file_name

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "accuracy/train",
        "validation_accuracy": "accuracy/validation",
        "validation_loss": "loss/validation",
    }
)
"""Fields that have another name than loss/batch or loss/epoch."""

_PLACE = frozenset({"time", "variant", "seed", "fold", "epoch", "step", "images"})
"""Fields that say where a value was measured."""


def _tags(kind: type, ending: str) -> dict[str, str]:
    """The values of an event by their fields, each with the name that trackers have it by."""
    found = (field.name for field in fields(kind) if field.name not in _PLACE)
    return {name: _NAMES.get(name, f"{name}/{ending}") for name in found}


_BATCH_TAGS, _EPOCH_TAGS = _tags(BatchTrained, "batch"), _tags(EpochTrained, "epoch")
BATCH_NAMES, EPOCH_NAMES = tuple(_BATCH_TAGS.values()), tuple(_EPOCH_TAGS.values())
"""Every value that a batch, or an epoch, may have."""

_AVERAGES = ("macro", "weighted")
_SCORES = {"F1": "f1", "precision": "precision", "recall": "recall"}


@dataclass(frozen=True)
class Point:
    """What was measured of a job at one moment.

    Attributes:
        values: by name.
        epoch: from 0.
        step: batches since the job began, from 0.
        time: in seconds since the Unix epoch.
        of_epoch: whether it is about the whole epoch, which ended with this step.
    """

    values: Mapping[str, float]
    epoch: int
    step: int
    time: float
    of_epoch: bool = False


def batch_values(event: BatchTrained) -> dict[str, float]:
    """The values of a batch."""
    return _values(event, _BATCH_TAGS)


def epoch_values(event: EpochTrained) -> dict[str, float]:
    """The values of an epoch; those that were not measured are left out."""
    return _values(event, _EPOCH_TAGS)


def _values(event: object, tags: Mapping[str, str]) -> dict[str, float]:
    found = ((tag, getattr(event, field)) for field, tag in tags.items())
    return {tag: float(value) for tag, value in found if value is not None}


def score_values(result: JobResult) -> dict[str, float]:
    """The scores on the test images, of a search's trial on the validation images; none where it was not evaluated."""
    metrics = result.metrics
    if metrics is None:
        return {}
    images = "validation" if is_trial(result.variant) else "test"
    averages = {
        f"{images}/{average} {words}": getattr(getattr(metrics, score), average)
        for average in _AVERAGES
        for words, score in _SCORES.items()
    }
    return {f"{images}/accuracy": metrics.accuracy, **averages}


def confusion(result: JobResult) -> Iterator[tuple[str, str, int]]:
    """The cells of the confusion matrix: true class, predicted class, how many."""
    if result.metrics is None:
        return
    names = [entry.name for entry in result.metrics.per_class]
    for true, counts in zip(names, result.metrics.confusion_matrix, strict=True):
        yield from ((true, predicted, count) for predicted, count in zip(names, counts, strict=True))


def confusion_text(result: JobResult) -> str:
    """The confusion matrix as a Markdown table, rows true, columns predicted."""
    if result.metrics is None:
        return ""
    names = [entry.name for entry in result.metrics.per_class]
    lines = [["true \\ predicted", *names], ["---"] * (len(names) + 1)]
    lines += [[name, *map(str, row)] for name, row in zip(names, result.metrics.confusion_matrix, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tracked_name(key: JobKey, *, alone: bool) -> str:
    """A job's name for trackers and their folders; its variant's where that is trained once, `alone`."""
    name = file_name(key.variant)
    return name if alone else f"{name}-seed{key.seed}-fold{key.fold}"
