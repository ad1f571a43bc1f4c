"""The tables of a study's results: variants and classes against their scores, confusion matrices."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, get_args

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.events.record import StudyRecord, evaluated_results, seeds_evaluated, study_variants, variant_status
from engine.reports.results import ClassScores, JobResult, Metrics
from tui.looks.formatting import DECIMALS, NOTHING, duration, interval_text, right
from tui.looks.heat import heat_style
from tui.looks.variant_names import MANY
from tui.tables.data import BEST, Cell, Column, Row, TableData, aligned, mark_best, number_cell, to_rich
from tui.tables.facts import short_names, table_words
from tui.tables.quality import QUALITY_COLUMNS, quality_cells
from tui.tables.statistics import covering_statistics

Average = Literal["macro", "weighted", "micro"]
AVERAGES: tuple[Average, ...] = get_args(Average)

INTERVALS = ("accuracy", "f1")
"""Columns that can show an interval."""

_NOTE = "[95 %]"
_MIN_CELL = 5  # columns of a matrix cell: a blank and four digits

# ---------------------------------------------------------------- the table of variants


def metrics_data(
    record: StudyRecord, average: Average = "macro", *, intervals: Sequence[str] = INTERVALS, quality: bool = True
) -> TableData:
    """Variants against every metric, baselines apart; `intervals` names the columns that show theirs.

    With `quality`, SSIM and PSNR stand beside the accuracy where they were measured.

    The best of a column is marked among the variants that finished, if at least two did; values that look the same
    at the shown digits are all marked. Pre-processing time is not marked: images from the cache cost none, so less
    need not mean faster.
    """
    variants = study_variants(record)
    results = {variant: record.result(variant) for variant in variants}
    odd = any(result is None or result.status != "done" for result in results.values())
    names = short_names(record.dataset.classes) if record.dataset else ()
    spreads = record.started is not None and record.started.repeats > 1
    measured = record.quality if quality else None
    columns = tuple(_metrics_columns(average, odd=odd, spreads=spreads, quality=measured is not None))
    rows = []
    for position, (variant, result) in enumerate(results.items()):
        status = variant_status(record, variant)
        cells = {
            "variant": Cell(variant, position),
            "status": Cell(status, position),
            "spread": _spread_cell(record, variant),
            **_score_cells(result.metrics if result else None, average, names),
            **quality_cells(measured.of(variant) if measured else None, intervals=False),
            **_cost_cells(result),
        }
        for key in intervals:
            cells[key] = _with_interval(cells[key], record, result, key, average)
        rows.append(Row(variant, tuple(cells[column.key] for column in columns), eligible=status == "done"))
    apart = []
    for name, baseline in record.baselines.items():
        known = {"variant": Cell(name), **_score_cells(baseline.metrics, average, names)}
        apart.append(Row(name, tuple(known.get(column.key, Cell("")) for column in columns), eligible=False))
    shown, below = aligned(mark_best(columns, rows), tuple(apart))
    return TableData(columns, shown, below, "baselines" if below else "")


def _metrics_columns(average: Average, *, odd: bool, spreads: bool, quality: bool) -> Iterable[Column]:
    yield Column("variant", "variant", better="lower", marked=False, numeric=False)
    if odd:
        yield Column("status", "status", better="lower", marked=False, numeric=False)
    yield Column("accuracy", "accuracy", short="acc", note=_NOTE)
    if spreads:
        yield Column("spread", "spread", "seeds", better="lower", marked=False)
    if quality:
        yield from QUALITY_COLUMNS
    yield Column("precision", "precision", average, short="prec")
    yield Column("recall", "recall", average)
    yield Column("f1", "F1", average, note=_NOTE)
    yield Column("worst", "worst class", "F1")
    yield Column("loss", "loss", "final", better="lower")
    yield Column("train", "train", "time", better="lower")
    yield Column("preprocess", "prep", "time", better="lower", marked=False)


def _with_interval(cell: Cell, record: StudyRecord, result: JobResult | None, key: str, average: Average) -> Cell:
    found = covering_statistics(record, result)
    if found is None or (key == "f1" and average != "macro"):
        return cell
    interval = found.accuracy_interval if key == "accuracy" else found.macro_f1_interval
    return replace(cell, note=f" {interval_text(interval)}")


def _spread_cell(record: StudyRecord, variant: str) -> Cell:
    found = record.statistics.of(variant) if record.statistics else None
    return number_cell(found.seed_spread if found else None)


def _score_cells(metrics: Metrics | None, average: Average, names: Sequence[str]) -> dict[str, Cell]:
    if metrics is None:
        return dict.fromkeys(("accuracy", "precision", "recall", "f1", "worst"), Cell(NOTHING))
    worst = worst_class(metrics)
    return {
        "accuracy": number_cell(metrics.accuracy),
        "precision": number_cell(getattr(metrics.precision, average)),
        "recall": number_cell(getattr(metrics.recall, average)),
        "f1": number_cell(getattr(metrics.f1, average)),
        "worst": Cell(NOTHING) if worst is None else _worst_cell(metrics, worst, names),
    }


def _worst_cell(metrics: Metrics, worst: ClassScores, names: Sequence[str]) -> Cell:
    index = metrics.per_class.index(worst)
    name = names[index] if index < len(names) else worst.name
    return Cell(f"{name} {worst.f1:.{DECIMALS}f}", worst.f1)


def _cost_cells(result: JobResult | None) -> dict[str, Cell]:
    if result is None:
        return dict.fromkeys(("loss", "train", "preprocess"), Cell(NOTHING))
    return {
        "loss": number_cell(result.final_loss),
        "train": _time(result.seconds.train),
        "preprocess": _time(result.seconds.preprocess),
    }


def _time(seconds: float) -> Cell:
    return Cell(duration(seconds), round(seconds))


def worst_class(metrics: Metrics) -> ClassScores | None:
    """The class with the lowest F1 among those with test images; the first of equals."""
    tested = [scores for scores in metrics.per_class if scores.support and math.isfinite(scores.f1)]
    return min(tested, key=lambda scores: scores.f1, default=None)


# ---------------------------------------------------------------- the table of classes

_CLASS_SCORES = (("f1", "F1"), ("precision", "precision"), ("recall", "recall"))


def class_data(record: StudyRecord) -> TableData:
    """Classes against the F1, then precision, then recall of every evaluated variant; many variants are the rows.

    The best variants of a class are marked in each group; a class without test images has no scores.
    """
    evaluated = evaluated_results(record)
    names = record.dataset.classes if record.dataset else ()
    if len(evaluated) > MANY:
        return _variants_by_class(evaluated, names)
    columns = [
        Column("class", "class", better="lower", marked=False, numeric=False),
        Column("support", "images", _support_unit(record), marked=False),
    ]
    columns += [
        Column(f"{score}:{one.variant}", one.variant, heading) for score, heading in _CLASS_SCORES for one in evaluated
    ]
    rows = []
    for index, name in enumerate(names):
        of_class = [result.metrics.per_class[index] for result in evaluated if result.metrics]
        support = of_class[0].support if of_class else 0
        cells = [Cell(name, index), Cell(str(support), support)]
        for score, _ in _CLASS_SCORES:
            values = [getattr(scores, score) if scores.support else None for scores in of_class]
            cells += _mark_across(
                [number_cell(value) for value in values], [result.status == "done" for result in evaluated]
            )
        rows.append(Row(name, tuple(cells)))
    return TableData(tuple(columns), tuple(rows))


def _variants_by_class(evaluated: Sequence[JobResult], names: Sequence[str]) -> TableData:
    """A row a variant, a column a score and class, with the class's number of predictions in its head."""
    columns = [Column("variant", "variant", better="lower", marked=False, numeric=False)]
    parts = [[Cell(result.variant, place) for place, result in enumerate(evaluated)]]
    fair = [result.status == "done" for result in evaluated]
    for score, heading in _CLASS_SCORES:
        for index, name in enumerate(short_names(names)):
            of_class = [result.metrics.per_class[index] for result in evaluated if result.metrics]
            columns.append(Column(f"{score}:{names[index]}", name, f"{heading} n={of_class[0].support}"))
            values = [getattr(scores, score) if scores.support else None for scores in of_class]
            parts.append(_mark_across([number_cell(value) for value in values], fair))
    rows = zip(*parts, strict=True)
    return TableData(
        tuple(columns), tuple(Row(result.variant, cells) for result, cells in zip(evaluated, rows, strict=True))
    )


