"""Layouts that people have: what is read as what, and what is named as passed over."""

from pathlib import Path

import pytest

from engine.dataset import open_dataset
from engine.errors import DatasetError


def counts(dataset):
    """Images by class of the training, test and validation part; classes without any are left out."""
    return tuple(
        {dataset.classes[label]: labels.count(label) for label in sorted(set(labels))}
        for labels in ([sample.label for sample in part] for part in (dataset.train, dataset.test, dataset.validation))
    )


def said(dataset):
    return "\n".join(dataset.summary().notes)


BOTH = {"a": 3, "b": 2}
ONE_EACH = {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("characters_train", "characters_test"),
        ("TrainImages", "TestImages"),
        ("train2017", "val2017"),
        ("train", "eval"),
        ("train", "dev"),
        ("train/images", "test/images"),
        ("data/train", "data/test"),
        ("set/Training", "set/Testing"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_folders_whose_names_hold_train_and_test_as_a_word(make_set, pack, train, test, packed):
    root = make_set({f"{train}/a": 3, f"{train}/b": 2, f"{test}/a": 1, f"{test}/b": 1})
    dataset = open_dataset(pack(root) if packed else root)
    assert (dataset.layout, counts(dataset)) == ("split", (BOTH, ONE_EACH, {}))
    assert dataset.test_given
    if (train, test) != ("train", "test"):
        assert f"{test}/ holds the test images" in said(dataset)


@pytest.mark.parametrize("name", ["latest", "contest", "dance_trainer", "evaluate_me", "developer"])
def test_a_word_inside_another_word_is_none(make_set, name):
    dataset = open_dataset(make_set({"train/a": 3, "train/b": 2, f"{name}/a": 1, f"{name}/b": 1}))
    assert not dataset.test_given
    assert f"{name}/ is not used (2 images)" in said(dataset)
    assert "--train and --test name" in said(dataset)


def test_what_lies_beside_the_parts_is_named(make_set, make_image):
    files = {"figures/plot.png": make_image(kind="PNG"), "seg_pred/1.jpg": make_image(), "notes/readme.txt": b"x"}
    root = make_set({"data/train/a": 3, "data/train/b": 2, "data/test/a": 1, "data/test/b": 1}, files)
    (root / "more.zip").write_bytes(b"")
    dataset = open_dataset(root)
    assert counts(dataset) == (BOTH, ONE_EACH, {})
    for words in (
        "figures/ is not used (1 images)",
        "seg_pred/ is not used (1 images)",
        "folder notes/ holds no images",
        "archive more.zip is not read",
    ):
        assert words in said(dataset)


@pytest.mark.parametrize("docs", [("docs",), ("docs", "figures")])
def test_class_folders_in_a_folder_beside_pictures_that_are_no_classes(make_set, docs):
    root = make_set({"images/a": 3, "images/b": 2, **dict.fromkeys(docs, 2)})
    dataset = open_dataset(root, test_fraction=0.3)
    assert (dataset.layout, dataset.classes) == ("flat", ("a", "b"))
    for name in docs:
        assert f"{name}/ is not used (2 images)" in said(dataset)


def test_a_class_that_is_called_train(make_set):
    dataset = open_dataset(make_set({"bus": 3, "car": 3, "train": 3}))
    assert (dataset.layout, dataset.classes) == ("flat", ("bus", "car", "train"))
    assert len(dataset.train + dataset.test) == 9


def test_a_class_that_is_called_train_inside_train(make_set):
    classes = ("bus", "car", "train")
    root = make_set({f"{part}/{name}": 2 for part in ("train", "test") for name in classes})
    assert counts(open_dataset(root)) == (dict.fromkeys(classes, 2), dict.fromkeys(classes, 2), {})


@pytest.mark.parametrize("train", [{"train/train": 3}, {"train/steam": 1, "train/diesel": 1}])
def test_a_class_that_is_called_train_and_holds_folders(make_set, train):
    dataset = open_dataset(make_set({"bus": 3, "car": 3, **train}))
    assert dataset.classes == ("bus", "car", "train")
    assert len(dataset.train + dataset.test) == 6 + sum(train.values())
    assert "class train: its" in said(dataset)


def test_class_names_in_another_case_are_matched_and_said(make_set):
    dataset = open_dataset(make_set({"train/Bart": 3, "train/Lisa": 2, "test/bart": 1, "test/LISA": 1}))
    assert counts(dataset) == ({"Bart": 3, "Lisa": 2}, {"Bart": 1, "Lisa": 1}, {})
    assert "bart in test/ is taken for class Bart" in said(dataset)


def test_classes_that_differ_in_case_only_are_classes(make_set):
    root = make_set({f"{part}/{name}": 2 for part in ("train", "test") for name in ("a", "A")})
    assert counts(open_dataset(root)) == ({"A": 2, "a": 2}, {"A": 2, "a": 2}, {})


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (("Bart", "bart", "Lisa"), ("BART",), "train/ holds the classes Bart and bart, and test/ has BART"),
        (("Bart", "Lisa"), ("Bart", "bart"), "test/ holds class Bart in two spellings"),
    ],
)
def test_spellings_that_cannot_be_told_apart_are_refused(make_set, train, test, words):
    root = make_set({**{f"train/{name}": 2 for name in train}, **{f"test/{name}": 1 for name in test}})
    with pytest.raises(DatasetError, match=words):
        open_dataset(root)


