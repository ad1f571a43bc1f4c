"""Every variant against every other: difference, interval, adjusted p, and what could not be compared."""

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from tui.looks.keys import bind
from tui.screens.results.statistics import StatisticsScreen
from tui.tables.data import to_plain
from tui.tables.statistics import (
    comparison_data,
    comparison_legend,
    comparison_matrix,
    comparison_title,
    has_all_pairs,
    leak_warning,
)

_TOO_FEW = "Two variants that were trained and tested to the end on the same images make a comparison; there are none."


class ComparisonScreen(StatisticsScreen):
    """The comparison matrix; wider than the screen, it scrolls."""

    DEFAULT_CSS = """
    ComparisonScreen #pairs { width: auto; min-width: 100%; }
    """

    BINDING_GROUP_TITLE = "Comparisons"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("pairs.results", "p", "app.pop_screen", "Results", "Back to the results", show=False),
        bind("pairs.back", "escape", "app.pop_screen", "Back", "Back to the results", display="esc"),
    ]

    def heading(self) -> str:
        """Protocol, test, correction, number of images."""
        return comparison_title(self._record)

    def page(self) -> Iterable[Widget]:
        """The matrix and how to read it."""
        statistics = self._record.statistics
        assert statistics is not None
        if statistics.comparisons and not has_all_pairs(statistics):
            yield Static(to_plain(comparison_data(statistics).without("method")), id="pairs")
        elif statistics.comparisons:
            heads = [self.named(entry.variant) for entry in statistics.variants]
            yield Static(comparison_matrix(statistics, heads), id="pairs")
        else:
            yield Static(_TOO_FEW, id="pairs")
        legend = [Text(sentence) for sentence in comparison_legend(statistics)]
        if leak := leak_warning(self._record):
            legend.append(Text(f"! {leak}: what differs here may not differ on new images", "bold"))
        yield Static(Text("\n").join(legend), id="legend")
