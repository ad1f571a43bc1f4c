"""Curves over the time of a study, with the stages that ran below them, as lines of text."""

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from engine.events.record import StageSpan
from tui.looks import formatting
from tui.looks.axes import nice_ceiling, rgb
from tui.looks.heat import readable_on
from tui.looks.palette import GREY, fade, run_style, variant_style
from tui.tables.machine_curves import Panel, Timeline
from tui.widgets.charts.drawing import LEFT, Look, Window, draw
from tui.widgets.charts.lines import Line
from tui.widgets.charts.view import Range

_WORDS = {"preprocess": "prepare", "train": "train", "evaluate": "test"}
_SHARES = {"preprocess": 0.45, "train": 1.0, "evaluate": 0.7}
"""How strong a variant's colour is by stage, over the ground."""


def legend(panel: Panel, place: float | None) -> Text:
    """The panel's name, and each curve's marker, name and value: at a place on the timeline, or the last."""
    text = Text.assemble((panel.title, "bold"), f" {panel.unit} ")
    decimals = 1 if top(panel) < 100 else 0  # noqa: PLR2004 - below it there is room for one
    for number, series in enumerate(panel.series):
        style, value = run_style(number), series.at(place)
        shown = formatting.NOTHING if value is None else f"{value:.{decimals}f}"
        text.append_text(Text.assemble(" ", (style.marker, style.colour), f" {series.name} ", (shown, "bold")))
    return text


def top(panel: Panel) -> float:
    """Where the y axis ends, at a round number."""
    most = max((value for series in panel.series for _, value in series.points), default=1.0)
    return nice_ceiling(most if panel.top is None else panel.top)


def panel_window(panel: Panel, seen: Range, *, whole: bool) -> Window:
    """What is seen of a panel: a part of the time, and all of its values."""
    return Window(seen, (0.0, top(panel)), whole=whole)


def draw_times(panel: Panel, window: Window, width: int, height: int) -> list[Strip]:
    """Axes and curves in `height` lines of `width` cells."""
    lines = []
    for number, series in enumerate(panel.series):
        x, values = np.array(series.points, dtype=np.float64).reshape(-1, 2).T
        lines.append(Line(run_style(number).colour, run_style(number).marker, x, values, values))
    return draw(lines, window, width, height, Look(shown="raw", axis="time"))


def stage_strip(spans: Sequence[StageSpan], timeline: Timeline, seen: Range, width: int, ground: str) -> Text:
    """The stages of one lane in a line below a chart of that width, each named where there is room."""
    (low, high), columns = seen, width - LEFT
    text, at = Text(" " * LEFT), 0

    def column(moment: float) -> float:
        return (timeline.at(moment) - low) / (high - low) * columns

    for place, span in enumerate(spans):
        start = max(at, int(column(span.start)))
        end = columns if span.end is None else round(column(span.end))
        if place + 1 < len(spans):  # one that has not ended in the record ended when the next began
            end = min(end, int(column(spans[place + 1].start)))
        end = min(columns, end)
        if end <= start:
            continue
        text.append(" " * (start - at)).append_text(_segment(span, end - start, ground))
        at = end
    return text.append(" " * (columns - at))


def stage_words(span: StageSpan) -> str:
    """What was done, and to which variant."""
    return f"{_WORDS.get(span.stage, span.stage)} {span.job.variant}".strip()


def _segment(span: StageSpan, width: int, ground: str) -> Text:
    colour = variant_style(span.job.variant).colour if span.job.variant else GREY
    shade = fade(colour, ground, _SHARES.get(span.stage, 0.45))
    whole, stage = stage_words(span), _WORDS.get(span.stage, span.stage)
    words = next(words for words in (whole, stage, "") if cell_len(words) <= width)
    return Text(formatting.left(words, width), Style(color=readable_on(ColorTriplet(*rgb(shade))).hex, bgcolor=shade))
