"""Which files make up a data set, for each layout and its oddities."""

from pathlib import Path

import pytest

from engine.dataset import STUDY_CLASSES, open_dataset
from engine.errors import DatasetError

SIX = {f"simpsons_dataset/{name}": 3 for name in STUDY_CLASSES}


def kaggle_test(make_image, count=2, folder="kaggle_simpson_testset", names=STUDY_CLASSES):
    return {f"{folder}/{name}_{number}.jpg": make_image() for name in names for number in range(count)}


def test_kaggle_folder(make_set, make_image):
    root = make_set(SIX, kaggle_test(make_image))
    dataset = open_dataset(root)
    assert (dataset.name, dataset.layout, dataset.classes) == ("set", "kaggle", STUDY_CLASSES)
    summary = dataset.summary()
    assert summary.train_counts == (3,) * 6
    assert summary.test_counts == (2,) * 6
    assert dataset.skipped == ()
    assert dataset.train[0].path == "simpsons_dataset/homer_simpson/pic_0000.jpg"
    assert dataset.test[0].path == "kaggle_simpson_testset/homer_simpson_0.jpg"
    assert dataset.train[0].source.read() == (root / dataset.train[0].path).read_bytes()


def test_kaggle_archive_is_read_in_place_and_holds_the_same_images(make_set, make_image, pack, tmp_path):
    folder = make_set(SIX, kaggle_test(make_image))
    archive = pack(folder)
    before = sorted(tmp_path.rglob("*"))
    packed, plain = open_dataset(archive), open_dataset(folder)
    assert packed.layout == "kaggle"
    assert [s.path for s in packed.train] == [f"set.zip/{s.path}" for s in plain.train]
    assert [s.source.read() for s in packed.test] == [s.source.read() for s in plain.test]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("wrapper", ["", "archive/versions/4/"])
def test_doubled_and_wrapped_folders(make_set, make_image, repeated, wrapper):
    inner = f"{wrapper}simpsons_dataset/simpsons_dataset"
    counts = {f"{inner}/{name}": 3 for name in STUDY_CLASSES}
    test = kaggle_test(make_image, folder=f"{wrapper}kaggle_simpson_testset/kaggle_simpson_testset")
    if repeated:
        counts |= {f"{wrapper}simpsons_dataset/{name}": 3 for name in STUDY_CLASSES}
        test |= kaggle_test(make_image, folder=f"{wrapper}kaggle_simpson_testset")
    summary = open_dataset(make_set(counts, test)).summary()
    assert (summary.layout, summary.train, summary.test) == ("kaggle", 18, 12)


def test_kaggle_defaults_to_the_six_and_says_what_is_left_out(make_set, make_image):
    counts = {**SIX, "simpsons_dataset/ned_flanders": 2, "simpsons_dataset/lionel_hutz": 2}
    root = make_set(counts, kaggle_test(make_image))
    dataset = open_dataset(root)
    assert dataset.classes == STUDY_CLASSES
    assert any("2 other classes" in note for note in dataset.notes)
    everyone = open_dataset(root, classes=("all",))
    assert len(everyone.classes) == 8
    assert everyone.classes == tuple(sorted(everyone.classes))


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (1, "of the paper's six classes, apu_nahasapeemapetilon has no images here"),
        (2, "of the paper's six classes, krusty_the_clown, apu_nahasapeemapetilon have no images here"),
    ],
)
def test_kaggle_without_all_of_the_six(make_set, make_image, missing, words):
    names = STUDY_CLASSES[:-missing]
    counts = {f"simpsons_dataset/{name}": 2 for name in (*names, "ned_flanders")}
    dataset = open_dataset(make_set(counts, kaggle_test(make_image, names=names)))
    assert dataset.notes == (words, "1 other class is left out: --classes all takes in every class")


