"""Looking into the networks of a finished run, without training anything again.

Importing this is cheap; torch is loaded when something is opened.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from engine.errors import InputError
from engine.events.record import JobKey
from engine.finished.run import FinishedRun
from engine.reports.pictures import InsideView, Pixels

T = TypeVar("T")


class Explainer:
    """One variant's network of a finished run, for one image at a time; used by one thread at a time.

    Paths are those of the run's predictions and of its data set. Methods raise `SimpsonsError` where an image is gone.

    Attributes:
        key, model: whose network this is, and itself, on the CPU (see `engine.finished.explain.inside`).
    """

    def __init__(self, run: FinishedRun, key: JobKey) -> None:
        self.key = key
        self._run = run
        self.model = run.network(key)
        self._kept: dict[str, Pixels] = {}

    def image(self, path: str) -> Pixels:
        """What the network sees of an image: (H, W, 3) uint8 after the variant's steps, through the pixel cache."""
        if path not in self._kept:
            with self._run.pixels(self.key.variant, [self._run.gallery.checked(path)]) as table:
                self._kept = {path: table.gather(np.array([0]))[0]}
        return self._kept[path]

    def maps_pictures(self, path: str) -> tuple[tuple[str, Pixels], ...]:
        """The output of each block as one picture, its maps in a grid, under the block's name."""
        from engine.finished.explain.inside import feature_maps
        from engine.finished.explain.sheets import maps_picture

        return tuple((block.name, maps_picture(block.maps)) for block in feature_maps(self.model, self.image(path)))

    def look(self, path: str, label: int) -> InsideView:
        """What the network says of an image whose true class is `label`, why, and what its layers give."""
        from engine.finished.explain.inside import first_filters, grad_cam, probabilities
        from engine.finished.explain.sheets import overlay, square, tiled

        pixels = self.image(path)
        said = probabilities(self.model, pixels)
        predicted = int(said.argmax())
        notes: list[str] = []
        evidence = _unless_refused(lambda: [grad_cam(self.model, pixels, one) for one in (predicted, label)], notes)
        filters = _unless_refused(lambda: first_filters(self.model), notes)
        for_predicted, for_true = evidence or (None, None)
        return InsideView(
            pixels=pixels,
            probabilities=tuple(float(share) for share in said),
            predicted=predicted,
            for_predicted=None if for_predicted is None else overlay(pixels, for_predicted),
            for_true=None if for_true is None else overlay(pixels, for_true),
            speaks_for_predicted=for_predicted is not None and bool(for_predicted.any()),
            speaks_for_true=for_true is not None and bool(for_true.any()),
            blocks=self.maps_pictures(path),
            filters=None if filters is None else tiled(filters, square(len(filters), 1, 1)),
            notes=tuple(notes),
        )


def _unless_refused(look: Callable[[], T], notes: list[str]) -> T | None:
    """What `look` finds; None where this network has no such thing, which is noted."""
    try:
        return look()
    except InputError as error:
        notes.append(str(error))
        return None


def open_explainer(run: FinishedRun, variant: str, seed: int | None = None, *, fold: int = 0) -> Explainer:
    """The network of one variant of a finished run; the first seed where none is named.

    Raises:
        SimpsonsError: the run, its weights or its data cannot be read.
    """
    return Explainer(run, run.key(variant, seed, fold))
