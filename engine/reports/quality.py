"""How close the variants' images are to plain ones, and whether closer ones are classified better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.config.variants import Variant, find_variant, get_variant, name_of
from engine.reports.statistics import Interval, StudyStatistics
from engine.reports.wording import listed, p_words
from engine.steps.registry import find_step

LEAST_VARIANTS = 4
"""Of fewer a rank correlation says nothing."""

_DIGITS = 9  # of a difference: equal ones are then ties


@dataclass(frozen=True)
class ImageQuality:
    """PSNR and SSIM of a variant's test images against the same images without its enhancements.

    Attributes:
        variant: its name.
        reference: name of the variant that it is compared with: its own steps on the original (crop, mask) and the
            resize, nothing else; "vanilla" where it has none of those. Of `superres-full` the reference is resized to
            twice the size like its own images: from a large original that is what super-resolution should have found.
        images: test images compared.
        identical: those of them that are the reference to the last bit. Their PSNR is infinite, so they are not in its
            mean; their SSIM of 1 is.
        psnr: mean peak signal-to-noise ratio in dB over the images that differ, of all values of the three channels;
            None where none differs.
        psnr_interval: of that mean; None where fewer than two groups of near copies differ.
        ssim: mean structural similarity, in [-1, 1]; None where images are narrower than 3 pixels.
        ssim_interval: of that mean; None with fewer than two groups.
    """

    variant: str
    reference: str
    images: int
    identical: int
    psnr: float | None
    psnr_interval: Interval | None
    ssim: float | None
    ssim_interval: Interval | None

    @property
    def note(self) -> str:
        """What to know of the PSNR, in a sentence; "" for nothing."""
        if self.identical == self.images:
            return f"{self.variant} changes no image of {self.reference}: its PSNR is infinite"
        if self.identical:
            count = f"{self.identical:,} of {self.images:,} images"
            return f"{self.variant} leaves {count} as they are: their PSNR is infinite, and not in the mean"
        return ""


@dataclass(frozen=True)
class QualityRelation:
    """Whether the variants whose images are closer to the plain ones gain more accuracy than the others.

    Attributes:
        measure: of closeness.
        variants: those that have it and a gain, in the study's order.
        correlation: Spearman's, of the measure with the accuracy gained over the reference.
        method: of the test.
        p_value: of no relation, two-sided.
        adjusted_p: after Holm's correction for the two measures.
        significant: whether the adjusted p is below 1 - LEVEL.
    """

    measure: Literal["SSIM", "PSNR"]
    variants: tuple[str, ...]
    correlation: float
    method: str
    p_value: float
    adjusted_p: float
    significant: bool


@dataclass(frozen=True)
class QualityReport:
    """The image quality of a study's variants, in its order, and what it has to do with their accuracy.

    Without `relations` fewer than `LEAST_VARIANTS` can be ranked by closeness and gain.
    """

    variants: tuple[ImageQuality, ...]
    relations: tuple[QualityRelation, ...] = ()

    def of(self, variant: str) -> ImageQuality | None:
        """The image quality of one variant, where it was measured."""
        return next((entry for entry in self.variants if entry.variant == variant), None)

    @property
    def answer(self) -> str:
        """Does the prettier picture classify better? In two or three sentences."""
        question = "Does the picture that is closer to the plain one classify better?"
        if not self.relations:
            return f"{question} It takes {LEAST_VARIANTS} variants that differ in both, and their plain ones, to tell."
        count = max(len(entry.variants) for entry in self.relations)
        figures = ", ".join(
            f"{entry.measure} {entry.correlation:+.2f} ({p_words(entry.adjusted_p)})" for entry in self.relations
        )
        return (
            f"{question} {self._verdict(count)} Rank correlation with the accuracy gained: {figures}; "
            f"{self.relations[0].method}, Holm. These {count} variants were chosen and are no random sample, and those "
            "that share steps are alike: of other steps it says little."
        )

    def _verdict(self, count: int) -> str:
        better, worse = (
            [entry.measure for entry in self.relations if entry.significant and (entry.correlation > 0) is sign]
            for sign in (True, False)
        )
        if better and worse:
            return f"By {listed(better)} it does, by {listed(worse)} it classifies worse."
        if better or worse:
            return f"{'Yes' if better else 'No, it classifies worse'}, by {listed(better or worse)}."
        return f"There is no relation that {count} variants can show."


def reference_of(variant: Variant) -> Variant | None:
    """The variant whose images a variant's are compared with: its own steps on the original, and the resize.

    None where it has no other steps, so that there is nothing to compare.
    """
    first = [call.word for call in variant.calls if (spec := find_step(call.step)) and spec.place == "first"]
    return get_variant(name_of(first)) if len(first) < len(variant.calls) else None


def compared_images(variants: Sequence[str]) -> int:
    """How many images are compared for each test image; one at twice the recipe's size counts as four."""
    found = (variant for name in variants if (variant := find_variant(name)) is not None)
    return sum(variant.scale**2 for variant in found if reference_of(variant) is not None)


def accuracy_gain(quality: ImageQuality, statistics: StudyStatistics) -> float | None:
    """The accuracy of a variant minus that of its reference; None where one of the two was not evaluated."""
    own, plain = statistics.of(quality.variant), statistics.of(quality.reference)
    return None if own is None or plain is None else round(own.accuracy - plain.accuracy, _DIGITS)
