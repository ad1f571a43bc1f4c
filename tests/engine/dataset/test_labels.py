"""Label files: every convention is read, everything passed over is said in one line, bad tables are refused in one."""

import json
from pathlib import Path

import pytest

from engine.dataset import Box, check_images, open_dataset
from engine.dataset.identity import content_fingerprint
from engine.dataset.labels import ColumnNames
from engine.errors import DatasetError
from engine.events.control import StudyControl

SIZE = (20, 10)


@pytest.fixture
def pictures(make_set, make_image):
    """Makes a folder of loose images img/0.jpg to img/11.jpg, with label files by name."""

    def make(files=None, images=12, name="set"):
        loose = {f"img/{n}.jpg": make_image(SIZE, (n * 20, 40, 90)) for n in range(images)}
        return make_set({}, {**loose, **(files or {})}, name=name)

    return make


def table(header, row, images=12, join=","):
    """A CSV text with a row for each image, of what `row` gives for its number."""
    return "\n".join([header, *(join.join(map(str, row(n))) for n in range(images))]) + "\n"


def said(dataset):
    return "\n".join(dataset.summary().notes)


def by_path(dataset):
    return {sample.path: sample for sample in dataset.images}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", table("path,label", lambda n: (f"img/{n}.jpg", "ab"[n % 2]))),
        ("labels.csv", table("File Name;Class", lambda n: (f"img/{n}.jpg", "ab"[n % 2]), join=";")),
        ("annotations.tsv", table("image\ttarget", lambda n: (f"img/{n}.jpg", "ab"[n % 2]), join="\t")),
        ("metadata.csv", "\ufeff" + table("file_name,category", lambda n: (f'"img/{n}.jpg"', "ab"[n % 2]))),
        ("metadata.csv", table("file_name,label", lambda n: (f"img/{n}.jpg", "ab"[n % 2])).replace("\n", "\r\n")),
        ("labels.csv", table("path,label", lambda n: (f"img\\{n}.jpg", "ab"[n % 2]))),
        ("labels.csv", table("filename,label", lambda n: (f"{n}.jpg", "ab"[n % 2]))),
        ("labels.csv", table("image_id,dx", lambda n: (n, "ab"[n % 2]))),
        ("labels.csv", table("path,label", lambda n: (f"/somebody/elses/img/{n}.jpg", "ab"[n % 2]))),
        ("labels.csv", table("path,label", lambda n: (f"C:/old/img/{n}.jpg", "ab"[n % 2]))),
        (
            "metadata.jsonl",
            "".join(json.dumps({"file_name": f"img/{n}.jpg", "label": "ab"[n % 2]}) + "\n" for n in range(12)),
        ),
        ("METADATA.CSV", table("path,label", lambda n: (f"img/{n}.jpg", "ab"[n % 2]))),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_conventions(pictures, pack, name, text, packed):
    root = pictures({name: text})
    dataset = open_dataset(pack(root) if packed else root)
    assert (dataset.layout, dataset.classes, dataset.test_given) == ("labels", ("a", "b"), False)
    found = {Path(path).name: dataset.classes[sample.label] for path, sample in by_path(dataset).items()}
    assert found == {f"{n}.jpg": "ab"[n % 2] for n in range(12)}
    assert f"{name}: " in said(dataset)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_hugging_faces_image_folder_with_a_file_in_each_part(make_set, make_image, ending):
    files = {}
    for part, count in (("train", 6), ("validation", 2), ("test", 4)):
        rows = [{"file_name": f"{n:04}.png", "label": n % 2} for n in range(count)]
        files |= {f"{part}/{n:04}.png": make_image(SIZE, (n, len(part), 9), kind="PNG") for n in range(count)}
        lines = ["file_name,label", *(f"{row['file_name']},{row['label']}" for row in rows)]
        files[f"{part}/metadata.{ending}"] = "\n".join(map(json.dumps, rows) if ending == "jsonl" else lines)
    dataset = open_dataset(make_set({}, files))
    assert dataset.classes == ("0", "1")  # numbers are the classes' names
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (6, 2, 4)
    assert dataset.test_given
    assert "the names of the images' folders say which train" in said(dataset)


