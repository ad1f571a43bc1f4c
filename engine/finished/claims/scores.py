"""Claims about scores: figures, bounds, orders, likeness, and what time and data are worth."""

import math
from collections.abc import Sequence
from itertools import product
from typing import ClassVar

from msgspec import field

from engine.events.record import StudyRecord
from engine.finished.claims.evidence import METRIC_WORDS, Evidence, difference_words
from engine.finished.claims.paper_claim import Decimals, Metrics, Names, PaperClaim, Share, Words
from engine.finished.claims.verdicts import (
    FAILS,
    HOLDS,
    OPEN,
    Judge,
    Judgement,
    Order,
    judge_above,
    judge_below,
    judge_figure,
    judge_order,
    judge_similar,
    signed_span,
)
from engine.reports.claims import Finding
from engine.statistics.scores import Metric, paired_difference

_NOT_KEPT = "the predictions of single images were not kept, so variants cannot be compared"

_HOW_MANY = ("", "", " in both", " in all three", " in all four")


class Score(PaperClaim, frozen=True, kw_only=True):
    """A claim about one score of one variant, or of one class with it."""

    variant: Words
    metric: Metric
    number: Share
    decimals: Decimals = 2
    of_class: str = field(default="", name="class")

    def find(self, evidence: Evidence) -> Finding:
        """Our score with its interval."""
        asked = (self.variant, self.metric, self.of_class)
        judge = _JUDGES[type(self)]
        return Finding(evidence.figure(*asked), *judge(self.number, evidence.interval(*asked), self.decimals))


class Equals(Score, frozen=True, kw_only=True, tag="equals"):
    """The interval reaches `number`, as it was rounded to `decimals`."""


class Below(Score, frozen=True, kw_only=True, tag="below"):
    """All of the interval lies below `number`."""


class Above(Score, frozen=True, kw_only=True, tag="above"):
    """All of the interval lies above `number`."""


_JUDGES: dict[type[Score], Judge] = {Equals: judge_figure, Below: judge_below, Above: judge_above}


class BestBelow(PaperClaim, frozen=True, kw_only=True, tag="best-below"):
    """Even the best variant, by the first of `metrics`, lies below `number` in each of them."""

    OF_VARIANTS: ClassVar[bool] = False

    metrics: Metrics
    number: Share
    decimals: Decimals = 2
    handicap: str = ""
    """What the paper's variants have less of than what reached the number, for the reason."""

    def find(self, evidence: Evidence) -> Finding:
        """The best variant's scores."""
        best = max(evidence.results, key=lambda variant: evidence.value(variant, self.metrics[0]))
        intervals = [evidence.interval(best, metric) for metric in self.metrics]
        words = ", ".join(f"{METRIC_WORDS[metric]} {evidence.figure(best, metric)}" for metric in self.metrics)
        bound, everywhere = f"{self.number:.{self.decimals}f}", _HOW_MANY[len(self.metrics)]
        verdict, reason = OPEN, f"our best is neither clearly below nor clearly above {bound}{everywhere}"
        if all(interval.high < self.number for interval in intervals):
            verdict, reason = HOLDS, f"our best stays below {bound}{everywhere}"
        elif all(interval.low >= self.number for interval in intervals):
            verdict, reason = FAILS, " ".join([f"our best reaches {bound}{everywhere}", self.handicap]).strip()
        return Finding(f"{best}: {words}", verdict, reason)


class Ordered(PaperClaim, frozen=True, kw_only=True, tag="order"):
    """Each of the variants `better` scores more than each of `worse`, in each of `metrics`."""

    better: Names
    worse: Names
    metrics: Metrics

    def find(self, evidence: Evidence) -> Finding:
        """The variants by the first metric."""
        return Finding(evidence.ranking(self.metrics[0]), *self._judge(evidence))

    def _judge(self, evidence: Evidence) -> Judgement:
        orders = []
        for metric, better, worse in product(self.metrics, self.better, self.worse):
            order = evidence.order(better, worse, metric)
            if order is None:
                return OPEN, _NOT_KEPT
            orders.append(order)
        return judge_order(orders, corrected=True)  # for the pairs of the study


class Similar(PaperClaim, frozen=True, kw_only=True, tag="similar"):
    """The scores of two variants are less than `within` apart."""

    first: Words
    second: Words
    metric: Metric
    within: Share = 0.05

    def find(self, evidence: Evidence) -> Finding:
        """Both scores."""
        figure = ", ".join(f"{name} {evidence.figure(name, self.metric)}" for name in self.named())
        found = evidence.difference(self.first, self.second, self.metric)
        if found is None:
            return Finding(figure, OPEN, _NOT_KEPT)
        words = f"{self.first} - {self.second}: {difference_words(found, self.metric)}"
        return Finding(figure, *judge_similar(words, found.interval, self.within))


