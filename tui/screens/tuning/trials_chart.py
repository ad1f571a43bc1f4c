"""The validation accuracy of every trial by epoch, on one pair of axes."""

import math
from collections.abc import Callable, Hashable, Sequence
from functools import partial

import numpy as np
from rich.text import Text
from textual import events

from engine.events.search_record import Trial, TuningRecord
from tui.looks.chart_options import ChartOptions
from tui.looks.palette import GREY, fade, variant_style
from tui.state.curves import Metric
from tui.widgets.charts.drawing import Look, Window, draw
from tui.widgets.charts.lines import Line, value_range
from tui.widgets.lines import LinesView, Row, centred, framed

_BEST, _RECIPE, _MARKED = variant_style("bbox"), variant_style("vanilla"), variant_style("denoise")
"""Looks of the three trials that stand out; they stay apart for colour-blind eyes and without colour."""

_PRUNED = 0.5
"""How much of the colour is left of a trial that was given up."""

_ACCURACY = Metric("validation_accuracy", "validation accuracy", by_epoch=True)
_FRAME = 2
_SHORT = 60
"""Columns below which the long words do not fit into the frame."""


class TrialsChart(LinesView):
    """Draws itself only when a curve, its size or the marked trial changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._key: Hashable = None
        self._shown: Callable[[], None] | None = None

    def on_resize(self, _event: events.Resize) -> None:
        """What was drawn no longer fits: the table below takes the room that it needs."""
        self._key = None
        if self._shown is not None:
            self._shown()

    def show_trials(self, record: TuningRecord, version: int, marked: int | None, *, ground: str) -> None:
        """Draw them all; the best, the recipe's own and the marked one stand out."""
        key = (version, marked, self.size, ground)
        if key == self._key or not self.size:
            return
        self._key = key
        self._shown = partial(self.show_trials, record, version, marked, ground=ground)
        width, height = self.size.width - _FRAME, self.size.height - _FRAME
        scored = [trial for trial in record.trials.values() if trial.epochs]
        started = record.started
        lines: Sequence[Row]
        if started is None or not scored:
            lines = centred([Text("no epoch trained yet", "dim")], width, height)
        else:
            best = record.best
            order = sorted(scored, key=lambda trial: _rank(trial, best, marked))
            curves = [_curve(trial, best, marked, ground=ground) for trial in order]
            end = float(max(started.recipe.epochs * len(started.seeds), *(len(curve.x) - 1 for curve in curves)))
            y = value_range(curves, (0.0, end), _ACCURACY, ChartOptions(), whole=True)
            look = Look("smoothed", ground=ground, whole_steps=True)
            lines = draw(curves, Window((0.0, end), y), width, height, look)
        short = width < _SHORT
        title = Text("accuracy by epoch " if short else "validation accuracy by epoch ", "bold")
        legend = _legend(record, marked, "" if short else "trial ")
        self.show_lines(framed(lines, *self.size, title=title, right=legend))


def trial_mark(trial: Trial, best: Trial | None) -> Text:
    """The sign of a trial that stands out, a blank for the others."""
    if trial is best:
        return Text(_BEST.marker, _BEST.colour)
    return Text(_RECIPE.marker, _RECIPE.colour) if trial.is_recipe else Text(" ")


def _rank(trial: Trial, best: Trial | None, marked: int | None) -> tuple[bool, bool, bool, bool]:
    """What stands out is drawn last, over the others."""
    return trial is best, trial.number == marked, trial.is_recipe, trial.state == "done"


def _curve(trial: Trial, best: Trial | None, marked: int | None, *, ground: str) -> Line:
    colour, marker = GREY, "·"
    if trial is best:
        colour, marker = _BEST.colour, _BEST.marker
    elif trial.number == marked:
        colour, marker = _MARKED.colour, _MARKED.marker
    elif trial.is_recipe:
        colour, marker = _RECIPE.colour, _RECIPE.marker
    elif trial.state in ("pruned", "failed", "interrupted"):
        colour, marker = fade(colour, ground, _PRUNED), "×"
    # Epochs count from 1 on the axis: there is nothing before the first.
    accuracies = np.array([math.nan, *(epoch.accuracy for epoch in trial.epochs)])
    return Line(colour, marker, np.arange(len(accuracies), dtype=np.float64), accuracies, accuracies)


def _legend(record: TuningRecord, marked: int | None, word: str) -> Text:
    best, parts = record.best, Text()
    if best is not None:
        parts.append(f"{_BEST.marker} best ", _BEST.colour)
    if best is None or not best.is_recipe:
        parts.append(f"{_RECIPE.marker} recipe ", _RECIPE.colour)
    if marked is not None and (best is None or marked != best.number):
        parts.append(f"{_MARKED.marker} {word}{marked} ", _MARKED.colour)
    return parts
