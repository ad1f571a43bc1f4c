"""What the order, the strength and the selection of steps do: gains, effects, shares of the variance, curves."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.reports.results import JobResult
from engine.reports.statistics import Interval


@dataclass(frozen=True)
class TestedDifference:
    """A difference of scores with its interval and its test.

    Attributes:
        estimate: mean over seeds; a share of test images, in [-1, 1].
        interval: of the difference, Student's t.
        method: of the test (see `engine.statistics.contrasts`).
        p_value: of no difference, two-sided.
        adjusted_p: after the correction for all tests of the same table.
        significant: whether the adjusted p is below 1 - LEVEL.
    """

    __test__ = False  # no test of pytest's

    estimate: float
    interval: Interval
    method: str
    p_value: float
    adjusted_p: float
    significant: bool


@dataclass(frozen=True)
class PipelineGain:
    """A pipeline against the baseline on the same test images.

    Attributes:
        variant: its name.
        length: number of its steps.
        accuracy: mean over seeds.
        gain: accuracy minus the baseline's.
        broken: images that most seeds get right with the baseline and most get wrong with the pipeline.
        mended: the reverse. An image on which half of the seeds are right counts in neither.
    """

    variant: str
    length: int
    accuracy: float
    gain: TestedDifference
    broken: int
    mended: int


EffectKind = Literal["step", "first", "last", "ends", "length"]


@dataclass(frozen=True)
class OrderEffect:
    """What a step or its place does to the accuracy, all else equal.

    Attributes:
        kind: "step": pipelines with the step minus the same ones without it. "first", "last": minus other orders of the
            same steps. "ends": the first of `steps` first and the second last, minus the mirrored pipelines. "length":
            change of the accuracy with each further step.
        steps: one; two for "ends"; none for "length".
        pipelines: how many variants the effect is made of.
        effect: the difference.
    """

    kind: EffectKind
    steps: tuple[str, ...]
    pipelines: int
    effect: TestedDifference


def effect_words(kind: EffectKind, steps: Sequence[str]) -> str:
    """Which pipelines an effect compares."""
    match kind:
        case "step":
            return f"{steps[0]}: with it - without"
        case "first" | "last":
            return f"{steps[0]} {kind} - elsewhere"
        case "ends":
            return f"{steps[0]} … {steps[1]} - {steps[1]} … {steps[0]}"
        case _:
            return "each further step"


@dataclass(frozen=True)
class MirrorPair:
    """A pipeline and the one of the reverse order; `difference` is `first` minus `second`."""

    first: str
    second: str
    difference: TestedDifference


@dataclass(frozen=True)
class VarianceShares:
    """How far the pipelines of one length differ by which steps they hold, and how far by their order.

    Attributes:
        length: number of steps.
        pipelines: how many there are.
        selections: how many sets of steps these are.
        deviation: standard deviation of their gains (n - 1), as measured.
        order: share of the sum of squares within sets of steps, as measured; the rest is between sets.
        noise: share of the sum of squares that the choice of images and seeds makes by itself, estimated.
        order_corrected: the share of the order once that noise is taken off both parts; None where nothing is left.
        interval: of `order_corrected`.
        order_p: of no effect of the order, by permutation.
        selection_p: of no effect of the selection, by permutation; None for a single set.
        adjusted_order_p, adjusted_selection_p: after the correction for all tests of the table.
    """

    length: int
    pipelines: int
    selections: int
    deviation: float
    order: float
    noise: float
    order_corrected: float | None
    interval: Interval | None
    order_p: float
    selection_p: float | None
    adjusted_order_p: float
    adjusted_selection_p: float | None


@dataclass(frozen=True)
class CurvePoint:
    """One value of a swept parameter: the variant, its accuracy (mean over seeds) and the gain over the baseline.

    `gain` is None where the study has no baseline.
    """

    value: float
    variant: str
    accuracy: float
    interval: Interval
    gain: TestedDifference | None


@dataclass(frozen=True)
class StrengthCurve:
    """Accuracy against one parameter of one step, all else equal.

    Attributes:
        step, parameter: what was swept.
        pipeline: the variant's name with * for the value.
        points: by ascending value.
        trend: change of the accuracy from each value to the next, by the ranks of the values.
    """

    step: str
    parameter: str
    pipeline: str
    points: tuple[CurvePoint, ...]
    trend: TestedDifference


@dataclass(frozen=True)
class Rate:
    """A sensitivity, a specificity or an area under the ROC curve: mean over seeds, and its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class TwoClassScores:
    """A variant's scores where there are two classes.

    Attributes:
        variant: its name.
        sensitivity: share of the positive class that is recognised.
        specificity: share of the negative class that is recognised.
        roc_area: chance that a positive image gets a higher probability than a negative one.
        area_gain: of the ROC area over the baseline's; None for the baseline and where there is none.
        errors: wrong answers, mean over seeds.
        errors_matched: the same once the threshold is moved so that as many images are called positive as the baseline
            calls so; None as above.
        shift_share: share of the errors gained over the baseline that this takes away (threshold shift); what is left
            is damage in both directions. None where the gain's interval does not lie below 0.
    """

    variant: str
    sensitivity: Rate
    specificity: Rate
    roc_area: Rate
    area_gain: TestedDifference | None
    errors: float
    errors_matched: float | None
    shift_share: float | None


