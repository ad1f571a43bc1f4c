import numpy as np
import pytest

from engine.config.protocols import DIVIDES_TRAINING_IMAGES, PROTOCOLS
from engine.dataset.division import divide, group_numbers
from engine.errors import DatasetError

CLASSES = 3
PER_CLASS = 40
TEST_PER_CLASS = 5
N_TRAIN = CLASSES * PER_CLASS


def images(**changes):
    """120 training and 15 test images; three training images in a row show the same, two test images copy some."""
    labels = np.repeat(np.arange(CLASSES), PER_CLASS)
    groups = np.arange(N_TRAIN) // 3 * 3
    groups[labels != labels[groups]] = np.flatnonzero(labels != labels[groups])
    test_labels = np.repeat(np.arange(CLASSES), TEST_PER_CLASS)
    test_groups = N_TRAIN + np.arange(CLASSES * TEST_PER_CLASS)
    test_groups[0] = groups[0]  # a copy of training images 0, 1 and 2
    test_groups[7] = groups[60]
    arguments = {
        "labels": np.concatenate([labels, test_labels]),
        "groups": np.concatenate([groups, test_groups]),
        "is_test": np.arange(N_TRAIN + len(test_labels)) >= N_TRAIN,
        "has_box": np.arange(N_TRAIN + len(test_labels)) % 2 == 0,
        "test_given": True,
    }
    return {**arguments, **changes}


def sides(fold):
    return {
        "train": set(fold.train.tolist()),
        "validation": set(fold.validation.tolist()),
        "test": set(fold.test.tolist()),
    }


def test_official_takes_the_images_as_they_are_given():
    division = divide("official", **images())
    (fold,) = division.folds
    assert sides(fold) == {"train": set(range(N_TRAIN)), "validation": set(), "test": set(range(N_TRAIN, N_TRAIN + 15))}
    assert len(division.left_out) == len(division.set_aside) == 0


def test_clean_leaves_out_the_training_images_whose_group_holds_a_test_image_and_keeps_the_test_set():
    division = divide("clean", **images())
    (fold,) = division.folds
    assert division.left_out.tolist() == [0, 1, 2, 60, 61, 62]
    assert set(fold.train.tolist()) == set(range(N_TRAIN)) - {0, 1, 2, 60, 61, 62}
    assert fold.test.tolist() == divide("official", **images()).folds[0].test.tolist()


@pytest.mark.parametrize("folds", [1, 4])
@pytest.mark.parametrize("validation", [0.0, 0.2])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_group_stands_on_two_sides_of_a_divided_set_and_no_image_takes_two_parts(protocol, folds, validation):
    given = images()
    if protocol not in DIVIDES_TRAINING_IMAGES:
        folds = 1
    division = divide(protocol, **given, folds=folds, validation_fraction=validation)
    assert len(division.folds) == folds
    for fold in division.folds:
        parts = sides(fold)
        assert sum(map(len, parts.values())) == len(set().union(*parts.values()))
        groups = {side: {int(given["groups"][row]) for row in rows} for side, rows in parts.items()}
        assert groups["train"].isdisjoint(groups["validation"])
        if protocol != "official":
            assert groups["train"].isdisjoint(groups["test"])
        if validation:
            assert 0.1 < len(parts["validation"]) / (len(parts["validation"]) + len(parts["train"])) < 0.3
        assert set(given["labels"][fold.train].tolist()) == set(range(CLASSES))


def test_the_folds_test_every_training_image_once_and_no_test_image():
    division = divide("grouped", **images(), folds=5)
    tested = np.concatenate([fold.test for fold in division.folds])
    assert sorted(tested.tolist()) == list(range(N_TRAIN))
    assert division.set_aside.tolist() == list(range(N_TRAIN, N_TRAIN + 15))
    for fold in division.folds:
        assert set(fold.train.tolist()) | set(fold.test.tolist()) == set(range(N_TRAIN))


def test_grouped_keeps_the_classes_in_proportion():
    given = images()
    (fold,) = divide("grouped", **given, test_fraction=0.25).folds
    counts = np.bincount(given["labels"][fold.test], minlength=CLASSES)
    assert all(8 <= count <= 10 for count in counts)


def test_boxed_tests_on_images_with_a_box_only_and_trains_on_all():
    given = images()
    (boxed,) = divide("boxed", **given).folds
    (grouped,) = divide("grouped", **given).folds
    assert boxed.train.tolist() == grouped.train.tolist()
    assert boxed.test.tolist() == [row for row in grouped.test.tolist() if given["has_box"][row]]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_without_test_images_of_its_own_a_set_is_divided_by_groups(protocol):
    given = images(test_given=False)
    division = divide(protocol, **given, test_fraction=0.3)
    (fold,) = division.folds
    assert len(division.left_out) == len(division.set_aside) == 0
    assert set(given["groups"][fold.train].tolist()).isdisjoint(given["groups"][fold.test].tolist())
    assert 0.1 < len(fold.test) / len(given["labels"]) < 0.35


