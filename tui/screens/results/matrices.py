"""Several confusion matrices beside each other."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from engine.reports.results import JobResult
from tui.looks.keys import bind, key
from tui.looks.palette import variant_mark
from tui.looks.variant_names import MANY, short_variant
from tui.screens.results.confusion_matrix import ConfusionMatrix

NARROW = 100
"""Below this many columns tables use short heads and one matrix shows at a time."""

_LEAST_MATRIX = 38  # columns: six classes at the narrowest cell, row names, border
_ROOMY_MATRIX = 50
_FRAME = 3  # lines of a matrix that are not cells: border and column names
_FEW_CLASSES = 12
_TALLEST_CELL = 3
_AROUND_NAME = 8  # columns of a border that are not its title, with the marker and its blanks
_LEAST_NAME = 10


class MatrixGrid(Container):
    """Confusion matrices side by side; where only one fits, Tab and the arrow keys show the next.

    Of many variants one row is shown: the page that holds the current one.
    """

    DEFAULT_CSS = """
    MatrixGrid {
        layout: grid; grid-gutter: 0; height: auto;
        &.-paged > ConfusionMatrix { display: none; &.-shown { display: block; } }
    }
    """

    BINDING_GROUP_TITLE = "Results"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("results.next", "tab", "step(1)", "Next matrix", "The next matrix, then the next part", show=False),
        bind("results.previous", "shift+tab", "step(-1)", "Previous", "The matrix or part before", show=False),
    ]

    def __init__(self, results: list[JobResult], classes: tuple[str, ...], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._results = results
        self._class_names = classes
        self._current = 0
        self._columns, self._width = 1, 0

    @property
    def matrices(self) -> list[ConfusionMatrix]:
        """The matrices in the study's order."""
        return list(self.query(ConfusionMatrix))

    def compose(self) -> ComposeResult:
        """One matrix an evaluated variant."""
        for result in self._results:
            if result.metrics is None:
                continue
            yield ConfusionMatrix(result.variant, result.metrics, self._class_names)

    def fit(self, width: int, height: int) -> None:
        """Lay out for this much room in cells."""
        self._width = width
        matrices = self.matrices
        if not matrices:
            return
        count = len(matrices)
        rows = -(-count // self._most_columns(width, count))
        columns = -(-count // rows)  # no more than needed, so that the rows are evenly filled
        if count > MANY:
            columns = max(1, width // _ROOMY_MATRIX)
        paged = count > 1 and (columns == 1 or count > MANY)
        self.set_class(paged, "-paged")
        rows, self._columns = 1 if paged else rows, columns
        classes = max(1, len(self._class_names))
        tall = 1
        if classes <= _FEW_CLASSES:
            tall = max(1, min(_TALLEST_CELL, (height // rows - _FRAME) // classes))
        lines = min(classes * tall + _FRAME, max(_FRAME + 6, height))
        self.styles.grid_size_columns = columns
        self.styles.grid_size_rows = rows
        self.styles.grid_rows = str(lines)
        for matrix in matrices:
            matrix.cell_height = tall
            matrix.styles.height = lines
        self._name_matrices()
        self.show_variant(matrices[self._current].variant)

    @staticmethod
    def _most_columns(width: int, count: int) -> int:
        """Tight ones where a single row holds them all, roomier ones where there are more rows anyway."""
        if width < NARROW:
            return 1
        return count if width >= count * _LEAST_MATRIX else max(2, width // _ROOMY_MATRIX)

    def _name_matrices(self) -> None:
        tab = key("results.next", "Tab")
        variants = [result.variant for result in self._results]
        for place, (matrix, result) in enumerate(zip(self.matrices, self._results, strict=True), start=1):
            accuracy = f"{matrix.metrics.accuracy:.3f}"
            status = "" if result.status == "done" else f" {result.status}"
            more = f"  {place} of {len(self._results)}, {tab} goes on" if self.has_class("-paged") else ""
            room = self._width // self._columns - _AROUND_NAME - len(accuracy + status + more)
            name = short_variant(matrix.variant, variants, max(_LEAST_NAME, room))
            title = Text.assemble(variant_mark(matrix.variant), f" {name} {accuracy}{status}{more}")
            matrix.border_title = title.markup

    def show_variant(self, variant: str) -> None:
        """Make a variant's matrix the one that shows where only one fits; without a matrix nothing changes."""
        if all(matrix.variant != variant for matrix in self.matrices):
            return
        matrices = self.matrices
        self._current = next(place for place, matrix in enumerate(matrices) if matrix.variant == variant)
        for place, matrix in enumerate(matrices):
            matrix.set_class(place // self._columns == self._current // self._columns, "-shown")

    def focus_variant(self, variant: str) -> None:
        """Go to a variant's matrix."""
        self.show_variant(variant)
        for matrix in self.matrices:
            if matrix.variant == variant:
                matrix.focus()

    def on_descendant_focus(self) -> None:
        """What has the focus is the current one."""
        for matrix in self.matrices:
            if matrix.has_focus:
                self.show_variant(matrix.variant)

    def action_step(self, step: int) -> None:
        """The next matrix; past the last, the next part of the screen."""
        matrices, place = self.matrices, self._current + step
        if 0 <= place < len(matrices):
            self.focus_variant(matrices[place].variant)
        elif step > 0:
            self._leave(forward=True)
        else:
            self._leave(forward=False)

    def _leave(self, *, forward: bool) -> None:
        move = self.screen.focus_next if forward else self.screen.focus_previous
        for _ in self.matrices:
            focused = move()
            if focused is None or focused.parent is not self:
                return

    @on(ConfusionMatrix.EdgeReached)
    def _neighbour(self, event: ConfusionMatrix.EdgeReached) -> None:
        event.stop()
        matrices = self.matrices
        place = matrices.index(event.matrix) + event.direction
        if 0 <= place < len(matrices):
            neighbour = matrices[place]
            neighbour.cursor = (event.matrix.cursor[0], 0 if event.direction > 0 else len(self._class_names) - 1)
            self.focus_variant(neighbour.variant)
