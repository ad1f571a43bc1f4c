"""The predictions of one variant as aligned arrays: one row a seed, one column a test image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.reports.results import JobResult, Prediction

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

Item = tuple[int, str, int]
"""What tells one test image from another: fold, path, label."""


@dataclass(frozen=True)
class Outcomes:
    """What one variant said of N test images with S seeds.

    Attributes:
        variant: its name.
        items: the test images in ascending order, so that two variants with equal items are aligned.
        seeds: the seeds whose jobs are complete, in ascending order.
        labels: true classes (N,).
        groups: number of each image's group of near copies or given group (N,), from 0 without gaps; equal items have
            equal numbers.
        predicted: (S, N) classes.
        confidence: (S, N) probability of the predicted class; NaN where the model gave none.
    """

    variant: str
    items: tuple[Item, ...]
    seeds: tuple[int, ...]
    labels: Ints
    groups: Ints
    predicted: Ints
    confidence: Floats

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Which images were recognised, (S, N)."""
        return np.equal(self.predicted, self.labels)

    @property
    def n_groups(self) -> int:
        """Number of groups, images without one counting as one each."""
        return int(self.groups.max()) + 1

    def with_seeds(self, seeds: Sequence[int]) -> "Outcomes":
        """The same for some of the seeds."""
        rows = [self.seeds.index(seed) for seed in seeds]
        return replace(self, seeds=tuple(seeds), predicted=self.predicted[rows], confidence=self.confidence[rows])

    def group_counts(self, n_classes: int) -> Floats:
        """(S, G, 3, K): for every seed, group and class the images recognised, of the class, and called so."""
        labels, groups, total = self.labels, self.groups, self.n_groups

        def count(classes: Ints, weights: Floats | None = None) -> Floats:
            flat = np.bincount(groups * n_classes + classes, weights, minlength=total * n_classes)
            return flat.reshape(total, n_classes).astype(np.float64)

        of_class = count(labels)
        return np.stack(
            [
                np.stack([count(labels, (said == labels).astype(np.float64)), of_class, count(said)], axis=1)
                for said in self.predicted
            ]
        )


def folds_of(results: Sequence[JobResult]) -> frozenset[int]:
    """The folds that at least one variant finished: what a seed must have to be complete."""
    return frozenset(result.fold for result in results if _counts(result))


def collect_outcomes(
    variant: str, results: Sequence[JobResult], groups: Mapping[str, int], folds: frozenset[int]
) -> tuple[Outcomes | None, str]:
    """The complete seeds of a variant, and in words what had to be left out of them ("" for nothing).

    A seed is complete when each of the `folds` is done and evaluated. A seed that was tested on other images than the
    first complete one is left out too.
    """
    jobs = [result for result in results if result.variant == variant]
    by_seed: dict[int, dict[Item, Prediction]] = {}
    incomplete = []
    for seed in sorted({job.seed for job in jobs}):
        finished = [job for job in jobs if job.seed == seed and _counts(job)]
        if not folds or {job.fold for job in finished} != folds:
            incomplete.append(seed)
            continue
        said = {(job.fold, image.path, image.label): image for job in finished for image in job.predictions}
        if by_seed and said.keys() != next(iter(by_seed.values())).keys():
            incomplete.append(seed)
            continue
        by_seed[seed] = said
    if not by_seed:
        return None, f"{variant} is in no comparison: it was not trained and tested to the end with any seed."
    note = ""
    if incomplete:
        names = ", ".join(map(str, incomplete))
        note = f"{variant}: the jobs of seed {names} are not complete or tested other images, and count nowhere."
    return _aligned(variant, by_seed, groups), note


def _counts(result: JobResult) -> bool:
    return result.status == "done" and result.metrics is not None and bool(result.predictions)


def _aligned(variant: str, by_seed: Mapping[int, Mapping[Item, Prediction]], groups: Mapping[str, int]) -> Outcomes:
    items = tuple(sorted(next(iter(by_seed.values()))))
    numbers: dict[int | str, int] = {}
    dense = [numbers.setdefault(groups.get(path, path), len(numbers)) for _, path, _ in items]
    rows = [[said[item] for item in items] for said in by_seed.values()]
    return Outcomes(
        variant=variant,
        items=items,
        seeds=tuple(by_seed),
        labels=np.array([label for _, _, label in items], dtype=np.int64),
        groups=np.array(dense, dtype=np.int64),
        predicted=np.array([[image.predicted for image in row] for row in rows], dtype=np.int64),
        confidence=np.array(
            [[image.probabilities[image.predicted] for image in row] for row in rows], dtype=np.float64
        ),
    )
