"""A study's events folded into one record, which is what tables, files and screens read."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.audit_report import AuditReport
from engine.codec import to_jsonable
from engine.config import MachineSettings, Precision
from engine.events import (
    AuditFinished,
    BaselinesMeasured,
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    Event,
    JobFinished,
    MachineChosen,
    Notice,
    ProtocolApplied,
    StageStarted,
    StatisticsComputed,
    StudyContinued,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
    TrainingContinued,
)
from engine.pooled import pool_results
from engine.results import Baseline, DatasetSummary, JobResult, Metrics, ProtocolSummary, SuperresWeightsInfo
from engine.statistics_report import StudyStatistics

SCHEMA = 2
"""Version of the JSON form; raised when a reader of the old form would go wrong."""


_NO_SCORES = dict.fromkeys(("accuracy", "precision", "recall", "f1", "per_class", "confusion_matrix"))


LASTING: dict[type[Event], str] = {
    DatasetChecked: "dataset",
    AuditFinished: "audit",
    ProtocolApplied: "protocol",
    MachineChosen: "machine",
    StatisticsComputed: "statistics",
}
"""Events whose one value replaces the record's of the same name."""


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
    audit: AuditReport | None = None
    protocol: ProtocolSummary | None = None
    machine: MachineSettings | None = None
    superres_weights: SuperresWeightsInfo | None = None
    superres_precision: Precision | None = None
    losses: dict[JobKey, list[float]] = field(default_factory=dict)
    epoch_starts: dict[JobKey, list[BatchTrained]] = field(default_factory=dict)
    """The first batch of each epoch."""
    epochs: dict[JobKey, list[EpochTrained]] = field(default_factory=dict)
    results: dict[JobKey, JobResult] = field(default_factory=dict)
    cached: dict[JobKey, int] = field(default_factory=dict)
    """How many images of a job were pre-processed before, so that its seconds do not tell what they cost."""
    baselines: dict[str, Baseline] = field(default_factory=dict)
    statistics: StudyStatistics | None = None
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
        if type(event) in LASTING:
            name = LASTING[type(event)]
            setattr(self, name, getattr(event, name))
            return
        match event:
            case BatchTrained() | EpochTrained():
                self._take_training(event)
            case StageStarted(stage="preprocess"):
                self.cached[JobKey(event.variant, event.seed, event.fold)] = event.cached
            case StudyStarted():
                self.started, self.dataset = event, event.dataset
            case SuperresWeightsChosen():
                self.superres_weights, self.superres_precision = event.weights, event.precision
            case Notice():
                self.notices.append(event)
            case JobFinished():
                result = event.result
                self.results[JobKey(result.variant, result.seed, result.fold)] = result
                # One that is tried again ends after later ones; whoever reads must not see that.
                self.results = dict(sorted(self.results.items(), key=lambda item: self._place(item[0])))
            case BaselinesMeasured():
                self.baselines = {baseline.name: baseline for baseline in event.baselines}
            case StudyFinished():
                self.finished = event
            case _:
                self._take_back(event)

    def _take_back(self, event: Event) -> None:
        """Where an interrupted study goes on, forget what comes again."""
        if isinstance(event, TrainingContinued):
            key = JobKey(event.variant, event.seed, event.fold)
            del self.losses.get(key, [])[event.step :]
            self.epochs[key] = [ended for ended in self.epochs.get(key, []) if ended.epoch < event.epoch]
            self.epoch_starts[key] = [first for first in self.epoch_starts.get(key, []) if first.step < event.step]
        elif isinstance(event, StudyContinued):
            self.finished = None
            again = [result for result in self.results.values() if result.status != "done"]
            self.results = {key: result for key, result in self.results.items() if result.status == "done"}
            if any(result.metrics for result in again):
                self.statistics = None  # they count scores that are no more

    def _place(self, key: JobKey) -> tuple[int, int, int]:
        """Where a job stands in the order that a study runs in: by seed, fold and variant as given."""
        variants = self.started.variants if self.started else ()
        return key.seed, key.fold, variants.index(key.variant) if key.variant in variants else len(variants)

    def _take_training(self, event: BatchTrained | EpochTrained) -> None:
        """A job that goes on repeats what its checkpoint had not, which replaces the first try."""
        key = JobKey(event.variant, event.seed, event.fold)
        if isinstance(event, EpochTrained):
            ended = self.epochs.setdefault(key, [])
            while ended and ended[-1].epoch >= event.epoch:
                ended.pop()
            ended.append(event)
            return
        self.losses.setdefault(key, []).append(event.loss)
        starts = self.epoch_starts.setdefault(key, [])
        while starts and starts[-1].step >= event.step:
            starts.pop()
        if not starts or starts[-1].epoch != event.epoch:
            starts.append(event)

    def jobs(self, variant: str) -> list[JobResult]:
        """The ended jobs of a variant by seed and fold."""
        return [self.results[key] for key in sorted(self.results) if key.variant == variant]

    def result(self, variant: str) -> JobResult | None:
        """The ended jobs of a variant as one result (see `engine.pooled`); None where none has ended."""
        jobs = self.jobs(variant)
        return pool_results(jobs) if jobs else None

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
            "audit": to_jsonable(self.audit),
            "protocol": to_jsonable(self.protocol) if self.protocol else {"name": started.protocol},
            "recipe": to_jsonable(started.recipe),
            "seed": started.seed,
            "device": self.machine.device if self.machine else None,
            "precision": self.machine.precision if self.machine else None,
            "machine": to_jsonable(self.machine),
            "superres_precision": self.superres_precision,
            "superres_weights": describe_weights(self.superres_weights),
            "variants": {variant: self._variant_json(variant) for variant in started.variants},
            "baselines": {name: metrics_to_json(baseline.metrics) for name, baseline in self.baselines.items()},
            **self._statistics_json(),
            "conclusion": list(self.finished.conclusion) if self.finished else [],
            "messages": [{"level": n.level, "variant": n.variant, "message": n.message} for n in self.notices],
        }

    def _statistics_json(self) -> dict[str, Any]:
        statistics, started = self.statistics, self.started
        entries = statistics.variants if statistics else ()
        return {
            "intervals": {
                entry.variant: {
                    "accuracy": to_jsonable(entry.accuracy_interval),
                    "macro_f1": to_jsonable(entry.macro_f1_interval),
                    "images": entry.images,
                    "groups": entry.groups,
                }
                for entry in entries
            },
            "comparisons": to_jsonable(statistics.comparisons) if statistics else [],
            "comparisons_refused": list(statistics.refused) if statistics else [],
            "effects": to_jsonable(statistics.factorials) if statistics else [],
            "calibration": {entry.variant: to_jsonable(entry.calibration) for entry in entries},
            "repeats": {
                "seeds": list(started.seeds) if started else [],
                "folds": started.folds if started else 1,
                "variants": {
                    entry.variant: {
                        "seeds": list(entry.seeds),
                        "accuracies": to_jsonable(entry.seed_accuracies),
                        "mean": to_jsonable(entry.accuracy),
                        "spread": to_jsonable(entry.seed_spread),
                        "sampling_error": to_jsonable(entry.sampling_error),
                    }
                    for entry in entries
                },
            },
        }

    def _variant_json(self, variant: str) -> dict[str, Any]:
        losses = next((losses for key, losses in self.losses.items() if key.variant == variant), [])
        loss = [value if math.isfinite(value) else None for value in losses]
        jobs = [
            _job_json(result, self.losses.get(key, []))
            for key, result in self.results.items()
            if key.variant == variant
        ]
        result = self.result(variant)
        if result is None:
            status = "running" if self.finished is None else "stopped"
            reason = "did not start" if self.finished else ""
            return {"status": status, "reason": reason, **_NO_SCORES, "loss": loss, "jobs": jobs}
        return {
            "status": result.status,
            "reason": result.reason,
            **(metrics_to_json(result.metrics) if result.metrics else _NO_SCORES),
            "final_loss": to_jsonable(result.final_loss),
            "epochs_done": result.epochs_done,
            "loss": loss,
            "seconds": to_jsonable(result.seconds),
            "jobs": jobs,
        }


def _job_json(result: JobResult, losses: list[float]) -> dict[str, Any]:
    """One seed and fold of a variant."""
    return {
        "seed": result.seed,
        "fold": result.fold,
        "status": result.status,
        "reason": result.reason,
        **(metrics_to_json(result.metrics) if result.metrics else _NO_SCORES),
        "final_loss": to_jsonable(result.final_loss),
        "epochs_done": result.epochs_done,
        "loss": to_jsonable(losses),
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
