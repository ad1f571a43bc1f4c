"""A finished run in pictures, for reports: what the networks saw, where they were wrong, and what they look at."""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from engine.config.own_steps import own_steps_in
from engine.config.variants import PLAIN
from engine.errors import InputError, SimpsonsError
from engine.events.record import evaluated_results
from engine.finished.explain.explainer import open_explainer
from engine.finished.explain.inside import first_filters, grad_cam, probabilities
from engine.finished.explain.sheets import fitted, overlay, png_bytes, sheet, tiled
from engine.finished.gallery import difference
from engine.finished.run import FinishedRun
from engine.reports.pictures import Figure, Pixels
from engine.reports.results import JobResult, Prediction

MOST_CLASSES = 6
MOST_MISTAKES = 8
"""Rows and pictures of a sheet: more would not be looked at."""

MOST_VARIANTS, _BEST = 9, 3
"""Of more variants than this the figures show the plain resize, the best ones and the worst one."""

_CHOSEN = " Of {} variants: the plain resize, the three most accurate ones and the least accurate one."

_MISTAKE, _MAP_ROW = (140, 105), (720, 480)
"""Width and height of a picture, and of a grid of feature maps, in pixels."""


def report_figures(
    run: FinishedRun,
    *,
    variants: Sequence[str] | None = None,
    tell: Callable[[str], None] = lambda words: None,
) -> list[Figure]:
    """Figures of a run with its data at hand; those that cannot be drawn (data or weights are gone) are left out.

    `variants` are those whose networks are shown; by default all, or of many those at the ends of their ranking.
    `tell` gets what is being done, for figures take seconds.
    """
    figures: list[Figure] = []
    with contextlib.suppress(SimpsonsError):
        evaluated = evaluated_results(run.record)
        shown = _telling(evaluated) if variants is None else [one for one in evaluated if one.variant in variants]
        if not shown:
            return []
        left_out = "" if variants is not None or len(shown) == len(evaluated) else _CHOSEN.format(len(evaluated))
        tell("reading the images")
        for title, draw in _Sheets(run, shown).all():
            tell(f"drawing: {title}")
            try:
                caption, pixels = draw()
            except SimpsonsError as error:
                tell(f"left out: {title} ({error})")
            else:
                figures.append(Figure(title, caption + left_out, png_bytes(pixels)))
    return figures


def _telling(evaluated: Sequence[JobResult]) -> list[JobResult]:
    """All variants; of many the plain resize, the most accurate ones and the least accurate one, in their order."""
    if len(evaluated) <= MOST_VARIANTS:
        return list(evaluated)
    ranked = sorted(evaluated, key=lambda one: -one.metrics.accuracy if one.metrics else 0.0)
    kept = {PLAIN, ranked[-1].variant, *(one.variant for one in ranked[:_BEST])}
    return [one for one in evaluated if one.variant in kept]


@dataclass(frozen=True)
class _Shown:
    """A test image that stands for others."""

    prediction: Prediction
    name: str


