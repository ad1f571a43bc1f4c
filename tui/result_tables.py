"""The tables of a study's results: what stands in each cell, what is best, how rows sort.

Nothing here draws on a screen: the dashboard's widgets and the headless output show the same `TableData`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.config import RECIPES, MachineSettings, Recipe
from engine.events import Notice
from engine.record import StudyRecord
from engine.results import ClassScores, JobResult, Metrics
from tui.formatting import duration
from tui.heat import heat_style

Average = Literal["macro", "weighted", "micro"]
AVERAGES: tuple[Average, ...] = get_args(Average)

BEST = "▸"
"""Stands before the best value of a column."""

NOTHING = "–"
"""Stands where there is no value."""

_DECIMALS = 3
_MIN_CELL = 5  # columns of a matrix cell: a blank and four digits


@dataclass(frozen=True)
class Column:
    """One column: `heading` over `unit` (a second line), `short` where the room is small.

    `better` says which end of the column sorts first; only a `marked` column shows its best values.
    """

    key: str
    heading: str
    unit: str = ""
    short: str = ""
    better: Literal["higher", "lower"] = "higher"
    marked: bool = True
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """A text and the value that it sorts by (None sorts last)."""

    text: str
    value: float | None = None
    best: bool = False

    @property
    def marked_text(self) -> str:
        """The text, with the sign of the best before it."""
        return f"{BEST}{self.text}" if self.best else self.text


@dataclass(frozen=True)
class Row:
    """`eligible` rows compete for the best of a column."""

    key: str
    cells: tuple[Cell, ...]
    eligible: bool = True


@dataclass(frozen=True)
class TableData:
    """Rows that sort, and below them the rows that stand apart under a heading of their own."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    apart: tuple[Row, ...] = ()
    apart_heading: str = ""

    def sorted_by(self, key: str, *, reverse: bool = False) -> "TableData":
        """The same table with its rows in the order of a column, best first; cells without a value stay last."""
        index = next(position for position, column in enumerate(self.columns) if column.key == key)
        upside_down = (self.columns[index].better == "higher") != reverse

        def order(row: Row) -> tuple[bool, float]:
            value = row.cells[index].value
            if value is None or math.isnan(value):
                return True, 0.0
            return False, -value if upside_down else value

        return replace(self, rows=tuple(sorted(self.rows, key=order)))


def short_names(classes: Sequence[str]) -> tuple[str, ...]:
    """Class names cut to as many of their first words as tell them apart ("homer_simpson" becomes "homer")."""
    words = [name.replace("-", "_").replace(" ", "_").split("_") for name in classes]

    def shortest(own: list[str]) -> str:
        for length in range(1, len(own)):
            if sum(other[:length] == own[:length] for other in words) == 1:
                return "_".join(own[:length])
        return "_".join(own)

    return tuple(shortest(own) or name for own, name in zip(words, classes, strict=True))


# ---------------------------------------------------------------- the table of variants


def metrics_data(record: StudyRecord, average: Average = "macro") -> TableData:
    """Variants against every metric, baselines apart.

    The best of a column is marked among the variants that finished, if at least two did; values that look the same
    at the shown digits are all marked. Pre-processing time is not marked: images from the cache cost none, so less
    need not mean faster.
    """
    variants = _variants(record)
    results = {variant: record.result(variant) for variant in variants}
    odd = any(result is None or result.status != "done" for result in results.values())
    names = short_names(record.dataset.classes) if record.dataset else ()
    columns = (
        Column("variant", "variant", better="lower", marked=False, numeric=False),
        *((Column("status", "status", better="lower", marked=False, numeric=False),) if odd else ()),
        Column("accuracy", "accuracy", short="acc"),
        Column("precision", "precision", average, short="prec"),
        Column("recall", "recall", average),
        Column("f1", "F1", average),
        Column("worst", "worst class", "F1"),
        Column("loss", "loss", "final", better="lower"),
        Column("train", "train", "time", better="lower"),
        Column("preprocess", "preprocess", "time", short="prep", better="lower", marked=False),
    )
    rows = []
    for position, (variant, result) in enumerate(results.items()):
        status = variant_status(record, variant)
        cells = [Cell(variant, position)]
        if odd:
            cells.append(Cell(status, position))
        cells += _score_cells(result.metrics if result else None, average, names)
        cells += _cost_cells(result)
        rows.append(Row(variant, tuple(cells), eligible=status == "done"))
    apart = tuple(
        Row(
            name,
            (
                Cell(name),
                *((Cell(""),) if odd else ()),
                *_score_cells(baseline.metrics, average, names),
                *(Cell("") for _ in range(3)),
            ),
            eligible=False,
        )
        for name, baseline in record.baselines.items()
    )
    return TableData(columns, mark_best(columns, rows), apart, "baselines" if apart else "")


