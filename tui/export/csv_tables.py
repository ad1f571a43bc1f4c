"""The numbers of a study as comma-separated tables, one row an observation, ready for a data frame.

    curves.csv       variant, seed, fold, epoch, step, loss: a row a batch; gradient_norm where it was measured
    epochs.csv       variant, seed, fold, epoch, loss, accuracy, validation_accuracy; validation_loss where there is one
    scores.csv       a row a variant, seed and fold (and a baseline, without either): status, accuracy, averages, times
    classes.csv      variant, seed, fold, class, precision, recall, f1, support
    confusion.csv    variant, seed, fold, true, predicted, count
    predictions.csv  variant, seed, fold, path, true, predicted, correct, confidence: a row a test image
    resolution.csv   a row a variant, kind of images and size that they were shrunk to (none: as they are), where that
                     was measured: images, shrunk, right, accuracy, change from the images as they are, intervals
    effects.csv      steps, effect, estimate, low, high, p, adjusted_p, significant, method, images, groups, seeds: a
                     row an effect of steps, their names joined by +; only where all combinations were trained
    quality.csv      the fields of `engine.reports.quality.ImageQuality` and accuracy_gain, a row a variant: only where
                     image quality was measured
    machine.csv      time, host, worker, shares of the processor, bytes of memory and disk, as in
                     `engine.events.study.MachineMeasured`
    gpus.csv         time, host, worker and the fields of `engine.reports.machine_load.GpuLoad`, a row a GPU
    stages.csv       stage, variant, seed, fold, start, end: when each ran; times in seconds since the Unix epoch

What orders, strengths and selections do has a file a table, with the fields of `engine.reports.pipelines` as columns,
those of a field within a field joined by _: gains.csv, order_effects.csv, mirrors.csv, variance_shares.csv,
strengths.csv, trends.csv, two_classes.csv; and changed.csv (variant, change, path), the images that a variant breaks or
mends.

Epochs, steps and folds count from 0. A value that there is not, or that is not finite, is empty.
"""

import bisect
import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from engine import Exported
from engine.config.variants import name_of
from engine.events.record import JobKey, StudyRecord
from engine.reports.pipelines import PipelineAnalysis, changed_images
from engine.reports.quality import QualityReport, accuracy_gain
from engine.reports.resolution import ResolutionReport
from engine.reports.results import JobResult, Metrics
from tui.tables.effects import factorials
from tui.tables.machine import GPU_COLUMNS, LOAD_COLUMNS, SPAN_COLUMNS, gpu_rows, load_rows, span_rows

Row = Sequence[object]

_JOB = ("variant", "seed", "fold")
_EPOCH_COLUMNS = ("epoch", "loss", "accuracy", "validation_accuracy")
_AVERAGES = ("macro", "weighted", "micro")
_SCORES = ("precision", "recall", "f1")


def render(exported: Exported) -> dict[str, bytes]:
    """A folder of files."""
    record = exported.record
    files = {
        "curves.csv": _curves(record),
        "epochs.csv": _epochs(record),
        "scores.csv": _file(_SCORE_COLUMNS, _scores(record)),
        "classes.csv": _file((*_JOB, "class", *_SCORES, "support"), _classes(record)),
        "confusion.csv": _file((*_JOB, "true", "predicted", "count"), _confusion(record)),
        "predictions.csv": _file((*_JOB, "path", "true", "predicted", "correct", "confidence"), _predictions(record)),
    }
    if exported.resolution is not None:
        files["resolution.csv"] = _file(_SIZE_COLUMNS, _sizes(exported.resolution))
    if factorials(record):
        files["effects.csv"] = _file(_EFFECT_COLUMNS, _effects(record))
    if record.analysis is not None:
        files |= _pipelines(record, record.analysis)
    if record.loads:
        files["machine.csv"] = _file(LOAD_COLUMNS, load_rows(record))
        files["stages.csv"] = _file(SPAN_COLUMNS, span_rows(record))
    if any(load.gpus for load in record.loads):
        files["gpus.csv"] = _file(GPU_COLUMNS, gpu_rows(record))
    if record.quality is not None:
        files["quality.csv"] = _dicts(list(_quality(record, record.quality)))
    return files