class _Sheets:
    """The sheets of one run; each is drawn when it is asked for."""

    def __init__(self, run: FinishedRun, results: Sequence[JobResult]) -> None:
        self._predictions = {result.variant: result.predictions for result in results}
        own = run.started.steps
        self._variants = [name for name in self._predictions if all(one.named for one in own_steps_in([name], own))]
        missing = [name for name in self._predictions if name not in self._variants]
        self._missing = (
            f" Without {', '.join(missing)}: made with steps of your own, not named (--steps)." if missing else ""
        )
        self._run, self._gallery = run, run.gallery
        self._explainer = cache(partial(open_explainer, run))

    def all(self) -> Iterator[tuple[str, Callable[[], tuple[str, Pixels]]]]:
        """Titles, and what draws them."""
        if self._variants:
            yield "What each variant sees", self._pre_processing
        yield "The surest mistakes", self._mistakes
        if not self._variants:
            return
        yield "Where the evidence lies", self._evidence
        yield "Filters of the first layer", self._filters
        for variant in self._variants:
            yield f"Feature maps: {variant}", partial(self._maps, variant)

    def _name(self, label: int) -> str:
        return self._gallery.classes[label].partition("_")[0]

    def _one_a_class(self) -> list[_Shown]:
        """The first test image of each class."""
        first: dict[int, Prediction] = {}
        for prediction in self._predictions[self._variants[0]]:
            first.setdefault(prediction.label, prediction)
        return [_Shown(first[label], self._name(label)) for label in sorted(first)[:MOST_CLASSES]]

    def _pre_processing(self) -> tuple[str, Pixels]:
        shown = self._one_a_class()
        images = [self._gallery.checked(one.prediction.path) for one in shown]
        pixels: dict[str, Pixels] = {}
        for variant in dict.fromkeys((PLAIN, *self._variants)):
            with self._run.pixels(variant, images) as table:
                pixels[variant] = table.gather(np.arange(len(images)))  # (n, H, W, 3)
        rows, names = [], []
        for place, one in enumerate(shown):
            rows.append([pixels[variant][place] for variant in self._variants])
            rows.append([difference(pixels[variant][place], pixels[PLAIN][place])[0] for variant in self._variants])
            names += [one.name, "difference"]
        caption = (
            "The first test image of each class after the steps of every variant, and below it what differs from the "
            "plain resize, strengthened until it shows."
        )
        return caption + self._missing, sheet(rows, self._variants, names, cell=(200, 150))

    def _mistakes(self) -> tuple[str, Pixels]:
        rows: list[list[Pixels | None]] = []
        told = []
        for variant in self._predictions:
            wrong = _surest(self._predictions[variant], right=False)[:MOST_MISTAKES]
            rows.append([fitted(self._gallery.pixels(prediction.path), _MISTAKE) for prediction in wrong])
            told.append(f"{variant}: {', '.join(map(self._told, wrong)) or 'none'}")
        columns = [str(place + 1) for place in range(max(map(len, rows), default=0))]
        caption = f"Test images taken for another class, the surest of each variant first. {'; '.join(told)}."
        return caption, sheet(rows, columns, list(self._predictions), cell=_MISTAKE)

    def _told(self, prediction: Prediction) -> str:
        sure = prediction.probabilities[prediction.predicted]
        return f"{self._name(prediction.label)} as {self._name(prediction.predicted)} ({sure:.2f})"

    def _evidence(self) -> tuple[str, Pixels]:
        rows: list[list[Pixels | None]] = []
        names, told = [], []
        for variant in self._variants:
            predictions, explainer = self._predictions[variant], self._explainer(variant)
            for one in (*_surest(predictions, right=True)[:1], *_surest(predictions, right=False)[:1]):
                pixels = explainer.image(one.path)
                predicted = int(probabilities(explainer.model, pixels).argmax())
                heat = (overlay(pixels, grad_cam(explainer.model, pixels, label)) for label in (predicted, one.label))
                rows.append([pixels, *heat])
                names.append(f"{variant}, {'right' if one.label == predicted else 'wrong'}")
                told.append(f"{variant}: {self._name(one.label)} called {self._name(predicted)}")
        caption = (
            "Grad-CAM at the last block for the surest right and the surest wrong answer of each variant; the "
            "brighter, the more speaks for the class; where nothing is bright, its mean weights leave nothing above 0. "
            f"{'; '.join(told)}."
        )
        return caption + self._missing, sheet(
            rows, ["input", "for the class that was said", "for the true class"], names
        )

    def _filters(self) -> tuple[str, Pixels]:
        rows: list[list[Pixels | None]] = [
            [tiled(filters, len(filters))]
            for filters in (first_filters(self._explainer(name).model) for name in self._variants)
        ]
        caption = "The kernels of the first convolution as colours around grey, each stretched by itself."
        return caption + self._missing, sheet(rows, [""], self._variants, cell=(800, 60), sharp=True)

    def _maps(self, variant: str) -> tuple[str, Pixels]:
        shown = self._one_a_class()[0]
        explainer = self._explainer(variant)
        pictures = explainer.maps_pictures(shown.prediction.path)
        if not pictures:
            raise InputError("the network has no layer that gives maps of the picture")
        rows: list[list[Pixels | None]] = [[explainer.image(shown.prediction.path)]]
        rows += [[picture] for _, picture in pictures]
        names = [shown.name, *(name for name, _ in pictures)]
        caption = f"What every channel of each block gives for {shown.prediction.path}, each in its own range."
        return caption, sheet(rows, [""], names, cell=_MAP_ROW, sharp=True)


def _surest(predictions: Sequence[Prediction], *, right: bool) -> list[Prediction]:
    """The right or the wrong ones, the surest first."""

    def order(prediction: Prediction) -> tuple[float, str]:
        sure = prediction.probabilities[prediction.predicted]
        return (-sure if math.isfinite(sure) else 0.0), prediction.path

    return sorted((one for one in predictions if (one.predicted == one.label) == right), key=order)
