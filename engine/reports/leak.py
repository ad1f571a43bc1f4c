"""Report on leakage: scores under the official and the clean protocol side by side."""

from dataclasses import dataclass

from engine.reports.statistics import Interval


@dataclass(frozen=True)
class Estimate:
    """A score (or a difference of two) in [-1, 1] with its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class LeakRow:
    """One variant under both protocols; a gap is official minus clean, so what the copies were worth."""

    variant: str
    official_accuracy: Estimate
    clean_accuracy: Estimate
    accuracy_gap: Estimate
    official_f1: Estimate
    clean_f1: Estimate
    f1_gap: Estimate


@dataclass(frozen=True)
class LeakReport:
    """Official against clean.

    Attributes:
        official_study, clean_study: the two studies.
        official_train, clean_train: training images of each.
        left_out: training images that the clean protocol leaves out.
        test_images: the test images, the same in both.
        seeds: the seeds of both.
        rows: the variants that both trained to the end, in the official study's order.
        sentences: what the gaps say, and what must be known of them.
    """

    official_study: str
    clean_study: str
    official_train: int
    clean_train: int
    left_out: int
    test_images: int
    seeds: tuple[int, ...]
    rows: tuple[LeakRow, ...]
    sentences: tuple[str, ...] = ()
