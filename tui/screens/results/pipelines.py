"""What orders, strengths and selections of steps do: a table at a time, and the images that a pipeline changes."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Static

from engine.events.record import StudyRecord, is_demo
from engine.reports.pipelines import PipelineAnalysis
from tui.looks.formatting import fit
from tui.looks.keys import bind
from tui.looks.variant_names import short_variants
from tui.tables.pipelines import Part, analysis_parts, changed_data, part_heading, seed_warning
from tui.tables.statistics import leak_warning
from tui.widgets.key_line import KeyLine
from tui.widgets.metrics_table import SortableTable

_LONGEST_NAME = 24
"""Where a name is longer, steps are cut to a few letters."""

_ROOM_FOR_P = 100
"""Columns from which the p value stands beside the adjusted one."""


class PipelinesScreen(Screen[None]):
    """The tables of the analysis, one at a time; the row under the cursor is spelt out below it."""

    DEFAULT_CSS = """
    PipelinesScreen {
        #title, #parts, #row, #legend { height: auto; padding: 0 1; }
        #table { height: 1fr; margin: 0 1; width: auto; max-width: 100%; }
        #row { text-style: bold; }
        #legend { color: $text-muted; max-height: 6; }
    }
    """

    BINDING_GROUP_TITLE = "Pipelines"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("pipelines.next", "v", "part(1)", "Next table", "Gains, effects, mirrors, order, strengths, classes"),
        bind("pipelines.previous", "V", "part(-1)", "Previous table", "The table before", show=False),
        bind("pipelines.sort", "s", "sort", "Sort", "Sort by the next column"),
        bind("pipelines.reverse", "S", "reverse", "Reverse", "Turn the sorting round", show=False),
        bind("pipelines.images", "i", "images", "Images", "The images that the pipeline breaks and mends"),
        bind("pipelines.results", "k", "app.pop_screen", "Results", "Back to the results", show=False),
        bind("pipelines.back", "escape", "app.pop_screen", "Back", "Back to the results", display="esc"),
    ]

    def __init__(self, record: StudyRecord) -> None:
        super().__init__()
        assert record.analysis is not None
        self._record, self._analysis, self._place = record, record.analysis, 0
        self._parts = analysis_parts(self._analysis)
        variants = record.started.variants if record.started else ()
        self._short = _shortened(variants, self._analysis)

    def compose(self) -> ComposeResult:
        """Title, names of the tables, the table, its row, how to read it."""
        yield Static(id="title")
        yield Static(id="parts")
        yield SortableTable(id="table")
        yield Static(id="row")
        yield Static(id="legend")
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the first table."""
        self._show()
        self.query_one(SortableTable).focus()

    def on_resize(self) -> None:
        """Cut the names of the row to the new width."""
        self._show_row()

    @property
    def _part(self) -> Part:
        return self._parts[self._place]

    def _show(self) -> None:
        names = Text("  ").join(Text(part.key, "bold reverse" if part is self._part else "dim") for part in self._parts)
        self.query_one("#parts", Static).update(names)
        title = Text.assemble((" DEMO ", "reverse bold"), " ") if is_demo(self._record) else Text()
        title.append(part_heading(self._record, self._analysis, self._part), style="bold")
        self.query_one("#title", Static).update(title)
        shown = analysis_parts(self._analysis, lambda name: self._short.get(name, name))[self._place]
        table = self.query_one(SortableTable)
        table.sort_key = ""
        roomy = self.size.width >= _ROOM_FOR_P
        table.show_data(shown.data if roomy else shown.data.without("p"), narrow=True)
        table.move_cursor(row=0)
        table.scroll_home(animate=False)
        notes = [self._part.legend, seed_warning(self._analysis)]
        if leak := leak_warning(self._record):
            notes.append(f"! {leak}: what differs here may not differ on new images.")
        self.query_one("#legend", Static).update(" ".join(filter(None, notes)))
        self._show_row()
        self.refresh_bindings()

    def _chosen(self) -> int | None:
        """The place of the row under the cursor among the table's own."""
        table = self.query_one(SortableTable)
        key = table.row_key_at(table.cursor_row)
        return int(key) if key else None

    @on(DataTable.RowHighlighted, "#table")
    def _show_row(self) -> None:
        """The whole names of the row under the cursor, and the way to its images."""
        place = self._chosen()
        if place is None:
            return
        cells = self._part.data.rows[place].cells
        columns = self._part.data.columns
        named = [cell.text for cell, column in zip(cells, columns, strict=True) if not column.numeric]
        self.query_one("#row", Static).update(fit(" / ".join(named), self.size.width - 2))

    # ------------------------------------------------------------ keys

    def action_part(self, step: int) -> None:
        """The next table."""
        self._place = (self._place + step) % len(self._parts)
        self._show()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.query_one(SortableTable).sort_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.query_one(SortableTable).sort_reverse()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only gains have images."""
        if action == "images":
            return self._part.key == "gains"
        return super().check_action(action, parameters)

    @on(DataTable.RowSelected, "#table")
    def action_images(self) -> None:
        """The images that the pipeline under the cursor breaks and mends."""
        place = self._chosen()
        if place is not None and self._part.key == "gains":
            self.app.push_screen(ChangedImagesScreen(self._record, self._analysis.gains[place].variant))


def _shortened(variants: tuple[str, ...], analysis: PipelineAnalysis) -> dict[str, str]:
    """Short names, of swept pipelines too."""
    swept = [curve.pipeline for curve in analysis.curves]
    return short_variants((*variants, *swept), _LONGEST_NAME)


class ChangedImagesScreen(Screen[None]):
    """The paths of the images that a pipeline breaks and mends."""

    DEFAULT_CSS = """
    ChangedImagesScreen {
        #title { height: auto; padding: 0 1; }
        #table { height: 1fr; margin: 0 1; }
    }
    """

    BINDING_GROUP_TITLE = "Changed images"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("changed.back", "escape", "app.pop_screen", "Back", "Back to the pipelines", display="esc"),
    ]

    def __init__(self, record: StudyRecord, variant: str) -> None:
        super().__init__()
        self._record, self._variant = record, variant

    def compose(self) -> ComposeResult:
        """Heading and table."""
        data = changed_data(self._record, self._variant)
        analysis = self._record.analysis
        gain = analysis.gain_of(self._variant) if analysis else None
        counts = f"{gain.broken:,} broken, {gain.mended:,} mended" if gain else ""
        yield Static(
            Text(f"{self._variant}: {counts} against {analysis.baseline if analysis else ''}", "bold"), id="title"
        )
        table = SortableTable(id="table")
        table.show_data(data)
        yield table
        yield KeyLine()
