"""One study as the claims see it: scores with their intervals, differences with their p-values, what differs."""

from dataclasses import replace
from functools import cached_property
from itertools import combinations

from engine.config.recipes import RECIPES
from engine.config.variants import STUDY_VARIANTS
from engine.events.record import StudyRecord
from engine.finished.claims import scoring, stated
from engine.finished.claims.scoring import (
    Difference,
    Metric,
    copies_of,
    matrix_interval,
    mean_score,
    outcomes_of,
    paired_difference,
    score_interval,
)
from engine.finished.claims.verdicts import Order, signed_span, span
from engine.reports.results import JobResult, Metrics
from engine.reports.statistics import Interval, StudyStatistics
from engine.statistics import compute_statistics
from engine.statistics.outcomes import Outcomes
from engine.statistics.proportions import holm, wilson_interval

METRICS: tuple[Metric, ...] = ("accuracy", "precision", "recall", "f1")
METRIC_WORDS: dict[Metric, str] = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1"}


class Evidence:
    """What a record bears of the claims; everything is worked out when it is first asked for."""

    def __init__(self, record: StudyRecord) -> None:
        self.record = record
        names = record.started.variants if record.started else ()
        self.results: dict[str, JobResult] = {
            name: result
            for name in names
            if (result := record.result(name)) is not None and result.status == "done" and result.metrics is not None
        }
        """The variants that were trained and evaluated to the end, in the study's order."""
        self._known: dict[Metric, dict[tuple[str, str], Difference]] = {}
        self._intervals: dict[tuple[str, Metric], Interval] = {}

    # ------------------------------------------------------------ what differs from the study

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
        """Why these are other images than the study's, or ""."""
        dataset = self.record.dataset
        if dataset is None or dataset.is_demo:
            return "other images than the study's: the demo set"
        classes = {name.casefold() for name in dataset.classes}
        return "" if classes == stated.CLASSES else "other images than the study's: other classes"

    @property
    def other_recipe(self) -> str:
        """Why this is another network than the study's, or ""; both readings of its dropout are the study's."""
        if self.record.started is None:
            return ""
        recipe, paper = self.record.started.recipe, RECIPES["paper"]
        changed = [
            name
            for name in vars(paper)
            if name not in ("name", "dropout_place") and getattr(paper, name) != getattr(recipe, name)
        ]
        return f"another recipe than the study's ({', '.join(changed)} differ)" if changed else ""

    def has_amount(self, images: int) -> bool:
        """Whether it was trained on as many images as a table of the study, but for a few files."""
        return abs(self.train - images) <= stated.SAME_AMOUNT * images

    @property
    def part_of_data(self) -> str:
        """That it was trained on a part of the data, with the counts, or ""."""
        if self.train >= (1 - stated.SAME_AMOUNT) * stated.TRAINING_IMAGES:
            return ""
        return f"trained on a part of the data: {self.train:,} of {stated.TRAINING_IMAGES:,} images"

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds with a result."""
        return tuple(sorted({key.seed for key in self.record.results}))

    # ------------------------------------------------------------ scores

    @cached_property
    def statistics(self) -> StudyStatistics:
        """The study's own statistics; a study that kept none gets them now, as far as its predictions allow."""
        if self.record.statistics is not None:
            return self.record.statistics
        jobs = list(self.record.results.values())
        return compute_statistics(
            list(self.outcomes), jobs, copies_of(self.record), self.classes, replicates=scoring.DRAWS
        )

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.record.dataset.classes) if self.record.dataset else 0

    @cached_property
    def outcomes(self) -> dict[str, Outcomes]:
        """What each variant said of each test image, where that was kept."""
        copies = copies_of(self.record)
        found = {variant: outcomes_of(variant, self.record.jobs(variant), copies) for variant in self.results}
        return {variant: outcomes for variant, outcomes in found.items() if outcomes is not None}

    def metrics(self, variant: str) -> Metrics:
        """The scores of a variant in `results`, over all its seeds."""
        metrics = self.results[variant].metrics
        assert metrics is not None
        return metrics

    def images(self, variant: str) -> int:
        """Different test images; several seeds are tested on the same."""
        if entry := self.statistics.of(variant):
            return entry.images
        seeds = {job.seed for job in self.record.jobs(variant) if job.metrics is not None}
        return sum(map(sum, self.metrics(variant).confusion_matrix)) // max(1, len(seeds))

    def value(self, variant: str, metric: Metric) -> float:
        """A score; precision, recall and F1 are macro averages. Of several seeds it is the mean."""
        if variant in self.outcomes:
            return mean_score(self.outcomes[variant], self.classes, metric)
        metrics = self.metrics(variant)
        averages = {"precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1}
        return metrics.accuracy if metric == "accuracy" else averages[metric].macro

    def interval(self, variant: str, metric: Metric) -> Interval:
        """The interval of a score: the study's own where it has one, else Wilson for accuracies and bootstraps."""
        if (variant, metric) not in self._intervals:
            self._intervals[variant, metric] = self._work_out_interval(variant, metric)
        return self._intervals[variant, metric]

    def _work_out_interval(self, variant: str, metric: Metric) -> Interval:
        entry = self.statistics.of(variant)
        if entry is not None and metric in ("accuracy", "f1"):
            return entry.accuracy_interval if metric == "accuracy" else entry.macro_f1_interval
        if variant in self.outcomes:
            return score_interval(self.outcomes[variant], self.classes, metric)
        if metric == "accuracy":
            images = self.images(variant)
            return wilson_interval(round(self.value(variant, metric) * images), images)
        return matrix_interval(self.metrics(variant).confusion_matrix, self.images(variant), metric)

    def figure(self, variant: str, metric: Metric) -> str:
        """A score as 0.663 [0.608 0.714]."""
        return f"{self.value(variant, metric):.3f} {span(self.interval(variant, metric))}"

    def ranking(self, metric: Metric) -> str:
        """Those of the study's four that ran, the best first."""
        names = [name for name in STUDY_VARIANTS if name in self.results]
        names.sort(key=lambda name: -self.value(name, metric))
        return ", ".join(f"{name} {self.value(name, metric):.3f}" for name in names)

    # ------------------------------------------------------------ differences

    def difference(self, first: str, second: str, metric: Metric) -> Difference | None:
        """`first` minus `second`, its p-value corrected for all pairs of the study.

        None where they cannot be compared image by image.
        """
        if metric == "accuracy":
            found = self.statistics.between(first, second)
            known = None if found is None else Difference(found.difference, found.interval, found.adjusted_p)
            return _turned(known) if found is not None and found.first != first else known
        if metric not in self._known:
            self._known[metric] = self._compare_all(metric)
        if (first, second) in self._known[metric]:
            return self._known[metric][first, second]
        return _turned(self._known[metric].get((second, first)))

    def _compare_all(self, metric: Metric) -> dict[tuple[str, str], Difference]:
        found = {
            (first, second): difference
            for first, second in combinations(self.outcomes, 2)
            if (difference := paired_difference(self.outcomes[first], self.outcomes[second], self.classes, metric))
        }
        adjusted = holm([difference.p_value for difference in found.values()])
        return {
            pair: replace(difference, p_value=p) for (pair, difference), p in zip(found.items(), adjusted, strict=True)
        }

    def order(self, better: str, worse: str, metric: Metric) -> Order | None:
        """The comparison behind "`better` scores more than `worse`"; None where there is none."""
        difference = self.difference(better, worse, metric)
        if difference is None:
            return None
        return Order(self.difference_words(better, worse, metric, difference), difference.value, difference.p_value)

    @staticmethod
    def difference_words(first: str, second: str, metric: Metric, difference: Difference) -> str:
        """A difference with its interval, as "bbox - vanilla: accuracy -0.120 [-0.180 -0.061]"."""
        words = f"{METRIC_WORDS[metric]} {difference.value:+.3f} {signed_span(difference.interval)}"
        return f"{first} - {second}: {words}"


def _turned(difference: Difference | None) -> Difference | None:
    """The second minus the first."""
    if difference is None:
        return None
    interval = difference.interval
    turned = Interval(-interval.high, -interval.low, interval.method)
    return Difference(-difference.value, turned, difference.p_value)
