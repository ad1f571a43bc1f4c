"""Tables of results that sort by any column: the base of all, and the table of variants."""

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from tui.tables.data import Cell, Column, Row, TableData, head_text, right_aligned

BEST_STYLE = Style(bold=True, underline=True)
APART_KEY = "·apart·"

_GAP, _NARROW_GAP = 2, 1


class SortableTable(DataTable[Text]):
    """A `TableData` on the screen; `sort_next` and a click on a head sort it, rows apart stay below."""

    DEFAULT_CSS = """
    SortableTable {
        height: auto;
        background: $background;
        scrollbar-size: 1 1;
        & > .datatable--header { background: $background; color: $foreground; }
        & > .datatable--fixed { background: $background; color: $foreground; }
        & > .datatable--even-row { background: $surface; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(
            id=id, cursor_type="row", fixed_columns=1, header_height=2, cell_padding=0, zebra_stripes=False
        )
        self._shown = TableData((), ())
        self._marks: dict[str, Text] = {}
        self._names: Mapping[str, str] = {}
        self._narrow = False
        self.sort_key = ""
        self.sort_reversed = False

    def show_data(
        self,
        data: TableData,
        *,
        marks: dict[str, Text] | None = None,
        names: Mapping[str, str] | None = None,
        narrow: bool = False,
    ) -> None:
        """Show a table; `marks` go before the first cell of the row (or in the head of the column) of that key.

        `names` are written in place of keys, where the room is small.
        """
        self._shown, self._narrow = data, narrow
        if names is not None:
            self._names = names
        if marks is not None:
            self._marks = marks
        if self.sort_key not in {column.key for column in data.columns} and data.columns:
            self.sort_key, self.sort_reversed = data.columns[0].key, False
        self._fill()

    @property
    def whole_width(self) -> int:
        """Columns that the table takes where nothing is cut."""
        return sum(column.get_render_width(self) for column in self.ordered_columns)

    @property
    def sort_words(self) -> str:
        """By what the table is sorted."""
        column = next((column for column in self._shown.columns if column.key == self.sort_key), None)
        if column is None:
            return ""
        words = f"{column.heading} {column.unit}".strip()
        return f"{words}, reversed" if self.sort_reversed else words

    def sort_next(self, step: int = 1) -> None:
        """Sort by the next column, best first."""
        keys = [column.key for column in self._shown.columns]
        if not keys:
            return
        self.sort_key = keys[(keys.index(self.sort_key) + step) % len(keys)]
        self.sort_reversed = False
        self._fill()
        self._show_sorted_column(keys.index(self.sort_key))

    def sort_reverse(self) -> None:
        """Turn the order round."""
        self.sort_reversed = not self.sort_reversed
        self._fill()

    @on(DataTable.HeaderSelected)
    def _sort_by_head(self, event: DataTable.HeaderSelected) -> None:
        key = event.column_key.value or ""
        self.sort_reversed = key == self.sort_key and not self.sort_reversed
        self.sort_key = key
        self._fill()

    def _show_sorted_column(self, index: int) -> None:
        widths = [column.get_render_width(self) for column in self.ordered_columns]
        fixed, start = widths[0], sum(widths[:index])
        if index and (start < self.scroll_x + fixed or start + widths[index] > self.scroll_x + self.size.width):
            self.scroll_to(x=max(0, start + widths[index] - self.size.width), animate=False)

    # ------------------------------------------------------------ filling

    def _fill(self) -> None:
        chosen = self.row_key_at(self.cursor_row)
        self.clear(columns=True)
        data = self._shown
        if not data.columns:
            return
        data = data.sorted_by(self.sort_key, reverse=self.sort_reversed)
        heads = [self._head(data, place) for place in range(len(data.columns))]
        lines = [(row.key, self._cells(row, data)) for row in data.rows]
        if data.apart:
            heading = Text(data.apart_heading, style=Style(dim=True, italic=True))
            lines.append((APART_KEY, [heading, *(Text("") for _ in data.columns[1:])]))
            lines += [(APART_KEY + row.key, self._cells(row, data, style=Style(dim=True))) for row in data.apart]
        for place, (column, head) in enumerate(zip(data.columns, heads, strict=True)):
            # Widths are given because the table measures new rows late, so that all would jump.
            width = max(
                max(map(cell_len, text.plain.split("\n"))) for text in (head, *(line[place] for _, line in lines))
            )
            if column.numeric:
                head = right_aligned(head, width)  # noqa: PLW2901
                for _, line in lines:
                    line[place] = right_aligned(line[place], width)
            self.add_column(head, key=column.key, width=width)
        for key, line in lines:
            self.add_row(*line, key=key)
        if chosen and any(key == chosen for key, _ in lines):
            self.move_cursor(row=self.get_row_index(chosen), animate=False, scroll=False)

    def row_key_at(self, position: int) -> str:
        """The key of the row at a place, or "" where there is none."""
        if not self.is_valid_row_index(position):
            return ""
        return self.ordered_rows[position].key.value or ""

    def _head(self, data: TableData, place: int) -> Text:
        column = data.columns[place]
        gap = " " * (0 if place == 0 else _NARROW_GAP if self._narrow else _GAP)
        text = Text(gap, no_wrap=True)
        variant = column.heading if column.key.partition(":")[2] else ""
        if variant in self._marks:
            text.append_text(self._marks[variant]).append(" ")
        heading = column.short if self._narrow and column.short else column.heading
        if variant in self._marks:
            heading = self._names.get(variant, heading)
        name, _, unit = head_text(column, (*data.rows, *data.apart), place, heading).plain.partition("\n")
        arrow = ""
        if column.key == self.sort_key:
            arrow = "▲" if (column.better == "lower") != self.sort_reversed else "▼"
        return text.append(f"{name}\n{gap}{unit}{' ' if column.unit and arrow else ''}{arrow}")

    def _cells(self, row: Row, data: TableData, style: Style | None = None) -> list[Text]:
        return [
            self._cell(cell, column, row, style, first=position == 0)
            for position, (cell, column) in enumerate(zip(row.cells, data.columns, strict=True))
        ]

    def _cell(self, cell: Cell, column: Column, row: Row, style: Style | None, *, first: bool) -> Text:
        text = Text(no_wrap=True)
        if first:
            if row.key in self._marks:
                text.append_text(self._marks[row.key]).append(" ")
            elif self._marks and column.key == "variant":
                text.append("  ")
        else:
            text.append(" " * (_NARROW_GAP if self._narrow else _GAP))
        best = BEST_STYLE if cell.best else None
        if cell.best:
            text.append(cell.marked_text[: -len(cell.text)], style=Style(bold=True, color="green"))
        words = self._names.get(row.key, cell.text) if first and style is None else cell.text
        text.append(words, style=best or style or Style())
        return text.append(cell.note, style=Style(dim=True))


class MetricsTable(SortableTable):
    """Variants against every metric."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "select_cursor", "Matrix", show=False, id="metrics.open", tooltip="Go to the variant's matrix"
        ),
    ]
