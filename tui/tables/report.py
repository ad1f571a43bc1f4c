"""Tables of a report that no screen shows in this form."""

import math
from collections.abc import Iterable, Sequence

from engine.config.combinations import has_steps
from engine.events.record import JobKey, StudyRecord
from engine.reports.audit import AuditedImage, AuditReport
from engine.reports.effects import effect_name
from engine.reports.results import DatasetSummary
from engine.reports.statistics import Calibration, FactorialAnalysis, Interval, StudyStatistics
from tui.looks.formatting import NOTHING, interval_words, number, p_words, signed
from tui.tables.data import Cell, Column, Row, TableData

SIGNIFICANT = "*"


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], apart: Iterable[Sequence[str]] = ()) -> TableData:
    """A table of texts in which nothing is best."""
    return TableData(tuple(columns), _rows(rows), _rows(apart))


def text_column(heading: str, unit: str = "") -> Column:
    """A column of words."""
    return Column(heading, heading, unit, numeric=False)


def number_column(heading: str, unit: str = "") -> Column:
    """A column of numbers."""
    return Column(f"{heading} {unit}", heading, unit)


def _rows(rows: Iterable[Sequence[str]]) -> tuple[Row, ...]:
    return tuple(Row(str(place), tuple(Cell(text) for text in row)) for place, row in enumerate(rows))


def head_note(data: TableData, index: int) -> str:
    """What stands below the heading of a column: its unit, and what the notes of its cells are."""
    column = data.columns[index]
    noted = any(row.cells[index].note.strip() for row in data.rows)
    return " ".join(filter(None, (column.unit, column.note if noted else "")))


def interval_table(statistics: StudyStatistics) -> TableData:
    """Accuracy and macro F1 of each variant with their intervals and what they rest on."""
    columns = (
        text_column("variant"),
        number_column("accuracy"),
        number_column("accuracy", "interval"),
        number_column("macro F1"),
        number_column("macro F1", "interval"),
        number_column("images", "test"),
        number_column("groups", "of copies"),
        number_column("calibration", "error"),
        text_column("method"),
    )
    rows = [
        (
            entry.variant,
            number(entry.accuracy),
            interval_words(entry.accuracy_interval),
            number(entry.macro_f1),
            interval_words(entry.macro_f1_interval),
            f"{entry.images:,}",
            f"{entry.groups:,}",
            number(entry.calibration.expected_error),
            _methods(entry.accuracy_interval, entry.macro_f1_interval),
        )
        for entry in statistics.variants
    ]
    return table(columns, rows)


def _methods(accuracy: Interval, macro_f1: Interval) -> str:
    if accuracy.method == macro_f1.method:
        return accuracy.method
    return f"accuracy: {accuracy.method}; macro F1: {macro_f1.method}"


def comparison_matrix(statistics: StudyStatistics) -> TableData:
    """The accuracy of the row's variant minus that of the column's."""
    names = [entry.variant for entry in statistics.variants]

    def cell(row: str, column: str) -> str:
        found = statistics.between(row, column)
        if row == column or found is None:
            return NOTHING
        difference = found.difference if found.first == row else -found.difference
        return signed(difference) + (SIGNIFICANT if found.significant else "")

    columns = (text_column("minus"), *(number_column(name) for name in names))
    return table(columns, [(row, *(cell(row, column) for column in names)) for row in names])


def comparison_table(statistics: StudyStatistics) -> TableData:
    """Every comparison with all that it rests on."""
    columns = (
        text_column("first"),
        text_column("second"),
        number_column("difference"),
        number_column("difference", "interval"),
        number_column("right", "first only"),
        number_column("right", "second only"),
        number_column("p"),
        number_column("p", statistics.correction),
        text_column("method"),
    )
    rows = [
        (
            entry.first,
            entry.second,
            signed(entry.difference) + (SIGNIFICANT if entry.significant else ""),
            f"[{signed(entry.interval.low)}, {signed(entry.interval.high)}]",
            f"{entry.first_only:,}",
            f"{entry.second_only:,}",
            p_words(entry.p_value),
            p_words(entry.adjusted_p),
            entry.method,
        )
        for entry in statistics.comparisons
    ]
    return table(columns, rows)


def effect_table(analysis: FactorialAnalysis) -> TableData:
    """Main effects and interactions with all that they rest on."""
    columns = (
        text_column("effect of"),
        number_column("estimate"),
        number_column("estimate", "interval"),
        number_column("p"),
        number_column("p", analysis.correction),
        text_column("method"),
    )
    rows = [
        (
            effect_name(entry),
            signed(entry.estimate) + (SIGNIFICANT if entry.significant else ""),
            f"[{signed(entry.interval.low)}, {signed(entry.interval.high)}]",
            p_words(entry.p_value),
            p_words(entry.adjusted_p),
            entry.method,
        )
        for entry in analysis.effects
    ]
    return table(columns, rows)


def combination_table(analysis: FactorialAnalysis) -> TableData:
    """The accuracy of every combination, and which steps it applies."""
    columns = (text_column("variant"), *map(text_column, analysis.steps), number_column("accuracy"))
    rows = [
        (
            variant,
            *("applied" if applied else NOTHING for applied in has_steps(variant, analysis.steps)),
            number(accuracy),
        )
        for variant, accuracy in zip(analysis.variants, analysis.accuracies, strict=True)
    ]
    return table(columns, rows)


