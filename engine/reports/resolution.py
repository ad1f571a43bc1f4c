"""Resolution curves: accuracy on images that were shrunk before anything else is done.

A size stands for the longer side of an image in pixels: it limits both sides whichever way the picture lies, while a
height says little where portraits and landscapes are mixed.
"""

from dataclasses import dataclass
from typing import Literal

from engine.reports.statistics import Interval

SIZES = (384, 256, 192, 128, 96, 64, 48, 32, 24, 16)
"""What images are shrunk to, in pixels, from the mildest to the hardest."""

NOTABLE_LOSS = 0.05
"""How much of the accuracy a size must cost to be named: five points."""

Part = Literal["training", "test", "held out"]
"""The training images of the data set, the run's test images, or the images that were neither trained nor tested on."""


@dataclass(frozen=True)
class NativeSizes:
    """The longer sides of some images as their files have them, in pixels.

    Attributes:
        part: which images.
        images: how many.
        low, median, high: the 5th, 50th and 95th percentile.
        largest: of all of them.
    """

    part: Part
    images: int
    low: float
    median: float
    high: float
    largest: int


@dataclass(frozen=True)
class Shrunk:
    """One network on images no longer side of which has more than `size` pixels.

    Attributes:
        size: in pixels.
        shrunk: how many of the images are larger and were shrunk; the others stayed as they are.
        right: how many of all of them were recognised.
        interval: of the share, Wilson.
        lost, gained: how many were recognised only as they are, only shrunk.
        difference: of the share, from that of the images as they are; negative for a loss.
        difference_interval: of the difference, Newcombe's for paired shares.
    """

    size: int
    shrunk: int
    right: int
    interval: Interval
    lost: int
    gained: int
    difference: float
    difference_interval: Interval

    @property
    def notable(self) -> bool:
        """Whether the measured loss is more than `NOTABLE_LOSS`."""
        return self.difference < -NOTABLE_LOSS

    @property
    def surely_notable(self) -> bool:
        """Whether the whole interval of the loss is."""
        return self.difference_interval.high < -NOTABLE_LOSS


@dataclass(frozen=True)
class Ladder:
    """One variant's network on the same images at every size.

    Attributes:
        variant: its name.
        part: which images.
        images: how many.
        largest: the longest side of any of them in pixels.
        right: how many were recognised as they are.
        interval: of that share, Wilson.
        steps: the sizes that shrink at least one image, the largest first.
    """

    variant: str
    part: Part
    images: int
    largest: int
    right: int
    interval: Interval
    steps: tuple[Shrunk, ...]

    @property
    def accuracy(self) -> float:
        """Share of the images that are recognised as they are."""
        return self.right / self.images

    def at(self, size: int) -> Shrunk | None:
        """The images shrunk to a size."""
        return next((step for step in self.steps if step.size == size), None)

    @property
    def first_notable(self) -> Shrunk | None:
        """The largest size whose measured loss is notable."""
        return next((step for step in self.steps if step.notable), None)

    @property
    def first_surely_notable(self) -> Shrunk | None:
        """The largest size whose loss is notable beyond the uncertainty of these images."""
        return next((step for step in self.steps if step.surely_notable), None)


@dataclass(frozen=True)
class ResolutionReport:
    """Accuracy against resolution for the variants of a study that were measured so far.

    Attributes:
        study: its ID.
        seed, fold: whose networks were measured.
        sizes: of the training, test and held-out images, those that there are.
        ladders: by variant in the study's order, test images first.
        answers: sentences that follow from the figures.
        notes: what the figures are not.
    """

    study: str
    seed: int
    fold: int
    sizes: tuple[NativeSizes, ...]
    ladders: tuple[Ladder, ...]
    answers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def variants(self) -> tuple[str, ...]:
        """Those that were measured."""
        return tuple(dict.fromkeys(ladder.variant for ladder in self.ladders))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The images that they were measured on."""
        return tuple(dict.fromkeys(ladder.part for ladder in self.ladders))

    def native(self, part: Part) -> NativeSizes | None:
        """The sizes of a part's images."""
        return next((sizes for sizes in self.sizes if sizes.part == part), None)

    def ladder(self, variant: str, part: Part) -> Ladder | None:
        """One variant's network on the images of a part."""
        return next((one for one in self.ladders if (one.variant, one.part) == (variant, part)), None)

    def of(self, variants: tuple[str, ...]) -> tuple[Ladder, ...]:
        """The ladders of some variants."""
        return tuple(ladder for ladder in self.ladders if ladder.variant in variants)
