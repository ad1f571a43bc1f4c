"""A finished run in pictures, for reports: what the networks saw, where they were wrong, and what they look at."""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.errors import SimpsonsError
from engine.events.record import StudyRecord
from engine.finished.explain.explainer import Explainer, open_explainer
from engine.finished.gallery import Gallery, open_run_gallery
from engine.reports.pictures import Pixels
from engine.reports.results import Prediction

Figure = tuple[str, str, bytes]
"""Title, caption, and a PNG file's bytes."""

MOST_CLASSES = 6
MOST_MISTAKES = 8
"""Rows and pictures of a sheet: more would not be looked at."""

_MAP_ROW = 720, 480
"""Width and height of a grid of feature maps, in pixels."""


def report_figures(
    record: StudyRecord,
    folder: Path,
    *,
    variants: Sequence[str] | None = None,
    cache_dir: Path | None = None,
    on_figure: Callable[[str], None] = lambda title: None,
) -> list[Figure]:
    """Figures of a run with its data at hand; those that cannot be drawn (data or weights are gone) are left out.

    `variants` are those whose networks are shown, all by default. `on_figure` is told each title before it is drawn,
    for figures take seconds.
    """
    figures: list[Figure] = []
    with contextlib.suppress(SimpsonsError):
        sheets = _Sheets(record, folder, variants, cache_dir)
        for title, draw in sheets.all():
            on_figure(title)
            with contextlib.suppress(SimpsonsError):
                caption, pixels = draw()
                from engine.finished.explain.sheets import png_bytes

                figures.append((title, caption, png_bytes(pixels)))
    return figures


@dataclass(frozen=True)
class _Shown:
    """A test image that stands for others."""

    prediction: Prediction
    name: str