def test_class_folders_that_hold_folders(make_set):
    dataset = open_dataset(make_set({"c1": 4, "c2/sub": 3, "c2/more/deep": 2, "c3": 4, "c3/thumbs": 2}))
    assert dataset.classes == ("c1", "c2", "c3")
    assert len(dataset.train + dataset.test) == 13
    assert "class c2: its 5 images lie in folders inside" in said(dataset)
    assert "folders inside c3/ are left out (2 images): images lie directly in class folders" in said(dataset)


@pytest.mark.parametrize("name", ["valid", "val", "validation", "dev"])
def test_a_third_part_is_for_validation(make_set, name):
    parts = {"train/a": 3, "train/b": 2, "test/a": 1, "test/b": 1, f"{name}/a": 2, f"{name}/b": 1, f"{name}/c": 1}
    dataset = open_dataset(make_set(parts))
    assert counts(dataset) == (BOTH, ONE_EACH, {"a": 2, "b": 1})
    assert f"{name}/ holds the validation images" in said(dataset)
    assert "class c has no training images: its 1 validation images are left out" in said(dataset)
    assert dataset.summary().validation_counts == (2, 1)


def test_unlabelled_test_images_give_way_to_those_with_a_class(make_set, make_image):
    files = {f"test/{number}.jpg": make_image() for number in range(3)}
    dataset = open_dataset(make_set({"train/a": 3, "train/b": 2, "val/a": 1, "val/b": 1}, files))
    assert counts(dataset) == (BOTH, ONE_EACH, {})
    assert "val/ holds the test images" in said(dataset)
    assert "test/ is not used (3 images)" in said(dataset)


@pytest.mark.parametrize("names", [("train", "test"), ("trainA", "trainB", "testA", "testB")])
def test_images_right_in_train_and_test_are_refused(make_set, names):
    with pytest.raises(DatasetError, match="do not lie in class folders"):
        open_dataset(make_set(dict.fromkeys(names, 3)))


def test_archives_in_a_folder_are_named(make_set, pack, tmp_path):
    pack(make_set({"a": 2, "b": 2}, name="one"))
    pack(make_set({"a": 2, "b": 2}, name="two"))
    both = tmp_path / "both"
    both.mkdir()
    for name in ("one.zip", "two.zip"):
        (tmp_path / name).rename(both / name)
    words = r"it holds archives \(one.zip, two.zip\): name one with --data, or two parts, as --train one.zip --test two"
    with pytest.raises(DatasetError, match=words):
        open_dataset(both)
    dataset = open_dataset(both, train=Path("one.zip"), test=Path("two.zip"))
    assert counts(dataset) == ({"a": 2, "b": 2}, {"a": 2, "b": 2}, {})
    assert dataset.test[0].path == "two.zip/a/pic_0000.jpg"


def test_test_images_without_a_training_class_are_counted(make_set, make_image):
    files = {f"kaggle_simpson_testset/nobody_{number}.jpg": make_image() for number in range(16)}
    files |= {"kaggle_simpson_testset/bart_simpson_0.jpg": make_image()}
    counts_ = {"simpsons_dataset/bart_simpson": 2, "simpsons_dataset/lisa_simpson": 2}
    assert "16 test images are left out: their classes have no training images" in said(
        open_dataset(make_set(counts_, files))
    )


# ------------------------------------------------------------------ a way out of every guess


PARTS = {"first/a": 3, "first/b": 2, "second/x/a": 1, "second/x/b": 1, "third/a": 2, "third/b": 1}


@pytest.mark.parametrize("packed", [False, True])
def test_the_parts_can_be_named(make_set, pack, packed):
    root = make_set(PARTS)
    names = {"train": Path("first"), "test": Path("second/x"), "validation": Path("third")}
    dataset = open_dataset(pack(root) if packed else root, **names)
    assert (dataset.layout, counts(dataset)) == ("split", (BOTH, ONE_EACH, {"a": 2, "b": 1}))
    assert dataset.train[0].path.endswith("first/a/pic_0000.jpg")
    without = open_dataset(root, train=root / "first")
    assert (without.layout, without.test_given, without.validation) == ("flat", False, ())


def test_names_overrule_what_is_recognised(make_set):
    root = make_set({"train/a": 3, "train/b": 2, "test/a": 1, "test/b": 1, "old_test/a": 2, "old_test/b": 2})
    assert counts(open_dataset(root))[1] == ONE_EACH
    assert counts(open_dataset(root, train=Path("train"), test=Path("old_test")))[1] == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"train": "nowhere"}, "nowhere: No such file"),
        ({"train": "first", "test": "first"}, "is in two of the folders of --train, --test and --val"),
        ({"train": "first/a"}, "--train first/a: its images do not lie in class folders"),
    ],
)
def test_parts_that_will_not_do(make_set, names, words):
    root = make_set(PARTS)
    with pytest.raises(DatasetError, match=words):
        open_dataset(root, **{name: Path(value) for name, value in names.items()})


def test_a_folder_that_the_archive_does_not_have_is_named(make_set, pack):
    archive = pack(make_set(PARTS))
    with pytest.raises(DatasetError, match=r"--train nowhere: not in .*set.zip; there is first, second, third"):
        open_dataset(archive, train=Path("nowhere"))
