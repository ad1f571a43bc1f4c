"""Curves over the time of a study, drawn by plotext into lines of text, with the stages that ran below them."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from engine.events.record import StageSpan
from tui.looks import formatting
from tui.looks.axes import LABEL_WIDTH, nice_ceiling, rgb, tick_label, y_ticks
from tui.looks.palette import fade, run_style, variant_style
from tui.tables.machine_curves import Panel, Timeline
from tui.widgets.charts.drawing import SMALLEST_HEIGHT, SMALLEST_WIDTH, empty_figure, figure_lines

_ROWS_PER_TICK, _CELLS_PER_TICK, _LABEL_CELLS = 3, 12, 7
_TIME_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_WORDS = {"preprocess": "prepare", "train": "train", "evaluate": "test"}
_SHARES = {"preprocess": 0.45, "train": 1.0, "evaluate": 0.7}
"""How strong a variant's colour is by stage, over the ground."""


def legend(panel: Panel) -> Text:
    """The panel's name, and each curve's marker, name and last value."""
    text = Text.assemble((panel.title, "bold"), f" {panel.unit} ")
    for place, series in enumerate(panel.series):
        style = run_style(place)
        value = f" {series.points[-1][1]:.{_decimals(panel)}f}" if series.points else f" {formatting.NOTHING}"
        text.append_text(Text.assemble(" ", (style.marker, style.colour), f" {series.name}", (value, "bold")))
    return text


def _decimals(panel: Panel) -> int:
    return 1 if _top(panel) < 100 else 0  # noqa: PLR2004 - below it there is room for one


def _top(panel: Panel) -> float:
    if panel.top is not None:
        return panel.top
    return nice_ceiling(max((value for series in panel.series for _, value in series.points), default=1.0))


def draw_times(panel: Panel, seconds: float, width: int, height: int) -> list[Text]:
    """Axes and curves in `height` lines of `width` cells; x runs from 0 to `seconds`."""
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT:
        return [Text("too small for a chart", "dim")]
    plotext = empty_figure(width, height)
    figure, top, seconds = plotext.figure, _top(panel), max(1.0, seconds)
    columns = width - LABEL_WIDTH - 1
    rows, line = figure.ruler("y"), figure.ruler("x")
    positions = y_ticks(0.0, nice_ceiling(top), max(2, (height - 2) // _ROWS_PER_TICK + 1), log=False)
    positions = [position for position in positions if position <= top] or [0.0, top]
    rows.lim(0.0, top)
    rows.ticks(positions, [tick_label(position, top) for position in positions])
    ticks = time_ticks(seconds, columns)
    line.lim(0.0, seconds)
    line.ticks(ticks, [formatting.duration(tick) for tick in ticks])
    for place, series in enumerate(panel.series):
        marker = plotext.marker("braille", plotext.pixel(rgb(run_style(place).colour)))
        points = thinned(series.points, seconds / columns)
        xs, ys = [x for x, _ in points], [min(top, y) for _, y in points]
        figure.draw(figure.signal(xs, ys, marker=marker).lines(True))
    return figure_lines(plotext, height)


def time_ticks(seconds: float, columns: int) -> list[float]:
    """Round times, few enough that their labels stand apart."""
    least = seconds / max(1, columns // _CELLS_PER_TICK)
    step = next((step for step in _TIME_STEPS if step >= least), None) or -(-least // 86400) * 86400
    last = seconds * (1 - _LABEL_CELLS / 2 / max(1, columns))  # beyond it the label would be cut
    return [float(step * index) for index in range(int(last // step) + 1)]


def thinned(points: Sequence[tuple[float, float]], width: float) -> list[tuple[float, float]]:
    """The lowest and the highest of the points in each column of that width, in their order."""
    columns: dict[int, list[tuple[float, float]]] = {}
    for point in points:
        columns.setdefault(int(point[0] / width), []).append(point)
    found: list[tuple[float, float]] = []
    for column in columns.values():
        found += sorted({min(column, key=lambda point: point[1]), max(column, key=lambda point: point[1])})
    return found


def stage_strip(spans: Sequence[StageSpan], timeline: Timeline, width: int, ground: str) -> Text:
    """The stages of one lane in a line below a chart of that width, each named where there is room."""
    columns = width - LABEL_WIDTH - 1
    scale = columns / max(1.0, timeline.seconds)
    text, at = Text(" " * (LABEL_WIDTH + 1)), 0
    for place, span in enumerate(spans):
        start = max(at, int(timeline.at(span.start) * scale))
        end = columns if span.end is None else round(timeline.at(span.end) * scale)
        if place + 1 < len(spans):  # one that has not ended in the record ended when the next began
            end = min(end, int(timeline.at(spans[place + 1].start) * scale))
        end = min(columns, end)
        if end <= start:
            continue
        text.append(" " * (start - at)).append_text(_segment(span, end - start, ground))
        at = end
    return text.append(" " * (columns - at))


def _segment(span: StageSpan, width: int, ground: str) -> Text:
    colour = variant_style(span.job.variant).colour if span.job.variant else "#808080"
    shade = fade(colour, ground, _SHARES.get(span.stage, 0.45))
    stage = _WORDS.get(span.stage, span.stage)
    whole = f"{stage} {span.job.variant}".strip()
    words = next(words for words in (whole, stage, "") if cell_len(words) <= width)
    return Text(formatting.left(words, width), Style(color=_readable(shade), bgcolor=shade))


def _readable(colour: str) -> str:
    """Black or white, whichever stands out from a colour."""
    red, green, blue = rgb(colour)
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 127 else "#ffffff"  # noqa: PLR2004
