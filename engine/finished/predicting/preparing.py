"""A variant's pre-processing for new images, as a stream: nothing is kept, and a broken image costs only itself."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.config.machine import MachineSettings
from engine.dataset.sources import UnreadableImage
from engine.errors import DatasetError, UnrepeatableError
from engine.events.control import StudyControl
from engine.finished.predicting.images import NewImage, decode
from engine.preprocess import Step, run_steps
from engine.preprocess.ahead import in_order
from engine.preprocess.step import Pixels
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
    except UnreadableImage as error:
        return SkippedFile(image.path, str(error))
    except MemoryError:
        return SkippedFile(image.path, "not enough memory to decode it")
    return _applied(Prepared(image.path, pixels), steps)


def _applied(image: Prepared, steps: Sequence[Step]) -> Prepared | SkippedFile:
    """An image after steps of which none works in batches; one that a step fails on costs only itself.

    Raises:
        UnrepeatableError: a step of the user's own gives something else from call to call, so that no image is safe.
    """
    pixels = image.pixels
    try:
        for _, result in run_steps(steps, pixels, None):
            pixels = result
    except UnrepeatableError:
        raise
    except DatasetError as error:
        return SkippedFile(image.path, str(error))
    except MemoryError:
        return SkippedFile(image.path, "not enough memory to pre-process it")
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


def _finish(batch: list[Prepared | SkippedFile], steps: Sequence[Step]) -> list[Prepared | SkippedFile]:
    """The rest of the steps on the images of one batch; what was refused stays in its place."""
    for step in steps:
        ready = {place: item for place, item in enumerate(batch) if isinstance(item, Prepared)}
        if not step.batched:
            batch = [_applied(item, [step]) if isinstance(item, Prepared) else item for item in batch]
        elif ready:
            results = step.apply_batch(np.stack([item.pixels for item in ready.values()]))
            for (place, item), pixels in zip(ready.items(), results, strict=True):
                batch[place] = Prepared(item.path, pixels)
    return batch
