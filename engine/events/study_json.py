"""The JSON object of a study."""

from typing import Any

from engine.events.codec import to_jsonable
from engine.events.record import StudyRecord
from engine.reports.results import JobResult, Metrics, SuperresWeightsInfo

SCHEMA = 2
"""Version of the JSON form; raised when a reader of the old form would go wrong."""


_NO_SCORES = dict.fromkeys(("accuracy", "precision", "recall", "f1", "per_class", "confusion_matrix"))


def study_to_json(record: StudyRecord) -> dict[str, Any]:
    """The study as one JSON object (data/docs/study.schema.json).

    Raises:
        ValueError: the stream has not begun.
    """
    if record.started is None or record.dataset is None:
        raise ValueError("the study has not started")
    started, dataset = record.started, record.dataset
    return {
        "schema": SCHEMA,
        "study": started.study,
        "program_version": started.program_version,
        "status": record.finished.status if record.finished else "running",
        "reason": record.finished.reason if record.finished else "",
        "folder": record.finished.folder if record.finished else "",
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
        "audit": to_jsonable(record.audit),
        "protocol": to_jsonable(record.protocol) if record.protocol else {"name": started.protocol},
        "recipe": to_jsonable(started.recipe),
        "own_steps": to_jsonable(started.steps),
        "network": to_jsonable(record.network),
        "seed": started.seed,
        "device": record.machine.device if record.machine else None,
        "precision": record.machine.precision if record.machine else None,
        "machine": to_jsonable(record.machine),
        "superres_precision": record.superres_precision,
        "superres_weights": describe_weights(record.superres_weights),
        "variants": {variant: _variant_json(record, variant) for variant in started.variants},
        "baselines": {name: metrics_to_json(baseline.metrics) for name, baseline in record.baselines.items()},
        **_statistics_json(record),
        "pipelines": to_jsonable(record.analysis),
        "quality": to_jsonable(record.quality),
        "conclusion": list(record.finished.conclusion) if record.finished else [],
        "messages": [{"level": n.level, "variant": n.variant, "message": n.message} for n in record.notices],
    }


def _statistics_json(record: StudyRecord) -> dict[str, Any]:
    statistics, started = record.statistics, record.started
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


def _variant_json(record: StudyRecord, variant: str) -> dict[str, Any]:
    losses = next((losses for key, losses in record.losses.items() if key.variant == variant), [])
    jobs = [
        {"seed": key.seed, "fold": key.fold, **result_to_json(result), "loss": to_jsonable(record.losses.get(key, []))}
        for key, result in record.results.items()
        if key.variant == variant
    ]
    result = record.result(variant)
    if result is None:
        status = "running" if record.finished is None else "stopped"
        outcome = {"status": status, "reason": "did not start" if record.finished else "", **_NO_SCORES}
    else:
        outcome = result_to_json(result)
    return {**outcome, "loss": to_jsonable(losses), "jobs": jobs}


def result_to_json(result: JobResult) -> dict[str, Any]:
    """The outcome of one job, or of several as one, with its scores."""
    return {
        "status": result.status,
        "reason": result.reason,
        **(metrics_to_json(result.metrics) if result.metrics else _NO_SCORES),
        "final_loss": to_jsonable(result.final_loss),
        "epochs_done": result.epochs_done,
        "seconds": to_jsonable(result.seconds),
    }


def metrics_to_json(metrics: Metrics) -> dict[str, Any]:
    """Scores in the form of the study's JSON object; numbers that are not finite are null."""
    per_class = {scores.pop("name"): scores for scores in to_jsonable(metrics.per_class)}
    return {**to_jsonable(metrics), "per_class": per_class}


def describe_weights(weights: SuperresWeightsInfo | None) -> str | None:
    """One line that names the super-resolution weights, or None where none were needed."""
    if weights is None:
        return None
    note = f"; {weights.note}" if weights.note else ""
    return f"{weights.source}: {weights.description} (sha256 {weights.sha256[:12]}{note})"
