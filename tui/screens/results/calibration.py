"""How well the predicted probabilities fit what is right: a reliability chart a variant."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import DataTable, Static

from engine.reports.statistics import VariantStatistics
from tui.looks.keys import bind
from tui.looks.palette import variant_mark, variant_style
from tui.looks.variant_names import MANY, column_names
from tui.screens.results.matrices import NARROW
from tui.screens.results.statistics import StatisticsScreen
from tui.tables.statistics import (
    calibration_errors,
    calibration_title,
    error_text,
    reliability_chart,
    used_bins,
)
from tui.widgets.metrics_table import SortableTable

_LEGEND = (
    "█ share correct, ┃ mean probability of the predicted class, n predictions. A bar short of its stroke: too sure; "
    "past it: not sure enough. Expected calibration error: mean gap of bar and stroke over all predictions, {bins} "
    "bins (Guo et al. 2017)."
)
_SIDE_BY_SIDE, _FOUR = 100, 190
"""From this many columns two charts stand beside each other, and four."""

_FRAME = 3  # lines of a chart that are no bins: border and head


class ReliabilityChart(Static):
    """One variant's chart, as wide as its place."""

    DEFAULT_CSS = """
    ReliabilityChart {
        height: auto; width: 1fr; border: round $foreground 30%; padding: 0 1;
        border-title-style: bold; border-title-color: $foreground;
    }
    """

    def __init__(self, entry: VariantStatistics, places: range) -> None:
        super().__init__()
        self._entry, self._places = entry, places

    def show(self, entry: VariantStatistics) -> None:
        """Draw another variant's."""
        self._entry = entry
        self.on_resize()

    def on_resize(self) -> None:
        """Draw for the new width."""
        mark = variant_mark(self._entry.variant)
        error = f" {self._entry.variant}  expected calibration error {error_text(self._entry)}"
        self.border_title = Text.assemble(mark, error).markup
        colour = variant_style(self._entry.variant).colour
        self.update(Text("\n").join(reliability_chart(self._entry, self._places, self.content_size.width, colour)))


class ErrorTable(SortableTable):
    """Accuracy, mean probability and calibration error of many variants; the chart below is of the marked one."""

    DEFAULT_CSS = """
    ErrorTable { margin: 0 1; max-height: 40%; width: auto; max-width: 100%; }
    """

    def __init__(self, entries: Sequence[VariantStatistics]) -> None:
        super().__init__(id="errors")
        self._entries = entries

    def on_resize(self) -> None:
        """Fill it for the new width."""
        width = self.app.size.width
        variants = tuple(entry.variant for entry in self._entries)
        marks = {variant: variant_mark(variant) for variant in variants}
        names = column_names(variants, width)
        self.show_data(calibration_errors(self._entries), marks=marks, names=names, narrow=width < NARROW)


class CalibrationScreen(StatisticsScreen):
    """Reliability charts side by side; of many variants a table, and the chart of the marked one."""

    DEFAULT_CSS = """
    CalibrationScreen #charts { layout: grid; grid-gutter: 0; height: auto; }
    """

    BINDING_GROUP_TITLE = "Calibration"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("calibration.sort", "s", "sort", "Sort", "Sort the table of many variants by the next column"),
        bind("calibration.reverse", "S", "reverse", "Reverse", "Turn the sorting round", show=False),
        bind("calibration.results", "b", "app.pop_screen", "Results", "Back to the results", show=False),
        bind("calibration.back", "escape", "app.pop_screen", "Back", "Back to the results", display="esc"),
    ]

    def heading(self) -> str:
        """Protocol, seeds and folds."""
        return calibration_title(self._record)

    def page(self) -> Iterable[Widget]:
        """The charts and how to read them."""
        statistics = self._record.statistics
        assert statistics is not None
        if not statistics.variants:
            yield Static("No variant was trained and tested to the end.")
            return
        places = used_bins(statistics.variants)
        shown = statistics.variants
        if len(shown) > MANY:
            yield ErrorTable(shown)
            shown = shown[:1]
        charts = Container(*(ReliabilityChart(entry, places) for entry in shown), id="charts")
        charts.styles.grid_rows = str(len(places) + _FRAME)
        charts.styles.grid_size_columns = self._columns
        yield charts
        yield Static(_LEGEND.format(bins=len(statistics.variants[0].calibration.bins)))

    @on(DataTable.RowHighlighted, "#errors")
    def _show_marked(self, event: DataTable.RowHighlighted) -> None:
        """The chart of the marked variant."""
        statistics = self._record.statistics
        if statistics is not None and (entry := statistics.of(event.row_key.value or "")) is not None:
            self.query_one(ReliabilityChart).show(entry)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a table can be sorted."""
        if action in {"sort", "reverse"}:
            return bool(self.query(ErrorTable))
        return super().check_action(action, parameters)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.query_one(ErrorTable).sort_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.query_one(ErrorTable).sort_reverse()

    @property
    def _columns(self) -> int:
        """One, two or four charts beside each other."""
        width, statistics = self.size.width, self._record.statistics
        most = len(statistics.variants) if statistics else 1
        if most > MANY:
            return 1
        return min(most, 1 if width < _SIDE_BY_SIDE else 2 if width < _FOUR else 4)

    def on_resize(self) -> None:
        """Lay the charts out for the new width."""
        for charts in self.query("#charts"):
            charts.styles.grid_size_columns = self._columns
