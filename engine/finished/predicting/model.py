"""A trained model with its pre-processing, taken from what a run kept."""

import math
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from time import monotonic

import numpy as np
from torch import nn

from engine.config.machine import MachineSettings
from engine.events.control import StudyControl
from engine.finished.predicting.images import NewImage
from engine.finished.predicting.preparing import Prepared, prepare
from engine.preprocess import Step
from engine.preprocess.step import Pixels, Size
from engine.reports.prediction import ImagePrediction
from engine.reports.results import SkippedFile
from engine.training.inference import predict_proba
from engine.training.pixels import InMemory

MOST_IMAGES, MOST_PIXELS = 16, 16 * 510 * 684
"""Of a batch that the network is asked about: larger ones are no faster an image, and answers would come later."""

WAIT_SECONDS = 0.5
"""Images do not wait longer than this for others to fill a batch; the answers do not depend on it."""


@dataclass(frozen=True)
class TrainedModel:
    """A network with its weights and what has to be done to an image before.

    Attributes:
        network: on the machine's device.
        steps: the variant's pre-processing.
        machine: how the network computes.
        preprocess_machine: how the steps compute.
        image_size: (height, width) in pixels of what the network takes.
    """

    network: nn.Module
    steps: tuple[Step, ...]
    machine: MachineSettings
    preprocess_machine: MachineSettings
    image_size: Size

    def predict(
        self, images: Iterable[NewImage | SkippedFile], control: StudyControl
    ) -> Iterator[ImagePrediction | SkippedFile]:
        """What the model says of each image, in their order, as soon as it is known.

        Raises:
            StudyStopped: a stop was asked for.
        """
        full = max(1, min(MOST_IMAGES, MOST_PIXELS // math.prod(self.image_size)))
        waiting: list[Prepared | SkippedFile] = []
        since = monotonic()
        with closing(prepare(images, self.steps, self.preprocess_machine, control)) as prepared:
            for item in prepared:
                waiting.append(item)
                ready = sum(isinstance(one, Prepared) for one in waiting)
                if ready >= full or monotonic() - since >= WAIT_SECONDS:
                    yield from self._answer(waiting)
                    waiting, since = [], monotonic()
            yield from self._answer(waiting)

    def _answer(self, batch: list[Prepared | SkippedFile]) -> Iterator[ImagePrediction | SkippedFile]:
        pixels = [item.pixels for item in batch if isinstance(item, Prepared)]
        answers = iter(self._probabilities(np.stack(pixels)) if pixels else ())
        for item in batch:
            yield item if isinstance(item, SkippedFile) else ImagePrediction(item.path, next(answers))

    def _probabilities(self, pixels: Pixels) -> list[tuple[float, ...]]:
        """Class probabilities of images (N, H, W, 3), computed as the study does it.

        An image alone is asked about twice in one batch: for a single row, matrix products add in another order, and
        the last bits would differ from those in a batch.
        """
        count = len(pixels)
        rows = np.arange(max(count, 2), dtype=np.int64) % count
        found = predict_proba(
            self.network,
            self.machine,
            InMemory(pixels),
            rows,
            batch_size=len(rows),
            control=StudyControl(),
            on_progress=lambda done: None,
        )
        return [tuple(row) for row in found[:count].tolist()]
