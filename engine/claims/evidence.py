"""One study as the claims see it: scores with their intervals, differences with their p-values, what differs."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from engine.claims import stated
from engine.claims.resampling import (
    Metric,
    Scores,
    gather_answers,
    percentile_interval,
    resample,
    resample_matrix,
    two_sided_p,
)
from engine.claims.verdicts import Order, holm, signed_span, span
from engine.config import RECIPES
from engine.record import StudyRecord
from engine.results import JobResult, Metrics
from engine.statistics_report import LEVEL, Interval
from engine.variants import STUDY_VARIANTS

METRICS: tuple[Metric, ...] = ("accuracy", "precision", "recall", "f1")
METRIC_WORDS: dict[Metric, str] = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1"}


@dataclass(frozen=True)
class Difference:
    """One variant's score minus another's on the same images; `p_value` is corrected for all pairs of the study."""

    value: float
    interval: Interval
    p_value: float


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

    def metrics(self, variant: str) -> Metrics:
        """The scores of a variant in `results`, over all its seeds."""
        metrics = self.results[variant].metrics
        assert metrics is not None
        return metrics

    def images(self, variant: str) -> int:
        """Different test images; several seeds are tested on the same."""
        entry = self.record.statistics.of(variant) if self.record.statistics else None
        if entry is not None:
            return entry.images
        seeds = {job.seed for job in self.record.jobs(variant) if job.metrics is not None}
        return sum(map(sum, self.metrics(variant).confusion_matrix)) // max(1, len(seeds))

    def value(self, variant: str, metric: Metric) -> float:
        """A score; precision, recall and F1 are macro averages."""
        entry = self.record.statistics.of(variant) if self.record.statistics else None
        if entry is not None and metric == "accuracy":
            return entry.accuracy
        if entry is not None and metric == "f1":
            return entry.macro_f1
        metrics = self.metrics(variant)
        averages = {"precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1}
        return metrics.accuracy if metric == "accuracy" else averages[metric].macro

    def interval(self, variant: str, metric: Metric) -> Interval:
        """The interval of a score: the study's own statistics where it has them, else Wilson (accuracy), bootstrap."""
        entry = self.record.statistics.of(variant) if self.record.statistics else None
        if entry is not None and metric in ("accuracy", "f1"):
            return entry.accuracy_interval if metric == "accuracy" else entry.macro_f1_interval
        if metric == "accuracy" and len(self.record.jobs(variant)) == 1:
            return wilson(self.value(variant, "accuracy"), self.images(variant))
        if variant in self._resampled:
            return percentile_interval(self._resampled[variant][metric], "bootstrap over test images")
        draws = resample_matrix(self.metrics(variant).confusion_matrix, self.images(variant))
        return percentile_interval(draws[metric], "bootstrap of the confusion matrix")

    def figure(self, variant: str, metric: Metric) -> str:
        """A score as 0.663 [0.608 0.714]."""
        return f"{self.value(variant, metric):.3f} {span(self.interval(variant, metric))}"

    def ranking(self, metric: Metric) -> str:
        """Those of the study's four that ran, the best first."""
        names = sorted(
            (name for name in self.results if name in STUDY_VARIANTS), key=lambda name: -self.value(name, metric)
        )
        return ", ".join(f"{name} {self.value(name, metric):.3f}" for name in names)

    # ------------------------------------------------------------ differences

    @cached_property
    def _resampled(self) -> dict[str, Scores]:
        jobs = {variant: self.record.jobs(variant) for variant in self.results}
        classes = len(self.record.dataset.classes) if self.record.dataset else 0
        copies = self.record.audit.groups if self.record.audit else ()
        answers = gather_answers(jobs, classes, copies)
        return resample(answers) if answers is not None else {}

    def difference(self, first: str, second: str, metric: Metric) -> Difference | None:
        """`first` minus `second`, or None where they cannot be compared image by image."""
        statistics = self.record.statistics
        if metric == "accuracy" and statistics is not None:
            found = statistics.between(first, second)
            if found is None:
                return None
            sign = 1 if found.first == first else -1
            low, high = sorted((sign * found.interval.low, sign * found.interval.high))
            return Difference(sign * found.difference, Interval(low, high, found.interval.method), found.adjusted_p)
        values = self._differences(metric)
        if (first, second) in values:
            return values[first, second]
        if (second, first) in values:
            turned = values[second, first]
            interval = Interval(-turned.interval.high, -turned.interval.low, turned.interval.method)
            return Difference(-turned.value, interval, turned.p_value)
        return None

    def _differences(self, metric: Metric) -> dict[tuple[str, str], Difference]:
        if metric not in self._known:
            self._known[metric] = self._work_out(metric)
        return self._known[metric]

    def _work_out(self, metric: Metric) -> dict[tuple[str, str], Difference]:
        draws = self._resampled
        pairs = list(combinations(draws, 2))
        p_values = holm([self._p_value(first, second, metric) for first, second in pairs])
        return {
            (first, second): Difference(
                self.value(first, metric) - self.value(second, metric),
                percentile_interval(draws[first][metric] - draws[second][metric], "paired bootstrap over test images"),
                p_value,
            )
            for (first, second), p_value in zip(pairs, p_values, strict=True)
        }

    def _p_value(self, first: str, second: str, metric: Metric) -> float:
        jobs = [self.record.jobs(variant) for variant in (first, second)]
        if metric == "accuracy" and all(len(entries) == 1 for entries in jobs):
            return exact_mcnemar(jobs[0][0], jobs[1][0])
        return two_sided_p(self._resampled[first][metric] - self._resampled[second][metric])

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


def wilson(accuracy: float, images: int) -> Interval:
    """Wilson's score interval of an accuracy on so many images. Wilson, JASA 22 (1927) 209-212."""
    from scipy.stats import binomtest

    found = binomtest(round(accuracy * images), images).proportion_ci(confidence_level=LEVEL, method="wilson")
    return Interval(float(found.low), float(found.high), "Wilson")


def exact_mcnemar(first: JobResult, second: JobResult) -> float:
    """Two-sided p of the exact McNemar test on the images that only one of the two got right."""
    from scipy.stats import binomtest

    right = {one.path: one.label == one.predicted for one in first.predictions}
    only = [right[one.path] for one in second.predictions if right[one.path] != (one.label == one.predicted)]
    return float(binomtest(sum(only), len(only)).pvalue) if only else 1.0
