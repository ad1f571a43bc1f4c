"""The charts of the training screen: one alone, all in a grid, all curves on one axis, or pages of many."""

from textual.app import ComposeResult
from textual.containers import Container

from tui.looks.variant_names import MANY
from tui.screens.training.loss_chart import LossChart
from tui.state.study import ViewState
from tui.widgets.chart import ChartOptions

_MOST_IN_TWO_COLUMNS, _MOST_COLUMNS, _MOST_ROWS = 4, 3, 3
_LEAST_WIDTH, _LEAST_HEIGHT = 32, 8
"""Of a chart where many variants make pages of charts."""


class ChartGrid(Container):
    """A chart a variant; of many variants, the page of them that holds the marked one.

    Attributes:
        page: the places of the variants whose charts are shown.
    """

    def __init__(self, variants: tuple[str, ...], *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._variants = variants
        self._overlaid = False
        self.page: list[int] = []

    def compose(self) -> ComposeResult:
        """As many charts as are ever shown together, and the one of all curves."""
        for index in range(min(MANY, len(self._variants))):
            yield LossChart(index, id=f"chart-{index}", classes="variant-chart")
        yield LossChart(-1, id="overlay")

    def lay_out(self, marked: int, *, single: bool, overlay: bool) -> None:
        """Show the charts that the mode asks for, in a grid that fits."""
        charts = list(self.query(".variant-chart").results(LossChart))
        if not charts:
            return  # They are not there yet, and no page is.
        self._overlaid, self.page = overlay, self._page_of(marked, single=single)
        if len(self._variants) > MANY:
            shown = charts[: len(self.page)]
            for chart, index in zip(shown, self.page, strict=True):
                chart.index = index
            columns = min(len(self.page), self._page_grid()[0])
        else:
            shown = [charts[index] for index in self.page]
            columns = 1 if len(shown) == 1 else 2 if len(shown) <= _MOST_IN_TWO_COLUMNS else _MOST_COLUMNS
        for chart in charts:
            chart.display = not overlay and chart in shown
        self.query_one("#overlay").display = overlay
        self.styles.grid_size_columns = 1 if overlay else columns
        self.styles.grid_size_rows = 1 if overlay else -(-len(shown) // columns)

    def _page_grid(self) -> tuple[int, int]:
        """Columns and rows of a page of charts."""
        columns, rows = self.size.width // _LEAST_WIDTH, self.size.height // _LEAST_HEIGHT
        return max(1, min(_MOST_COLUMNS, columns)), max(1, min(_MOST_ROWS, rows))

    def _page_of(self, marked: int, *, single: bool) -> list[int]:
        count = len(self._variants)
        if single:
            return [marked]
        if count <= MANY:
            return list(range(count))
        columns, rows = self._page_grid()
        first = marked // (columns * rows) * columns * rows
        return list(range(first, min(count, first + columns * rows)))

    def show_state(self, state: ViewState, options: ChartOptions, marked: int, *, single: bool, dark: bool) -> bool:
        """Draw the charts that are shown; False where the marked variant, or the room, now asks for others."""
        if self._overlaid:
            self.query_one("#overlay", LossChart).show_overlay(state, options, self._variants[marked], dark=dark)
            return True
        if self._page_of(marked, single=single) != self.page:
            return False
        for chart in self.query(".variant-chart").results(LossChart):
            if chart.display:
                variant = self._variants[chart.index]
                chart.show_variant(state, variant, options, marked=chart.index == marked, dark=dark)
        return True