def _file(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_plain(value) for value in row] for row in rows)
    # Names of files may hold bytes that are no text.
    return stream.getvalue().encode(errors="backslashreplace")


def _plain(value: object) -> object:
    """`csv` writes None as nothing and a float with all its digits."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _curves(record: StudyRecord) -> bytes:
    measured = any(math.isfinite(norm) for norms in record.gradient_norms.values() for norm in norms)
    columns = ("epoch", "step", "loss", *(["gradient_norm"] if measured else []))
    return _file((*_JOB, *columns), (row[: len(_JOB) + len(columns)] for row in _batches(record)))


def _batches(record: StudyRecord) -> Iterator[Row]:
    for key, losses in record.losses.items():
        starts = record.epoch_starts.get(key, [])
        steps = [start.step for start in starts]
        for step, (loss, norm) in enumerate(zip(losses, record.gradient_norms[key], strict=True)):
            place = bisect.bisect_right(steps, step) - 1
            yield (*key, starts[place].epoch if place >= 0 else None, step, loss, norm)


def _epochs(record: StudyRecord) -> bytes:
    ended = [(key, entry) for key, entries in record.epochs.items() for entry in entries]
    measured = any(entry.validation_loss is not None for _, entry in ended)
    columns = (*_EPOCH_COLUMNS, *(["validation_loss"] if measured else []))
    return _file((*_JOB, *columns), ((*key, *(getattr(entry, name) for name in columns)) for key, entry in ended))


_SCORE_COLUMNS = (
    *_JOB,
    "status",
    "reason",
    "accuracy",
    *(f"{average}_{score}" for score in _SCORES for average in _AVERAGES),
    "final_loss",
    "epochs_done",
    "preprocess_seconds",
    "train_seconds",
    "evaluate_seconds",
)


def _scores(record: StudyRecord) -> Iterator[Row]:
    for key, result in record.results.items():
        seconds = result.seconds
        costs = (result.final_loss, result.epochs_done, seconds.preprocess, seconds.train, seconds.evaluate)
        yield (*key, result.status, result.reason, *_score_values(result.metrics), *costs)
    for name, baseline in record.baselines.items():
        yield (name, None, None, "baseline", "", *_score_values(baseline.metrics), *[None] * 5)


def _score_values(metrics: Metrics | None) -> list[float | None]:
    if metrics is None:
        return [None] * (1 + len(_SCORES) * len(_AVERAGES))
    values = [getattr(getattr(metrics, score), average) for score in _SCORES for average in _AVERAGES]
    return [metrics.accuracy, *values]


def _evaluated(record: StudyRecord) -> Iterator[tuple[JobKey, JobResult, Metrics]]:
    for key, result in record.results.items():
        if result.metrics is not None:
            yield key, result, result.metrics


def _classes(record: StudyRecord) -> Iterator[Row]:
    for key, _, metrics in _evaluated(record):
        for entry in metrics.per_class:
            scores = (entry.precision, entry.recall, entry.f1) if entry.support else (None, None, None)
            yield (*key, entry.name, *scores, entry.support)


def _confusion(record: StudyRecord) -> Iterator[Row]:
    for key, _, metrics in _evaluated(record):
        names = [entry.name for entry in metrics.per_class]
        for true, counts in zip(names, metrics.confusion_matrix, strict=True):
            yield from ((*key, true, predicted, count) for predicted, count in zip(names, counts, strict=True))


def _predictions(record: StudyRecord) -> Iterator[Row]:
    for key, result, metrics in _evaluated(record):
        names = [entry.name for entry in metrics.per_class]
        for entry in result.predictions:
            right = entry.label == entry.predicted
            confidence = max(entry.probabilities, default=None)
            yield (*key, entry.path, names[entry.label], names[entry.predicted], int(right), confidence)


_SIZE_COLUMNS = (
    *_JOB,
    "part",
    "size",
    "images",
    "shrunk",
    "right",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "lost",
    "gained",
    "change",
    "change_low",
    "change_high",
)


def _sizes(report: ResolutionReport) -> Iterator[Row]:
    for ladder in report.ladders:
        job, images = (ladder.variant, report.seed, report.fold, ladder.part), ladder.images
        share = (ladder.right, ladder.accuracy, ladder.interval.low, ladder.interval.high)
        yield (*job, None, images, 0, *share, *[None] * 5)
        for step in ladder.steps:
            share = (step.right, step.right / images, step.interval.low, step.interval.high)
            change = (step.difference, step.difference_interval.low, step.difference_interval.high)
            yield (*job, step.size, images, step.shrunk, *share, step.lost, step.gained, *change)


_EFFECT_COLUMNS = (
    *("steps", "effect", "estimate", "low", "high", "p", "adjusted_p", "significant"),
    *("method", "images", "groups", "seeds"),
)


def _effects(record: StudyRecord) -> Iterator[Row]:
    for analysis in factorials(record):
        for effect in analysis.effects:
            interval, tests = effect.interval, (effect.p_value, effect.adjusted_p, int(effect.significant))
            yield (
                *(name_of(analysis.steps), name_of(effect.steps), effect.estimate, interval.low, interval.high),
                *(*tests, effect.method, analysis.images, analysis.groups, len(analysis.seeds)),
            )


def _pipelines(record: StudyRecord, analysis: PipelineAnalysis) -> dict[str, bytes]:
    points = [
        {"step": curve.step, "parameter": curve.parameter, "pipeline": curve.pipeline, **_flat(point)}
        for curve in analysis.curves
        for point in curve.points
    ]
    tables = {
        "gains.csv": [_flat(entry) for entry in analysis.gains],
        "order_effects.csv": [_flat(entry) for entry in analysis.effects],
        "mirrors.csv": [_flat(entry) for entry in analysis.mirrors],
        "variance_shares.csv": [_flat(entry) for entry in analysis.shares],
        "strengths.csv": points,
        "trends.csv": [_flat(curve) for curve in analysis.curves],
        "two_classes.csv": [_flat(entry) for entry in analysis.two_class],
    }
    files = {name: _dicts(rows) for name, rows in tables.items() if rows}
    if analysis.gains:
        files["changed.csv"] = _file(("variant", "change", "path"), _changed(record, analysis))
    return files


def _changed(record: StudyRecord, analysis: PipelineAnalysis) -> Iterator[Row]:
    for entry in analysis.gains:
        found = changed_images(record.results.values(), analysis.baseline, entry.variant, analysis.seeds)
        yield from ((entry.variant, change, path) for path, change in found.items())


def _flat(value: Any, prefix: str = "") -> dict[str, object]:
    """The fields of a value, and those of values within it; names are joined by +, other lists left out."""
    found: dict[str, object] = {}
    for field in fields(value):
        entry, name = getattr(value, field.name), f"{prefix}{field.name}"
        if is_dataclass(entry):
            found |= _flat(entry, f"{name}_")
        elif not isinstance(entry, tuple):
            found[name] = int(entry) if isinstance(entry, bool) else entry
        elif field.name == "steps":
            found[name] = name_of(entry) if entry else ""
    return found


def _dicts(rows: Sequence[Mapping[str, object]]) -> bytes:
    """A column a key, also of those that some rows lack."""
    columns = max(rows, key=len)
    return _file(tuple(columns), ([row.get(column) for column in columns] for row in rows))


def _quality(record: StudyRecord, report: QualityReport) -> Iterator[dict[str, object]]:
    for entry in report.variants:
        gain = accuracy_gain(entry, record.statistics) if record.statistics else None
        yield {**_flat(entry), "accuracy_gain": gain}
