"""One study as a paper's claims see it: scores with their intervals, differences with their p-values, counts."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import Annotated

from msgspec import Meta, Struct

from engine.config.recipes import RECIPES
from engine.events.record import JobKey, StudyRecord
from engine.finished.claims.verdicts import Order, signed_span, span
from engine.reports.leak import Estimate
from engine.reports.results import JobResult, Metrics
from engine.reports.statistics import Interval
from engine.statistics.outcomes import collect_outcomes, folds_of
from engine.statistics.proportions import holm, wilson_interval
from engine.statistics.resampling import REPLICATES
from engine.statistics.scores import (
    SCORES,
    Difference,
    Metric,
    Resampled,
    class_scores,
    draw_matrix,
    paired_difference,
    percentile_interval,
)

METRIC_WORDS: dict[Metric, str] = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1"}

NO_FIGURE = "–"

SAME_AMOUNT = 0.02
"""A data set of as many images, up to this share, counts as the paper's: a few files may be unreadable."""

DRAWS = REPLICATES
"""Resamples, as many as a study's own statistics take."""


class Paper(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper and its setting; what is empty or 0 is not looked at.

    Attributes:
        name: what reasons call it.
        title: its title and where to read it.
        variants: those that it compares, in its order.
        classes: its classes; a study of others says nothing of it.
        recipe: the recipe that is its network and training.
        training_images: how many it has; a study on fewer is said to be of a part of the data.
    """

    name: str = "the paper"
    title: str = ""
    variants: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    recipe: str = ""
    training_images: Annotated[int, Meta(ge=0, le=10**9)] = 0


class Evidence:
    """What a record bears of the claims of a paper; everything is worked out when it is first asked for.

    `others` are studies of the same protocol on another amount of data.
    """

    def __init__(self, record: StudyRecord, paper: Paper | None = None, others: Sequence[StudyRecord] = ()) -> None:
        self.record, self.paper, self.others = record, paper or Paper(), tuple(others)
        names = record.started.variants if record.started else ()
        self.results: dict[str, JobResult] = {
            name: result
            for name in names
            if (result := record.result(name)) is not None and result.status == "done" and result.metrics is not None
        }
        """The variants that were trained and evaluated to the end, in the study's order."""
        self._differences: dict[Metric, dict[tuple[str, str], Difference]] = {}

    @property
    def study(self) -> str:
        """The study's ID."""
        return self.record.started.study if self.record.started else ""

    @property
    def train(self) -> int:
        """Training images that the data set offers, those that a protocol leaves out among them."""
        return self.record.dataset.train if self.record.dataset else 0

    @property
    def other_images(self) -> str:
        """Why these are other images than the paper's, or ""."""
        dataset, wanted = self.record.dataset, {name.casefold() for name in self.paper.classes}
        if not wanted or (dataset is not None and not dataset.is_demo and wanted == self.places.keys()):
            return ""
        which = "the demo set" if dataset is None or dataset.is_demo else "other classes"
        return f"other images than {self.paper.name}'s: {which}"

    @property
    def other_recipe(self) -> str:
        """Why this is another network than the paper's, or ""; both readings of its dropout are the paper's."""
        if self.record.started is None or not self.paper.recipe:
            return ""
        recipe, wanted = self.record.started.recipe, RECIPES[self.paper.recipe]
        names = [name for name in vars(wanted) if name not in ("name", "dropout_place")]
        changed = ", ".join(name for name in names if getattr(wanted, name) != getattr(recipe, name))
        return f"another recipe than {self.paper.name}'s ({changed} differ)" if changed else ""

    def has_amount(self, images: int) -> bool:
        """Whether it was trained on as many images, but for a few files."""
        return abs(self.train - images) <= SAME_AMOUNT * images

    @property
    def part_of_data(self) -> str:
        """That it was trained on a part of the paper's data, with the counts, or ""."""
        whole = self.paper.training_images
        if self.train >= (1 - SAME_AMOUNT) * whole:
            return ""
        return f"trained on a part of the data: {self.train:,} of {whole:,} images"

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds with a result."""
        return tuple(sorted({key.seed for key in self.record.results}))

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each class in the label order, by its name in small letters."""
        dataset = self.record.dataset
        return {name.casefold(): place for place, name in enumerate(dataset.classes)} if dataset else {}

    def losses(self, variant: str) -> list[list[float]]:
        """The training losses of each batch, by seed."""
        keys = [JobKey(job.variant, job.seed, job.fold) for job in self.record.jobs(variant)]
        return [self.record.losses[key] for key in keys if self.record.losses.get(key)]

    # ------------------------------------------------------------ scores

    @cached_property
    def copies(self) -> dict[str, int]:
        """The number of the group of near-duplicates or given group of each image, by path, as far as it is known."""
        groups = self.record.audit.kept_together if self.record.audit else ()
        return {path: number for number, group in enumerate(groups) for path in group}

    @cached_property
    def resampled(self) -> dict[str, Resampled]:
        """The variants whose predictions of single images were kept, with their scores and draws."""
        found = {name: self.resample(name, self.copies) for name in self.results}
        return {name: one for name, one in found.items() if one is not None}

    def resample(self, variant: str, copies: dict[str, int]) -> Resampled | None:
        """The same for one variant with the groups of another study, whose images are then aligned with these."""
        jobs = self.record.jobs(variant)
        folds = folds_of(jobs)
        outcomes = collect_outcomes(variant, jobs, copies, folds)[0] if folds else None
        return None if outcomes is None else Resampled.of(outcomes, len(self.places), replicates=DRAWS)

    def metrics(self, variant: str) -> Metrics:
        """The scores of a variant in `results`, over all its seeds."""
        metrics = self.results[variant].metrics
        assert metrics is not None
        return metrics

    def images(self, variant: str) -> int:
        """Different test images; several seeds are tested on the same."""
        if variant in self.resampled:
            return len(self.resampled[variant].outcomes.items)
        seeds = {job.seed for job in self.record.jobs(variant) if job.metrics is not None}
        return sum(map(sum, self.metrics(variant).confusion_matrix)) // max(1, len(seeds))

    def counts(self, variant: str) -> list[list[int]]:
        """The confusion matrix in images: where several seeds are tested on the same ones, their mean, rounded."""
        matrix = self.metrics(variant).confusion_matrix
        times = max(1, round(sum(map(sum, matrix)) / self.images(variant)))
        return [_shared_out(row, times) for row in matrix]

    def value(self, variant: str, metric: Metric, of_class: str = "") -> float:
        """A score, macro-averaged but for the accuracy, or that of a class. Of several seeds it is the mean."""
        metrics = self.metrics(variant)
        if of_class:
            scores = metrics.per_class[self.places[of_class.casefold()]]
            return {"precision": scores.precision, "f1": scores.f1}.get(metric, scores.recall)
        if variant in self.resampled:
            return self.resampled[variant].score(metric)
        averages = {"precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1}
        return metrics.accuracy if metric == "accuracy" else averages[metric].macro

    def interval(self, variant: str, metric: Metric, of_class: str = "") -> Interval:
        """The study's own interval where it has one, else that of the predictions, else of the confusion matrix."""
        matrix = self.metrics(variant).confusion_matrix
        if of_class:
            drawn = class_scores(draw_matrix(matrix, self.images(variant)), metric)
            return percentile_interval(drawn[:, self.places[of_class.casefold()]])
        entry = self.record.statistics.of(variant) if self.record.statistics else None
        if entry is not None and metric in ("accuracy", "f1"):
            return entry.accuracy_interval if metric == "accuracy" else entry.macro_f1_interval
        if variant in self.resampled:
            return self.resampled[variant].intervals[metric]
        images = self.images(variant)
        if metric == "accuracy":
            return wilson_interval(round(self.value(variant, metric) * images), images)
        return percentile_interval(SCORES[metric](draw_matrix(matrix, images)))

    def figure(self, variant: str, metric: Metric, of_class: str = "") -> str:
        """A score as 0.663 [0.608 0.714]."""
        return f"{self.value(variant, metric, of_class):.3f} {span(self.interval(variant, metric, of_class))}"

    def ranking(self, metric: Metric) -> str:
        """Those of the paper's variants that ran, the best first."""
        names = [name for name in self.paper.variants if name in self.results]
        names.sort(key=lambda name: -self.value(name, metric))
        return ", ".join(f"{name} {self.value(name, metric):.3f}" for name in names)

    # ------------------------------------------------------------ differences

    def difference(self, first: str, second: str, metric: Metric) -> Difference | None:
        """`first` minus `second`, its p-value corrected for all pairs; None where they can't be compared by image."""
        if metric not in self._differences:
            self._differences[metric] = self._compare_all(metric)
        known = self._differences[metric]
        if (first, second) in known:
            return known[first, second]
        return known[second, first].turned() if (second, first) in known else None

    def _compare_all(self, metric: Metric) -> dict[tuple[str, str], Difference]:
        if self.record.statistics is not None and metric == "accuracy":  # the study's own
            own = self.record.statistics.comparisons
            return {(one.first, one.second): Difference(one.difference, one.interval, one.adjusted_p) for one in own}
        found = {
            (first, second): difference
            for first, second in combinations(self.resampled, 2)
            if (difference := paired_difference(self.resampled[first], self.resampled[second], metric))
        }
        adjusted = holm([difference.p_value for difference in found.values()])
        return {pair: replace(one, p_value=p) for (pair, one), p in zip(found.items(), adjusted, strict=True)}

    def order(self, better: str, worse: str, metric: Metric) -> Order | None:
        """The comparison behind "`better` scores more than `worse`"; None where there is none."""
        found = self.difference(better, worse, metric)
        if found is None:
            return None
        return Order(f"{better} - {worse}: {difference_words(found, metric)}", found.value, found.p_value)


def difference_words(difference: Difference | Estimate, metric: Metric) -> str:
    """A difference with its interval, as "accuracy -0.120 [-0.180 -0.061]"."""
    return f"{METRIC_WORDS[metric]} {difference.value:+.3f} {signed_span(difference.interval)}"


def _shared_out(row: Sequence[int], times: int) -> list[int]:
    """A row divided by `times` in whole images; they add up to as many as the class has (largest remainders)."""
    shares = [count // times for count in row]
    missing = round(sum(row) / times) - sum(shares)
    for place in sorted(range(len(row)), key=lambda place: -(row[place] % times))[:missing]:
        shares[place] += 1
    return shares