def test_forty_two_classes_of_which_twenty_have_test_images(make_set, make_image):
    names = [f"character_{number:02}" for number in range(42)]
    root = make_set({f"simpsons_dataset/{name}": 2 for name in names}, kaggle_test(make_image, names=names[:20]))
    dataset = open_dataset(root, classes=["all"])
    assert dataset.summary().test_counts == (2,) * 20 + (0,) * 22
    note = next(note for note in dataset.summary().notes if "no test images" in note)
    assert "character_41" in note
    assert "character_19" not in note
    assert note.endswith("have no test images and stay out of macro averages")


def test_classes_in_the_order_given(make_set, make_image):
    root = make_set(SIX, kaggle_test(make_image))
    dataset = open_dataset(root, classes=("lisa_simpson", "bart_simpson"))
    assert dataset.classes == ("lisa_simpson", "bart_simpson")
    assert {s.path.split("/")[1] for s in dataset.train if s.label == 0} == {"lisa_simpson"}
    assert dataset.summary().test_counts == (2, 2)


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (("homer", "bart_simpson"), ["'homer'", "homer_simpson"]),
        (("marge_simson", "bart_simpson"), ["'marge_simson'", "marge_simpson"]),
        (("zzz", "bart_simpson"), ["'zzz'", "there are apu_nahasapeemapetilon"]),
        (("bart_simpson", "bart_simpson"), ["each class once"]),
        (("bart_simpson",), ["only one class"]),
    ],
)
def test_classes_that_will_not_do(make_set, make_image, classes, words):
    root = make_set(SIX, kaggle_test(make_image))
    with pytest.raises(DatasetError) as caught:
        open_dataset(root, classes=classes)
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_odd_files_in_the_kaggle_archive(make_set, make_image):
    extra = {
        "simpsons_dataset/bart_simpson/Thumbs.db": b"x",
        "simpsons_dataset/bart_simpson/.DS_Store": b"x",
        "__MACOSX/simpsons_dataset/bart_simpson/._pic_0000.jpg": b"x",
        "simpsons_dataset/bart_simpson/notes.txt": b"x",
        "kaggle_simpson_testset/nobody_3.jpg": make_image(),
        "kaggle_simpson_testset/portrait.jpg": make_image(),
        "weights.best.hdf5": b"x",
    }
    dataset = open_dataset(make_set(SIX, kaggle_test(make_image) | extra))
    reasons = {skipped.path: skipped.reason for skipped in dataset.skipped}
    assert set(reasons) == {
        "simpsons_dataset/bart_simpson/notes.txt",
        "kaggle_simpson_testset/nobody_3.jpg",
        "kaggle_simpson_testset/portrait.jpg",
    }
    assert "'nobody'" in reasons["kaggle_simpson_testset/nobody_3.jpg"]
    assert dataset.summary().train == 18


@pytest.mark.parametrize("test_folder", ["test", "val", "Test"])
def test_split_layout(make_set, test_folder):
    root = make_set({"train/b": 3, "train/a": 4, f"{test_folder}/a": 2, f"{test_folder}/b": 1, "train/empty": 0})
    dataset = open_dataset(root)
    assert (dataset.layout, dataset.classes) == ("split", ("a", "b"))
    assert dataset.summary().train_counts == (4, 3)
    assert dataset.summary().test_counts == (2, 1)
    assert any("train/empty/" in note for note in dataset.notes)


def test_split_layout_names_what_it_does_not_use(make_set, make_image):
    counts = {"train/a": 2, "train/b": 2, "test/a": 1, "test/ghost": 1, "val/a": 1, "train/a/deeper": 1}
    dataset = open_dataset(make_set(counts, {"test/loose.jpg": make_image()}))
    notes = "\n".join(dataset.summary().notes)
    for words in (
        "class ghost has no training images",
        "val/ holds the validation",
        "1 images in test/",
        "inside train/a/",
    ):
        assert words in notes
    assert "b has no test images" in notes
    assert dataset.summary().train_counts == (2, 2)


