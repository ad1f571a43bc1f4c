"""Boxes: which image a line is about, and what happens to lines that are wrong."""

import pytest

from engine.dataset import Box, open_dataset

# Pictures are 12 x 8.
COUNTS = {"train/a": 4, "train/b": 4, "test/a": 1, "test/b": 1}


def boxes(dataset):
    return {sample.path: sample.box for sample in dataset.train + dataset.test if sample.box is not None}


def line(path: str, corners: str, name: str = "a") -> str:
    return f"{path},{corners},{name}"


def test_boxes_are_found_by_class_and_file(make_set):
    lines = [
        line("./characters/a/pic_0001.jpg", "1,2,10,7"),
        line("./characters2/a/pic_0002.jpg", "0,0,12,8"),
        line("./characters/b/pic_0001.jpg", "3,3,4,4", "b"),
        line("./characters/b/pic_0001.jpg", "3,3,4,4", "b"),
        line("./characters/elsewhere/pic_0001.jpg", "1,2,10,7", "elsewhere"),
        line("a\\pic_0003.jpg", " 1.2 , 2.0, 9.6,7"),
    ]
    dataset = open_dataset(make_set(COUNTS, lines=lines))
    assert boxes(dataset) == {
        "train/a/pic_0001.jpg": Box(1, 2, 10, 7),
        "train/a/pic_0002.jpg": Box(0, 0, 12, 8),
        "train/b/pic_0001.jpg": Box(3, 3, 4, 4),
        "train/a/pic_0003.jpg": Box(1, 2, 10, 7),
    }
    assert (dataset.skipped, dataset.notes) == ((), ())
    assert (dataset.summary().boxed_train, dataset.summary().boxed_test) == (4, 0)


@pytest.mark.parametrize(
    ("corners", "box", "words"),
    [
        ("10,7,1,2", Box(1, 2, 10, 7), ["reverse order"]),
        ("1,7,10,2", Box(1, 2, 10, 7), ["reverse order"]),
        ("-5,-1,5,100", Box(0, 0, 5, 8), ["beyond the image of 12 x 8"]),
        ("100,7,1,2", Box(1, 2, 12, 7), ["reverse order", "beyond"]),
    ],
)
def test_mended_boxes_are_noted(make_set, corners, box, words):
    dataset = open_dataset(make_set(COUNTS, lines=["", line("./x/a/pic_0000.jpg", corners)]))
    assert boxes(dataset) == {"train/a/pic_0000.jpg": box}
    (note,) = dataset.notes
    assert note.startswith(f"annotation.txt:2: box {corners} mended")
    assert all(word in note for word in [*words, "train/a/pic_0000.jpg"])


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ("5,2,5,7", "has no area"),
        ("5,2,5,2", "has no area"),
        ("12,0,20,8", "outside the image of 12 x 8"),
        ("-9,-9,0,0", "outside the image"),
    ],
)
def test_dropped_boxes_are_listed(make_set, corners, words):
    dataset = open_dataset(make_set(COUNTS, lines=[line("./x/a/pic_0000.jpg", corners)]))
    assert boxes(dataset) == {}
    (skipped,) = dataset.skipped
    assert skipped.path == "annotation.txt:1"
    assert words in skipped.reason
    assert "train/a/pic_0000.jpg stays whole" in skipped.reason


@pytest.mark.parametrize(
    ("corners", "box", "ignored"),
    [
        (
            ["5,2,5,7", "1,2,10,7"],
            Box(1, 2, 10, 7),
            {1: "has no area; annotation.txt:2 is used for train/a/pic_0000.jpg"},
        ),
        (["1,2,10,7", "2,2,9,7"], Box(1, 2, 10, 7), {2: "a second box: annotation.txt:1 is used"}),
        (["1,2,10,7", "90,2,99,7"], Box(1, 2, 10, 7), {2: "outside the image"}),
        (["2,2,9,7", "1,2,10,7", "2,2,9,7"], Box(2, 2, 9, 7), {2: "a second box: annotation.txt:1"}),
        (["1,2,10,7", "1,2,10,7", "10,7,1,2"], Box(1, 2, 10, 7), {}),
        (["5,2,5,7", "5,2,5,7"], None, {1: "stays whole"}),
    ],
)
def test_several_lines_about_one_image(make_set, corners, box, ignored):
    lines = [line("./x/a/pic_0000.jpg", written) for written in corners]
    dataset = open_dataset(make_set(COUNTS, lines=lines))
    assert boxes(dataset).get("train/a/pic_0000.jpg") == box
    assert [skipped.path for skipped in dataset.skipped] == [f"annotation.txt:{number}" for number in ignored]
    assert all(words in entry.reason for words, entry in zip(ignored.values(), dataset.skipped, strict=True))
    assert dataset.notes == ()


