"""A trained model with its pre-processing, taken from what a run kept."""

import math
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from torch import nn

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.config.variants import Variant
from engine.errors import WeightsError
from engine.events.control import StudyControl
from engine.finished.predicting.images import NewImage
from engine.finished.predicting.preparing import Prepared, prepare
from engine.preprocess import Step, StepContext, build_steps
from engine.preprocess.steps import Pixels, Size, size_after
from engine.reports.prediction import ImagePrediction
from engine.reports.results import SkippedFile
from engine.superres import SuperresModel
from engine.training.arithmetic import memory_format
from engine.training.inference import load_network, predict
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
        found = predict(
            self.network,
            self.machine,
            InMemory(pixels),
            rows,
            batch_size=len(rows),
            control=StudyControl(),
            on_progress=lambda done: None,
        )
        return [tuple(row) for row in found[:count].tolist()]


def load_model(
    variant: Variant,
    recipe: Recipe,
    n_classes: int,
    weights: Path,
    *,
    superres: SuperresModel | None,
    machine: MachineSettings,
    preprocess_machine: MachineSettings,
) -> TrainedModel:
    """Build the network and the steps of a variant, and load the weights.

    Raises:
        WeightsError: they are missing, belong to another network, or training left values that are not finite.
        InputError: the variant's steps make no sense.
    """
    steps = build_steps(variant, StepContext(recipe, preprocess_machine, superres))
    size = size_after(steps)
    assert size is not None  # `build_steps` has seen to it
    network = load_network(weights, recipe, n_classes, size, seed=0, fold=0)
    if not all(bool(torch.isfinite(tensor).all()) for tensor in network.state_dict().values()):
        raise WeightsError(f"{weights}: holds values that are not finite, because training diverged: train it again")
    network = network.to(machine.device).to(memory_format=memory_format(machine))
    return TrainedModel(network, steps, machine, preprocess_machine, size)
