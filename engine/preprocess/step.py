"""What a pre-processing step is, and a chain of them.

A step takes (H, W, 3) uint8 RGB pixels and returns such pixels; it holds its parameters and says in `identity` what
its result depends on, which is what the cache goes by.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.dataset import Box, ImageSample
from engine.system.own_code import never

if TYPE_CHECKING:
    from engine.superres import SuperresModel

Pixels = npt.NDArray[np.uint8]
Size = tuple[int, int]
"""(height, width) in pixels."""

Identity = dict[str, str | int | float | list[int]]


@dataclass(frozen=True)
class StepContext:
    """What steps are made from.

    `superres` may be None where no step needs it; `stopped` says whether a step of the user's own that does not return
    is waited for.
    """

    recipe: Recipe
    machine: MachineSettings
    superres: "SuperresModel | None" = None
    stopped: Callable[[], bool] = never


class Step(ABC):
    """One pre-processing step with its parameters.

    Attributes:
        name: as variants' pipelines name it.
        batched: whether `apply_batch` is worth more than many calls of `apply`; such a step is called by one thread.
        uses_box: whether the result depends on the sample's box.
    """

    name: str
    batched = False
    uses_box = False

    @abstractmethod
    def identity(self) -> Identity:
        """Everything besides the input that the result depends on: parameters, weights, library versions."""

    @abstractmethod
    def apply(self, pixels: Pixels, box: Box | None) -> Pixels:
        """The step's result for one image of (H, W, 3) uint8; the input is not changed."""

    def apply_batch(self, pixels: Pixels) -> Pixels:
        """The same for images of one size, (N, H, W, 3) uint8; only for steps that use no box."""
        return np.stack([self.apply(image, None) for image in pixels])

    def applies_to(self, sample: ImageSample) -> bool:
        """Whether the step changes anything for this image; where not, it is left out."""
        return True

    def result_size(self, size: Size | None) -> Size | None:
        """Size of the result for an input of this size; None where it differs from image to image."""
        return size


def size_after(steps: Sequence[Step]) -> Size | None:
    """Size of the result of these steps, or None where it differs from image to image."""
    size: Size | None = None
    for step in steps:
        size = step.result_size(size)
    return size


def run_steps(steps: Sequence[Step], pixels: Pixels, box: Box | None) -> Iterator[tuple[Step, Pixels]]:
    """Apply steps to one image and give each step with its result; the work of a step is done when it is asked for."""
    for step in steps:
        pixels = step.apply(pixels, box)
        yield step, pixels


@cache
def library_version(name: str) -> str:
    """Version of an installed distribution, read without importing it."""
    return version(name)