@pytest.mark.parametrize(
    "nonsense",
    ["hello", "a/pic_0000.jpg,1,2,3,a", "a/pic_0000.jpg,1,2,x,4,a", "a/pic_0000.jpg,1,2,nan,4,a", ",1,2,3,4,a",
     "a/pic_0000.jpg,1,2,3,4,", "a/pic_0000.jpg,1,2,1e999,4,a", "\x1b[2J\u2028"],
)  # fmt: skip
def test_nonsense_lines_are_listed(make_set, nonsense):
    good = line("./x/a/pic_0001.jpg", "1,2,10,7")
    dataset = open_dataset(make_set(COUNTS, lines=[good, nonsense]))
    assert list(boxes(dataset)) == ["train/a/pic_0001.jpg"]
    (skipped,) = dataset.skipped
    assert skipped.path == "annotation.txt:2"
    assert skipped.reason.startswith("expected path,x1,y1,x2,y2,class, got")
    assert skipped.reason.isprintable()


def test_a_file_of_nonsense_is_summed_up(make_set):
    dataset = open_dataset(make_set(COUNTS, lines=["?"] * 250))
    assert len(dataset.skipped) == 101
    assert dataset.skipped[-1].reason.startswith("150 more lines")


def test_binary_and_dos_files(make_set):
    content = b"\xef\xbb\xbfx/a/pic_0001.jpg,1,2,10,7,a\r\n\xff\xfe\x00,\r\n"
    dataset = open_dataset(make_set(COUNTS, {"annotation.txt": content}))
    assert boxes(dataset) == {"train/a/pic_0001.jpg": Box(1, 2, 10, 7)}
    assert [skipped.path for skipped in dataset.skipped] == ["annotation.txt:2"]


def test_names_with_commas(make_set, make_image):
    root = make_set(COUNTS, {"train/a/x,y.jpg": make_image()}, lines=[line("./c/a/x,y.jpg", "1,2,3,4")])
    assert boxes(open_dataset(root)) == {"train/a/x,y.jpg": Box(1, 2, 3, 4)}


def test_a_line_names_the_training_image_unless_its_path_says_otherwise(make_set):
    lines = [line("./c/a/pic_0000.jpg", "1,1,2,2"), line("./test/a/pic_0000.jpg", "3,3,4,4")]
    assert boxes(open_dataset(make_set(COUNTS, lines=lines))) == {
        "train/a/pic_0000.jpg": Box(1, 1, 2, 2),
        "test/a/pic_0000.jpg": Box(3, 3, 4, 4),
    }
    only = open_dataset(make_set(COUNTS, lines=lines[:1], name="only"))
    assert boxes(only) == {"train/a/pic_0000.jpg": Box(1, 1, 2, 2)}


def test_boxes_of_flat_kaggle_test_images(make_set, make_image):
    test = {f"kaggle_simpson_testset/{name}_0.jpg": make_image() for name in ("a", "b")}
    lines = [line("./kaggle_simpson_testset/a_0.jpg", "1,1,2,2")]
    root = make_set({"simpsons_dataset/a": 2, "simpsons_dataset/b": 2}, test, lines=lines)
    dataset = open_dataset(root)
    assert boxes(dataset) == {"kaggle_simpson_testset/a_0.jpg": Box(1, 1, 2, 2)}
    assert dataset.summary().boxed_test == 1


def test_boxes_of_the_flat_layout_and_of_archives(make_set, pack):
    root = make_set({"a": 3, "b": 3}, lines=[line("./c/a/pic_0002.jpg", "1,1,2,2")])
    assert boxes(open_dataset(root)) == {"a/pic_0002.jpg": Box(1, 1, 2, 2)}
    assert boxes(open_dataset(pack(root))) == {"set.zip/a/pic_0002.jpg": Box(1, 1, 2, 2)}


def test_boxes_are_in_pixels_of_the_upright_image(make_set, make_image):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = make_image((12, 8), exif=exif)
    root = make_set(COUNTS, {"train/a/turned.jpg": sideways}, lines=[line("./c/a/turned.jpg", "0,0,100,100")])
    assert boxes(open_dataset(root)) == {"train/a/turned.jpg": Box(0, 0, 8, 12)}


def test_lines_about_images_left_out_by_the_sample_are_not_reported(make_set):
    lines = [line(f"./c/a/pic_{number:04}.jpg", "5,2,5,7") for number in range(4)]
    dataset = open_dataset(make_set(COUNTS, lines=lines), sample=4)
    assert len(dataset.skipped) == dataset.summary().train_counts[0] == 2