class _Sheets:
    """The sheets of one run; each is drawn when it is asked for."""

    def __init__(
        self, record: StudyRecord, folder: Path, variants: Sequence[str] | None, cache_dir: Path | None
    ) -> None:
        self._record, self._folder, self._cache_dir = record, folder, cache_dir
        started = record.started
        evaluated = [name for name in (started.variants if started else ()) if _evaluated(record, name)]
        self._variants = [name for name in evaluated if variants is None or name in variants]
        self._gallery: Gallery = open_run_gallery(folder, cache_dir)
        self._explainers: dict[str, Explainer] = {}

    def all(self) -> Iterator[tuple[str, Callable[[], tuple[str, Pixels]]]]:
        """Titles, and what draws them."""
        if not self._variants:
            return
        yield "What each variant sees", self._pre_processing
        yield "The surest mistakes", self._mistakes
        yield "Where the evidence lies", self._evidence
        yield "Filters of the first layer", self._filters
        for variant in self._variants:
            yield f"Feature maps: {variant}", partial(self._maps, variant)

    def _explainer(self, variant: str) -> Explainer:
        if variant not in self._explainers:
            self._explainers[variant] = open_explainer(self._folder, variant, cache_dir=self._cache_dir)
        return self._explainers[variant]

    def _name(self, label: int) -> str:
        return self._gallery.classes[label].partition("_")[0]

    def _one_a_class(self) -> list[_Shown]:
        """The first test image of each class."""
        first: dict[int, Prediction] = {}
        for prediction in _predictions(self._record, self._variants[0]):
            first.setdefault(prediction.label, prediction)
        return [_Shown(first[label], self._name(label)) for label in sorted(first)[:MOST_CLASSES]]

    def _pre_processing(self) -> tuple[str, Pixels]:
        from engine.finished.explain.sheets import sheet

        rows, names = [], []
        for shown in self._one_a_class():
            found = {one.variant: one for one in self._gallery.through(shown.prediction.path, self._variants)}
            rows.append([found[variant].pixels for variant in self._variants])
            rows.append([found[variant].difference for variant in self._variants])
            names += [shown.name, "difference"]
        caption = (
            "The first test image of each class after the steps of every variant, and below it what differs from the "
            "plain resize, strengthened until it shows."
        )
        return caption, sheet(rows, self._variants, names, cell=(200, 150))

    def _mistakes(self) -> tuple[str, Pixels]:
        from engine.finished.explain.sheets import sheet

        rows: list[list[Pixels | None]] = []
        for variant in self._variants:
            wrong = _surest_mistakes(_predictions(self._record, variant))[:MOST_MISTAKES]
            rows.append([self._gallery.pixels(prediction.path) for prediction in wrong])
        told = "; ".join(
            f"{variant}: {', '.join(self._told(one) for one in wrong) or 'none'}"
            for variant in self._variants
            for wrong in [_surest_mistakes(_predictions(self._record, variant))[:MOST_MISTAKES]]
        )
        columns = [str(place + 1) for place in range(max(map(len, rows), default=0))]
        caption = f"Test images taken for another class, the surest of each variant first. {told}."
        return caption, sheet(rows, columns, self._variants, cell=(140, 105))

    def _told(self, prediction: Prediction) -> str:
        sure = prediction.probabilities[prediction.predicted]
        return f"{self._name(prediction.label)} as {self._name(prediction.predicted)} ({sure:.2f})"

    def _evidence(self) -> tuple[str, Pixels]:
        from engine.finished.explain.sheets import sheet

        rows: list[list[Pixels | None]] = []
        names, told = [], []
        for variant in self._variants:
            predictions = _predictions(self._record, variant)
            for prediction in (*_surest_right(predictions)[:1], *_surest_mistakes(predictions)[:1]):
                view = self._explainer(variant).look(prediction.path, prediction.label)
                rows.append([view.pixels, view.for_predicted, view.for_true])
                right = prediction.label == view.predicted
                names.append(f"{variant}, {'right' if right else 'wrong'}")
                told.append(f"{variant}: {self._name(prediction.label)} called {self._name(view.predicted)}")
        caption = (
            "Grad-CAM at the last block for the surest right and the surest wrong answer of each variant; the "
            "brighter, the more speaks for the class; where nothing is bright, its mean weights leave nothing above 0. "
            f"{'; '.join(told)}."
        )
        return caption, sheet(rows, ["input", "for the class that was said", "for the true class"], names)

    def _filters(self) -> tuple[str, Pixels]:
        from engine.finished.explain.sheets import sheet, tiled

        rows: list[list[Pixels | None]] = [
            [tiled(filters, len(filters))] for filters in (self._explainer(name).filters() for name in self._variants)
        ]
        caption = "The kernels of the first convolution as colours around grey, each stretched by itself."
        return caption, sheet(rows, [""], self._variants, cell=(800, 60), sharp=True)

    def _maps(self, variant: str) -> tuple[str, Pixels]:
        from engine.finished.explain.sheets import sheet

        shown = self._one_a_class()[0]
        explainer = self._explainer(variant)
        pictures = explainer.maps_pictures(shown.prediction.path)
        rows: list[list[Pixels | None]] = [[explainer.image(shown.prediction.path)]]
        rows += [[picture] for _, picture in pictures]
        names = [shown.name, *(name for name, _ in pictures)]
        caption = f"What every channel of each block gives for {shown.prediction.path}, each in its own range."
        return caption, sheet(rows, [""], names, cell=_MAP_ROW, sharp=True)


def _evaluated(record: StudyRecord, variant: str) -> bool:
    result = record.result(variant)
    return result is not None and result.metrics is not None


def _predictions(record: StudyRecord, variant: str) -> tuple[Prediction, ...]:
    result = record.result(variant)
    return result.predictions if result is not None else ()


def _sure(prediction: Prediction) -> float:
    sure = prediction.probabilities[prediction.predicted]
    return sure if math.isfinite(sure) else 0.0


def _surest_mistakes(predictions: Sequence[Prediction]) -> list[Prediction]:
    return sorted((one for one in predictions if one.predicted != one.label), key=lambda one: (-_sure(one), one.path))


def _surest_right(predictions: Sequence[Prediction]) -> list[Prediction]:
    return sorted((one for one in predictions if one.predicted == one.label), key=lambda one: (-_sure(one), one.path))
