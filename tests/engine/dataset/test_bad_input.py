"""Whatever is wrong with a data set is one clear line or an entry in the report."""

import json
import os
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest

from engine.dataset import open_dataset, opening
from engine.errors import DatasetError


def refuse(path: Path, **options: object) -> str:
    with pytest.raises(DatasetError) as caught:
        open_dataset(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def huge_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def huge_bmp() -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, 50_000, 50_000, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


def test_missing_path(tmp_path):
    assert "nowhere" in refuse(tmp_path / "nowhere")
    assert refuse(Path("nul\0byte"))


def test_empty_folder(tmp_path):
    assert "it is empty" in refuse(tmp_path)


def test_folder_without_images(make_set):
    assert "no images in it" in refuse(make_set({}, {"readme.txt": "x"}))
    assert "no class folders with images" in refuse(make_set({"a": 0, "b": 0}))


def test_images_outside_class_folders(make_set, make_image):
    assert "class folders" in refuse(make_set({}, {"a.jpg": make_image(), "b.jpg": make_image()}))
    assert "train/" in refuse(make_set({}, {"train/a.jpg": make_image(), "test/a.jpg": make_image()}, name="other"))


def test_one_class(make_set):
    assert "only one class (a)" in refuse(make_set({"a": 3}))


def test_one_image_a_class(make_set):
    assert "one image a class" in refuse(make_set({"a": 1, "b": 1}))


def test_class_with_one_image_trains_but_is_not_tested(make_set):
    dataset = open_dataset(make_set({"a": 1, "b": 5, "c": 5}))
    assert dataset.summary().train_counts[0] == 1
    assert "a has no test images and stays out of macro averages" in dataset.summary().notes


@pytest.mark.parametrize("content", [b"no archive", b"", b"PK\x03\x04 broken"])
def test_file_that_is_no_archive(tmp_path, content):
    file = tmp_path / "data.zip"
    file.write_bytes(content)
    assert "not a zip archive" in refuse(file)


def test_truncated_archive(make_set, pack):
    archive = pack(make_set({"a": 3, "b": 3}))
    archive.write_bytes(archive.read_bytes()[:-200])
    assert "not a zip archive" in refuse(archive)


def test_neither_folder_nor_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "neither" in refuse(tmp_path / "pipe")


def test_bad_images_are_left_out_with_the_reason(make_set, make_image):
    bad = {
        "a/text.jpg": b"this is text, not a picture",
        "a/empty.jpg": b"",
        "a/header.jpg": make_image()[:40],
        "a/huge.png": huge_png(),
        "a/huge.bmp": huge_bmp(),
        "a/picture.gif": b"GIF89a",
    }
    root = make_set({"a": 3, "b": 3}, bad)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = open_dataset(root)
    reasons = {skipped.path: skipped.reason for skipped in dataset.skipped}
    assert set(reasons) == set(bad)
    assert reasons["a/text.jpg"] == "not a JPEG, PNG, BMP, WebP, TIFF or AVIF image"
    assert reasons["a/empty.jpg"] == "an empty file"
    assert "damaged or truncated" in reasons["a/header.jpg"]
    assert "50000 x 50000" in reasons["a/huge.png"]
    assert "50000 x 50000" in reasons["a/huge.bmp"]
    assert dataset.summary().train + dataset.summary().test == 6


def test_class_of_unreadable_images_only(make_set):
    root = make_set({"b": 3, "c": 3}, {"a/1.jpg": b"", "a/2.jpg": b"text"})
    dataset = open_dataset(root)
    assert dataset.classes == ("b", "c")
    assert {sample.label for sample in dataset.train} == {0, 1}
    assert any("class a is left out" in note for note in dataset.notes)
    assert "class a has no training image" in refuse(root, classes=("a", "b"))


def test_test_images_that_cannot_be_read(make_set):
    root = make_set({"train/a": 3, "train/b": 3}, {"test/a/1.jpg": b"text", "test/b/1.jpg": b"text"})
    assert "none of its test images can be read (such as test/a/1.jpg" in refuse(root)


def test_the_reason_is_of_the_class_that_is_lost(make_set):
    root = make_set({"b": 3, "c": 3}, {"a/1.jpg": b"", "a/notes.txt": b"x", "b/1.jpg": b"text"})
    assert "(such as a/1.jpg: an empty file)" in refuse(root, classes=("b", "a"))


def test_all_classes_asked_for_as_a_list_need_not_all_be_readable(make_set):
    root = make_set({"b": 3, "c": 3}, {"a/1.jpg": b""})
    assert open_dataset(root, classes=["all"]).classes == ("b", "c")


def test_no_class_asked_for(make_set):
    assert refuse(make_set({"a": 3, "b": 3}), classes=()) == "name at least two classes with --classes"


def test_class_names_that_look_the_same(make_set):
    escaped = "tab\tbed"
    names = ["tab\\tbed", escaped]
    lines = [f"./c/{name}/pic_0000.jpg,1,{top},10,7,c" for top, name in enumerate(names)]
    root = make_set(dict.fromkeys(names, 3), lines=lines)
    dataset = open_dataset(root, classes=("tab\\tbed (2)", "tab\\tbed"), test_fraction=0.01)
    assert open_dataset(root).classes == ("tab\\tbed", "tab\\tbed (2)")
    folders = {Path(sample.source.key).parent.name for sample in dataset.train if sample.label == 1}
    # Folders are in the order of their bytes: the tab character first.
    assert folders == {escaped}
    for sample in dataset.train:
        if sample.box is not None:
            assert sample.box.top == names.index(Path(sample.source.key).parent.name)


def test_not_enough_memory_for_a_header_is_one_image_less(make_set, monkeypatch):
    root = make_set({"a": 3, "b": 3})
    size = opening.upright_size

    def scarce(source):
        if source.key.endswith("a/pic_0001.jpg"):
            raise MemoryError
        return size(source)

    monkeypatch.setattr(opening, "upright_size", scarce)
    (skipped,) = open_dataset(root).skipped
    assert (skipped.path, skipped.reason) == ("a/pic_0001.jpg", "not enough memory to read it")


def test_two_classes_of_which_one_cannot_be_read(make_set):
    message = refuse(make_set({"b": 3}, {"a/1.jpg": b""}))
    assert "a/1.jpg: an empty file" in message


def test_links_and_pipes(make_set):
    root = make_set({"a": 3, "b": 3})
    (root / "a" / "loop").symlink_to(root)
    (root / "a" / "nothing.jpg").symlink_to(root / "gone")
    os.mkfifo(root / "b" / "pipe.jpg")
    (root / "c").symlink_to(root / "b")
    dataset = open_dataset(root)
    assert dataset.classes == ("a", "b", "c")
    reasons = {skipped.path: skipped.reason for skipped in dataset.skipped}
    assert "symbolic link to a folder above" in reasons["a/loop"]
    assert reasons["a/nothing.jpg"] == "a symbolic link to nothing"
    assert reasons["b/pipe.jpg"] == "not a regular file"


def test_folders_without_read_permission(make_set, monkeypatch):
    # Tests may run as root, whom no permission stops.
    root = make_set({"a": 3, "b": 3, "secret": 3})
    scandir = os.scandir

    def guarded(path):
        if str(path).endswith(denied):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    denied = "secret"
    dataset = open_dataset(root)
    assert dataset.classes == ("a", "b")
    assert [(s.path, s.reason) for s in dataset.skipped] == [
        ("secret", "this folder cannot be read: Permission denied")
    ]
    denied = root.name
    assert "Permission denied" in refuse(root)


def test_names_that_are_no_utf8_or_very_long(make_set, make_image):
    root = make_set({"a": 2, "b": 2})
    folder = os.fsencode(root / "a")
    for name in (b"caf\xe9.jpg", b"esc\x1b[2J.jpg", b"caf\\xe9.jpg", b"n" * 240 + b".jpg"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(make_image())
    dataset = open_dataset(root)
    samples = dataset.train + dataset.test
    paths = [sample.path for sample in samples]
    assert len(set(paths)) == len(paths) == 8
    assert all(path.isprintable() and path.isascii() for path in paths)
    assert json.dumps(paths)
    assert max(map(len, paths)) < 230
    assert all(sample.source.read() for sample in samples)


def test_hostile_archive(tmp_path, make_image):
    file = tmp_path / "set.zip"
    bomb = b"BM" + b"\0" * 3_000_000
    names = ["../evil.jpg", "/abs.jpg", "C:/win.jpg", "a/../../up.jpg"]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, make_image())
        for folder in ("a", "b"):
            for number in range(3):
                archive.writestr(f"{folder}/{number}.jpg", make_image())
        archive.writestr("a/bomb.bmp", bomb)
        archive.writestr("b\\back.jpg", make_image())
        archive.writestr("b/" + "n" * 60_000 + ".jpg", make_image())
    dataset = open_dataset(file)
    reasons = {skipped.path: skipped.reason for skipped in dataset.skipped}
    assert set(reasons) == {f"set.zip/{name}" for name in [*names, "a/bomb.bmp"]}
    assert "zip bomb" in reasons["set.zip/a/bomb.bmp"]
    assert all("unsafe name" in reasons[f"set.zip/{name}"] for name in names)
    assert dataset.summary().train + dataset.summary().test == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.zip"]


def test_a_member_without_a_name_is_left_out(tmp_path, make_image):
    file = tmp_path / "set.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("a/0.jpg", "a/1.jpg", "b/0.jpg", "b/1.jpg", "N/ame.jpg"):
            archive.writestr(name, make_image())
    file.write_bytes(file.read_bytes().replace(b"N/ame.jpg", b"\0/ame.jpg"))
    (skipped,) = open_dataset(file).skipped
    assert skipped.reason == "unsafe name in the archive: it points outside"


def test_encrypted_archive(make_set, pack):
    archive = pack(make_set({"a": 2, "b": 2}))
    data = bytearray(archive.read_bytes())
    position = 0
    # The flag of encryption in every entry of the directory; what is encrypted does not matter.
    while (position := data.find(b"PK\x01\x02", position)) >= 0:
        data[position + 8] |= 1
        position += 4
    archive.write_bytes(data)
    assert "encrypted" in refuse(archive)


def test_damaged_member_is_left_out(make_set, pack, make_image):
    archive = pack(make_set({"a": 3, "b": 3}))
    data = bytearray(archive.read_bytes())
    start = data.find(b"a/pic_0001.jpg") + len(b"a/pic_0001.jpg")
    data[start : start + 40] = b"\xff" * 40
    archive.write_bytes(data)
    dataset = open_dataset(archive)
    (skipped,) = dataset.skipped
    assert skipped.path == "set.zip/a/pic_0001.jpg"
    assert "archive" in skipped.reason


def test_far_too_many_files(make_set, monkeypatch):
    root = make_set({"a": 3, "b": 3})
    monkeypatch.setattr("engine.dataset.tree.MAX_FILES", 5)
    assert "more than 5 files" in refuse(root)


def test_far_too_many_members(make_set, pack, monkeypatch):
    archive = pack(make_set({"a": 3, "b": 3}))
    monkeypatch.setattr("engine.dataset.tree.MAX_FILES", 5)
    assert "more than 5 files" in refuse(archive)


def test_deep_folders_end(make_set, make_image):
    deep = "/".join(["d"] * 40)
    dataset = open_dataset(make_set({"a": 2, "b": 2}, {f"{deep}/x.jpg": make_image()}))
    assert dataset.classes == ("a", "b")