def test_a_split_column(pictures):
    parts = ["train", "Training", "train", "train", "val", "valid", "validation", "dev", "test", "TEST", "test", "test"]
    dataset = open_dataset(
        pictures({"labels.csv": table("path,label,split", lambda n: (f"img/{n}.jpg", n % 2, parts[n]))})
    )
    counts = [len(part) for part in (dataset.train, dataset.validation, dataset.test)]
    assert counts == [4, 4, 4]


def test_validation_images_without_test_images_are_the_test_images(pictures):
    text = table("path,label,split", lambda n: (f"img/{n}.jpg", n % 2, "val" if n > 7 else "train"))
    dataset = open_dataset(pictures({"labels.csv": text}))
    assert (len(dataset.train), len(dataset.test), dataset.test_given) == (8, 4, True)
    assert "no image is for testing: those for validation are the test images" in said(dataset)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("x1,y1,x2,y2", "2,1,12,9"),
        ("xmin,ymin,xmax,ymax", "2,1,12,9"),
        ("left,top,right,bottom", "2.2,0.8,12,9"),
        ("x,y,w,h", "2,1,10,8"),
        ("x,y,width,height", "2,1,10,8"),
        ("bbox", '"[2, 1, 12, 9]"'),
        ("box", '"2 1 12 9"'),
        ("bbox", '"(2,1,12,9)"'),
        ("bbox_xywh", '"[2, 1, 10, 8]"'),
    ],
)
def test_boxes(pictures, header, cells):
    dataset = open_dataset(
        pictures({"labels.csv": table(f"path,label,{header}", lambda n: (f"img/{n}.jpg", n % 2, cells))})
    )
    assert {sample.box for sample in dataset.images} == {Box(2, 1, 12, 9)}
    how = "left, top, width, height" if "w" in header else "two corners"
    assert f"the box ({how}" in said(dataset)


def test_a_json_box_is_a_list_and_one_image_may_have_two(pictures):
    rows = [{"image": f"img/{n}.jpg", "label": n % 2, "bbox": [2, 1, 12, 9]} for n in range(12)]
    rows += [{**rows[0], "bbox": [1, 1, 5, 5]}, {**rows[1], "bbox": None}]
    dataset = open_dataset(pictures({"labels.jsonl": "\n".join(map(json.dumps, rows))}))
    assert by_path(dataset)["img/0.jpg"].box == Box(2, 1, 12, 9)
    assert [(file.path, file.reason) for file in dataset.skipped] == [
        ("labels.jsonl:13", "a second box: labels.jsonl:1 is used for img/0.jpg")
    ]
    assert "1 row repeats another and counts once, labels.jsonl:14" in said(dataset)


def test_annotation_txt_gives_the_boxes_that_a_label_file_does_not(pictures):
    text = table("path,label", lambda n: (f"img/{n}.jpg", "ab"[n % 2]))
    dataset = open_dataset(pictures({"labels.csv": text, "annotation.txt": "./x/img/3.jpg,1,1,5,5,img\n"}))
    assert [path for path, sample in by_path(dataset).items() if sample.box] == ["img/3.jpg"]


def test_groups_are_kept_and_counted(pictures):
    text = table("path,label,patient", lambda n: (f"img/{n}.jpg", n % 2, f"p{n // 4}" if n else ""))
    dataset = open_dataset(pictures({"labels.csv": text}))
    assert dataset.group_name == "patient"
    assert {path: sample.group for path, sample in by_path(dataset).items()}["img/7.jpg"] == "p1"
    assert "3 groups given (patient); 1 images have none and are alone" in said(dataset)


