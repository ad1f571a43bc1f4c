"""Several runs side by side: which may be compared at all, and their scores in one table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from engine.events.comparability import why_incomparable
from engine.events.record import StudyRecord
from tui.looks.formatting import left
from tui.looks.palette import VariantStyle
from tui.tables.data import Cell, Column, Row, TableData, mark_best
from tui.tables.results import Average, metrics_data


@dataclass(frozen=True)
class MarkedRun:
    """A run that was chosen to be compared: its name, how it looks, and what it says."""

    name: str
    style: VariantStyle
    record: StudyRecord


def comparable(runs: Sequence[MarkedRun]) -> tuple[list[MarkedRun], list[tuple[MarkedRun, str]]]:
    """Those whose scores may stand beside each other's, from the first on, and the others with the reason."""
    together: list[MarkedRun] = []
    left_out = []
    for run in runs:
        reasons = ((other, why_incomparable(other.record, run.record)) for other in together)
        found = next(((other, reason) for other, reason in reasons if reason), None)
        if found is None:
            together.append(run)
        else:
            other, reason = found
            left_out.append((run, f"{run.name} must not be compared with {other.name}: {reason}"))
    return together, left_out


def compared_data(runs: Sequence[MarkedRun], average: Average = "macro") -> TableData:
    """Rows of run x variant against every metric; the best of a column is marked over all of them.

    The key of a row is its run's name and its variant, with a colon between.
    """
    tables = [(run, metrics_data(run.record, average)) for run in runs]
    columns = _all_columns([table for _, table in tables])
    rows = []
    for place, (run, table) in enumerate(tables):
        for row in table.rows:
            cells = dict(zip((column.key for column in table.columns), row.cells, strict=True))
            shown = [replace(cells.get(column.key, Cell("")), best=False) for column in columns[1:]]
            rows.append(Row(f"{run.name}:{row.key}", (Cell(run.name, place), *shown), eligible=row.eligible))
    widths = [max(cell_len(row.cells[place].note) for row in rows) for place in range(len(columns))]
    aligned = [
        replace(
            row,
            cells=tuple(
                replace(cell, note=left(cell.note, width)) for cell, width in zip(row.cells, widths, strict=True)
            ),
        )
        for row in rows
    ]
    return TableData(columns, mark_best(columns, aligned))


def _all_columns(tables: Sequence[TableData]) -> tuple[Column, ...]:
    """The run, then the columns of all tables in the order of the one that has the most."""
    columns = {column.key: column for column in max((table.columns for table in tables), key=len)}
    for table in tables:
        for column in table.columns:
            columns.setdefault(column.key, column)
    return (Column("run", "run", better="lower", marked=False, numeric=False), *columns.values())
