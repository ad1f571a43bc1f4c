"""Predictions for new images, and the model that makes them."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.config.machine import Precision
from engine.reports.results import SkippedFile


@dataclass(frozen=True)
class ModelOpened:
    """The model that will be used, and how many images it will be asked about.

    Attributes:
        study: the run's ID.
        classes: in the order of the probabilities.
        image_size: (height, width) in pixels of what the network takes.
        notes: sentences that a reader of the predictions needs.
    """

    study: str
    folder: str
    variant: str
    seed: int
    fold: int
    classes: tuple[str, ...]
    image_size: tuple[int, int]
    device: str
    device_name: str
    precision: Precision
    images: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImagePrediction:
    """What the model says of one image; `probabilities` are in the order of the classes and add up to 1."""

    path: str
    probabilities: tuple[float, ...]

    @property
    def ranking(self) -> tuple[int, ...]:
        """The classes from the most to the least probable; of equal ones the first comes first."""
        return tuple(sorted(range(len(self.probabilities)), key=lambda label: -self.probabilities[label]))

    @property
    def predicted(self) -> int:
        """The most probable class."""
        return self.ranking[0]

    @property
    def confidence(self) -> float:
        """Its probability."""
        return self.probabilities[self.predicted]


PredictionEvent = ModelOpened | ImagePrediction | SkippedFile
"""First the model, then one of the others for each image, in the order in which the images were named."""

TakePrediction = Callable[[PredictionEvent], None]
