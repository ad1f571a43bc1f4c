"""A table as data: what stands in each cell, what is best, how rows sort.

Nothing here draws on a screen: the dashboard's widgets and the headless output show the same `TableData`.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from tui.looks.formatting import DECIMALS, NOTHING, left, number
from tui.looks.palette import variant_mark

BEST = "▸"
"""Stands before the best value of a column."""


@dataclass(frozen=True)
class Column:
    """One column: `heading` over `unit` (a second line), `short` where the room is small.

    `note` heads the notes of its cells, beside the unit.
    `better` says which end of the column sorts first; only a `marked` column shows its best values.
    """

    key: str
    heading: str
    unit: str = ""
    short: str = ""
    note: str = ""
    better: Literal["higher", "lower"] = "higher"
    marked: bool = True
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """A text and the value that it sorts by (None sorts last); `note` follows the text, paler; `bold` stresses it."""

    text: str
    value: float | None = None
    best: bool = False
    note: str = ""
    bold: bool = False

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

    def without(self, *keys: str) -> "TableData":
        """The same table without some columns."""
        kept = [place for place, column in enumerate(self.columns) if column.key not in keys]

        def narrowed(rows: tuple[Row, ...]) -> tuple[Row, ...]:
            return tuple(replace(row, cells=tuple(row.cells[place] for place in kept)) for row in rows)

        columns = tuple(self.columns[place] for place in kept)
        return replace(self, columns=columns, rows=narrowed(self.rows), apart=narrowed(self.apart))


def words(heading: str, unit: str = "") -> Column:
    """A column of words in which nothing is best."""
    return Column(heading, heading, unit, marked=False, numeric=False)


def numbers(heading: str, unit: str = "") -> Column:
    """A column of numbers in which nothing is best."""
    return Column(f"{heading} {unit}".strip(), heading, unit, marked=False)


Line = Iterable[tuple[Column, str | Cell]]
"""A row that names the column of each of its cells."""


def table_of(lines: Iterable[Line], apart: Iterable[Line] = ()) -> TableData:
    """The table of such rows, which all have the same columns; without rows there are no columns."""
    shown, below = ([list(line) for line in part] for part in (lines, apart))
    columns = next(([column for column, _ in line] for line in (*shown, *below)), [])

    def rows(part: list[list[tuple[Column, str | Cell]]]) -> tuple[Row, ...]:
        cells = ([Cell(cell) if isinstance(cell, str) else cell for _, cell in line] for line in part)
        return tuple(Row(str(place), tuple(of_row)) for place, of_row in enumerate(cells))

    return TableData(tuple(columns), rows(shown), rows(below))


def number_cell(value: float | None) -> Cell:
    """A score or loss with the usual decimals; a dash for None, and what is not finite has no value to sort by."""
    if value is None:
        return Cell(NOTHING)
    if not math.isfinite(value):
        return Cell("NaN" if math.isnan(value) else str(value))
    return Cell(number(value), round(value, DECIMALS))


def mark_best(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[Row, ...]:
    """Mark the best cells of every marked column among the eligible rows; one alone is no best."""
    marked = [list(row.cells) for row in rows]
    for index, column in enumerate(columns):
        rivals = [
            (position, round(value, DECIMALS))
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


def aligned(*parts: tuple[Row, ...]) -> list[tuple[Row, ...]]:
    """Blanks in place of missing notes, so that the numbers of a column stay under each other."""
    rows = [row for part in parts for row in part]
    widths = [max(cell_len(cell.note) for cell in column) for column in zip(*(row.cells for row in rows), strict=True)]

    def padded(row: Row) -> Row:
        pairs = zip(row.cells, widths, strict=True)
        return replace(row, cells=tuple(replace(cell, note=left(cell.note, width)) for cell, width in pairs))

    return [tuple(map(padded, part)) for part in parts]


def right_aligned(text: Text, width: int) -> Text:
    """Each line pushed to the right; unlike Rich's own way it leaves blanks at the end, which stand for a note."""
    lines = text.split("\n", allow_blank=True)
    for line in lines:
        line.pad_left(width - line.cell_len)
    return Text("\n").join(lines)


def head_text(column: Column, rows: Iterable[Row], index: int, heading: str = "") -> Text:
    """The head of a column over numbers and their notes: blanks stand over the notes in the first line."""
    notes = max((cell_len(row.cells[index].note) for row in rows), default=0)
    lines = [f"{heading or column.heading}{' ' * notes}"]
    if column.unit or (notes and column.note):
        lines.append(f"{column.unit}{left(f' {column.note}', notes) if notes else ''}")
    return Text("\n".join(lines))


def to_rich(data: TableData, title: str = "") -> Table:
    """The table for a Rich console."""
    table = Table(title=title or None, title_justify="left", header_style="bold")
    rows = (*data.rows, *data.apart)
    for index, column in enumerate(data.columns):
        head = head_text(column, rows, index)
        width = max([*map(len, head.plain.split("\n")), *(_rich_cell(row.cells[index]).cell_len for row in rows)])
        table.add_column(right_aligned(head, width) if column.numeric else head, no_wrap=True, min_width=width)
    for row in data.rows:
        table.add_row(*_rich_row(table, data, row))
    if data.apart:
        table.add_section()
        for row in data.apart:
            table.add_row(*_rich_row(table, data, row), style="dim")
    return table


def _rich_row(table: Table, data: TableData, row: Row) -> Iterator[Text]:
    for cell, column, place in zip(row.cells, data.columns, table.columns, strict=True):
        text = _rich_cell(cell)
        yield right_aligned(text, place.min_width or 0) if column.numeric else text


def _rich_cell(cell: Cell) -> Text:
    return Text.assemble(
        (cell.marked_text, "bold green" if cell.best else "bold" if cell.bold else ""), (cell.note, "dim")
    )


def to_plain(data: TableData) -> Table:
    """The table without lines, for screens; a variant has its sign, and is named where it is not that of the row above.

    A column whose key is variant:NAME has the sign in its head.
    """
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for column in data.columns:
        head = Text(column.heading)
        if column.key.startswith("variant:"):
            head = Text.assemble(variant_mark(column.heading), " ", head)
        table.add_column(head, justify="right" if column.numeric else "left", no_wrap=True)
    above = ""
    for row in data.rows:
        cells = [_rich_cell(cell) for cell in row.cells]
        if data.columns[0].key == "variant":
            name, above = above, row.cells[0].text
            cells[0] = Text() if above == name else Text.assemble(variant_mark(above), " ", above)
        table.add_row(*cells)
    return table
