"""The charts of the training screen: one alone, all in a grid, all curves on one axis, or pages of many."""

from collections.abc import Iterator
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Container

from engine.events.record import JobKey
from tui.looks.chart_options import MOST_COLUMNS, MOST_ROWS, ChartOptions
from tui.looks.keys import key
from tui.looks.palette import variant_style
from tui.looks.variant_names import MANY
from tui.screens.charts.board import ChartBoard
from tui.screens.charts.plots import Plot
from tui.screens.charts.sources import Filter, Source, chosen_series
from tui.screens.training.loss_chart import LossChart
from tui.state.curves import Metric, RecordCurves
from tui.state.view_state import ViewState

_MOST_IN_TWO_COLUMNS, _MOST_COLUMNS, _MOST_ROWS = 4, 3, 3
_LEAST_WIDTH, _LEAST_HEIGHT = 32, 8
"""Of a chart where many make pages of charts."""


class ChartGrid(ChartBoard):
    """A chart a variant and metric; of many, the page of them that holds the marked variant.

    Attributes:
        page: the places of the variants whose charts are shown.
    """

    can_show_all_metrics = True

    def __init__(
        self,
        state: ViewState,
        variants: tuple[str, ...],
        *,
        id: str,  # noqa: A002 - Textual's name
        options: ChartOptions | None = None,
    ) -> None:
        super().__init__(id=id, options=options)
        self._state, self._variants = state, variants
        self._curves = RecordCurves(state.record)
        self._overlaid = self._single = False
        self._marked = self._page_number = 0
        self._shown: list[tuple[int, Metric]] = []

    def compose_charts(self) -> ComposeResult:
        """As many charts as were ever shown together, and the one of all curves."""
        for index in range(min(MANY, len(self._variants))):
            yield LossChart(index, id=f"chart-{index}", classes="variant-chart")
        yield LossChart(-1, id="overlay")

    @property
    def page(self) -> list[int]:
        """The places of the variants whose charts are shown."""
        return [index for index, _ in self._shown]

    # ------------------------------------------------------------ which charts

    def lay_out(self, marked: int, *, single: bool, overlay: bool) -> None:
        """Show the charts that the mode asks for, in a grid that fits."""
        charts = list(self.query(".variant-chart").results(LossChart))
        if not charts:
            return  # They are not there yet, and no page is.
        self._overlaid, self._single, self._marked = overlay, single, marked
        self._shown, columns = self._page()
        pages = -(-len(self._panels()) // self._page_size())
        paged = self.plots.every_metric and pages > 1
        self.plots.page = f"{self._page_number + 1} of {pages}, {key('training.page', ']')}" if paged else ""
        grid = self.query_one(".charts", Container)
        for index in range(len(charts), len(self._shown)):
            charts.append(LossChart(index, id=f"chart-{index}", classes="variant-chart"))
            grid.mount(charts[-1])
        one_metric = len({metric for _, metric in self._shown}) == 1
        # A variant keeps its own chart where there is one for each: what is drawn on it need not be drawn anew.
        own = one_metric and len(self._variants) <= MANY
        places = {index if own else place: (index, metric) for place, (index, metric) in enumerate(self._shown)}
        for place, chart in enumerate(charts):
            chart.display = not overlay and place in places
            if place in places:
                chart.index, chart.metric = places[place]
        self.query_one("#overlay").display = overlay
        grid.styles.grid_size_columns = 1 if overlay else columns
        grid.styles.grid_size_rows = 1 if overlay else max(1, -(-len(self._shown) // columns))

    def turn(self, direction: int) -> int:
        """Show the next page of charts; returns the place of its first variant."""
        panels, size = self._panels(), self._page_size()
        pages = max(1, -(-len(panels) // size))
        self._page_number = (self._page_number + direction) % pages
        return panels[self._page_number * size][0] if panels else self._marked

    def _panels(self) -> list[tuple[int, Metric]]:
        """All charts, on whatever page."""
        plots, found = self.plots, self._filter()
        if plots.every_metric and not found.metrics:
            return [(self._marked, metric) for metric in self.metrics()]
        places = [index for index, variant in enumerate(self._variants) if found.name(variant)]
        return [(index, metric) for index in places for metric in found.metrics or [plots.metric]]

    def _filter(self) -> Filter:
        return Filter(self.plots.words, self._variants, self.metrics())

    def _page(self) -> tuple[list[tuple[int, Metric]], int]:
        """The charts of the page that holds the marked variant, and the columns that they stand in."""
        panels, size = self._panels(), self._page_size()
        holds = [place // size for place, (index, _) in enumerate(panels) if index == self._marked]
        if self._page_number not in holds:
            self._page_number = holds[0] if holds else min(self._page_number, max(0, len(panels) - 1) // size)
        shown = panels[self._page_number * size :][:size]
        if self.options.columns:
            return shown, self.options.columns
        if len(panels) > MANY:
            return shown, max(1, min(len(shown), self._room()[1]))
        return shown, 1 if len(shown) == 1 else 2 if len(shown) <= _MOST_IN_TWO_COLUMNS else _MOST_COLUMNS

    def _page_size(self) -> int:
        if self._single:
            return 1
        if self.options.rows and self.options.columns:
            return min(self.options.rows, MOST_ROWS) * min(self.options.columns, MOST_COLUMNS)
        rows, columns = self._room()
        return MANY if len(self._panels()) <= MANY else rows * columns

    def _room(self) -> tuple[int, int]:
        """Rows and columns of charts that fit."""
        rows, columns = self.size.height // _LEAST_HEIGHT, self.size.width // _LEAST_WIDTH
        return max(1, min(_MOST_ROWS, rows)), max(1, min(_MOST_COLUMNS, columns))

    # ------------------------------------------------------------ which curves

    def metrics(self) -> tuple[Metric, ...]:
        """Those that the study has."""
        return self._curves.metrics()

    def _plot(self, index: int, metric: Metric) -> Plot:
        """The curves of one variant's chart."""
        return metric, list(self._sources(self._variants[index], metric, self._filter()))

    def _overlay(self) -> Plot:
        """The curves of all variants that the filter lets through, the marked one's first."""
        chosen = self._filter()
        metric = chosen.metrics[0] if chosen.metrics else self.plots.metric
        marked = self._variants[self._marked]
        found = [source for variant in self._variants for source in self._sources(variant, metric, chosen)]
        if len({source.name for source in found}) > MANY:
            found = [replace(source, faint=source.name != marked) for source in found]
        return metric, sorted(found, key=lambda source: source.name != marked)

    def _sources(self, variant: str, metric: Metric, chosen: Filter) -> Iterator[Source]:
        if not chosen.name(variant):
            return
        style, jobs = variant_style(variant), chosen.jobs(self._curves.jobs(variant))
        last: JobKey | None = self._state.job_key(variant)
        for series in chosen_series(self._curves, jobs, last, metric, self.options):
            yield Source(variant, style.colour, style.marker, series)

    def shown_plots(self) -> list[Plot]:
        """The charts that are seen, the marked variant's first."""
        if self._overlaid:
            return [self._overlay()]
        shown = sorted(self._shown, key=lambda panel: panel[0] != self._marked)
        return [self._plot(index, metric) for index, metric in shown]

    def end(self) -> float:
        """Of steps and epochs the end of the longest training; of time nothing is known beforehand."""
        if self.options.x == "time":
            return 0.0
        keys = [key for key in map(self._state.job_key, self._variants) if key is not None]
        if self.options.x == "step":
            return max((self._curves.total(key) - 1.0 for key in keys), default=0.0)
        return max((self._curves.total(key) / self._curves.per_epoch(key) for key in keys), default=0.0)

    # ------------------------------------------------------------ drawing

    def show_state(self, marked: int, *, single: bool, ground: str) -> bool:
        """Draw the charts that are shown; False where the marked variant, or the room, now asks for others."""
        self.plots.ground, self._marked, self._single = ground, marked, single
        if not self._overlaid and self._page()[0] != self._shown:
            return False
        self.redraw()
        return True

    def redraw(self) -> None:
        """Draw what changed."""
        charts = [chart for chart in self.query(".variant-chart").results(LossChart) if chart.display]
        seen = [self._overlay()] if self._overlaid else [self._plot(chart.index, chart.metric) for chart in charts]
        end = max(self.end(), self.plots.newest([source for _, sources in seen for source in sources]))
        if self._overlaid:
            chart, name = self.query_one("#overlay", LossChart), self._variants[self._marked]
            chart.show_overlay(self._state, seen[0], self.plots, end, name)
        else:
            locked = self.plots.locked_ranges(seen, end)
            for chart, plot in zip(charts, seen, strict=True):
                chart.show_variant(
                    self._state,
                    plot,
                    self.plots,
                    end,
                    locked,
                    variants=self._variants,
                    marked=chart.index == self._marked,
                )
        self.show_reading()
