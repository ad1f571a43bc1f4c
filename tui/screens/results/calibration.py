"""How well the predicted probabilities fit what is right: a reliability chart a variant."""

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from engine.reports.statistics import VariantStatistics
from tui.looks.keys import bind
from tui.looks.palette import variant_style
from tui.screens.results.statistics import StatisticsScreen
from tui.tables.statistics import calibration_title, error_text, reliability_chart, used_bins

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

    def __init__(self, entry: VariantStatistics, places: range, title: Text) -> None:
        super().__init__()
        self._entry, self._places = entry, places
        self.border_title = title.markup

    def on_resize(self) -> None:
        """Draw for the new width."""
        colour = variant_style(self._entry.variant).colour(dark=self.app.current_theme.dark)
        self.update(Text("\n").join(reliability_chart(self._entry, self._places, self.content_size.width, colour)))


class CalibrationScreen(StatisticsScreen):
    """Reliability charts side by side."""

    DEFAULT_CSS = """
    CalibrationScreen #charts { layout: grid; grid-gutter: 0; height: auto; }
    """

    BINDING_GROUP_TITLE = "Calibration"
    BINDINGS: ClassVar[list[BindingType]] = [
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
        charts = Container(
            *(
                ReliabilityChart(
                    entry,
                    places,
                    self.named(entry.variant).append(f"  expected calibration error {error_text(entry)}"),
                )
                for entry in statistics.variants
            ),
            id="charts",
        )
        charts.styles.grid_rows = str(len(places) + _FRAME)
        charts.styles.grid_size_columns = self._columns
        yield charts
        yield Static(_LEGEND.format(bins=len(statistics.variants[0].calibration.bins)))

    @property
    def _columns(self) -> int:
        """One, two or four charts beside each other."""
        width, statistics = self.size.width, self._record.statistics
        most = len(statistics.variants) if statistics else 1
        return min(most, 1 if width < _SIDE_BY_SIDE else 2 if width < _FOUR else 4)

    def on_resize(self) -> None:
        """Lay the charts out for the new width."""
        for charts in self.query("#charts"):
            charts.styles.grid_size_columns = self._columns
