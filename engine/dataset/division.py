"""Divides images among training, validation and test as a protocol says, with near copies on one side.

Groups (of near copies, and those that the user gives) are kept together: in one part by `split_stratified`, in the
folds of a cross-validation by scikit-learn's StratifiedGroupKFold, which keeps the classes' proportions as well as
whole groups allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.config.protocols import DIVIDES_TRAINING_IMAGES, Protocol
from engine.dataset.sampling import split_stratified
from engine.errors import DatasetError

Rows = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Rows of the images that train, that are watched while training, and that test; in ascending order."""

    train: Rows
    validation: Rows
    test: Rows


@dataclass(frozen=True)
class Division:
    """What a protocol makes of the images.

    Attributes:
        folds: one, or as many as were asked for.
        left_out: rows of training images that take no part because of the test images.
        set_aside: rows of test images that take no part.
    """

    folds: tuple[Fold, ...]
    left_out: Rows
    set_aside: Rows


def divide(
    protocol: Protocol,
    *,
    labels: Labels,
    groups: Labels,
    is_test: npt.NDArray[np.bool_],
    is_validation: npt.NDArray[np.bool_] | None = None,
    has_box: npt.NDArray[np.bool_],
    test_given: bool,
    folds: int = 1,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.0,
    validation_apart: bool = False,
    seed: int = 0,
) -> Division:
    """Divide N images.

    Args:
        protocol: see `engine.config.protocols.PROTOCOLS`.
        labels: class of each image (N,).
        groups: number of the group that each image is in (N,), of near copies or given; others are alone.
        is_test: which are the data set's own test images (N,); without a meaning where they are not given.
        is_validation: which the data set itself gives for validation (N,); None where there are none. They take the
            place of a share of the training images; all protocols but "official" leave out those that copy a test
            image.
        has_box: which have a bounding box (N,).
        test_given: whether the data set has test images of its own; else all are divided, whatever the protocol.
        folds: parts of a cross-validation, for the protocols that divide the training images.
        test_fraction: share that is tested on where there is one fold and the test images are not given.
        validation_fraction: share of the training images to keep out of training where no validation images are given.
        validation_apart: whether given validation images that share a group with a training image are left out too,
            under all protocols but "official".
        seed: of the choices.

    Raises:
        DatasetError: a part would be empty, or a class would have no training image.
    """
    every = np.arange(len(labels), dtype=np.int64)
    held = every[is_validation] if is_validation is not None else every[:0]
    pool = np.setdiff1d(every, held)
    if test_given:
        pool = pool[~is_test[pool]]
    given = np.flatnonzero(is_test).astype(np.int64) if test_given else every[:0]
    divides = protocol in DIVIDES_TRAINING_IMAGES or not test_given
    if divides:
        tests = _parts(labels[pool], groups[pool], folds, test_fraction, seed)
        pairs = [(pool[~part], pool[part]) for part in tests]
        left_out, set_aside = every[:0], given
    else:
        left_out = pool[np.isin(groups[pool], groups[given])] if protocol == "clean" else every[:0]
        pairs = [(np.setdiff1d(pool, left_out), given)]
        set_aside = every[:0]
    if protocol == "boxed":
        pairs = [(train, test[has_box[test]]) for train, test in pairs]
    made = []
    for train, test in pairs:
        if len(held):
            others = np.concatenate([train, test]) if validation_apart else test
            copies = np.isin(groups[held], groups[others]) & (protocol != "official")
            made.append(Fold(train, held[~copies], test))
            continue
        # A stream of its own, so that the validation images do not follow the test images' choices.
        watched = _watched(labels[train], groups[train], validation_fraction, seed + 1)
        made.append(Fold(train[~watched], train[watched], test))
    for fold in made:
        _require(fold, labels, protocol)
    return Division(tuple(made), left_out, set_aside)


def _parts(labels: Labels, groups: Labels, folds: int, fraction: float, seed: int) -> list[npt.NDArray[np.bool_]]:
    """The test images of each fold as (n,) bool; with one fold, about `fraction` of each class.

    Raises:
        DatasetError: there are too few groups for so many parts.
    """
    if folds == 1:
        return [split_stratified(labels.tolist(), fraction, seed, groups.tolist())]
    fewest = min(len(np.unique(groups[labels == label])) for label in np.unique(labels))
    if folds > fewest:
        raise DatasetError(f"--folds {folds}: the smallest class has only {fewest} groups of images; give fewer folds")
    return _stratified_parts(labels, groups, folds, seed)


def _stratified_parts(labels: Labels, groups: Labels, parts: int, seed: int) -> list[npt.NDArray[np.bool_]]:
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(n_splits=parts, shuffle=True, random_state=seed)
    chosen = []
    for _, places in splitter.split(np.zeros(len(labels)), labels, groups):
        part = np.zeros(len(labels), dtype=np.bool_)
        part[places] = True
        chosen.append(part)
    return chosen


def _watched(labels: Labels, groups: Labels, fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    if not fraction:
        return np.zeros(len(labels), dtype=np.bool_)
    (watched,) = _parts(labels, groups, 1, fraction, seed)
    return watched


def _require(fold: Fold, labels: Labels, protocol: Protocol) -> None:
    if len(fold.test) == 0:
        why = "no image of the test part has a box" if protocol == "boxed" else "no test image is left"
        raise DatasetError(f"--protocol {protocol}: {why}; choose another protocol or add images")
    missing = np.setdiff1d(labels, labels[fold.train])
    if len(missing):
        raise DatasetError(
            f"--protocol {protocol}: {len(missing)} of the classes would have no training image left; "
            "choose another protocol or leave the class out with --classes"
        )


def group_numbers(paths: Sequence[str], groups: Sequence[Sequence[str]]) -> Labels:
    """The group of each path as a number (N,); a path that is in none of the groups gets one of its own."""
    numbers = np.arange(len(paths), dtype=np.int64)
    place = {path: number for number, path in enumerate(paths)}
    for group in groups:
        members = [place[path] for path in group if path in place]
        if members:
            numbers[members] = members[0]
    return numbers