def _support_unit(record: StudyRecord) -> str:
    """An image counts once a seed."""
    seeds = seeds_evaluated(record)
    return f"test ×{seeds}" if seeds > 1 else "test"


def _mark_across(cells: list[Cell], eligible: Sequence[bool]) -> list[Cell]:
    values = [cell.value for cell, fair in zip(cells, eligible, strict=True) if fair and cell.value is not None]
    if len(values) < 2 or min(values) == max(values):  # noqa: PLR2004 - where all are equal there is no best
        return cells
    best = max(values)
    return [replace(cell, best=fair and cell.value == best) for cell, fair in zip(cells, eligible, strict=True)]


def classes_heading(record: StudyRecord) -> str:
    """What stands over the table of classes."""
    return f"Classes, {table_words(record)} ({BEST} best variant of a class)"


# ---------------------------------------------------------------- Rich tables for the headless output


def metrics_table(record: StudyRecord, average: Average = "macro") -> Table:
    """Variants against every metric, baselines in a section of their own."""
    title = f"Results, {table_words(record)} ({average} averages; {BEST} best of its column)"
    return to_rich(metrics_data(record, average), title)


def per_class_table(record: StudyRecord, scores: Sequence[str] = ("f1",)) -> Table:
    """Classes against the chosen scores ("f1", "precision", "recall") of every evaluated variant."""
    data = class_data(record)
    left_out = (key for column in data.columns if ":" in (key := column.key) and key.partition(":")[0] not in scores)
    return to_rich(data.without(*left_out), classes_heading(record))


