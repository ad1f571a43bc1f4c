"""Using a trained model: what is asked for, and what it says of new images, as plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.config import Precision
from engine.results import SkippedFile


@dataclass(frozen=True)
class ModelRequest:
    """Which model of which run, and how to compute with it.

    Attributes:
        folder: the run's folder.
        variant: None for the one with the best accuracy.
        seed, fold: None for the first that was evaluated.
        device: "auto" or a torch device name of this machine.
        superres_weights: the file of the run's super-resolution weights, where they are not found by themselves.
        offline: never touch the network.
        cache_dir: our cache folder; None for the user's.
    """

    folder: Path
    variant: str | None = None
    seed: int | None = None
    fold: int | None = None
    device: str = "auto"
    superres_weights: Path | None = None
    offline: bool = False
    cache_dir: Path | None = None


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