@dataclass(frozen=True)
class PipelineAnalysis:
    """What a study of pipelines says of orders, strengths and selections.

    Attributes:
        baseline: the variant without a step, or "" where it was not trained.
        images: test images that all of them judged.
        groups: groups of near copies among them; images without a copy count as one each.
        seeds: those that all variants have.
        gains: every other variant against the baseline, in the study's order.
        effects: of steps, their places and the length; only where orders of the same steps were trained.
        length_correlation: Pearson's r of gain and number of steps; None without orders.
        mirrors: pipelines and their reverses.
        shares: order against selection, for each length.
        curves: one a swept parameter.
        positive: the class that counts as positive, where there are two classes; else "".
        two_class: one a variant, where there are two classes.
        correction: for the number of tests of a table.
    """

    baseline: str
    images: int
    groups: int
    seeds: tuple[int, ...]
    gains: tuple[PipelineGain, ...] = ()
    effects: tuple[OrderEffect, ...] = ()
    length_correlation: float | None = None
    mirrors: tuple[MirrorPair, ...] = ()
    shares: tuple[VarianceShares, ...] = ()
    curves: tuple[StrengthCurve, ...] = ()
    positive: str = ""
    two_class: tuple[TwoClassScores, ...] = ()
    correction: str = "Holm"

    def gain_of(self, variant: str) -> PipelineGain | None:
        """The gain of one variant."""
        return next((entry for entry in self.gains if entry.variant == variant), None)


Change = Literal["broken", "mended"]


def changed_images(
    results: Iterable[JobResult], baseline: str, variant: str, seeds: Iterable[int]
) -> Mapping[str, Change]:
    """The test images that `variant` breaks or mends (see `PipelineGain`), by path in ascending order."""
    counted = frozenset(seeds)
    jobs = [job for job in results if job.status == "done" and job.seed in counted]

    def balance(name: str) -> Counter[tuple[int, str]]:
        """For each image the seeds that are right less those that are wrong."""
        found: Counter[tuple[int, str]] = Counter()
        for job in jobs:
            if job.variant == name:
                for said in job.predictions:
                    found[job.fold, said.path] += 1 if said.predicted == said.label else -1
        return found

    before, after = balance(baseline), balance(variant)
    changed = sorted((path, after[fold, path]) for fold, path in before if before[fold, path] * after[fold, path] < 0)
    return {path: "mended" if now > 0 else "broken" for path, now in changed}