def confusion_table(
    metrics: Metrics, classes: Sequence[str], normalise: bool = False, title: str = ""
) -> RenderableType:
    """A confusion matrix as a heat map with counts (or shares of the row); rows are true, columns predicted."""
    names = short_names(classes)
    how = "shares of the row" if normalise else "counts"
    heading = f"{title + ': ' if title else ''}{how}, rows true, columns predicted"
    table = Table(box=None, pad_edge=False, padding=0, header_style="bold")
    table.add_column("", no_wrap=True)
    widths = [max(_MIN_CELL, cell_len(name) + 1) for name in names]
    for name in names:
        table.add_column(Text(f" {name}"), justify="right", no_wrap=True)
    for index, (name, row) in enumerate(zip(names, metrics.confusion_matrix, strict=True)):
        total = sum(row)
        cells = []
        for column, width in enumerate(widths):
            text = confusion_cell(row, column, normalise=normalise)
            style = heat_style(row[column] / total if total else 0, diagonal=column == index)
            cells.append(Text(right(text, width), style=style))
        table.add_row(Text(f"{name} "), *cells)
    return Group(Text(heading, style="italic"), table)


def confusion_cell(row: Sequence[int], column: int, *, normalise: bool) -> str:
    """The text of one cell; a true class without test images has none, and 0 is a dot so that mistakes stand out."""
    total = sum(row)
    if total == 0:
        return NOTHING
    if row[column] == 0:
        return "·"
    return f"{row[column] / total:.2f}" if normalise else str(row[column])
