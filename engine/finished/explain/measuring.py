"""Counting what a change of the pixels costs: right answers before and after, with intervals and an exact test."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.reports.explanation import Ablation, Change, ImagesFrom, Outcome
from engine.statistics.proportions import mcnemar_p, wilson_interval

Labels = npt.NDArray[np.int64]


def measure_change(
    variant: str,
    change: Change,
    images_from: ImagesFrom,
    *,
    labels: Labels,
    before: Labels,
    after: Labels,
    classes: Sequence[str],
) -> Ablation:
    """Compare predictions of the same N > 0 images as they are (`before`) and changed (`after`), all (N,).

    The test is McNemar's in its exact form (a binomial test of the images whose answer turned), the intervals are
    Wilson's.
    """
    everything = np.ones(len(labels), dtype=np.bool_)
    right = before == labels, after == labels
    total = _outcome("", everything, *right, called=(len(labels), len(labels)))
    outcomes = tuple(
        _outcome(name, labels == label, *right, called=(int((before == label).sum()), int((after == label).sum())))
        for label, name in enumerate(classes)
        if np.any(labels == label)
    )
    return Ablation(variant, change, images_from, total, outcomes, mcnemar_p(total.lost, total.gained))


def _outcome(
    name: str,
    chosen: npt.NDArray[np.bool_],
    before: npt.NDArray[np.bool_],
    after: npt.NDArray[np.bool_],
    *,
    called: tuple[int, int],
) -> Outcome:
    images = int(chosen.sum())
    right_before, right_after = int((before & chosen).sum()), int((after & chosen).sum())
    return Outcome(
        name=name,
        images=images,
        before=right_before,
        after=right_after,
        lost=int((before & ~after & chosen).sum()),
        gained=int((~before & after & chosen).sum()),
        called_before=called[0],
        called_after=called[1],
        before_interval=wilson_interval(right_before, images),
        after_interval=wilson_interval(right_after, images),
    )
