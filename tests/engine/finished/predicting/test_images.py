import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from engine.errors import DatasetError
from engine.finished.predicting.images import NewImage, find_images, read_image
from engine.reports.results import SkippedFile


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"an image by its name")


def names(found, root):
    return [image.path.removeprefix(f"{root}/") for image in found if isinstance(image, NewImage)]


def test_the_order_of_arguments_is_kept_and_a_folder_comes_whole(tmp_path):
    touch(tmp_path / "z.png", tmp_path / "d" / "b.jpg", tmp_path / "d" / "a.PNG", tmp_path / "d" / "c" / "0.webp")
    touch(tmp_path / "d" / "annotation.txt", tmp_path / "d" / ".hidden.jpg")
    found = list(find_images([tmp_path / "z.png", tmp_path / "d", tmp_path / "z.png"]))
    assert names(found, tmp_path) == ["z.png", "d/a.PNG", "d/b.jpg", "d/c/0.webp", "z.png"]
    assert len(found) == 5


def test_a_file_counts_whatever_its_name(tmp_path):
    touch(tmp_path / "picture")
    (image,) = find_images([tmp_path / "picture"])
    assert image.source.read() == b"an image by its name"


def test_an_archive_is_read_in_place(tmp_path):
    with zipfile.ZipFile(tmp_path / "frames.zip", "w") as archive:
        archive.writestr("inner/a.jpg", b"bytes")
        archive.writestr("../b.jpg", b"outside")
    image, refused = find_images([tmp_path / "frames.zip"])
    assert (image.path, image.source.read()) == (f"{tmp_path}/frames.zip/inner/a.jpg", b"bytes")
    assert refused.path == f"{tmp_path}/frames.zip/../b.jpg"
    assert "outside" in refused.reason


def test_what_cannot_be_looked_into_is_told_and_the_rest_goes_on(tmp_path):
    touch(tmp_path / "a.jpg")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    (tmp_path / "loop").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    paths = [tmp_path / name for name in ("gone.jpg", "empty", "broken.zip", "loop", "pipe", "a.jpg")]
    *refused, image = find_images(paths)
    assert all(isinstance(one, SkippedFile) for one in refused)
    assert [one.path for one in refused] == [str(path) for path in paths[:-1]]
    words = ("no such", "no JPEG", "zip archive", "no such", "not a regular file")
    assert all(word in one.reason for word, one in zip(words, refused, strict=True))
    assert image.path == str(tmp_path / "a.jpg")


def test_names_that_no_terminal_can_show_are_made_printable(tmp_path):
    touch(tmp_path / "d" / "a\nb.jpg")
    (image,) = find_images([tmp_path / "d"])
    assert image.path == f"{tmp_path}/d/a\\nb.jpg"
    assert image.source.read() == b"an image by its name"


def test_a_picture_is_read_by_the_path_that_was_shown(trained, tmp_path):
    folder = trained.images / "test" / "red"
    with zipfile.ZipFile(tmp_path / "frames.zip", "w") as archive:
        archive.write(folder / "pic_0001.png", "inner/a.png")
    expected = np.asarray(Image.open(folder / "pic_0001.png").convert("RGB"))
    paths = [folder, tmp_path / "frames.zip"]
    for shown in (f"{folder}/pic_0001.png", f"{tmp_path}/frames.zip/inner/a.png"):
        np.testing.assert_array_equal(read_image(paths, shown), expected)
    with pytest.raises(DatasetError, match="no longer there"):
        read_image(paths, "gone.png")