def test_the_seed_decides():
    first, again, other = (divide("grouped", **images(), seed=seed).folds[0].test.tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_no_boxed_test_image_is_said_in_one_line():
    with pytest.raises(DatasetError, match="--protocol boxed: no image of the test part has a box"):
        divide("boxed", **images(has_box=np.zeros(N_TRAIN + 15, dtype=bool)))


def test_more_folds_than_a_class_has_different_pictures_is_said_in_one_line():
    with pytest.raises(DatasetError, match="--folds 20: the smallest class has only 14 groups of images"):
        divide("grouped", **images(), folds=20)


def test_a_class_whose_training_images_all_copy_test_images_is_said_in_one_line():
    given = images()
    given["groups"][given["labels"] == 1] = 999
    with pytest.raises(DatasetError, match="--protocol clean: 1 of the classes would have no training image left"):
        divide("clean", **given)


def test_group_numbers_follow_the_paths_and_ignore_those_that_are_gone():
    numbers = group_numbers(["a", "b", "c", "d"], [("c", "a"), ("gone", "d")])
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 3


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("test_given", [True, False])
def test_validation_images_of_the_data_take_the_place_of_a_drawn_share(protocol, test_given):
    given = images(test_given=test_given)
    extra = 9
    labels = np.concatenate([given["labels"], np.repeat(np.arange(CLASSES), 3)])
    n = len(labels)
    groups = np.concatenate([given["groups"], np.arange(n - extra, n)])
    groups[-1] = given["groups"][-1]  # a copy of the last test image
    held = np.arange(n) >= n - extra
    arguments = {
        "labels": labels,
        "groups": groups,
        "is_test": np.concatenate([given["is_test"], np.zeros(extra, dtype=bool)]),
        "is_validation": held,
        "has_box": np.ones(n, dtype=bool),
        "test_given": test_given,
    }
    (fold,) = divide(protocol, **arguments, validation_fraction=0.5).folds
    parts = sides(fold)
    assert sum(map(len, parts.values())) == len(set().union(*parts.values()))
    assert parts["validation"] <= set(np.flatnonzero(held).tolist())
    assert not parts["train"] & set(np.flatnonzero(held).tolist())
    copied = not {int(groups[row]) for row in parts["validation"]}.isdisjoint(int(groups[row]) for row in parts["test"])
    assert copied == (protocol == "official" and test_given)
    assert len(parts["validation"]) >= extra - 1


def with_validation_images():
    """Three validation images more: a copy of a training image, a copy of a test image, one that copies nothing."""
    given = images()
    n = N_TRAIN + 15
    return {
        "labels": np.concatenate([given["labels"], [0, 1, 2]]),
        "groups": np.concatenate([given["groups"], [given["groups"][30], given["groups"][n - 1], n + 2]]),
        "is_test": np.concatenate([given["is_test"], np.zeros(3, dtype=bool)]),
        "is_validation": np.arange(n + 3) >= n,
        "has_box": np.ones(n + 3, dtype=bool),
        "test_given": True,
    }


@pytest.mark.parametrize(
    ("protocol", "apart", "kept"),
    [
        ("official", False, [0, 1, 2]),
        ("official", True, [0, 1, 2]),
        ("clean", False, [0, 2]),
        ("clean", True, [2]),
    ],
)
def test_validation_images_that_copy_others_are_left_out(protocol, apart, kept):
    given = with_validation_images()
    (fold,) = divide(protocol, **given, validation_apart=apart).folds
    assert (fold.validation - N_TRAIN - 15).tolist() == kept
    if not apart:
        (same,) = divide(protocol, **given).folds
        assert same.validation.tolist() == fold.validation.tolist()


def test_every_fold_has_the_validation_images_of_the_data():
    division = divide("grouped", **with_validation_images(), folds=4, validation_apart=True)
    assert len(division.folds) == 4
    for fold in division.folds:
        assert (fold.validation - N_TRAIN - 15).tolist() == [1, 2]  # the test images take no part


def rows_tested(division):
    return [fold.test.tolist() for fold in division.folds]


def test_the_seed_decides_on_the_folds_and_is_0_where_none_is_given():
    first, again, other, without = (
        rows_tested(divide("grouped", **images(), folds=4, **seed))
        for seed in ({"seed": 0}, {"seed": 0}, {"seed": 1}, {})
    )
    assert first == again == without != other


def test_rows_are_64_bits():
    division = divide("clean", **images())
    assert {rows.dtype for rows in (division.folds[0].train, division.left_out, group_numbers(["a"], []))} == {
        np.dtype(np.int64)
    }


def test_as_many_folds_as_the_smallest_class_has_groups():
    assert len(divide("grouped", **images(), folds=14).folds) == 14


def refused(protocol, given):
    with pytest.raises(DatasetError) as raised:
        divide(protocol, **given)
    return str(raised.value)


def test_a_refusal_says_what_to_do():
    assert refused("official", images(is_test=np.zeros(N_TRAIN + 15, dtype=bool))) == (
        "--protocol official: no test image is left; choose another protocol or add images"
    )
    given = images()
    given["groups"][given["labels"] == 1] = 999
    assert refused("clean", given) == (
        "--protocol clean: 1 of the classes would have no training image left; "
        "choose another protocol or leave the class out with --classes"
    )