def test_groups_and_labels_are_part_of_the_fingerprint(pictures, tmp_path):
    def fingerprint(name, text):
        dataset = open_dataset(pictures({"labels.csv": text}, name=name))
        checked = check_images(dataset, tmp_path / "cache", control=StudyControl(), progress=lambda done, total: None)
        return content_fingerprint(checked)

    plain = table("path,label,split", lambda n: (f"img/{n}.jpg", n % 2, "test" if n > 7 else "train"))
    texts = {
        "plain": plain,
        "again": plain,
        "label": plain.replace("img/3.jpg,1", "img/3.jpg,0"),
        "split": plain.replace("img/8.jpg,0,test", "img/8.jpg,0,train"),
        "group": table(
            "path,label,split,video", lambda n: (f"img/{n}.jpg", n % 2, "test" if n > 7 else "train", n // 2)
        ),
    }
    prints = {name: fingerprint(name, text) for name, text in texts.items()}
    assert prints["again"] == prints["plain"]
    assert len(set(prints.values())) == 4


# ------------------------------------------------------------------ where the file lies, and which is taken


def test_folders_that_give_classes_come_first_and_say_so(make_set):
    root = make_set(
        {"a": 3, "b": 3}, {"labels.csv": "path,label\na/pic_0000.jpg,x\na/pic_0002.jpg,x\nb/pic_0000.jpg,y\n"}
    )
    dataset = open_dataset(root)
    assert (dataset.layout, dataset.classes) == ("flat", ("a", "b"))
    assert "labels.csv is not read: the folders give the classes; --labels labels.csv reads it" in said(dataset)
    named = open_dataset(root, labels=Path("labels.csv"))
    assert (named.layout, named.classes) == ("labels", ("x", "y"))
    assert "3 images have no row and are left out, such as a/pic_0001.jpg" in said(named)


def test_a_named_file_may_lie_anywhere_and_be_called_anything(pictures, pack, tmp_path):
    text = table("path,label", lambda n: (f"img/{n}.jpg", "ab"[n % 2]))
    root = pictures({"notes/mine.txt": text})
    beside = tmp_path / "beside.csv"
    beside.write_text(text)
    archive = pack(root)
    for data, labels in ((root, "notes/mine.txt"), (root, beside), (archive, "notes/mine.txt"), (archive, beside)):
        dataset = open_dataset(data, labels=Path(labels))
        assert (dataset.classes, len(dataset.images)) == (("a", "b"), 12)


def test_a_file_of_groups_alone_leaves_the_classes_to_the_folders(make_set):
    rows = "".join(
        f"{part}/{name}/pic_000{n}.jpg,p{n}\n" for part in ("train", "test") for name in "ab" for n in range(2)
    )
    root = make_set({"train/a": 2, "train/b": 2, "test/a": 2, "test/b": 2}, {"groups.csv": f"file,patient\n{rows}"})
    dataset = open_dataset(root, labels=Path("groups.csv"))
    assert (dataset.classes, len(dataset.train), len(dataset.test)) == (("a", "b"), 4, 4)
    assert {sample.group for sample in dataset.images} == {"p0", "p1"}


def test_columns_can_be_named(pictures):
    text = table("where,path,label,kind,who", lambda n: (f"img/{n}.jpg", "x", "ab"[n % 2], "uv"[n % 2], n // 3))
    dataset = open_dataset(pictures({"labels.csv": text}), columns=ColumnNames("where", "Kind", "who"))
    assert (dataset.classes, dataset.group_name) == (("u", "v"), "who")


def test_another_column_that_may_be_the_label_is_named(pictures):
    text = table("path,label,category", lambda n: (f"img/{n}.jpg", "ab"[n % 2], "z"))
    assert "not category (--label-column names another)" in said(open_dataset(pictures({"labels.csv": text})))


# ------------------------------------------------------------------ what is passed over, one line each


def test_everything_that_is_passed_over_is_said(pictures):
    rows = [
        *(f"img/{n}.jpg,{'ab'[n % 2]},train" for n in range(4)),
        "img/0.jpg,a,train",  # again
        "img/4.jpg,,train",
        "img/5.jpg,b,holdout",
        "img/99.jpg,b,train",
        "../outside.jpg,b,train",
        ",b,train",
        "img/6.jpg,a,test",
        "img/7.jpg,c,test",
        "img/8.jpg,a",
        "",
    ]
    dataset = open_dataset(pictures({"labels.csv": "path,label,split\n" + "\n".join(rows)}))
    assert (len(dataset.train), len(dataset.test)) == (4, 1)
    for line in (
        "labels.csv: 1 row repeats another and counts once, labels.csv:6",
        "labels.csv: 1 row has no label and is left out, labels.csv:7",
        "labels.csv: 1 row's split is neither train, validation nor test, labels.csv:8: 'holdout'",
        "labels.csv: 3 rows name no image that is there, the first labels.csv:9: 'img/99.jpg'",
        "class c has no training images: its 1 test images are left out",
        "labels.csv: 1 line is left out: not 3 fields, labels.csv:14",
        "labels.csv: 4 images have no row and are left out, such as img/10.jpg",
    ):
        assert line in dataset.notes


def test_a_name_that_fits_several_images(pictures, make_image):
    root = pictures({"more/3.jpg": make_image(SIZE), "labels.csv": table("file,label", lambda n: (f"{n}.jpg", n % 2))})
    dataset = open_dataset(root, labels=Path("labels.csv"))
    assert len(dataset.images) == 11
    assert "1 row names several images, labels.csv:5: '3.jpg'" in said(dataset)


def test_an_image_of_another_folder_is_not_taken_for_the_one_that_is_named(pictures, make_image):
    root = pictures(
        {
            "test/0.jpg": make_image(SIZE),
            "labels.csv": "path,label\ntrain/0.jpg,a\nimg/1.jpg,a\nimg/2.jpg,b\nimg/3.jpg,b\n",
        }
    )
    assert "1 row names no image that is there, labels.csv:2: 'train/0.jpg'" in said(
        open_dataset(root, labels=Path("labels.csv"))
    )


def test_boxes_that_cannot_be_used(pictures):
    cells = ["1,1,9,9", "50,50,60,60", "3,3,3,3", "a,b,c,d", "1,1,,", "1,1,99,9", "nan,1,2,3", *["1,1,5,5"] * 5]
    root = pictures({"labels.csv": table("path,label,x1,y1,x2,y2", lambda n: (f"img/{n}.jpg", n % 2, cells[n]))})
    dataset = open_dataset(root)
    assert {path for path, sample in by_path(dataset).items() if sample.box is None} == {
        f"img/{n}.jpg" for n in (1, 2, 3, 4, 6)
    }
    assert "3 boxes are not four numbers, their images stay whole, the first labels.csv:5" in said(dataset)
    assert {(file.path, file.reason.partition(";")[0]) for file in dataset.skipped} == {
        ("labels.csv:3", "box 50,50,60,60 lies outside the image of 20 x 10"),
        ("labels.csv:4", "box 3,3,3,3 has no area"),
    }
    assert "labels.csv:7: box 1,1,99,9 mended: it reached beyond the image of 20 x 10 (img/5.jpg)" in said(dataset)


def test_many_mended_boxes_are_counted(pictures):
    text = table("path,label,bbox", lambda n: (f"img/{n}.jpg", n % 2, '"1 1 99 9"'), images=40)
    notes = open_dataset(pictures({"labels.csv": text}, images=40)).notes
    assert sum("mended: " in note for note in notes) == 20
    assert notes[-1] == "20 more boxes are mended"


TWO = "img/0.jpg,a\nimg/1.jpg,b\n"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("labels.csv", "", "labels.csv: no rows in it that can be read"),
        ("labels.csv", "path,label\n", "labels.csv: no rows in it that can be read"),
        ("labels.csv", "what,label\n" + TWO, "labels.csv: no column names the images; it has what, label"),
        ("labels.csv", "path,text\n" + TWO, "labels.csv: no column gives the classes; it has path, text"),
        ("labels.csv", "path,label,label\nimg/0.jpg,a,b\n", "labels.csv: two columns are called 'label'"),
        ("labels.csv", 'path,label\n"img/0.jpg,a\n', "labels.csv: line 2 cannot be read (unexpected end of data)"),
        ("labels.csv", "path,label\nimg/0.jpg," + "x" * 200_000, "labels.csv: line 2 cannot be read (field larger"),
        (
            "labels.csv",
            b"path,label\nimg/0.jpg,caf\xe9\n",
            "labels.csv: not UTF-8 in line 2 (byte 0xe9): save it as UTF-8",
        ),
        ("labels.csv", ("path,label\n" + TWO).encode("utf-16"), "labels.csv: not UTF-8 in line 1 (byte 0xff)"),
        ("labels.csv", "path,label\nimg/0.jpg,a\0\n", "labels.csv: holds NUL bytes"),
        (
            "labels.csv",
            f"path,label\n{TWO}img/1.jpg,c\n",
            "labels.csv:4: img/1.jpg has the label 'c' here and 'b' in labels.csv:3",
        ),
        (
            "labels.csv",
            "path,label,split\nimg/0.jpg,a,train\nimg/0.jpg,a,test\n",
            "labels.csv:3: img/0.jpg has the split 'test' here and 'train' in labels.csv:2",
        ),
        (
            "labels.csv",
            "path,label,scene\nimg/0.jpg,a,1\nimg/0.jpg,a,2\n",
            "labels.csv:3: img/0.jpg has the group '2' here and '1' in labels.csv:2",
        ),
        ("labels.csv", "path,label\nimg/0.jpg,a\nimg/1.jpg,a\n", "only one class (a); a classifier needs at least two"),
        (
            "labels.csv",
            "path,label\nx.jpg,a\ny.jpg,b\n",
            "no row gives a training image (2 rows name no image that is there",
        ),
        ("labels.csv", "path,label,split\nimg/0.jpg,a,test\nimg/1.jpg,b,test\n", "no row gives a training image"),
        ("labels.csv", "path,label,split\nimg/0.jpg,a,1\nimg/1.jpg,b,2\n", "(2 rows' splits are neither train,"),
        (
            "labels.csv",
            "path,label,bbox\nimg/0.jpg,a,9 9 3 3\nimg/1.jpg,b,8 2 5 5\n",
            "labels.csv: 2 of 2 boxes have x2 < x1 or y2 < y1, so bbox may be left, top, width and height",
        ),
        (
            "metadata.jsonl",
            '[{"file_name": "img/0.jpg"}]',
            "metadata.jsonl: one JSON array; a label file has one JSON object a line",
        ),
        ("metadata.jsonl", "{broken\n{worse\n", "metadata.jsonl: no rows in it that can be read"),
        ("metadata.jsonl", '{"file_name": "img/0.jpg", "text": "x"}\n', "metadata.jsonl: no column gives the classes"),
        ("metadata.jsonl", '{"file_name": 3, "label": ["a"]}\n', "no row gives a training image (1 row has no label"),
        ("metadata.jsonl", '{"a":' * 100_000, "metadata.jsonl: no rows in it that can be read"),
    ],
)
def test_bad_tables_are_refused_in_one_line(pictures, name, content, words):
    with pytest.raises(DatasetError) as error:
        open_dataset(pictures({name: content}))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("columns", "labels", "words"),
    [
        (ColumnNames(label="kind"), None, "--label-column kind: labels.csv has no such column; it has path, label"),
        (ColumnNames(group="who"), None, "--group-column who: labels.csv has no such column"),
        (ColumnNames(path="where"), None, "--path-column where: labels.csv has no such column"),
        (ColumnNames(), "none.csv", "--labels none.csv: no such file"),
        (ColumnNames(), "img", "--labels img: no such file"),
    ],
)
def test_what_is_named_must_be_there(pictures, columns, labels, words):
    with pytest.raises(DatasetError, match=words):
        open_dataset(pictures({"labels.csv": "path,label\n" + TWO}), columns=columns, labels=labels and Path(labels))
