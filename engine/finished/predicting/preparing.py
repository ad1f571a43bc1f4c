"""A variant's pre-processing for new images, as a stream: nothing is kept, and a broken image costs only itself."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.config.machine import MachineSettings
from engine.dataset.sources import UnreadableImage
from engine.events.control import StudyControl
from engine.finished.predicting.images import NewImage, decode
from engine.preprocess import Step, run_steps
from engine.preprocess.ahead import in_order
from engine.preprocess.steps import Pixels
from engine.reports.results import SkippedFile
from engine.superres import images_per_batch


@dataclass(frozen=True)
class Prepared:
    """An image as the network takes it: (H, W, 3) uint8."""

    path: str
    pixels: Pixels


def prepare(
    images: Iterable[NewImage | SkippedFile], steps: Sequence[Step], machine: MachineSettings, control: StudyControl
) -> Generator[Prepared | SkippedFile, None, None]:
    """Run the steps over images, in their order; close the generator when leaving it early.

    Threads decode and do the steps up to the first that works in batches; the calling thread does the others. A new
    image has no box, so that a crop leaves it whole.

    Raises:
        StudyStopped: a stop was asked for.
    """
    count = next((number for number, step in enumerate(steps) if step.batched), len(steps))
    first, rest = steps[:count], steps[count:]
    pool = ThreadPoolExecutor(machine.threads, thread_name_prefix="prepare")
    try:
        started = in_order(pool, lambda image: _start(image, first), images, threads=machine.threads, control=control)
        yield from _in_batches(started, rest, machine) if rest else started
    finally:
        pool.shutdown(cancel_futures=True)


def _start(image: NewImage | SkippedFile, steps: Sequence[Step]) -> Prepared | SkippedFile:
    """In a thread."""
    if isinstance(image, SkippedFile):
        return image
    try:
        pixels = decode(image.source)
        for _, result in run_steps(steps, pixels, None):
            pixels = result
    except UnreadableImage as error:
        return SkippedFile(image.path, str(error))
    except MemoryError:
        return SkippedFile(image.path, "not enough memory to decode it")
    return Prepared(image.path, pixels)


def _in_batches(
    started: Iterable[Prepared | SkippedFile], steps: Sequence[Step], machine: MachineSettings
) -> Iterator[Prepared | SkippedFile]:
    batch: list[Prepared | SkippedFile] = []
    for item in started:
        batch.append(item)
        ready = [image for image in batch if isinstance(image, Prepared)]
        height, width = ready[0].pixels.shape[:2] if ready else (1, 1)
        if not ready or len(ready) >= images_per_batch(machine.device, height, width):
            yield from _finish(batch, steps)
            batch = []
    yield from _finish(batch, steps)


def _finish(batch: Sequence[Prepared | SkippedFile], steps: Sequence[Step]) -> Iterator[Prepared | SkippedFile]:
    """The rest of the steps on the images of one batch; what was refused stays in its place."""
    waiting = [item.pixels for item in batch if isinstance(item, Prepared)]
    if waiting:
        pixels = np.stack(waiting)
        for step in steps:
            pixels = step.apply_batch(pixels)
    done = 0
    for item in batch:
        if isinstance(item, SkippedFile):
            yield item
            continue
        yield Prepared(item.path, pixels[done])
        done += 1
