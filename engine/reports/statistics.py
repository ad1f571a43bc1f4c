"""Intervals, comparisons, effects and calibration of a study."""

from dataclasses import dataclass

LEVEL = 0.95
"""Confidence level of every interval."""

MOST_IN_PAIRS = 16
"""Variants of which every two are compared, 120 comparisons; of more, each with the plain resize."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval; `method` names how it was computed, for people."""

    low: float
    high: float
    method: str
    level: float = LEVEL


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions whose confidence lies in (low, high]: their number, mean confidence and share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """How well the predicted probabilities fit: expected calibration error in [0, 1] and the bins behind it.

    Empty bins have count 0 and NaN for confidence and accuracy.
    """

    expected_error: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class VariantStatistics:
    """What the scores of one variant bear.

    Attributes:
        variant: its name.
        images: different test images (of all folds together).
        groups: groups of near copies among them; images without a copy count as one each.
        seeds: the seeds whose jobs are complete, in order.
        accuracy: mean over seeds of the share of test images that are right.
        accuracy_interval: Wilson for one seed; Student's t on a bootstrap over groups and seeds for more.
        macro_f1: mean over seeds.
        macro_f1_interval: bootstrap over groups, bias-corrected and accelerated; for several seeds as the accuracy's.
        seed_accuracies: aligned with `seeds`.
        seed_spread: standard deviation of `seed_accuracies` (n - 1), None for one seed.
        sampling_error: standard error of the accuracy that comes from which images are in the test set alone.
        calibration: over all predictions of all seeds.
    """

    variant: str
    images: int
    groups: int
    seeds: tuple[int, ...]
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    seed_accuracies: tuple[float, ...]
    seed_spread: float | None
    sampling_error: float
    calibration: Calibration


@dataclass(frozen=True)
class Comparison:
    """Two variants on the same test images.

    Attributes:
        first, second: names, in the study's order.
        difference: accuracy of `first` minus accuracy of `second`.
        interval: of the difference; Newcombe's for one seed, Student's t on the paired bootstrap for more.
        first_only, second_only: images that only the one got right, summed over seeds.
        method: "exact McNemar" for one seed, "paired bootstrap over images and seeds" for more.
        p_value: of no difference, two-sided.
        adjusted_p: after the correction for all comparisons of the study.
        significant: whether the adjusted p is below 1 - LEVEL.
        seeds: the seeds that both have.
    """

    first: str
    second: str
    difference: float
    interval: Interval
    first_only: int
    second_only: int
    method: str
    p_value: float
    adjusted_p: float
    significant: bool
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class FactorialEffect:
    """What a step does to the accuracy whatever else is done, or what several do together beyond that.

    Attributes:
        steps: one for a main effect, two or three for an interaction.
        estimate: see `engine.statistics.factorial` for the definition; a share of test images, in [-1, 1].
        interval: of the effect, by a bootstrap over groups (and seeds), Student's t.
        method: "sign flips of groups of images" for one seed, "paired bootstrap over images and seeds" for more.
        p_value: of no effect, two-sided.
        adjusted_p: after the correction for all effects of the same set.
        significant: whether the adjusted p is below 1 - LEVEL.
    """

    steps: tuple[str, ...]
    estimate: float
    interval: Interval
    method: str
    p_value: float
    adjusted_p: float
    significant: bool


@dataclass(frozen=True)
class FactorialAnalysis:
    """The effects of k steps from the 2^k variants in which each of them is applied or not.

    Attributes:
        steps: in the order in which the variants apply them.
        variants: all 2^k, the one without any of the steps first.
        accuracies: aligned with `variants`; means over `seeds`.
        images: test images that all of them judged.
        groups: groups of near copies among them; images without a copy count as one each.
        seeds: those that all variants have.
        effects: main effects, then interactions of two, then that of three.
        correction: for the number of effects.
    """

    steps: tuple[str, ...]
    variants: tuple[str, ...]
    accuracies: tuple[float, ...]
    images: int
    groups: int
    seeds: tuple[int, ...]
    effects: tuple[FactorialEffect, ...]
    correction: str = "Holm"

    def effect(self, *steps: str) -> FactorialEffect | None:
        """The effect of one step, or the interaction of several, in any order."""
        return next((entry for entry in self.effects if set(entry.steps) == set(steps)), None)


@dataclass(frozen=True)
class StudyStatistics:
    """The statistics of a study.

    `refused` says in sentences which comparisons could not be made, and why. `factorials` has one entry for every
    complete set of combinations of steps (see `engine.config.combinations.complete_sets`).
    """

    variants: tuple[VariantStatistics, ...]
    comparisons: tuple[Comparison, ...] = ()
    correction: str = "Holm"
    refused: tuple[str, ...] = ()
    factorials: tuple[FactorialAnalysis, ...] = ()

    def of(self, variant: str) -> VariantStatistics | None:
        """The statistics of one variant, where it was evaluated."""
        return next((entry for entry in self.variants if entry.variant == variant), None)

    def between(self, first: str, second: str) -> Comparison | None:
        """The comparison of two variants, in whichever order they stand in it."""
        return next((entry for entry in self.comparisons if {entry.first, entry.second} == {first, second}), None)
