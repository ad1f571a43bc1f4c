"""Whatever lies in a data set: it is read, or refused with one of our errors, and it ends."""

import contextlib
import gzip
import io
import json
import os
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.config.names import join_names, split_names
from engine.dataset import check_images, open_dataset
from engine.dataset.annotations import fit_box, read_annotations
from engine.dataset.roles import role_of
from engine.errors import InputError, SimpsonsError
from engine.events.control import StudyControl

FOLDERS = ("train", "test", "val", "dev", "seg_train", "images", "docs", "a", "b", "A", "simpsons_dataset", "x, y", "é")
FILES = ("1.jpg", "a_2.jpg", "b_1.png", "notes.txt", "z.zip")


def picture(shade):
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), (shade, 40, 90)).save(buffer, "PNG")
    return buffer.getvalue()


PATHS = st.lists(
    st.builds(
        lambda folders, file: "/".join([*folders, file]),
        st.lists(st.sampled_from(FOLDERS), max_size=4),
        st.sampled_from(FILES),
    ),
    max_size=16,
    unique=True,
)


class Bytes:
    """A file in memory."""

    key = "memory"

    def __init__(self, data):
        self.data = data

    def read(self, limit):
        return self.data[:limit]


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Makes an empty folder for each example."""
    base, numbers = tmp_path_factory.mktemp("examples"), iter(range(10**9))

    def make():
        folder = base / str(next(numbers))
        folder.mkdir()
        return folder

    return make


@given(paths=PATHS)
def test_every_image_of_a_tree_has_one_part_at_most(work, paths):
    root = work()
    for number, path in enumerate(paths):
        with contextlib.suppress(OSError):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(picture(number))
    try:
        dataset = open_dataset(root, classes=("all",))
    except SimpsonsError:
        return
    used = [sample.path for sample in dataset.images]
    assert len(used) == len(set(used))
    assert {sample.label for sample in dataset.images} == set(range(len(dataset.classes)))
    assert {sample.label for sample in dataset.train} == set(range(len(dataset.classes)))


@given(
    paths=PATHS,
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=6)), max_size=5),
    cut=st.none() | st.integers(0, 2000),
)
def test_an_archive_is_read_or_refused(work, paths, changes, cut):
    folder = work()
    archive = folder / "set.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for number, path in enumerate(paths):
            file.writestr(path, picture(number))
    data = bytearray(archive.read_bytes())
    for place, new in changes:
        data[place % len(data) : place % len(data) + len(new)] = new
    archive.write_bytes(data[:cut])
    with contextlib.suppress(SimpsonsError):
        dataset = open_dataset(archive)
        check_images(dataset, folder / "cache", control=StudyControl(), progress=lambda done, total: None)


@given(data=st.binary(max_size=400))
def test_any_bytes_called_zip_are_refused_or_read(work, data):
    archive = work() / "set.zip"
    archive.write_bytes(data)
    with contextlib.suppress(SimpsonsError):
        open_dataset(archive)


@given(data=st.binary(max_size=400), ending=st.sampled_from((".tar", ".tar.gz", ".tar.xz")), packed=st.booleans())
def test_any_bytes_called_tar_are_refused_or_read(work, data, ending, packed):
    archive = work() / f"set{ending}"
    archive.write_bytes(gzip.compress(data) if packed else data)
    with contextlib.suppress(SimpsonsError):
        open_dataset(archive)


CELLS = st.sampled_from(
    ("1.jpg", "x/1.jpg", "2.jpg", "a", "b", "0", "train", "test", "odd", "", "1 1 3 3", "9", '"', "é")
)
HEADERS = st.lists(st.sampled_from(("path", "label", "split", "patient", "bbox", "x", "y", "w", "h", "z")), max_size=6)


@given(
    data=st.binary(max_size=200)
    | st.builds(
        lambda header, rows, mark: "\n".join(mark.join(row) for row in (header, *rows)).encode(),
        HEADERS,
        st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=8),
        st.sampled_from(",;\t"),
    )
    | st.lists(st.dictionaries(st.text(max_size=6), st.none() | CELLS | st.integers() | st.lists(CELLS))).map(
        lambda rows: "\n".join(map(json.dumps, rows)).encode()
    )
)
def test_a_label_file_is_read_or_refused_in_one_line(work, data):
    root = work()
    for number, name in enumerate(("1.jpg", "2.jpg", "3.jpg", "4.jpg")):
        (root / name).write_bytes(picture(number))
    (root / "labels.csv").write_bytes(data)
    dataset, refused = None, ""
    try:
        dataset = open_dataset(root)
    except SimpsonsError as error:
        refused = str(error)
    assert "\n" not in refused
    if dataset is None:
        return
    assert len({sample.path for sample in dataset.images}) == len(dataset.images) <= 4
    assert not any("\n" in note for note in dataset.notes)
    assert all(sample.box is None or sample.box.right <= 5 for sample in dataset.images)


NUMBERS = st.integers(-50, 200).map(str) | st.sampled_from(("nan", "inf", "1e400", "", "１", "9" * 5000, "3.5", "0x1"))
LINES = st.builds(
    lambda path, numbers, column: ",".join([path, *numbers, column]),
    st.text(max_size=30),
    st.lists(NUMBERS, min_size=3, max_size=5),
    st.text(max_size=8),
)


@given(
    data=st.binary(max_size=300)
    | st.lists(LINES, max_size=8).map(lambda lines: "\n".join(lines).encode("utf-8", "replace"))
)
def test_annotations_give_boxes_inside_their_images(data):
    found = read_annotations([("annotation.txt", Bytes(data))])
    for line in (line for lines in found.by_folder.values() for line in lines):
        box = fit_box(line.corners, (30, 20)).box
        assert box is None or (0 <= box.left < box.right <= 30 and 0 <= box.top < box.bottom <= 20)
    assert all("\n" not in skipped.reason for skipped in found.skipped)


@given(names=st.lists(st.text(min_size=1, max_size=12), max_size=6))
def test_class_names_come_back_from_one_text(names):
    assert split_names(join_names(names)) == tuple(names)


@given(text=st.text(max_size=40))
def test_any_list_of_names_is_read_or_refused(text):
    with contextlib.suppress(InputError):
        assert all(isinstance(name, str) for name in split_names(text))


@given(name=st.text(max_size=20) | st.binary(max_size=20).map(os.fsdecode))
def test_any_name_has_one_role_or_none(name):
    assert role_of(name) in {"train", "test", "validation", "evaluation", None}
