"""Divisions of images: every image once, no group on two sides, shares of the classes kept."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.config.protocols import DIVIDES_TRAINING_IMAGES, PROTOCOLS
from engine.dataset.division import divide
from engine.errors import DatasetError

SHARE_TOLERANCE = 1
"""Images of a class by which a part may miss its share where every image is alone in its group."""


@st.composite
def data_sets(draw, largest_group=4):
    """Labels, groups, test flags and boxes of up to 60 images in 2 or 3 classes."""
    classes = draw(st.integers(2, 3))
    size = draw(st.integers(4 * classes, 60))
    labels = np.array([place % classes for place in range(size)], dtype=np.int64)
    groups = np.arange(size, dtype=np.int64)
    for first in draw(st.lists(st.integers(0, size - 1), max_size=6)):
        members = draw(st.lists(st.integers(0, size - 1), max_size=largest_group - 1))
        groups[[first, *members]] = groups[first]
    is_test = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    has_box = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    return {"labels": labels, "groups": groups, "is_test": is_test, "has_box": has_box}


def division_of(data, protocol, folds, validation, seed, test_given=True):
    """The division, or None where the data are refused."""
    try:
        return divide(protocol, **data, test_given=test_given, folds=folds, validation_fraction=validation, seed=seed)
    except DatasetError:
        return None


OPTIONS = {
    "protocol": st.sampled_from(list(PROTOCOLS)),
    "validation": st.sampled_from([0.0, 0.2, 0.5]),
    "seed": st.integers(0, 5),
    "test_given": st.booleans(),
}


@given(data=data_sets(), folds=st.integers(1, 4), **OPTIONS)
def test_every_image_has_one_place_in_each_fold(data, protocol, folds, validation, seed, test_given):
    divides = protocol in DIVIDES_TRAINING_IMAGES or not test_given
    division = division_of(data, protocol, folds if divides else 1, validation, seed, test_given)
    if division is None:
        return
    boxless = np.flatnonzero(~data["has_box"]) if protocol == "boxed" else np.arange(0)
    for fold in division.folds:
        parts = [fold.train, fold.validation, fold.test, division.left_out, division.set_aside]
        together = np.concatenate(parts)
        assert len(np.unique(together)) == len(together)
        lost = np.setdiff1d(np.arange(len(data["labels"])), together)
        assert np.isin(lost, boxless).all()  # the protocol "boxed" tests on images with a box only
        assert set(data["labels"][fold.train]) == set(data["labels"])


@given(data=data_sets(), folds=st.integers(1, 4), validation=OPTIONS["validation"], seed=OPTIONS["seed"])
def test_no_group_is_on_two_sides(data, folds, validation, seed):
    for protocol, several in (("grouped", folds), ("clean", 1)):
        division = division_of(data, protocol, several, validation, seed)
        for fold in division.folds if division else ():
            sides = [set(data["groups"][part]) for part in (fold.train, fold.validation, fold.test)]
            assert not sides[0] & sides[1]
            assert not sides[0] & sides[2]
            assert not sides[1] & sides[2]


@given(data=data_sets(), folds=st.integers(2, 4), seed=OPTIONS["seed"])
def test_folds_test_every_image_once(data, folds, seed):
    division = division_of(data, "grouped", folds, 0.0, seed, test_given=False)
    if division is not None:
        tested = np.concatenate([fold.test for fold in division.folds])
        assert sorted(tested) == list(range(len(data["labels"])))


@given(data=data_sets(largest_group=1), seed=OPTIONS["seed"])
def test_each_class_keeps_its_share(data, seed):
    labels = data["labels"]
    division = division_of(data, "grouped", 1, 0.0, seed, test_given=False)
    assert division is not None
    for label in np.unique(labels):
        wanted = 0.2 * np.count_nonzero(labels == label)
        found = np.count_nonzero(labels[division.folds[0].test] == label)
        assert abs(found - wanted) <= SHARE_TOLERANCE


@given(data=data_sets(), protocol=OPTIONS["protocol"], seed=OPTIONS["seed"])
def test_the_same_seed_gives_the_same_division(data, protocol, seed):
    first, second = (division_of(data, protocol, 1, 0.2, seed) for _ in range(2))
    assert (first is None) == (second is None)
    for one, other in zip(first.folds if first else (), second.folds if second else (), strict=True):
        assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("train", "validation", "test"))
