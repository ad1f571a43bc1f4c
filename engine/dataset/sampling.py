"""Seeded, stratified choices of images: a part of a set, or a split into training and test images."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SAMPLE, _SPLIT = 0, 1
"""Streams of the random generator, so that a sample of a split does not repeat the split's choices."""


def allocate(counts: Sequence[int], total: int) -> list[int]:
    """How many of `total` items each class gets: in proportion (method of largest remainders), at least one each.

    `counts` are the classes' sizes, all at least 1; len(counts) <= total <= sum(counts).
    """
    quotas = np.asarray(counts) * total / sum(counts)
    shares = np.maximum(np.floor(quotas).astype(int), 1)
    missing = total - int(shares.sum())
    if missing > 0:
        shares[np.argsort(shares - quotas, kind="stable")[:missing]] += 1
    for _ in range(-missing):
        # The one each was more than there is: those furthest above their part give it back.
        shares[np.argmax(np.where(shares > 1, shares - quotas, -np.inf))] -= 1
    return [int(share) for share in shares]


def sample_stratified(labels: Sequence[int], total: int, seed: int) -> NDArray[np.bool_]:
    """Which of the images make up a sample of `total` that keeps the classes' proportions; (N,) bool.

    A larger sample of the same images and seed holds about the same images and more.
    """
    classes, counts = np.unique(labels, return_counts=True)
    return _choose(labels, classes, allocate(counts.tolist(), total), (seed, _SAMPLE))


def split_stratified(
    labels: Sequence[int], fraction: float, seed: int, groups: Sequence[int] | None = None
) -> NDArray[np.bool_]:
    """Which of the images are set aside as test images; (N,) bool.

    `fraction` of each class, rounded, at least one and never all; a class of one image keeps it for training. Images
    of one group (`groups`, (N,)) stay together: in a random order, each group is taken that still fits, so a class may
    come out a little smaller; one whose every group is too large gives its smallest. A class that is one single group
    keeps it for training, and so does one whose images are copies of another class's.
    """
    of_class = np.asarray(labels)
    group_of = np.arange(len(of_class)) if groups is None else np.unique(groups, return_inverse=True)[1]
    members = np.split(np.argsort(group_of, kind="stable"), np.cumsum(np.bincount(group_of))[:-1])
    inside = [Counter(of_class[places].tolist()) for places in members]
    whole = Counter(of_class.tolist())
    left = whole.copy()
    chosen = np.zeros(len(of_class), dtype=np.bool_)

    def fits(group: int) -> bool:
        """Whether it is still there, and every class in it keeps an image for training: a group may span classes."""
        return not chosen[members[group][0]] and all(left[label] > own for label, own in inside[group].items())

    def take(group: int) -> None:
        chosen[members[group]] = True
        left.subtract(inside[group])

    for label, count in sorted(whole.items()):
        size = min(max(round(count * fraction), 1), count - 1)
        order = np.random.default_rng((seed, _SPLIT, label)).permutation(np.flatnonzero(of_class == label))
        # The first image of each group stands for it.
        candidates = list(dict.fromkeys(group_of[order].tolist()))
        for group in candidates:
            if count - left[label] + inside[group][label] <= size and fits(group):
                take(group)
        if left[label] == count:
            own = {group: inside[group][label] for group in candidates}
            smallest = sorted(candidates, key=own.__getitem__)
            if (group := next(filter(fits, smallest), None)) is not None:
                take(group)
    return chosen


def _choose(
    labels: Sequence[int], classes: NDArray[np.int_], sizes: Sequence[int], seed: tuple[int, int]
) -> NDArray[np.bool_]:
    of_class = np.asarray(labels)
    chosen = np.zeros(len(of_class), dtype=np.bool_)
    for label, size in zip(classes.tolist(), sizes, strict=True):
        generator = np.random.default_rng((*seed, label))
        chosen[generator.permutation(np.flatnonzero(of_class == label))[:size]] = True
    return chosen
