"""Tables of a report that no screen shows in this form."""

import math

from engine.config.combinations import has_steps
from engine.events.record import JobKey, StudyRecord
from engine.reports.audit import AuditReport
from engine.reports.results import DatasetSummary
from engine.reports.statistics import Calibration, FactorialAnalysis, StudyStatistics, VariantStatistics
from tui.looks.formatting import NOTHING, interval_text, number, signed
from tui.tables.audit import class_counts
from tui.tables.data import Line, TableData, numbers, table_of, words
from tui.tables.statistics import DIFFERS, turned


def head_note(data: TableData, index: int) -> str:
    """What stands below the heading of a column: its unit, and what the notes of its cells are."""
    column = data.columns[index]
    noted = any(row.cells[index].note.strip() for row in data.rows)
    return " ".join(filter(None, (column.unit, column.note if noted else "")))


def interval_table(statistics: StudyStatistics) -> TableData:
    """Accuracy and macro F1 of each variant with their intervals and what they rest on."""
    return table_of(map(_interval_line, statistics.variants))


def _interval_line(entry: VariantStatistics) -> Line:
    accuracy, macro_f1 = entry.accuracy_interval, entry.macro_f1_interval
    same = accuracy.method == macro_f1.method
    yield words("variant"), entry.variant
    yield numbers("accuracy"), number(entry.accuracy)
    yield numbers("accuracy", "interval"), interval_text(accuracy)
    yield numbers("macro F1"), number(entry.macro_f1)
    yield numbers("macro F1", "interval"), interval_text(macro_f1)
    yield numbers("images", "test"), f"{entry.images:,}"
    yield numbers("groups", "of copies"), f"{entry.groups:,}"
    yield numbers("calibration", "error"), number(entry.calibration.expected_error)
    yield words("method"), accuracy.method if same else f"accuracy: {accuracy.method}; macro F1: {macro_f1.method}"


def comparison_matrix(statistics: StudyStatistics) -> TableData:
    """The accuracy of the row's variant minus that of the column's."""
    names = [entry.variant for entry in statistics.variants]

    def line(row: str) -> Line:
        yield words("minus"), row
        for name in names:
            found = statistics.between(row, name) if row != name else None
            text = NOTHING if found is None else signed(turned(found, row)[0]) + DIFFERS * found.significant
            yield numbers(name), text

    return table_of(map(line, names))


def combination_table(analysis: FactorialAnalysis) -> TableData:
    """The accuracy of every combination, and which steps it applies."""

    def line(variant: str, accuracy: float) -> Line:
        yield words("variant"), variant
        for step, applied in zip(analysis.steps, has_steps(variant, analysis.steps), strict=True):
            yield words(step), "applied" if applied else NOTHING
        yield numbers("accuracy"), number(accuracy)

    return table_of(map(line, analysis.variants, analysis.accuracies))


def calibration_table(calibration: Calibration) -> TableData:
    """The bins of a reliability diagram that hold predictions."""
    return table_of(
        (
            (words("confidence"), f"{entry.low:.2f} to {entry.high:.2f}"),
            (numbers("predictions"), f"{entry.count:,}"),
            (numbers("confidence", "mean"), number(entry.confidence)),
            (numbers("correct", "share"), number(entry.accuracy)),
        )
        for entry in calibration.bins
        if entry.count
    )


def repeats_table(record: StudyRecord) -> TableData:
    """The test accuracy of every job, a row a seed and fold; below them the spread over seeds."""
    variants = record.started.variants if record.started else ()
    statistics = record.statistics

    def line(seed: int, fold: int) -> Line:
        yield words("seed"), str(seed)
        yield words("fold"), str(fold)
        for variant in variants:
            result = record.results.get(JobKey(variant, seed, fold))
            yield numbers(variant, "accuracy"), number(result.metrics.accuracy if result and result.metrics else None)

    def spread(name: str, attribute: str) -> Line:
        yield words("seed"), name
        yield words("fold"), ""
        for variant in variants:
            entry = statistics.of(variant) if statistics else None
            yield numbers(variant, "accuracy"), number(getattr(entry, attribute, None))

    names = {
        "mean over seeds": "accuracy",
        "spread over seeds": "seed_spread",
        "error of the test set": "sampling_error",
    }
    pairs = sorted({(key.seed, key.fold) for key in record.results})
    return table_of((line(*pair) for pair in pairs), (spread(*pair) for pair in names.items() if statistics))


def epoch_table(record: StudyRecord) -> TableData:
    """Loss and accuracy while training, a row an epoch; means over a variant's jobs."""
    variants = [
        variant
        for variant in (record.started.variants if record.started else ())
        if any(key.variant == variant for key in record.epochs)
    ]
    validated = any(entry.validation_accuracy is not None for ended in record.epochs.values() for entry in ended)
    headings = {"loss": "loss", "accuracy": "train acc."} | ({"validation_accuracy": "val. acc."} if validated else {})

    def mean(variant: str, epoch: int, name: str) -> str:
        ended = (entry for key, entries in record.epochs.items() if key.variant == variant for entry in entries)
        values = [getattr(entry, name) for entry in ended if entry.epoch == epoch]
        found = [value for value in values if value is not None]
        return number(math.fsum(found) / len(found) if found else None)

    def line(epoch: int) -> Line:
        yield words("epoch"), str(epoch + 1)
        for variant in variants:
            for name, heading in headings.items():
                yield numbers(variant, heading), mean(variant, epoch, name)

    return table_of(map(line, sorted({entry.epoch for entries in record.epochs.values() for entry in entries})))


def data_table(dataset: DatasetSummary, audit: AuditReport | None) -> TableData:
    """Images a class and part; with an audit, how many of them have a box."""
    counts = {("images", "train"): dataset.train_counts, ("images", "test"): dataset.test_counts}
    if audit is not None and audit.classes == dataset.classes:
        counts |= {("with a box", "train"): audit.boxed_train_counts, ("with a box", "test"): audit.boxed_test_counts}
    return class_counts(dataset.classes, counts)
