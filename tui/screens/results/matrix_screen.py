"""One confusion matrix on the whole screen."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from engine.events.record import StudyRecord, evaluated_results, is_demo
from engine.reports.results import JobResult, Metrics
from tui.looks.keys import bind
from tui.looks.palette import variant_mark
from tui.screens.images.cell import CellScreen
from tui.screens.results.confusion_matrix import ConfusionMatrix
from tui.session.session import Session
from tui.tables.facts import table_words
from tui.widgets.key_line import KeyLine

_TALLEST_CELL = 3


class MatrixScreen(Screen[None]):
    """A confusion matrix with room: cells under the arrow keys, the images behind them on Enter."""

    DEFAULT_CSS = """
    MatrixScreen {
        & > #heading, & > #cell { height: auto; padding: 0 1; }
        & > #cell { color: $foreground; }
        & > ConfusionMatrix { height: 1fr; }
    }
    """

    BINDING_GROUP_TITLE = "Matrix"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("matrix.back", "escape", "app.pop_screen", "Back", "Back to the results"),
        bind("matrix.images", "enter", "open_cell", "Images", "The images of the chosen cell"),
        bind("matrix.normalise", "r", "normalise", "Shares", "Counts or shares of the row"),
        bind("matrix.next", "tab", "step(1)", "Next variant", "The next variant's matrix"),
        bind("matrix.previous", "shift+tab", "step(-1)", "Previous", "The previous variant's matrix", show=False),
    ]

    def __init__(
        self,
        session: Session,
        record: StudyRecord,
        variant: str,
        cursor: tuple[int, int] = (0, 0),
        *,
        normalise: bool = False,
    ) -> None:
        super().__init__()
        self._session, self._record = session, record
        self._variant = variant
        self._cursor = cursor
        self._normalise = normalise

    @property
    def matrix(self) -> ConfusionMatrix:
        """The matrix that is shown."""
        return self.query_one(ConfusionMatrix)

    def compose(self) -> ComposeResult:
        """Heading, matrix, the chosen cell in words."""
        yield Static(id="heading")
        yield self._new_matrix()
        yield Static(id="cell")
        yield KeyLine()

    def on_mount(self) -> None:
        """Put the cursor in the matrix."""
        self.matrix.focus()
        self._describe()

    def on_resize(self) -> None:
        """Give the cells the height that the screen has."""
        count = max(1, len(self.matrix.names))
        self.matrix.cell_height = min(_TALLEST_CELL, max(1, (self.size.height - 7) // count))

    def _result(self) -> JobResult:
        return next(result for result in evaluated_results(self._record) if result.variant == self._variant)

    def _metrics(self) -> Metrics:
        metrics = self._result().metrics
        assert metrics is not None
        return metrics

    def _new_matrix(self) -> ConfusionMatrix:
        dataset = self._record.dataset
        matrix = ConfusionMatrix(
            self._variant,
            self._metrics(),
            dataset.classes if dataset else (),
            title=self._title(),
            say_cell=False,
            cursor=self._cursor,
        )
        matrix.normalise = self._normalise
        return matrix

    def _title(self) -> str:
        how = "shares of the row" if self._normalise else "counts"
        return f"rows true, columns predicted; {how}; {table_words(self._record, 'sum')}"

    @on(ConfusionMatrix.CursorMoved)
    def _moved(self) -> None:
        self._cursor = self.matrix.cursor
        self._describe()

    def _describe(self) -> None:
        metrics, result = self._metrics(), self._result()
        seeds = self._record.started.repeats if self._record.started else 1
        others = [other.variant for other in evaluated_results(self._record)]
        place = f"  ({others.index(self._variant) + 1} of {len(others)})" if len(others) > 1 else ""
        demo = Text.assemble((" DEMO ", "reverse bold"), " ") if is_demo(self._record) else Text()
        heading = Text.assemble(
            demo,
            variant_mark(self._variant),
            " ",
            (self._variant, "bold"),
            place,
            f"   accuracy {metrics.accuracy:.3f}   macro F1 {metrics.f1.macro:.3f}",
            f"   {sum(map(sum, metrics.confusion_matrix))} {'test images' if seeds == 1 else 'predictions'}",
            (f"   {result.status}: {result.reason}" if result.status != "done" else "", "bold"),
        )
        self.query_one("#heading", Static).update(heading)
        true, predicted = self._cursor
        matrix = self.matrix
        count, row = matrix.rows[true][predicted], sum(matrix.rows[true])
        column = sum(counts[predicted] for counts in matrix.rows)
        words = matrix.cell_words()
        if count:
            words += (
                f" ({100 * count / row:.1f} %), {100 * count / column:.1f} % of all predicted {matrix.names[predicted]}"
            )
        self.query_one("#cell", Static).update(Text(words))

    def action_normalise(self) -> None:
        """Counts or shares of the row."""
        self._normalise = self.matrix.normalise = not self._normalise
        self.matrix.border_title = self._title()

    async def action_step(self, step: int) -> None:
        """Show the next variant's matrix, with the cursor on the same cell."""
        variants = [result.variant for result in evaluated_results(self._record)]
        self._variant = variants[(variants.index(self._variant) + step) % len(variants)]
        async with self.batch():
            old, new = self.matrix, self._new_matrix()
            await old.remove()
            await self.mount(new, after="#heading")
            new.focus()
            self.on_resize()
        self._describe()

    @on(ConfusionMatrix.EdgeReached)
    def _stay(self, event: ConfusionMatrix.EdgeReached) -> None:
        event.stop()

    def action_open_cell(self) -> None:
        """List the images of the cell under the cursor."""
        self.matrix.action_open()

    @on(ConfusionMatrix.CellOpened)
    def _list_images(self, event: ConfusionMatrix.CellOpened) -> None:
        event.stop()
        self.app.push_screen(CellScreen(self._session, self._record, self._variant, event.true, event.predicted))
