"""Pictures as values: an image, its variants, what a network sees."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""(H, W, 3) RGB."""


@dataclass(frozen=True)
class InsideView:
    """One image as one network sees it, as pictures (H, W, 3) uint8.

    Attributes:
        pixels: what the network sees.
        probabilities: of the classes, in label order.
        predicted: the likeliest class.
        for_predicted, for_true: Grad-CAM as heat over the pixels, for the predicted and for the true class.
        speaks_for_predicted, speaks_for_true: whether there is any such heat: the mean gradients that Grad-CAM weighs
            the maps with can leave nothing above 0, also for the class that was said.
        blocks: name and maps in a grid of every block.
        filters: the first layer's kernels in a grid.
        notes: why a picture is None, or why there are no blocks, in a sentence each.
    """

    pixels: Pixels
    probabilities: tuple[float, ...]
    predicted: int
    for_predicted: Pixels | None
    for_true: Pixels | None
    speaks_for_predicted: bool
    speaks_for_true: bool
    blocks: tuple[tuple[str, Pixels], ...]
    filters: Pixels | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A picture for a report: a PNG file's bytes under a title; `caption` also says it to those who can't see it."""

    title: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class GalleryImage:
    """One image of a data set.

    Attributes:
        path: its name in reports, unique in the data set.
        label: index into the gallery's classes.
        part: where the data set has it; a protocol may use it otherwise.
        box: (left, top, right, bottom) in pixels of the upright original, half-open, or None.
    """

    path: str
    label: int
    part: Literal["train", "test"]
    box: tuple[int, int, int, int] | None


@dataclass(frozen=True)
class StepCost:
    """One step on one image: its name, the (height, width) that it gave and the seconds that it took."""

    step: str
    size: tuple[int, int]
    seconds: float


@dataclass(frozen=True)
class VariantPicture:
    """One image as a variant sees it.

    Attributes:
        variant: its name.
        pixels: the result of its steps.
        steps: those that changed something for this image, in order.
        difference: (H, W, 3) of the recipe's size: the absolute difference from the plain resize, `gain` times as
            strong; black where they are equal.
        mean_difference: mean absolute difference from the plain resize, in levels of 255.
        gain: what the differences are multiplied by so that they show.
    """

    variant: str
    pixels: Pixels
    steps: tuple[StepCost, ...]
    difference: Pixels
    mean_difference: float
    gain: float

    @property
    def seconds(self) -> float:
        """What all steps took."""
        return sum(step.seconds for step in self.steps)
