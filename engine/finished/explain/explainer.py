"""Looking into the networks of a finished run, without training anything again.

Importing this is cheap; torch is loaded when something is opened.
"""

import numpy as np

from engine.events.record import JobKey
from engine.finished.run import FinishedRun
from engine.reports.pictures import InsideView, Pixels


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

        pixels, filters = self.image(path), first_filters(self.model)
        said = probabilities(self.model, pixels)
        predicted = int(said.argmax())
        evidence, true_evidence = (grad_cam(self.model, pixels, one) for one in (predicted, label))
        return InsideView(
            pixels=pixels,
            probabilities=tuple(float(share) for share in said),
            predicted=predicted,
            for_predicted=overlay(pixels, evidence),
            for_true=overlay(pixels, true_evidence),
            speaks_for_predicted=bool(evidence.any()),
            speaks_for_true=bool(true_evidence.any()),
            blocks=self.maps_pictures(path),
            filters=tiled(filters, square(len(filters), 1, 1)),
        )


def open_explainer(run: FinishedRun, variant: str, seed: int | None = None, *, fold: int = 0) -> Explainer:
    """The network of one variant of a finished run; the first seed where none is named.

    Raises:
        SimpsonsError: the run, its weights or its data cannot be read.
    """
    return Explainer(run, run.key(variant, seed, fold))
