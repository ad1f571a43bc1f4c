"""The images of a data set and of a finished run, one at a time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError, StorageError
from engine.finished.gallery import open_gallery
from engine.finished.run import open_run
from engine.study.running import run_study


@pytest.fixture
def gallery(config):
    return open_gallery(config)


def boxed(gallery):
    return next(image for image in gallery.images if image.box)


def test_images_are_those_of_the_study(gallery, config):
    assert gallery.classes == ("blue", "green", "red")
    assert [image.part for image in gallery.images].count("test") == 15
    assert [image.label for image in gallery.images].count(1) == 12 + 5
    left, top, right, bottom = boxed(gallery).box
    assert (right - left, bottom - top) == (20, 18)


def test_pixels_are_the_files_own(gallery):
    image = boxed(gallery)
    pixels = gallery.pixels(image.path)
    assert pixels.shape == (36, 48, 3)
    left, top, right, bottom = image.box
    assert tuple(pixels[(top + bottom) // 2, (left + right) // 2]) == (40, 60, 220)
    with pytest.raises(InputError, match=r"nowhere\.png"):
        gallery.pixels("nowhere.png")


def test_an_image_through_every_variant(gallery):
    image = boxed(gallery)
    found = {one.variant: one for one in gallery.through(image.path, ("bbox", "vanilla", "denoise"))}
    assert list(found) == ["bbox", "vanilla", "denoise"]
    assert [step.step for step in found["bbox"].steps] == ["crop", "resize"]
    assert found["bbox"].steps[0].size == (18, 20)
    assert all(one.pixels.shape == one.difference.shape == (16, 20, 3) for one in found.values())
    assert found["vanilla"].mean_difference == 0
    assert not found["vanilla"].difference.any()
    assert found["denoise"].mean_difference > 1
    plain = found["vanilla"].pixels.astype(float)
    expected = np.abs(found["denoise"].pixels - plain)
    assert found["denoise"].mean_difference == pytest.approx(expected.mean())
    strengthened = np.clip(np.rint(found["denoise"].gain * expected), 0, 255)
    assert np.array_equal(found["denoise"].difference, strengthened)
    assert found["denoise"].seconds == sum(step.seconds for step in found["denoise"].steps) > 0


def test_a_variant_at_twice_the_size_is_compared_at_one_size(gallery):
    small, large = gallery.through(boxed(gallery).path, ("superres", "superres-full"))
    assert large.pixels.shape == (32, 40, 3)
    assert large.difference.shape == (16, 20, 3)
    assert large.mean_difference == pytest.approx(small.mean_difference, abs=0.2)


def test_an_image_without_a_box_is_not_cropped(gallery):
    image = next(image for image in gallery.images if image.box is None)
    (bbox,) = gallery.through(image.path, ("bbox",))
    assert [step.step for step in bbox.steps] == ["resize"]
    assert bbox.mean_difference == 0


def test_a_finished_run_finds_its_images_again(config, tmp_path):
    record = run_study(replace(config, variants=("vanilla",)))
    gallery = open_run(Path(record.started.folder), tmp_path / "other-cache").gallery
    assert gallery.machine == record.machine
    assert gallery.config == replace(config, variants=("vanilla",), cache_dir=tmp_path / "other-cache")
    tested = {prediction.path for prediction in record.result("vanilla").predictions}
    assert tested == {image.path for image in gallery.images if image.part == "test"}
    assert gallery.pixels(sorted(tested)[0]).shape == (36, 48, 3)


def test_a_folder_that_is_no_run_says_so(tmp_path):
    with pytest.raises(StorageError, match=str(tmp_path)):
        _ = open_run(tmp_path).gallery


def test_a_preview_says_how_close_it_is_to_the_plain_image(gallery):
    path = boxed(gallery).path
    picture, quality = gallery.preview(path, "bbox+denoise")
    cropped, denoised = gallery.through(path, ("bbox", "bbox+denoise"))
    assert np.array_equal(picture.pixels, denoised.pixels)
    assert (quality.variant, quality.reference, quality.images) == ("bbox+denoise", "bbox", 1)
    error = np.square(denoised.pixels.astype(float) - cropped.pixels).mean()
    assert quality.psnr == pytest.approx(10 * np.log10(255**2 / error))
    assert 0 < quality.ssim < 1


def test_a_preview_of_the_plain_image_is_that_image_and_one_of_another_size_has_no_quality(gallery):
    path = boxed(gallery).path
    assert gallery.preview(path, "vanilla")[1].identical == 1
    picture, quality = gallery.preview(path, "superres-full")
    assert picture.pixels.shape == (32, 40, 3)
    assert quality is None