def _score_cells(metrics: Metrics | None, average: Average, names: Sequence[str]) -> list[Cell]:
    if metrics is None:
        return [Cell(NOTHING)] * 5
    worst = worst_class(metrics)
    return [
        _number(metrics.accuracy),
        _number(getattr(metrics.precision, average)),
        _number(getattr(metrics.recall, average)),
        _number(getattr(metrics.f1, average)),
        Cell(NOTHING) if worst is None else _worst_cell(metrics, worst, names),
    ]


def _worst_cell(metrics: Metrics, worst: ClassScores, names: Sequence[str]) -> Cell:
    index = metrics.per_class.index(worst)
    name = names[index] if index < len(names) else worst.name
    return Cell(f"{name} {worst.f1:.{_DECIMALS}f}", worst.f1)


def _cost_cells(result: JobResult | None) -> list[Cell]:
    if result is None:
        return [Cell(NOTHING)] * 3
    return [_number(result.final_loss), _time(result.seconds.train), _time(result.seconds.preprocess)]


def _time(seconds: float) -> Cell:
    return Cell(duration(seconds), round(seconds))


def _number(value: float | None) -> Cell:
    if value is None:
        return Cell(NOTHING)
    if not math.isfinite(value):
        return Cell("NaN" if math.isnan(value) else str(value))
    return Cell(f"{value:.{_DECIMALS}f}", round(value, _DECIMALS))


