"""Bootstrap over test images: what the scores, and their differences on the same images, could have been.

Where it is known which images are copies of each other, whole groups are drawn (a cluster bootstrap); where a variant
was trained with several seeds, the seeds are drawn as well. Intervals are percentiles of the draws. Efron and
Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 16.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.results import JobResult
from engine.statistics_report import LEVEL, Interval

Metric = Literal["accuracy", "precision", "recall", "f1"]
Draws = npt.NDArray[np.float64]
Scores = dict[Metric, Draws]

DRAWS = 2000
_SEED = 0
"""The draws are the same every time, so that a verdict does not change between two looks."""


@dataclass(frozen=True)
class Answers:
    """What models said of the same N test images with the same S seeds.

    Attributes:
        labels: true classes (N,).
        groups: number of the group of copies that each image is in (N,), from 0 without gaps.
        said: predicted classes (S, N) by model.
        classes: number of classes.
    """

    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    said: Mapping[str, npt.NDArray[np.int64]]
    classes: int


def gather_answers(
    jobs: Mapping[str, Sequence[JobResult]], classes: int, copies: Sequence[Sequence[str]] = ()
) -> Answers | None:
    """The predictions of several models side by side.

    Args:
        jobs: the ended jobs of each model.
        classes: number of classes.
        copies: groups of paths that show the same picture.

    Returns:
        None where the models share no seed or did not predict the same images.
    """
    if not jobs:
        return None
    by_seed = {model: _by_seed(entries) for model, entries in jobs.items()}
    seeds = sorted(set.intersection(*(set(predicted) for predicted in by_seed.values())))
    if not seeds:
        return None
    reference = next(iter(by_seed.values()))[seeds[0]]
    paths = sorted(reference)
    if not paths or any(
        {path: label for path, (label, _) in predicted[seed].items()}
        != {path: label for path, (label, _) in reference.items()}
        for predicted in by_seed.values()
        for seed in seeds
    ):
        return None
    return Answers(
        labels=np.array([reference[path][0] for path in paths], dtype=np.int64),
        groups=_group_numbers(paths, copies),
        said={
            model: np.array([[predicted[seed][path][1] for path in paths] for seed in seeds], dtype=np.int64)
            for model, predicted in by_seed.items()
        },
        classes=classes,
    )


def _by_seed(jobs: Sequence[JobResult]) -> dict[int, dict[str, tuple[int, int]]]:
    """(label, predicted) of each path by seed; folds of one seed together."""
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for job in jobs:
        answers = found.setdefault(job.seed, {})
        answers.update({one.path: (one.label, one.predicted) for one in job.predictions})
    return found


def _group_numbers(paths: Sequence[str], copies: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
    group_of = {path: number for number, group in enumerate(copies) for path in group}
    names = [group_of.get(path, len(copies) + place) for place, path in enumerate(paths)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def resample(answers: Answers, draws: int = DRAWS) -> dict[str, Scores]:
    """The scores of every model in each draw; all models see the same draws, so that differences are paired."""
    random = np.random.default_rng(_SEED)
    classes, groups = answers.classes, int(answers.groups.max()) + 1
    seeds = next(iter(answers.said.values())).shape[0]
    cells = {model: answers.labels * classes + said for model, said in answers.said.items()}
    counted = {model: np.empty((draws, classes * classes)) for model in cells}
    for draw in range(draws):
        images = random.multinomial(groups, np.full(groups, 1 / groups))[answers.groups].astype(np.float64)
        weights = random.multinomial(seeds, np.full(seeds, 1 / seeds))
        for model, rows in cells.items():
            counted[model][draw] = sum(
                weight * np.bincount(row, weights=images, minlength=classes * classes)
                for weight, row in zip(weights, rows, strict=True)
                if weight
            )
    return {model: score(counts.reshape(draws, classes, classes)) for model, counts in counted.items()}


def resample_matrix(matrix: Sequence[Sequence[int]], images: int, draws: int = DRAWS, seed: int = _SEED) -> Scores:
    """As `resample`, where only a confusion matrix is known: its images drawn one by one, `images` at a time."""
    cells = np.asarray(matrix, dtype=np.float64)
    random = np.random.default_rng(seed)
    counts = random.multinomial(images, cells.ravel() / cells.sum(), size=draws)
    return score(counts.reshape(draws, *cells.shape).astype(np.float64))


def score(matrices: npt.NDArray[np.float64]) -> Scores:
    """Accuracy and macro averages of confusion matrices (B, C, C), as `engine.pooled.metrics_of_matrix` has them."""
    right = np.diagonal(matrices, axis1=1, axis2=2)
    support, called = matrices.sum(axis=2), matrices.sum(axis=1)
    present = support > 0

    def macro(numerator: npt.NDArray[np.float64], denominator: npt.NDArray[np.float64]) -> Draws:
        ratios = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
        return np.asarray((ratios * present).sum(axis=1) / present.sum(axis=1), dtype=np.float64)

    return {
        "accuracy": right.sum(axis=1) / support.sum(axis=1),
        "precision": macro(right, called),
        "recall": macro(right, support),
        "f1": macro(2 * right, support + called),
    }


def percentile_interval(draws: Draws, method: str) -> Interval:
    """The middle `LEVEL` of the draws."""
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(draws, [tail, 100 - tail])
    return Interval(float(low), float(high), method)


def two_sided_p(differences: Draws) -> float:
    """How often a difference falls on the rarer side of zero, twice; never 0, as the draws are finite."""
    count = len(differences)
    rarer = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (rarer + 1) / (count + 1))
