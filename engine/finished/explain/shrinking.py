"""Images shrunk from their original pixels and then prepared as a variant prepares them, as a stream."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from engine.config.machine import MachineSettings
from engine.dataset import Box, CheckedImage
from engine.errors import DatasetError
from engine.events.control import StudyControl
from engine.finished.explain.changes import box_on_pixels
from engine.preprocess.ahead import in_order
from engine.preprocess.reading import ImageReader
from engine.preprocess.step import Pixels, Step, run_steps
from engine.preprocess.steps import Resize


def shrink(pixels: Pixels, box: Box | None, size: int) -> tuple[Pixels, Box | None]:
    """A picture (H, W, 3) whose longer side has at most `size` pixels, and its box there.

    Bilinear with antialiasing, so that every pixel of the original counts, as in the step "resize". A picture that is
    small enough is given back as it is.
    """
    height, width = pixels.shape[:2]
    if max(height, width) <= size:
        return pixels, box
    target = shrunk_size((height, width), size)
    smaller = Resize(target).apply(pixels, None)
    if box is None:
        return smaller, None
    corners = (box.left, box.top, box.right, box.bottom)
    return smaller, Box(*box_on_pixels(corners, (height, width), target, cropped=False))


def shrunk_size(original: tuple[int, int], size: int) -> tuple[int, int]:
    """(height, width) of an image that is shrunk until its longer side has `size` pixels; no side vanishes."""
    height, width = original
    longer = max(height, width)
    return max(1, round(height * size / longer)), max(1, round(width * size / longer))


@dataclass(frozen=True)
class Prepared:
    """An image as the network takes it.

    Attributes:
        number: its place among the images.
        size: that it was shrunk to; None where it is as it was.
        pixels: (H, W, 3) uint8.
    """

    number: int
    size: int | None
    pixels: Pixels


@dataclass(frozen=True)
class _Halfway:
    """A picture before the first step that works in batches, with the steps that are left."""

    image: Prepared
    steps: tuple[Step, ...]


def prepared_at_sizes(
    images: Sequence[CheckedImage],
    steps: Sequence[Step],
    sizes: Sequence[int],
    machine: MachineSettings,
    control: StudyControl,
    *,
    batch: int,
) -> Generator[list[Prepared], None, None]:
    """Every image as it is, and shrunk to each of the sizes that is smaller, in batches of at most `batch` pictures.

    Nothing is kept: these pictures are of use once, and would fill the pixel cache with several times what the study
    has in it. Each image is decoded once. Threads do that and the steps up to the first that works in batches; the
    calling thread does the others. Close the generator when leaving it early.

    Raises:
        StudyStopped: a stop was asked for.
        DatasetError: an image is gone or has changed since it was checked.
    """
    reader = ImageReader(images)

    def start(number: int) -> list[_Halfway]:
        """In a thread."""
        pixels = reader.read(number)
        try:
            return list(_start(number, images[number], pixels, steps, sizes))
        except DatasetError as error:  # of a step, which does not know the image
            raise DatasetError(f"{images[number].sample.path}: {error}") from None

    pool = ThreadPoolExecutor(machine.threads, thread_name_prefix="shrink")
    try:
        waiting: list[_Halfway] = []
        for started in in_order(pool, start, range(len(images)), threads=machine.threads, control=control):
            for item in started:
                if waiting and (len(waiting) == batch or waiting[0].steps != item.steps):
                    control.checkpoint()
                    yield _finish(waiting)
                    waiting = []
                waiting.append(item)
        if waiting:
            yield _finish(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _start(
    number: int, image: CheckedImage, pixels: Pixels, steps: Sequence[Step], sizes: Sequence[int]
) -> Iterator[_Halfway]:
    applied = [step for step in steps if step.applies_to(image.sample)]
    count = next((place for place, step in enumerate(applied) if step.batched), len(applied))
    for size in (None, *(size for size in sizes if size < max(image.fingerprint.size))):
        result, box = (pixels, image.sample.box) if size is None else shrink(pixels, image.sample.box, size)
        for _, after in run_steps(applied[:count], result, box):
            result = after
        yield _Halfway(Prepared(number, size, result), tuple(applied[count:]))


def _finish(batch: Sequence[_Halfway]) -> list[Prepared]:
    """The rest of the steps on pictures of one size."""
    images, steps = [item.image for item in batch], batch[0].steps
    if not steps:
        return images
    pixels = np.stack([image.pixels for image in images])
    for step in steps:
        pixels = step.apply_batch(pixels)
    return [replace(image, pixels=result) for image, result in zip(images, pixels, strict=True)]
