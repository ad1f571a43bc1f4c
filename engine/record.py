"""A study's events folded into one record, which is what tables, files and screens read."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.codec import to_jsonable
from engine.config import MachineSettings, Precision
from engine.events import (
    BaselinesMeasured,
    BatchTrained,
    DatasetChecked,
    Event,
    JobFinished,
    MachineChosen,
    Notice,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
)
from engine.results import Baseline, DatasetSummary, JobResult, Metrics, SuperresWeightsInfo

SCHEMA = 1
"""Version of the JSON form; raised when a reader of the old form would go wrong."""


_NO_SCORES = dict.fromkeys(("accuracy", "precision", "recall", "f1", "per_class", "confusion_matrix"))


class JobKey(NamedTuple):
    """What tells one job of a study from another."""

    variant: str
    seed: int
    fold: int


@dataclass
class StudyRecord:
    """Everything known of a study so far; `apply` takes the next event."""

    started: StudyStarted | None = None
    dataset: DatasetSummary | None = None
    machine: MachineSettings | None = None
    superres_weights: SuperresWeightsInfo | None = None
    superres_precision: Precision | None = None
    losses: dict[JobKey, list[float]] = field(default_factory=dict)
    results: dict[JobKey, JobResult] = field(default_factory=dict)
    baselines: dict[str, Baseline] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    finished: StudyFinished | None = None

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> "StudyRecord":
        """Fold a whole stream."""
        record = cls()
        for event in events:
            record.apply(event)
        return record

    def apply(self, event: Event) -> None:
        """Take the next event of the stream; events that say nothing lasting change nothing."""
        match event:
            case BatchTrained():
                self.losses.setdefault(JobKey(event.variant, event.seed, event.fold), []).append(event.loss)
            case StudyStarted():
                self.started, self.dataset = event, event.dataset
            case DatasetChecked():
                self.dataset = event.dataset
            case MachineChosen():
                self.machine = event.machine
            case SuperresWeightsChosen():
                self.superres_weights, self.superres_precision = event.weights, event.precision
            case Notice():
                self.notices.append(event)
            case JobFinished():
                result = event.result
                self.results[JobKey(result.variant, result.seed, result.fold)] = result
            case BaselinesMeasured():
                self.baselines = {baseline.name: baseline for baseline in event.baselines}
            case StudyFinished():
                self.finished = event
            case _:
                pass

    def result(self, variant: str) -> JobResult | None:
        """The first finished job of a variant, in the order that they ended."""
        return next((result for key, result in self.results.items() if key.variant == variant), None)

    def to_json(self) -> dict[str, Any]:
        """The study as one JSON object (schema in the README).

        Raises:
            ValueError: the stream has not begun.
        """
        if self.started is None or self.dataset is None:
            raise ValueError("the study has not started")
        started, dataset = self.started, self.dataset
        return {
            "schema": SCHEMA,
            "study": started.study,
            "program_version": started.program_version,
            "status": self.finished.status if self.finished else "running",
            "reason": self.finished.reason if self.finished else "",
            "folder": self.finished.folder if self.finished else "",
            "dataset": {
                "name": dataset.name,
                "location": dataset.location,
                "layout": dataset.layout,
                "demo": dataset.is_demo,
                "classes": list(dataset.classes),
                "train": dataset.train,
                "test": dataset.test,
                "train_counts": dict(zip(dataset.classes, dataset.train_counts, strict=True)),
                "test_counts": dict(zip(dataset.classes, dataset.test_counts, strict=True)),
                "skipped": to_jsonable(dataset.skipped),
                "boxed": {"train": dataset.boxed_train, "test": dataset.boxed_test},
                "notes": list(dataset.notes),
            },
            "protocol": started.protocol,
            "recipe": to_jsonable(started.recipe),
            "seed": started.seed,
            "device": self.machine.device if self.machine else None,
            "precision": self.machine.precision if self.machine else None,
            "machine": to_jsonable(self.machine),
            "superres_precision": self.superres_precision,
            "superres_weights": describe_weights(self.superres_weights),
            "variants": {variant: self._variant_json(variant) for variant in started.variants},
            "baselines": {name: metrics_to_json(baseline.metrics) for name, baseline in self.baselines.items()},
            "conclusion": list(self.finished.conclusion) if self.finished else [],
            "messages": [{"level": n.level, "variant": n.variant, "message": n.message} for n in self.notices],
        }

    def _variant_json(self, variant: str) -> dict[str, Any]:
        losses = next((losses for key, losses in self.losses.items() if key.variant == variant), [])
        loss = [value if math.isfinite(value) else None for value in losses]
        result = self.result(variant)
        if result is None:
            status = "running" if self.finished is None else "stopped"
            reason = "did not start" if self.finished else ""
            return {"status": status, "reason": reason, **_NO_SCORES, "loss": loss}
        return {
            "status": result.status,
            "reason": result.reason,
            **(metrics_to_json(result.metrics) if result.metrics else _NO_SCORES),
            "final_loss": to_jsonable(result.final_loss),
            "epochs_done": result.epochs_done,
            "loss": loss,
            "seconds": to_jsonable(result.seconds),
        }


def metrics_to_json(metrics: Metrics) -> dict[str, Any]:
    """Scores in the form of the study's JSON object; numbers that are not finite are null."""
    return {
        "accuracy": to_jsonable(metrics.accuracy),
        "precision": to_jsonable(metrics.precision),
        "recall": to_jsonable(metrics.recall),
        "f1": to_jsonable(metrics.f1),
        "per_class": {
            scores.name: {
                "precision": to_jsonable(scores.precision),
                "recall": to_jsonable(scores.recall),
                "f1": to_jsonable(scores.f1),
                "support": scores.support,
            }
            for scores in metrics.per_class
        },
        "confusion_matrix": [list(row) for row in metrics.confusion_matrix],
    }


def describe_weights(weights: SuperresWeightsInfo | None) -> str | None:
    """One line that names the super-resolution weights, or None where none were needed."""
    if weights is None:
        return None
    note = f"; {weights.note}" if weights.note else ""
    return f"{weights.source}: {weights.description} (sha256 {weights.sha256[:12]}{note})"