def test_flat_layout_is_split_in_a_stratified_seeded_way(make_set):
    root = make_set({"a": 20, "b": 10, "c": 1})
    dataset = open_dataset(root, test_fraction=0.3, seed=5)
    assert (dataset.layout, dataset.classes) == ("flat", ("a", "b", "c"))
    assert dataset.summary().train_counts == (14, 7, 1)
    assert dataset.summary().test_counts == (6, 3, 0)
    assert not {s.path for s in dataset.train} & {s.path for s in dataset.test}
    again, other = (open_dataset(root, test_fraction=0.3, seed=seed) for seed in (5, 6))
    assert again == dataset
    assert {s.path for s in other.test} != {s.path for s in dataset.test}
    assert any("set aside" in note for note in dataset.notes)


def test_kaggle_training_folder_alone_is_split(make_set):
    summary = open_dataset(make_set(SIX)).summary()
    assert (summary.layout, summary.train, summary.test) == ("kaggle", 12, 6)


def test_sample_is_stratified_seeded_and_in_order(make_set):
    root = make_set({"train/a": 40, "train/b": 20, "test/a": 1, "test/b": 1})
    paths = [s.path for s in open_dataset(root).train]
    dataset = open_dataset(root, sample=15, seed=1)
    assert dataset.summary().train_counts == (10, 5)
    taken = [s.path for s in dataset.train]
    assert taken == [path for path in paths if path in set(taken)]
    assert open_dataset(root, sample=15, seed=1) == dataset
    assert [s.path for s in open_dataset(root, sample=15, seed=2).train] != taken
    assert len(dataset.test) == 2


def test_sample_sizes_at_the_ends(make_set):
    root = make_set({"train/a": 4, "train/b": 2, "test/a": 1, "test/b": 1})
    larger = open_dataset(root, sample=100)
    assert larger.summary().train == 6
    assert any("--sample 100" in note for note in larger.notes)
    assert open_dataset(root, sample=6).summary().train == 6
    assert open_dataset(root, sample=2).summary().train_counts == (1, 1)
    with pytest.raises(DatasetError, match="--sample 1"):
        open_dataset(root, sample=1)


@pytest.mark.parametrize("fraction", [0.0, 1.0, float("nan")])
def test_test_fraction_out_of_range(make_set, fraction):
    with pytest.raises(DatasetError, match="--test-fraction"):
        open_dataset(make_set({"a": 2, "b": 2}), test_fraction=fraction)


def test_the_real_piece(real_frames: Path):
    summary = open_dataset(real_frames).summary()
    assert summary.classes == STUDY_CLASSES
    assert summary.train_counts == (830, 477, 496, 501, 446, 230)
    assert summary.test_counts == (50,) * 6
    assert (summary.boxed_train, summary.boxed_test) == (992, 0)
    assert summary.skipped == ()
    assert [note.split(" box ")[0] for note in summary.notes] == ["annotation.txt:3583:", "annotation.txt:3856:"]


@pytest.mark.parametrize(
    ("folder", "asked", "words"),
    [
        (" lead", "lead", """no class 'lead' with images in .*; nearest: " lead" \\(give the quotes too"""),
        ("Simpson, Homer", "Simpson", 'nearest: "Simpson, Homer"'),
        ("lead\u200bsinger", "leadsinger", r"nearest: lead\\u200bsinger"),
    ],
)
def test_what_cannot_be_seen_in_a_name_is_shown(make_set, folder, asked, words):
    root = make_set({folder: 2, "other": 2})
    with pytest.raises(DatasetError, match=words):
        open_dataset(root, classes=(asked, "other"))
    name = folder if folder.isprintable() else r"lead\u200bsinger"
    assert open_dataset(root, classes=(name, "other")).classes == (name, "other")


def test_an_accent_of_two_characters_is_the_accent_of_one(make_set):
    root = make_set({"train/caf\u00e9": 2, "train/b": 2, "test/cafe\u0301": 1, "test/b": 1})
    assert open_dataset(root, classes=("cafe\u0301", "b")).summary().test_counts == (1, 1)
