"""The results of a study: variants against metrics, confusion matrices, classes, what follows from them."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from engine.events.record import StudyRecord, study_variants
from tui.looks.keys import bind
from tui.looks.palette import variant_mark
from tui.looks.variant_names import MANY, column_names
from tui.screens.results.confusion_matrix import ConfusionMatrix
from tui.screens.results.findings import facts_text, findings_text, notes_text
from tui.screens.results.matrices import NARROW, MatrixGrid
from tui.screens.results.matrix_screen import MatrixScreen
from tui.screens.results.opening import OpeningScreen
from tui.session.session import Session
from tui.tables.facts import table_words
from tui.tables.results import AVERAGES, INTERVALS, Average, class_data, classes_heading, metrics_data
from tui.widgets.key_line import KeyLine
from tui.widgets.metrics_table import MetricsTable, SortableTable

WIDE = 160
"""From this many columns the conclusion stands beside all else, and the classes below the matrices."""

_MARGINS = 3  # columns beside the table of variants: a space on either side, the page's scroll bar

_FACTS_MARGINS = 2  # columns beside the facts: a space on either side


class ClassTable(SortableTable):
    """Classes as rows, the variants side by side as columns."""

    DEFAULT_CSS = """
    ClassTable { max-height: 100%; }
    """

    BORDER_TITLE: ClassVar[str] = "classes"


class ResultsScreen(OpeningScreen):
    """Everything that a finished study says, from its record."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's declaration, which a ClassVar would contradict
        (0, "-narrow"),
        (NARROW, "-medium"),
        (WIDE, "-wide"),
    ]

    DEFAULT_CSS = """
    ResultsScreen {
        & > #facts { height: auto; padding: 0 1; }
        & > #body { height: 1fr; scrollbar-size: 1 1; }
        #all, #main { height: auto; }
        #main { width: 2fr; }
        MetricsTable { width: auto; max-width: 100%; margin: 0 1; }
        #beside { display: none; width: 1fr; height: auto; padding: 0 1 0 2; }
        #notes, #findings, #matrix-heading, #class-heading { height: auto; padding: 0 1; }
        #matrix-heading, #class-heading { text-style: bold; }
        ClassTable { margin: 0 1; height: auto; max-height: 22; width: auto; max-width: 100%; }
        #pipeline { display: none; height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-many #pipeline { display: block; }
        &.-many MetricsTable { max-height: 50vh; }
        &.-many ClassTable { max-height: 75vh; }
        .-absent { display: none; }
        &.-wide #beside { display: block; }
        &.-wide #findings { display: none; }
        #classes { height: auto; display: none; }
        &.-wide #classes, &.-classes #classes { display: block; }
        &.-classes #confusion { display: none; }
        &.-wide.-classes #confusion { display: block; }
        #confusion { height: auto; }
    }
    """

    BINDING_GROUP_TITLE = "Results"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("results.classes", "v", "classes", "Classes", "Scores of every class, or the matrices"),
        bind("results.normalise", "r", "normalise", "Shares", "Counts or shares of the row", show=False),
        bind("results.pairs", "p", "comparisons", "Pairs", "Every variant against every other"),
        bind("results.effects", "f", "effects", "Effects", "What each step does by itself", show=False),
        bind("results.pipelines", "k", "pipelines", "Pipelines", "Gains, orders, strengths, two classes", show=False),
        bind(
            "results.calibration",
            "b",
            "calibration",
            "Calibration",
            "How well the predicted probabilities fit what is correct",
            show=False,
        ),
        bind("results.quality", "y", "quality", "Quality", "PSNR and SSIM beside the accuracy", show=False),
        bind("results.average", "g", "average", "Average", "Macro, weighted or micro averages", show=False),
        bind("results.pipeline", "d", "pipeline", "Pipeline", "Every step of the marked variant", show=False),
        bind("results.sort", "s", "sort", "Sort", "Sort the table by the next column", show=False),
        bind("results.reverse", "S", "reverse", "Reverse", "Turn the sorting round", show=False),
        bind("results.inside", "i", "inside", "Inside", "What the networks look at, image by image"),
        bind("results.use_model", "w", "use_model", "Use", "Predict other images with a trained model"),
        bind("results.claims", "o", "claims", "Claims", "The paper's claims against these figures"),
        bind("results.leak", "l", "leak", "Leak", "Official and clean protocol side by side"),
        bind("results.clean", "c", "run_clean", "Clean", "Train the same under the clean protocol"),
        bind("results.audit", "u", "audit", "Audit", "Copies and leaks among the images", show=False),
        bind("results.curves", "t", "curves", "Training", "The curves: cursor, zoom, every metric", show=False),
        bind("results.export", "e", "export", "Export", "Write a report, tables or curves as files"),
        bind("results.machine", "M", "machine", "Machine", "How busy the machine was, over time", show=False),
        bind("results.history", "h", "app.history", "History", "All runs", show=False),
        bind("results.back", "escape", "app.back", "Curves", "Back to the curves", show=False, display="esc"),
    ]

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__(session, record)
        self._average: Average = AVERAGES[0]
        self._normalise = False

    # ------------------------------------------------------------ what stands where

    def compose(self) -> ComposeResult:
        """Facts, table, notes, matrices, classes, findings."""
        dataset = self._record.dataset
        yield Static(id="facts")
        with VerticalScroll(id="body", can_focus=False):
            with Horizontal(id="all"):
                with Vertical(id="main"):
                    yield MetricsTable(id="metrics")
                    yield Static(id="pipeline")
                    yield Static(id="notes")
                    with Container(id="confusion"):
                        yield Static(id="matrix-heading")
                        yield MatrixGrid(self._evaluated, dataset.classes if dataset else (), id="matrices")
                    with Container(id="classes"):
                        yield Static(classes_heading(self._record), id="class-heading")
                        yield ClassTable(id="class-table")
                yield Static(id="beside")
            yield Static(id="findings")
        yield KeyLine()

    def on_mount(self) -> None:
        """Fill the tables."""
        self.set_class(len(study_variants(self._record)) > MANY, "-many")
        self._show_tables()
        self._show_matrix_heading()
        self.query_one(MetricsTable).focus()

    def on_resize(self) -> None:
        """Re-lay for the new size."""
        self._show_tables()
        self.call_after_refresh(self._fit_matrices)

    def _fit_matrices(self) -> None:
        taken = sum(
            self.query_one(part).outer_size.height
            for part in ("#facts", "#metrics", "#pipeline", "#notes", "#matrix-heading")
        )
        if self.has_class("-wide"):
            taken += self.query_one("#classes").outer_size.height
        footer = 1
        self.query_one(MatrixGrid).fit(self.query_one("#main").size.width, self.size.height - footer - taken)

    @property
    def _narrow(self) -> bool:
        return self.size.width < NARROW

    # ------------------------------------------------------------ texts

    def _notes(self) -> Text:
        return notes_text(self._record, self._sort_words())

    def _sort_words(self) -> str:
        table = self.query_one(MetricsTable)
        return "the study's order" if table.sort_words == "variant" else table.sort_words

    def _show_tables(self) -> None:
        marks = {variant: variant_mark(variant) for variant in study_variants(self._record)}
        table = self.query_one(MetricsTable)
        self._show_metrics(table, marks)
        classes = self.query_one(ClassTable)
        classes.show_data(class_data(self._record), marks=marks, names=self._names(), narrow=self._narrow)
        self.query_one("#notes", Static).update(self._notes())
        self.query_one("#facts", Static).update(facts_text(self._record, self.size.width - _FACTS_MARGINS))
        for place in ("#beside", "#findings"):
            self.query_one(place, Static).update(findings_text(self._record))

    def _show_metrics(self, table: MetricsTable, marks: dict[str, Text]) -> None:
        """With as many of the intervals as the width allows, and the image quality; the accuracy's always."""
        room = (self.size.width * 2 // 3 if self.size.width >= WIDE else self.size.width) - _MARGINS
        for intervals, quality in ((INTERVALS, True), (INTERVALS[:1], True), (INTERVALS[:1], False)):
            data = metrics_data(self._record, self._average, intervals=intervals, quality=quality)
            table.show_data(data, marks=marks, names=self._names(), narrow=self._narrow)
            if table.whole_width <= room:
                return

    def _names(self) -> dict[str, str]:
        """Short names, where many variants make it likely that names are long."""
        return column_names(study_variants(self._record), self.size.width)

    def _show_matrix_heading(self) -> None:
        heading = self.query_one("#matrix-heading", Static)
        if not self._evaluated:
            heading.update("No variant was evaluated, so there is no confusion matrix.")
            return
        how = "shares of the row" if self._normalise else "counts"
        heading.update(f"Confusion matrices, {table_words(self._record, 'sum')} (rows true, columns predicted; {how})")

    # ------------------------------------------------------------ keys

    def action_average(self) -> None:
        """The next kind of average."""
        self._average = AVERAGES[(AVERAGES.index(self._average) + 1) % len(AVERAGES)]
        self._show_tables()

    def _sorted_table(self) -> SortableTable:
        focused = self.focused
        return focused if isinstance(focused, SortableTable) else self.query_one(MetricsTable)

    @property
    def marked_variant(self) -> str:
        """The variant of the marked row."""
        tables = (self._sorted_table(), self.query_one(MetricsTable))
        marked = (table.row_key_at(table.cursor_row) for table in tables)
        return next((key for key in marked if key in study_variants(self._record)), "")

    def action_sort(self) -> None:
        """Sort the table that has the focus by its next column."""
        self._sorted_table().sort_next()
        self.query_one("#notes", Static).update(self._notes())

    def action_reverse(self) -> None:
        """Turn the order of the table that has the focus."""
        self._sorted_table().sort_reverse()
        self.query_one("#notes", Static).update(self._notes())

    @on(DataTable.HeaderSelected, "#metrics")
    def _sorted_by_mouse(self) -> None:
        self.query_one("#notes", Static).update(self._notes())

    def action_normalise(self) -> None:
        """Counts or shares of the row, in every matrix."""
        self._normalise = not self._normalise
        for matrix in self.query(ConfusionMatrix):
            matrix.normalise = self._normalise
        self._show_matrix_heading()

    def action_classes(self) -> None:
        """Show the classes in place of the matrices (beside them on a wide screen), or the matrices again."""
        if self.has_class("-wide"):
            shown = self.focused is not self.query_one(ClassTable)
        else:
            shown = not self.has_class("-classes")
        self.set_class(shown, "-classes")
        table: SortableTable = self.query_one(ClassTable if shown else MetricsTable)
        table.focus(scroll_visible=False)
        self.call_after_refresh(table.scroll_visible, animate=False)  # its place is known after the new layout

    @on(DataTable.RowHighlighted, "#metrics")
    def _follow_row(self, event: DataTable.RowHighlighted) -> None:
        variant, variants = event.row_key.value or "", study_variants(self._record)
        self.query_one(MatrixGrid).show_variant(variant)
        if variant in variants:
            place = f"{variants.index(variant) + 1} of {len(variants)} "
            self.query_one("#pipeline", Static).update(
                Text.assemble((place, "dim"), variant_mark(variant), " ", (variant, "bold"))
            )

    @on(DataTable.RowSelected, "#metrics")
    def _go_to_matrix(self, event: DataTable.RowSelected) -> None:
        if not self.has_class("-classes") or self.has_class("-wide"):
            self.query_one(MatrixGrid).focus_variant(event.row_key.value or "")

    @on(ConfusionMatrix.CellOpened)
    def _enlarge(self, event: ConfusionMatrix.CellOpened) -> None:
        event.stop()
        self.app.push_screen(
            MatrixScreen(
                self._session, self._record, event.matrix.variant, event.matrix.cursor, normalise=self._normalise
            )
        )
