"""Looking into the networks of a finished run, without training anything again.

Importing this is cheap; torch is loaded when something is opened.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.events.record import JobKey
from engine.finished.run import FinishedRun
from engine.reports.pictures import InsideView, Pixels

if TYPE_CHECKING:
    from engine.finished.explain.inside import BlockMaps


class Explainer:
    """One variant's network of a finished run, for one image at a time; used by one thread at a time.

    Paths are those of the run's predictions and of its data set. Methods raise `SimpsonsError` where an image is gone.

    Attributes:
        key: whose network this is.
    """

    def __init__(self, run: FinishedRun, key: JobKey) -> None:
        self.key = key
        self._run = run
        self._model = run.network(key)
        self._kept: dict[str, Pixels] = {}

    def image(self, path: str) -> Pixels:
        """What the network sees of an image: (H, W, 3) uint8 after the variant's steps, through the pixel cache."""
        if path not in self._kept:
            with self._run.pixels(self.key.variant, [self._run.gallery.checked(path)]) as table:
                self._kept = {path: table.gather(np.array([0]))[0]}
        return self._kept[path]

    def said(self, path: str) -> npt.NDArray[np.float64]:
        """Class probabilities (classes,) of an image, in fp32: bf16 runs may differ in the third decimal."""
        from engine.finished.explain.inside import probabilities

        return probabilities(self._model, self.image(path))

    def feature_maps(self, path: str) -> "tuple[BlockMaps, ...]":
        """The output of each block: a name and (channels, h, w) float32, at least 0."""
        from engine.finished.explain.inside import feature_maps

        return feature_maps(self._model, self.image(path))

    def maps_pictures(self, path: str) -> tuple[tuple[str, Pixels], ...]:
        """The same as one picture a block, its maps in a grid."""
        from engine.finished.explain.sheets import maps_picture

        return tuple((block.name, maps_picture(block.maps)) for block in self.feature_maps(path))

    def filters(self) -> Pixels:
        """The first layer's kernels as RGB tiles (channels, side, side, 3) uint8."""
        from engine.finished.explain.inside import first_filters

        return first_filters(self._model)

    def grad_cam(self, path: str, label: int) -> npt.NDArray[np.float32]:
        """Evidence for a class at the last block, (h, w) in [0, 1]; see `engine.finished.explain.inside`."""
        from engine.finished.explain.inside import grad_cam

        return grad_cam(self._model, self.image(path), label)

    def look(self, path: str, label: int) -> InsideView:
        """All of the above for an image whose true class is `label`."""
        from engine.finished.explain.sheets import overlay, square, tiled

        said, pixels, filters = self.said(path), self.image(path), self.filters()
        predicted = int(said.argmax())
        evidence, true_evidence = self.grad_cam(path, predicted), self.grad_cam(path, label)
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