class NotWorthIt(PaperClaim, frozen=True, kw_only=True, tag="not-worth-the-time"):
    """`slow` takes longer than `quick`, and its accuracy gains at most `gain`."""

    slow: Words
    quick: Words
    gain: Share

    def find(self, evidence: Evidence) -> Finding:
        """Seconds to pre-process once and train one model, and the gain."""
        slow, quick = (_seconds_per_model(evidence, name) for name in (self.slow, self.quick))
        times = f"{slow / 60:.1f} min against {quick / 60:.1f} min"
        gain = evidence.difference(self.slow, self.quick, "accuracy")
        if gain is None:
            return Finding(times, OPEN, "the predictions of single images were not kept, so the gain has no interval")
        figure = f"{times}; {difference_words(gain, 'accuracy')}"
        return Finding(
            figure, *self._judge(evidence, slow / quick if quick else math.inf, gain.interval.low, gain.interval.high)
        )

    def _judge(self, evidence: Evidence, times: float, low: float, high: float) -> Judgement:
        if times <= 1:
            cached = sum(count for key, count in evidence.record.cached.items() if key.variant == self.slow)
            if cached:
                return OPEN, f"{cached:,} super-resolved images came from the cache, so their time is not known"
            return FAILS, f"it took no longer than {self.quick}"
        took = f"it took {times:.1f} times as long"
        if high <= self.gain:
            return HOLDS, f"{took}, and gains at most {high:+.3f}"
        if low > self.gain:
            return FAILS, f"{took}, and gains at least {low:+.3f}"
        return OPEN, f"{took}; too few images: a gain above {self.gain:.2f} can't be excluded"


def _seconds_per_model(evidence: Evidence, variant: str) -> float:
    seconds = evidence.results[variant].seconds
    return seconds.preprocess + seconds.train / max(1, len(evidence.record.jobs(variant)))


class LessData(PaperClaim, frozen=True, kw_only=True, tag="less-data-is-worse"):
    """Every variant does better where it is trained on more images: two studies on the same test images."""

    OF_VARIANTS: ClassVar[bool] = False

    def find(self, evidence: Evidence) -> Finding:
        """The accuracies of the first study that differs in the amount of data alone, and of this one."""
        for other in map(Evidence, evidence.others):
            if other.train != evidence.train and _alike(evidence.record, other.record):
                small, large = sorted((evidence, other), key=lambda one: one.train)
                return _more_against_less(large, small)
        reason = "one amount of data: it takes a second run on more or fewer images"
        return Finding(f"{evidence.train:,} images", OPEN, reason)


def _alike(one: StudyRecord, other: StudyRecord) -> bool:
    first, second = one.started, other.started
    if first is None or second is None:
        return False
    same_classes = one.dataset is None or other.dataset is None or one.dataset.classes == other.dataset.classes
    return same_classes and (first.protocol, first.recipe, first.seeds) == (
        second.protocol,
        second.recipe,
        second.seeds,
    )


def _more_against_less(large: Evidence, small: Evidence) -> Finding:
    orders, figures = [], []
    for variant in (name for name in large.results if name in small.results):
        accuracies = " against ".join(f"{one.value(variant, 'accuracy'):.3f}" for one in (large, small))
        figures.append(f"{variant} {accuracies}")
        order = _gain(variant, large, small)
        if order is None:
            return Finding("; ".join(figures), OPEN, "the two runs were not tested on the same images")
        orders.append(order)
    figure = f"{large.train:,} against {small.train:,} images: {'; '.join(figures)}"
    if not orders:
        return Finding(figure, OPEN, "no variant was run to the end on both amounts of data")
    return Finding(figure, *judge_order(orders))


def _gain(variant: str, large: Evidence, small: Evidence) -> Order | None:
    # One study's groups of near-duplicates for both: images are aligned by group.
    more, less = (one.resample(variant, large.copies) for one in (large, small))
    found = paired_difference(more, less, "accuracy") if more and less else None
    if found is None:
        return None
    return Order(f"{variant}: more data {found.value:+.3f} {signed_span(found.interval)}", found.value, found.p_value)


KINDS: Sequence[type[PaperClaim]] = (Equals, Below, Above, BestBelow, Ordered, Similar, NotWorthIt, LessData)
