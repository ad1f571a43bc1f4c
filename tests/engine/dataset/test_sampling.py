"""Seeded, stratified choices."""

import numpy as np
import pytest

from engine.dataset.sampling import allocate, sample_stratified, split_stratified


@pytest.mark.parametrize("seed", range(30))
def test_allocation_adds_up_and_fits(seed):
    generator = np.random.default_rng(seed)
    counts = generator.integers(1, 500, size=generator.integers(2, 43)).tolist()
    for total in (len(counts), int(generator.integers(len(counts), sum(counts) + 1)), sum(counts)):
        shares = allocate(counts, total)
        assert sum(shares) == total
        assert all(1 <= share <= count for share, count in zip(shares, counts, strict=True))
        ideal = np.asarray(counts) * total / sum(counts)
        assert np.abs(np.asarray(shares) - ideal).max() <= 2


def test_the_studys_part():
    # Homer, marge, bart, lisa, krusty, apu of the whole set.
    assert allocate([2246, 1291, 1342, 1354, 1206, 623], 2980) == [830, 477, 496, 501, 446, 230]


def test_split_leaves_an_image_to_train_on():
    labels = [0] * 1 + [1] * 2 + [2] * 10
    aside = split_stratified(labels, 0.9, seed=0)
    assert [int(aside[np.asarray(labels) == label].sum()) for label in range(3)] == [0, 1, 9]
    assert [int(split_stratified(labels, 0.01, seed=0)[np.asarray(labels) == label].sum()) for label in range(3)] == [
        0,
        1,
        1,
    ]


def test_choices_depend_on_the_seed_alone():
    labels = [0, 1] * 50
    first = sample_stratified(labels, 30, seed=3)
    assert (first == sample_stratified(labels, 30, seed=3)).all()
    assert (first != sample_stratified(labels, 30, seed=4)).any()
    # A larger sample holds the smaller one.
    assert (sample_stratified(labels, 60, seed=3) >= first).all()


def test_groups_are_set_aside_whole_and_no_more_than_the_fraction():
    labels = [0] * 50 + [1] * 50
    groups = [place // 4 for place in range(100)]
    aside = split_stratified(labels, 0.3, seed=5, groups=groups)
    for group in set(groups):
        assert len({bool(aside[place]) for place in range(100) if groups[place] == group}) == 1
    assert [12 <= int(aside[start : start + 50].sum()) <= 15 for start in (0, 50)] == [True, True]


def test_images_without_copies_are_split_as_without_groups():
    labels = [0] * 30 + [1] * 12
    expected = split_stratified(labels, 0.2, seed=3)
    assert split_stratified(labels, 0.2, seed=3, groups=list(range(42))).tolist() == expected.tolist()


def test_a_class_of_large_groups_gives_its_smallest_and_one_of_a_single_group_keeps_it():
    labels = [0] * 10 + [1] * 6
    groups = [0] * 6 + [1] * 4 + [2] * 6
    aside = split_stratified(labels, 0.2, seed=0, groups=groups)
    assert aside.tolist() == [False] * 6 + [True] * 4 + [False] * 6


@pytest.mark.parametrize("seed", range(20))
def test_a_group_across_classes_takes_no_class_its_last_image_to_train_on(seed):
    chosen = split_stratified([0] * 6 + [1], 0.4, seed, [0, 1, 2, 3, 4, 5, 5])
    assert not chosen[6]
    assert chosen.any()


def test_a_sample_keeps_the_classes_proportions():
    labels = np.array([0] * 60 + [1] * 30 + [2] * 10)
    sample = sample_stratified(labels.tolist(), 20, seed=1)
    assert sample.dtype == np.bool_
    assert np.bincount(labels[sample]).tolist() == [12, 6, 2]


def test_of_equal_claims_to_a_place_the_first_gets_it():
    assert allocate([10] * 40, 130) == [4] * 10 + [3] * 30


def test_the_place_that_every_class_has_is_taken_from_those_furthest_above_their_part():
    assert allocate([1, 1, 1, 12, 9], 8) == [1, 1, 1, 3, 2]
