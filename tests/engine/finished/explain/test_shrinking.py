"""Images shrunk from their original pixels on their way into a network."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.config.variants import VARIANTS
from engine.dataset import Box, CheckedImage, ImageSample
from engine.dataset.fingerprints import take_fingerprint
from engine.errors import DatasetError, StudyStopped
from engine.events.control import StudyControl
from engine.finished.explain.shrinking import prepared_at_sizes, shrink, shrunk_size
from engine.preprocess import Step, StepContext, build_steps

MACHINE = MachineSettings("cpu", "test", "fp32", channels_last=True, threads=2, chosen_by="given")
RECIPE = Recipe("small", image_size=(12, 16))


class InMemory:
    key, stamp = "memory", (0, 0)

    def __init__(self, data):
        self.data, self.reads = data, 0

    def read(self, limit=-1):
        self.reads += 1
        return self.data


def checked(pixels, box=None, name="pic.png"):
    buffer, picture = io.BytesIO(), Image.fromarray(pixels)
    picture.save(buffer, "PNG")
    data = buffer.getvalue()
    sample = ImageSample(name, 0, box, InMemory(data))
    return CheckedImage(sample, hashlib.sha256(data).hexdigest(), take_fingerprint(picture, "PNG"))


def noise(seed, height, width):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("original", "size", "expected"),
    [((480, 360), 64, (64, 48)), ((90, 160), 16, (9, 16)), ((3, 400), 16, (1, 16)), ((100, 100), 24, (24, 24))],
)
def test_the_longer_side_gets_the_size_and_the_shape_stays(original, size, expected):
    assert shrunk_size(original, size) == expected
    assert shrink(noise(0, *original), None, size)[0].shape == (*expected, 3)


def test_every_pixel_of_the_original_counts():
    """Without antialiasing a fine pattern would turn into a coarse one, or into black or white."""
    fine = np.zeros((96, 128, 3), np.uint8)
    fine[::2, ::2] = fine[1::2, 1::2] = 255
    smaller, _ = shrink(fine, None, 16)
    assert abs(smaller.astype(int) - 127).max() <= 6


def test_a_picture_that_is_small_enough_stays_as_it_is():
    pixels, box = noise(1, 30, 40), Box(1, 2, 3, 4)
    same, its_box = shrink(pixels, box, 40)
    assert same is pixels
    assert its_box is box


def test_the_box_shrinks_with_the_picture_and_never_vanishes():
    pixels = noise(2, 60, 80)
    assert shrink(pixels, Box(20, 10, 60, 50), 40)[1] == Box(10, 5, 30, 25)
    assert shrink(pixels, Box(79, 59, 80, 60), 16)[1] == Box(15, 11, 16, 12)


def run(images, steps, sizes, *, batch=3, control=None):
    stream = prepared_at_sizes(images, steps, sizes, MACHINE, control or StudyControl(), batch=batch)
    batches = list(stream)
    assert all(len(pictures) <= batch for pictures in batches)
    return [picture for pictures in batches for picture in pictures]


def test_each_image_comes_as_it_is_and_at_each_smaller_size_and_is_read_once():
    images = [checked(noise(3, 30, 40)), checked(noise(4, 20, 12))]
    steps = build_steps(VARIANTS["vanilla"], StepContext(RECIPE, MACHINE))
    pictures = run(images, steps, (40, 32, 16))
    assert [(one.number, one.size) for one in pictures] == [(0, None), (0, 32), (0, 16), (1, None), (1, 16)]
    assert {one.pixels.shape for one in pictures} == {(12, 16, 3)}
    assert [image.sample.source.reads for image in images] == [1, 1]
    (resize,) = steps
    assert np.array_equal(pictures[0].pixels, resize.apply(noise(3, 30, 40), None))
    assert np.array_equal(pictures[2].pixels, resize.apply(shrink(noise(3, 30, 40), None, 16)[0], None))


def test_a_crop_cuts_the_same_part_out_of_the_smaller_picture():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[16:48, 16:48] = 200
    steps = build_steps(VARIANTS["bbox"], StepContext(RECIPE, MACHINE))
    whole, small = run([checked(pixels, Box(16, 16, 48, 48))], steps, (16,))
    assert whole.pixels.min() == 200
    # The edge of the box is blurred by the shrinking; within it is the character.
    assert small.pixels[4:8, 5:11].min() == 200


class Doubling(Step):
    """Enlarges by repeating pixels, many at a time."""

    name, batched = "double", True

    def __init__(self):
        self.batches = []

    def identity(self):
        return {"step": self.name}

    def apply(self, pixels, box):
        raise AssertionError("one at a time")

    def apply_batch(self, pixels):
        self.batches.append(len(pixels))
        return pixels.repeat(2, axis=1).repeat(2, axis=2)


def test_steps_that_work_in_batches_get_batches():
    steps = (*build_steps(VARIANTS["vanilla"], StepContext(RECIPE, MACHINE)), Doubling())
    pictures = run([checked(noise(seed, 30, 40)) for seed in range(3)], steps, (16,), batch=4)
    assert steps[-1].batches == [4, 2]
    assert {one.pixels.shape for one in pictures} == {(24, 32, 3)}
    assert np.array_equal(pictures[-1].pixels[::2, ::2], steps[0].apply(shrink(noise(2, 30, 40), None, 16)[0], None))


def test_an_image_that_changed_is_named():
    image = checked(noise(5, 30, 40), name="test/changed.png")
    image.sample.source.data = checked(noise(6, 30, 40)).sample.source.data
    with pytest.raises(DatasetError, match=r"test/changed\.png: changed while"):
        run([image], build_steps(VARIANTS["vanilla"], StepContext(RECIPE, MACHINE)), (16,))


def test_a_stop_ends_the_stream():
    control = StudyControl()
    control.stop()
    steps = build_steps(VARIANTS["vanilla"], StepContext(RECIPE, MACHINE))
    with pytest.raises(StudyStopped):
        run([checked(noise(7, 30, 40))], steps, (16,), control=control)
