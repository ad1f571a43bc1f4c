"""Report of an ablation: what networks lose when a part of the picture is taken away."""

from dataclasses import dataclass
from typing import Literal

from engine.reports.statistics import Interval

Change = Literal["colour removed", "background greyed", "box greyed", "top of box greyed"]
"""What is taken away from the pixels that a network sees.

"colour removed" leaves the brightness (luma); the others replace pixels by mid-grey: those outside the character's
box, those inside it, or those in its upper third.
"""

ImagesFrom = Literal["test", "not trained on", "trained on"]
"""Which images a figure is of: the run's test images; others that took no part in training; or training images, where
a network knows the answers and only the loss says something."""


@dataclass(frozen=True)
class Outcome:
    """Images of one class (or of all) before and after a change.

    Attributes:
        name: of the class, empty for all classes together.
        images: how many.
        before, after: how many of them were recognised, as they are and changed.
        lost, gained: how many were recognised only before, only after.
        called_before, called_after: how many images of any class were called this one; a class that is named more often
            keeps more of its images for that reason alone.
        before_interval, after_interval: of the shares, Wilson.
    """

    name: str
    images: int
    before: int
    after: int
    lost: int
    gained: int
    called_before: int
    called_after: int
    before_interval: Interval
    after_interval: Interval


@dataclass(frozen=True)
class Ablation:
    """One variant's network on images from which something was taken away.

    Attributes:
        variant: its name.
        change: what was taken away.
        images_from: where the images are from.
        total: of all classes together.
        classes: of each class that has such images.
        p_value: exact McNemar test of no effect, two-sided, over all images.
    """

    variant: str
    change: Change
    images_from: ImagesFrom
    total: Outcome
    classes: tuple[Outcome, ...]
    p_value: float

    def of(self, name: str) -> Outcome | None:
        """The outcome of one class."""
        return next((outcome for outcome in self.classes if outcome.name == name), None)


@dataclass(frozen=True)
class ExplanationReport:
    """Every measured change of one study.

    Attributes:
        study: its ID.
        seed, fold: whose networks were measured.
        ablations: by variant in the study's order, then by change.
        answers: sentences that follow from the figures, the study's own guesses first.
        notes: what could not be measured, and what the figures are not.
    """

    study: str
    seed: int
    fold: int
    ablations: tuple[Ablation, ...]
    answers: tuple[str, ...]
    notes: tuple[str, ...]

    def of(self, variant: str) -> tuple[Ablation, ...]:
        """The changes that one variant's network was shown."""
        return tuple(ablation for ablation in self.ablations if ablation.variant == variant)
