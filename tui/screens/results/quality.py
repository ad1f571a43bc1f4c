"""How close the variants' images are to plain ones, beside their accuracy."""

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from engine.events.record import StudyRecord
from tui.looks.keys import bind
from tui.looks.palette import variant_mark
from tui.looks.variant_names import column_names
from tui.screens.results.matrices import NARROW
from tui.screens.results.statistics import StatisticsScreen
from tui.tables.quality import NOT_MEASURED, quality_data, quality_sentences, quality_title
from tui.tables.statistics import leak_warning
from tui.widgets.metrics_table import SortableTable


class QualityTable(SortableTable):
    """SSIM and PSNR beside the accuracy, a variant a row."""

    DEFAULT_CSS = """
    QualityTable { margin: 0 1; max-height: 70%; width: auto; max-width: 100%; }
    """

    def __init__(self, record: StudyRecord) -> None:
        super().__init__(id="quality")
        self._record = record

    def on_resize(self) -> None:
        """Fill it; close together where the screen is narrow."""
        data = quality_data(self._record)
        marks = {row.key: variant_mark(row.key) for row in data.rows}
        width = self.app.size.width
        names = column_names(tuple(marks), width)
        self.show_data(data, marks=marks, names=names, narrow=width < NARROW)


class QualityScreen(StatisticsScreen):
    """The table, and whether closer pictures are classified better."""

    BINDING_GROUP_TITLE = "Image quality"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("quality.sort", "s", "sort", "Sort", "Sort the table by the next column"),
        bind("quality.reverse", "S", "reverse", "Reverse", "Turn the sorting round", show=False),
        bind("quality.results", "y", "app.pop_screen", "Results", "Back to the results", show=False),
        bind("quality.back", "escape", "app.pop_screen", "Back", "Back to the results", display="esc"),
    ]

    def heading(self) -> str:
        """Protocol, seeds and folds."""
        return quality_title(self._record)

    def page(self) -> Iterable[Widget]:
        """The table and what it says."""
        if self._record.quality is None:
            yield Static(NOT_MEASURED)
            return
        yield QualityTable(self._record)
        sentences = [Text(f"• {sentence}") for sentence in quality_sentences(self._record)]
        if leak := leak_warning(self._record):
            sentences.append(Text(f"! {leak}: a gain here may be none on new images", "bold"))
        yield Static(Text("\n").join(sentences), id="sentences")

    def action_sort(self) -> None:
        """Sort by the next column, best first."""
        for table in self.query(QualityTable):
            table.sort_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        for table in self.query(QualityTable):
            table.sort_reverse()