def calibration_table(calibration: Calibration) -> TableData:
    """The bins of a reliability diagram that hold predictions."""
    columns = (
        text_column("confidence"),
        number_column("predictions"),
        number_column("confidence", "mean"),
        number_column("right", "share"),
    )
    rows = [
        (f"{entry.low:.2f} to {entry.high:.2f}", f"{entry.count:,}", number(entry.confidence), number(entry.accuracy))
        for entry in calibration.bins
        if entry.count
    ]
    return table(columns, rows)


def repeats_table(record: StudyRecord) -> TableData:
    """The test accuracy of every job, a row a seed and fold; below them the spread over seeds."""
    started = record.started
    variants = started.variants if started else ()
    columns = (
        text_column("seed"),
        text_column("fold"),
        *(number_column(variant, "accuracy") for variant in variants),
    )

    def accuracy(key: JobKey) -> str:
        result = record.results.get(key)
        return number(result.metrics.accuracy if result and result.metrics else None)

    pairs = sorted({(key.seed, key.fold) for key in record.results})
    rows = [
        (str(seed), str(fold + 1), *(accuracy(JobKey(variant, seed, fold)) for variant in variants))
        for seed, fold in pairs
    ]
    return table(columns, rows, _spread(record, variants))


def _spread(record: StudyRecord, variants: Sequence[str]) -> list[tuple[str, ...]]:
    statistics = record.statistics
    if statistics is None:
        return []
    entries = [statistics.of(variant) for variant in variants]
    return [
        ("mean over seeds", "", *(number(entry.accuracy if entry else None) for entry in entries)),
        ("spread over seeds", "", *(number(entry.seed_spread if entry else None) for entry in entries)),
        ("error of the test set", "", *(number(entry.sampling_error if entry else None) for entry in entries)),
    ]


def epoch_table(record: StudyRecord) -> TableData:
    """Loss and accuracy while training, a row an epoch; means over a variant's jobs."""
    variants = [
        variant
        for variant in (record.started.variants if record.started else ())
        if any(key.variant == variant for key in record.epochs)
    ]
    validated = any(entry.validation_accuracy is not None for ended in record.epochs.values() for entry in ended)
    columns = [text_column("epoch")]
    for variant in variants:
        columns += [number_column(variant, "loss"), number_column(variant, "train acc.")]
        columns += [number_column(variant, "val. acc.")] if validated else []

    def mean(variant: str, epoch: int, name: str) -> str:
        ended = (entry for key, entries in record.epochs.items() if key.variant == variant for entry in entries)
        values = [getattr(entry, name) for entry in ended if entry.epoch == epoch]
        found = [value for value in values if value is not None]
        return number(math.fsum(found) / len(found) if found else None)

    names = ("loss", "accuracy", "validation_accuracy") if validated else ("loss", "accuracy")
    epochs = sorted({entry.epoch for entries in record.epochs.values() for entry in entries})
    rows = [
        (str(epoch + 1), *(mean(variant, epoch, name) for variant in variants for name in names)) for epoch in epochs
    ]
    return table(columns, rows)


def data_table(dataset: DatasetSummary, audit: AuditReport | None) -> TableData:
    """Images a class and part; with an audit, how many of them have a box."""
    columns = [text_column("class"), number_column("images", "train"), number_column("images", "test")]
    counts = [dataset.train_counts, dataset.test_counts]
    if audit is not None and audit.classes == dataset.classes:
        columns += [number_column("with a box", "train"), number_column("with a box", "test")]
        counts += [audit.boxed_train_counts, audit.boxed_test_counts]
    rows = [
        (name, *(f"{count:,}" for count in of_class)) for name, *of_class in zip(dataset.classes, *counts, strict=True)
    ]
    return table(columns, rows, [("all", *(f"{sum(column):,}" for column in counts))])


def size_table(audit: AuditReport) -> TableData:
    """Image sizes in pixels, a row a part."""
    columns = (
        text_column("part"),
        number_column("height", "least, median, most"),
        number_column("width", "least, median, most"),
        number_column("sizes", "different"),
    )
    rows = [
        (entry.part, ", ".join(map(str, entry.height)), ", ".join(map(str, entry.width)), f"{entry.distinct:,}")
        for entry in audit.sizes
    ]
    return table(columns, rows)


def pair_table(audit: AuditReport) -> TableData:
    """The pairs of copies, test images that copy training images first."""
    columns = (
        text_column("image"),
        text_column("copy of"),
        text_column("kind"),
        number_column("hash", "bits"),
        number_column("difference", "rms"),
        number_column("correlation"),
        text_column("labels"),
    )
    rows = [
        (
            _place(pair.first),
            _place(pair.second),
            pair.kind,
            str(pair.hash_distance),
            f"{pair.thumbnail_rms:.1f}",
            f"{pair.correlation:.2f}",
            f"{pair.first.class_name} ≠ {pair.second.class_name}" if pair.crosses_classes else pair.first.class_name,
        )
        for pair in sorted(audit.pairs, key=lambda pair: not pair.crosses_parts)
    ]
    return table(columns, rows)


def _place(image: AuditedImage) -> str:
    height, width = image.size
    return f"{image.path} ({image.part}, {width}×{height})"
