"""A confusion matrix that can be walked through: heat map, counts, heads that stay while the cells scroll."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.reports.results import Metrics
from tui.looks import formatting
from tui.looks.heat import heat_style, shade
from tui.looks.keys import bind
from tui.tables.facts import short_names
from tui.tables.results import confusion_cell

MIN_CELL = 5
"""Narrowest cell in columns: a blank, three digits and a blank."""

MAX_CELL = 11
"""Widest cell in columns; wider ones only move the counts apart."""

_TRUE_COLOUR_SYSTEMS = ("256", "truecolor")


class ConfusionMatrix(ScrollView, can_focus=True):
    """One variant's confusion matrix: true classes as rows, predicted classes as columns.

    Arrow keys move over the cells; going on past the left or right edge asks the parent for the next matrix
    (`EdgeReached`), Enter or a click on the chosen cell posts `CellOpened`.
    """

    DEFAULT_CSS = """
    ConfusionMatrix {
        border: round $foreground 30%;
        border-title-style: bold;
        border-title-color: $foreground;
        border-subtitle-color: $foreground 70%;
        background: $background;
        scrollbar-size: 1 1;
        &:focus { border: round $primary; }
    }
    """

    BINDING_GROUP_TITLE = "Results"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("matrix.up", "up", "move(-1, 0)", "Cell", "Move to the cell above", show=False),
        bind("matrix.down", "down", "move(1, 0)", "Cell", "Move to the cell below", show=False),
        bind("matrix.left", "left", "move(0, -1)", "Cell", "Move to the cell on the left", show=False),
        bind("matrix.right", "right", "move(0, 1)", "Cell", "Move to the cell on the right", show=False),
        bind("matrix.home", "home", "edge(-1)", "First", "First predicted class", show=False),
        bind("matrix.end", "end", "edge(1)", "Last", "Last predicted class", show=False),
        bind("matrix.pageup", "pageup", "move(-8, 0)", "Page up", "Eight classes up", show=False),
        bind("matrix.pagedown", "pagedown", "move(8, 0)", "Page down", "Eight classes down", show=False),
        bind("matrix.open", "enter", "open", "Open", "Enlarge, or list the cell's images"),
    ]

    normalise: reactive[bool] = reactive(False)
    """Show shares of the row instead of counts."""

    cursor: reactive[tuple[int, int]] = reactive((0, 0))
    """(true class, predicted class) under the cursor."""

    cell_height: reactive[int] = reactive(1)
    """Lines that a cell is high."""

    @dataclass
    class CellOpened(Message):
        """A cell was chosen."""

        matrix: "ConfusionMatrix"
        true: int
        predicted: int

    @dataclass
    class EdgeReached(Message):
        """The cursor would leave the matrix on the left (-1) or the right (1)."""

        matrix: "ConfusionMatrix"
        direction: Literal[-1, 1]

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another cell."""

        matrix: "ConfusionMatrix"

    def __init__(
        self,
        variant: str,
        metrics: Metrics,
        classes: Sequence[str],
        *,
        title: str = "",
        say_cell: bool = True,
        cursor: tuple[int, int] = (0, 0),
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self.variant = variant
        self.metrics = metrics
        self.names = short_names(classes)
        self._says_cell = say_cell
        self.border_title = title or variant
        self.set_reactive(ConfusionMatrix.cursor, cursor)
        self._label_width = 0
        self._cell_width = MIN_CELL

    @property
    def rows(self) -> tuple[tuple[int, ...], ...]:
        """Counts, true classes as rows."""
        return self.metrics.confusion_matrix

    def cell_words(self) -> str:
        """The cell under the cursor in words."""
        true, predicted = self.cursor
        total = sum(self.rows[true])
        if total == 0:
            return f"{self.names[true]}: no test images"
        count = self.rows[true][predicted]
        verb = "recognised" if true == predicted else f"taken for {self.names[predicted]}"
        return f"{self.names[true]} {verb}: {count} of {total}"

    # ------------------------------------------------------------ layout

    def on_mount(self) -> None:
        """Lay the cells out once the size is known."""
        self._lay_out()
        self._say_cell()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the cells to the new width."""
        self._lay_out()
        self.call_after_refresh(self._show_cursor)

    def _lay_out(self) -> None:
        longest = max(map(cell_len, self.names), default=0)
        count = max(1, len(self.names))
        high = 1 + count * self.cell_height
        # Whether there is a scroll bar follows from the content alone: a bar that is there now may be about to go.
        room = self.content_region.width - (
            self.styles.scrollbar_size_vertical if high > self.content_region.height else 0
        )
        self._label_width = longest + 1
        fitting = (room - self._label_width) // count
        wanted = min(MAX_CELL, max(MIN_CELL, longest + 1))
        # Where the cells scroll anyway they get the room that their heads need.
        self._cell_width = wanted if fitting < MIN_CELL else min(MAX_CELL, fitting)
        self.virtual_size = Size(self._label_width + count * self._cell_width, high)
        self.refresh()

    def watch_cell_height(self) -> None:
        """Lay out anew."""
        if self.is_mounted:
            self._lay_out()

    # ------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """One line of the visible part: the head first, then the rows that are scrolled to."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        if y == 0:
            label, cells = Segment(" " * self._label_width, base), self._head(base)
        else:
            line = y - 1 + self.scroll_offset.y
            row, inside = divmod(line, self.cell_height)
            if row >= len(self.rows):
                return Strip.blank(width, base)
            label, cells = self._row(row, inside, base)
        start = self.scroll_offset.x
        body = Strip(cells).crop(start, start + max(0, width - self._label_width))
        return Strip([label, *body]).adjust_cell_length(width, base)

    def _head(self, base: Style) -> list[Segment]:
        chosen = self.cursor[1] if self.has_focus else -1
        segments = []
        gap = True
        for column, name in enumerate(self.names):
            text = formatting.fit(name, self._cell_width if gap else self._cell_width - 1)
            left = max((self._cell_width - cell_len(text)) // 2, 0 if gap else 1)
            gap = left + cell_len(text) < self._cell_width
            style = base + Style(bold=True, underline=True) if column == chosen else base + Style(bold=True)
            right = self._cell_width - left - cell_len(text)
            segments += [Segment(" " * left, base), Segment(text, style), Segment(" " * right, base)]
        return segments

    def _row(self, row: int, inside: int, base: Style) -> tuple[Segment, list[Segment]]:
        counts = self.rows[row]
        total = sum(counts)
        middle = inside == (self.cell_height - 1) // 2
        chosen_row = self.has_focus and row == self.cursor[0]
        name = formatting.left(self.names[row] if middle else "", self._label_width)
        label_style = Style(bold=True, underline=chosen_row and middle)
        pad = len(name) - len(name.rstrip())
        label = Segment(name, base + Style(bold=True) if pad or not chosen_row else base + label_style)
        cells: list[Segment] = []
        for column in range(len(counts)):
            share = counts[column] / total if total else 0.0
            chosen = chosen_row and column == self.cursor[1]
            cells += self._cell(row, column, share, base, chosen=chosen, middle=middle)
        return label, cells

    def _cell(self, row: int, column: int, share: float, base: Style, *, chosen: bool, middle: bool) -> list[Segment]:
        text = confusion_cell(self.rows[row], column, normalise=self.normalise)
        width = self._cell_width
        if chosen:
            # Brackets as well as reverse video: the cursor must show without colours. Not the heat reversed, which is
            # white where the ground may be white too.
            inner = f"{text:^{width - 2}}" if middle else " " * (width - 2)
            return [Segment(f"[{inner}]" if middle else f" {inner} ", base + Style(reverse=True, bold=True))]
        style = base + heat_style(share, diagonal=row == column, ground=self._ground())
        if share == 0:
            style = base + Style(dim=True)
        if not self._fine_colours() and share > 0:
            mark = shade(share)
            line = f"{mark}{text:^{width - 1}}" if middle else f"{mark}{' ' * (width - 1)}"
            return [Segment(line, base + Style(bold=row == column))]
        return [Segment(f"{text if middle else '':^{width}}", style)]

    def _fine_colours(self) -> bool:
        """Whether the terminal has colours enough for a heat map; else shade characters carry it."""
        return not self.app.no_color and self.app.console.color_system in _TRUE_COLOUR_SYSTEMS

    def _ground(self) -> ColorTriplet:
        return ColorTriplet(*self.background_colors[1].rgb)

    # ------------------------------------------------------------ moving

    def validate_cursor(self, cursor: tuple[int, int]) -> tuple[int, int]:
        """Keep the cursor inside."""
        last = len(self.names) - 1
        return min(max(0, cursor[0]), last), min(max(0, cursor[1]), last)

    def watch_cursor(self) -> None:
        """Bring the cell into view and say what it holds."""
        if not self.is_mounted:
            return
        self._show_cursor()
        self._say_cell()
        self.post_message(self.CursorMoved(self))

    def watch_has_focus(self, has_focus: bool) -> None:
        """The border says what is under the cursor only while it is the one that moves."""
        super().watch_has_focus(has_focus)
        self._say_cell()
        self.refresh()

    def _say_cell(self) -> None:
        self.border_subtitle = self.cell_words() if self._says_cell and self.has_focus else ""

    def _show_cursor(self) -> None:
        row, column = self.cursor
        region = self.scrollable_content_region
        wide, high = region.width - self._label_width, region.height - 1
        self.scroll_to(
            x=_into_view(self.scroll_offset.x, column * self._cell_width, self._cell_width, wide),
            y=_into_view(self.scroll_offset.y, row * self.cell_height, self.cell_height, high),
            animate=False,
            immediate=True,
        )

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor; past the left or right edge, ask for the next matrix."""
        row, column = self.cursor
        if not 0 <= column + columns < len(self.names):
            self.post_message(self.EdgeReached(self, 1 if columns > 0 else -1))
            return
        self.cursor = (row + rows, column + columns)

    def action_edge(self, direction: int) -> None:
        """Go to the first or last predicted class."""
        self.cursor = (self.cursor[0], 0 if direction < 0 else len(self.names) - 1)

    def action_open(self) -> None:
        """Tell the screen which cell was chosen."""
        self.post_message(self.CellOpened(self, *self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Move to the cell under the mouse; a click on the chosen cell opens it."""
        offset = event.get_content_offset(self)
        if offset is None or offset.x < self._label_width or offset.y < 1:
            return
        column = (offset.x - self._label_width + self.scroll_offset.x) // self._cell_width
        row = (offset.y - 1 + self.scroll_offset.y) // self.cell_height
        if row >= len(self.names) or column >= len(self.names):
            return
        if (row, column) == self.cursor and event.chain > 1:
            self.action_open()
        self.cursor = (row, column)


def _into_view(offset: int, start: int, length: int, room: int) -> int:
    """The scroll offset nearest to `offset`, a whole number of cells, that shows `length` from `start` in `room`."""
    if start < offset:
        return start
    least = max(0, start + length - max(length, room))
    return offset if offset >= least else -(-least // length) * length