def mark_best(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[Row, ...]:
    """Mark the best cells of every marked column among the eligible rows; one alone is no best."""
    marked = [list(row.cells) for row in rows]
    for index, column in enumerate(columns):
        rivals = [
            (position, round(value, _DECIMALS))
            for position, row in enumerate(rows)
            if row.eligible and (value := row.cells[index].value) is not None and math.isfinite(value)
        ]
        if not column.marked or len(rivals) < 2:  # noqa: PLR2004
            continue
        values = [value for _, value in rivals]
        best = max(values) if column.better == "higher" else min(values)
        for position, value in rivals:
            if value == best:
                marked[position][index] = replace(marked[position][index], best=True)
    return tuple(replace(row, cells=tuple(cells)) for row, cells in zip(rows, marked, strict=True))


def worst_class(metrics: Metrics) -> ClassScores | None:
    """The class with the lowest F1 among those with test images; the first of equals."""
    tested = [scores for scores in metrics.per_class if scores.support and math.isfinite(scores.f1)]
    return min(tested, key=lambda scores: scores.f1, default=None)


# ---------------------------------------------------------------- the table of classes

_CLASS_SCORES = (("f1", "F1"), ("precision", "precision"), ("recall", "recall"))


def class_data(record: StudyRecord) -> TableData:
    """Classes against the F1, then precision, then recall of every evaluated variant.

    The best variants of a class are marked in each group; a class without test images has no scores.
    """
    evaluated = [(result.variant, result) for result in evaluated_results(record)]
    columns = [
        Column("class", "class", better="lower", marked=False, numeric=False),
        Column("support", "images", "test", short="images", marked=False),
    ]
    columns += [
        Column(f"{score}:{variant}", variant, heading) for score, heading in _CLASS_SCORES for variant, _ in evaluated
    ]
    rows = []
    for index, name in enumerate(record.dataset.classes if record.dataset else ()):
        of_class = [result.metrics.per_class[index] for _, result in evaluated if result.metrics]
        support = of_class[0].support if of_class else 0
        cells = [Cell(name, index), Cell(str(support), support)]
        for score, _ in _CLASS_SCORES:
            values = [getattr(scores, score) if scores.support else None for scores in of_class]
            cells += _mark_across(
                [_number(value) for value in values], [result.status == "done" for _, result in evaluated]
            )
        rows.append(Row(name, tuple(cells)))
    return TableData(tuple(columns), tuple(rows))


def _mark_across(cells: list[Cell], eligible: Sequence[bool]) -> list[Cell]:
    values = [cell.value for cell, fair in zip(cells, eligible, strict=True) if fair and cell.value is not None]
    if len(values) < 2 or min(values) == max(values):  # noqa: PLR2004 - where all are equal there is no best
        return cells
    best = max(values)
    return [replace(cell, best=fair and cell.value == best) for cell, fair in zip(cells, eligible, strict=True)]


# ---------------------------------------------------------------- what else is said of a study


def _variants(record: StudyRecord) -> tuple[str, ...]:
    """The study's variants in its order."""
    return record.started.variants if record.started else tuple(dict.fromkeys(key.variant for key in record.results))


def evaluated_results(record: StudyRecord) -> list[JobResult]:
    """The results that have metrics, in the study's order."""
    results = (record.result(variant) for variant in _variants(record))
    return [result for result in results if result is not None and result.metrics is not None]


def variant_status(record: StudyRecord, variant: str) -> str:
    """What became of a variant: done, stopped, failed, running or not run."""
    result = record.result(variant)
    if result is not None:
        return result.status
    return "running" if record.finished is None else "not run"


def shortfalls(record: StudyRecord) -> list[tuple[str, str]]:
    """(variant, sentence) for every variant that was not trained and evaluated to the end."""
    found = []
    for variant in _variants(record):
        status, result = variant_status(record, variant), record.result(variant)
        if status == "done":
            continue
        reason = result.reason if result is not None else ""
        found.append((variant, reason if reason.startswith(status) else f"{status}: {reason}" if reason else status))
    return found


def warnings(record: StudyRecord) -> list[Notice]:
    """The warnings and errors among the study's messages."""
    return [notice for notice in record.notices if notice.level != "info"]


def study_facts(record: StudyRecord) -> list[tuple[str, str]]:
    """(name, value) of all that belongs with the numbers."""
    return setting_facts(record) + origin_facts(record)


def setting_facts(record: StudyRecord) -> list[tuple[str, str]]:
    """(name, value) of what a reader must know before the numbers: data, protocol, recipe and seed."""
    started, dataset = record.started, record.dataset
    if started is None or dataset is None:
        return [("study", "not begun")]
    counts = f"{len(dataset.classes)} classes, {dataset.train:,} train, {dataset.test:,} test"
    return [
        ("data", f"{dataset.name} ({counts})"),
        ("protocol", started.protocol),
        ("recipe", recipe_words(started.recipe)),
        ("seed", str(started.seed)),
    ]


def origin_facts(record: StudyRecord) -> list[tuple[str, str]]:
    """(name, value) of where the numbers come from: study, machine, super-resolution weights."""
    facts = [("study", record.started.study)] if record.started else []
    if record.machine is not None:
        facts.append(("machine", machine_words(record.machine)))
    if (weights := record.superres_weights) is not None:
        facts.append(("super-resolution weights", f"{weights.source} ({weights.description})"))
    return facts


def is_demo(record: StudyRecord) -> bool:
    """Whether the study's images are the project's own drawings, which every screen must say."""
    return record.dataset is not None and record.dataset.is_demo


def recipe_words(recipe: Recipe) -> str:
    """The recipe's name and what was overridden in it."""
    entry = RECIPES.get(recipe.name)
    changed = [] if entry is None else [name for name in vars(entry) if getattr(entry, name) != getattr(recipe, name)]
    if not changed:
        return recipe.name
    return f"{recipe.name} with {', '.join(f'{name} {_plain(getattr(recipe, name))}' for name in changed)}"


def _plain(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def machine_words(machine: MachineSettings) -> str:
    """Device, threads and precision in a few words."""
    threads = f" ×{machine.threads}" if machine.device == "cpu" else ""
    return f"{machine.device}{threads} {machine.precision}"


# ---------------------------------------------------------------- Rich tables for the headless output


def to_rich(data: TableData, title: str = "") -> Table:
    """The table for a Rich console."""
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for column in data.columns:
        heading = f"{column.heading}\n{column.unit}" if column.unit else column.heading
        table.add_column(Text(heading), justify="right" if column.numeric else "left", no_wrap=True)
    for row in data.rows:
        table.add_row(*(Text(cell.marked_text, style="bold green" if cell.best else "") for cell in row.cells))
    if data.apart:
        table.add_section()
        for row in data.apart:
            table.add_row(*(Text(cell.text, style="dim") for cell in row.cells))
    return table


def metrics_table(record: StudyRecord, average: Average = "macro") -> Table:
    """Variants against every metric, baselines in a section of their own."""
    return to_rich(metrics_data(record, average), f"Results ({average} averages; {BEST} best of its column)")


def per_class_table(record: StudyRecord, scores: Iterable[str] = ("f1",)) -> Table:
    """Classes against the chosen scores ("f1", "precision", "recall") of every evaluated variant."""
    data = class_data(record)
    chosen = set(scores)
    keep = [
        index
        for index, column in enumerate(data.columns)
        if ":" not in column.key or column.key.partition(":")[0] in chosen
    ]
    columns = tuple(data.columns[index] for index in keep)
    rows = tuple(replace(row, cells=tuple(row.cells[index] for index in keep)) for row in data.rows)
    return to_rich(replace(data, columns=columns, rows=rows), f"Classes ({BEST} best variant of a class)")


def confusion_table(
    metrics: Metrics, classes: Sequence[str], normalise: bool = False, title: str = ""
) -> RenderableType:
    """A confusion matrix as a heat map with counts (or shares of the row); rows are true, columns predicted."""
    names = short_names(classes)
    how = "shares of the row" if normalise else "counts"
    heading = f"{title + ': ' if title else ''}{how}, rows true, columns predicted"
    table = Table(box=None, pad_edge=False, padding=0, header_style="bold")
    table.add_column("", no_wrap=True)
    widths = [max(_MIN_CELL, len(name) + 1) for name in names]
    for name in names:
        table.add_column(Text(f" {name}"), justify="right", no_wrap=True)
    for index, (name, row) in enumerate(zip(names, metrics.confusion_matrix, strict=True)):
        total = sum(row)
        cells = []
        for column, width in enumerate(widths):
            text = confusion_cell(row, column, normalise=normalise)
            style = heat_style(row[column] / total if total else 0, diagonal=column == index)
            cells.append(Text(f"{text:>{width}}", style=style))
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
