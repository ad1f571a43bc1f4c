"""Seeded, stratified choices of images: a part of a set, or a split into training and test images."""

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
    of_group = np.arange(len(of_class)) if groups is None else np.asarray(groups)
    members = {group: np.flatnonzero(of_group == group) for group in np.unique(of_group).tolist()}
    classes, counts = np.unique(of_class, return_counts=True)
    chosen = np.zeros(len(of_class), dtype=np.bool_)
    for label, count in zip(classes.tolist(), counts.tolist(), strict=True):
        size = min(max(round(count * fraction), 1), count - 1)
        order = np.random.default_rng((seed, _SPLIT, label)).permutation(np.flatnonzero(of_class == label))
        # The first image of each group stands for it.
        candidates = [members[group] for group in dict.fromkeys(of_group[order].tolist())]
        sizes = [int((of_class[places] == label).sum()) for places in candidates]
        taken = int(chosen[of_class == label].sum())
        for places, own in zip(candidates, sizes, strict=True):
            if taken + own <= size and not chosen[places[0]] and _leaves_all_classes(chosen, places, of_class):
                chosen[places] = True
                taken += own
        if not taken:
            for smallest in np.argsort(sizes, kind="stable"):
                if _leaves_all_classes(chosen, candidates[smallest], of_class):
                    chosen[candidates[smallest]] = True
                    break
    return chosen


def _leaves_all_classes(chosen: NDArray[np.bool_], places: NDArray[np.int_], of_class: NDArray[np.int_]) -> bool:
    """Whether every class of a group keeps an image for training when it is taken: a group may span classes."""
    left = ~chosen
    left[places] = False
    return bool(np.isin(of_class[places], of_class[left]).all())


def _choose(
    labels: Sequence[int], classes: NDArray[np.int_], sizes: Sequence[int], seed: tuple[int, int]
) -> NDArray[np.bool_]:
    of_class = np.asarray(labels)
    chosen = np.zeros(len(of_class), dtype=np.bool_)
    for label, size in zip(classes.tolist(), sizes, strict=True):
        generator = np.random.default_rng((*seed, label))
        chosen[generator.permutation(np.flatnonzero(of_class == label))[:size]] = True
    return chosen
