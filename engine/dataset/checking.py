"""Reads and decodes every image of a data set once, before anything is trained on it."""

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from engine.dataset.check_cache import Check, CheckCache
from engine.dataset.classes import drop_untrained_classes
from engine.dataset.fingerprints import Fingerprint, take_fingerprint
from engine.dataset.images import decode_rgb, file_format, pixel_note
from engine.dataset.sources import MAX_FILE_BYTES, ImageSource, Stamp, UnreadableImage
from engine.dataset.values import Dataset, ImageSample
from engine.errors import DatasetError
from engine.events.control import StudyControl

_PROGRESS_SECONDS = 0.1
"""Shortest time between two progress reports, so that a fast check does not flood the screen."""

_STORE_EVERY = 256
"""Checks a transaction of the cache: what a kill can cost."""

_AHEAD = 4
"""Images a thread that are under way or waiting; a stop has to wait for no more than one a thread."""


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """An image that could be decoded.

    Attributes:
        sample: the image.
        digest: SHA-256 of its file's bytes in hex.
        fingerprint: what is kept of its pixels.
    """

    sample: ImageSample
    digest: str
    fingerprint: Fingerprint


@dataclass(frozen=True)
class CheckedDataset:
    """A data set all of whose images could be decoded.

    Attributes:
        dataset: without the images that could not.
        digests: SHA-256 of each file's bytes in hex, by the image's path.
        fingerprints: what is kept of each image's pixels, by its path.
    """

    dataset: Dataset
    digests: dict[str, str]
    fingerprints: dict[str, Fingerprint]

    @property
    def images(self) -> tuple[CheckedImage, ...]:
        """All images, in the order of `Dataset.images`."""
        return tuple(
            CheckedImage(sample, self.digests[sample.path], self.fingerprints[sample.path])
            for sample in self.dataset.images
        )


def check_images(
    dataset: Dataset,
    cache_dir: Path,
    *,
    control: StudyControl,
    progress: Callable[[int, int], None],
    recheck: bool = False,
) -> CheckedDataset:
    """Read and decode every image once; leave those out that cannot be used.

    A class that loses its last training image is left out too, as `open_dataset` would have done.

    What was found is remembered in `cache_dir` by path and stamp (see `engine.dataset.sources.Stamp`).

    Args:
        dataset: from `open_dataset`.
        cache_dir: the user's cache folder; one that cannot be written only costs time.
        control: lets the user pause and stop between two images.
        progress: called with (done, total) in the calling thread, several times a second at most.
        recheck: read everything again, whatever is remembered.

    Raises:
        DatasetError: a class that was asked for lost its last training image, fewer than two classes are left, or all
            test images are gone.
        StudyStopped: the user asked for it.
    """
    samples = dataset.images
    with CheckCache(cache_dir) as cache:
        checks = _check_all(samples, cache, control, progress, recheck=recheck)
    reasons = {sample.path: check.reason for sample, check in zip(samples, checks, strict=True) if check.reason}
    kept = _without(dataset, reasons)
    digests, fingerprints = {}, {}
    for sample, check in zip(samples, checks, strict=True):
        if check.fingerprint is not None:
            digests[sample.path], fingerprints[sample.path] = check.digest, check.fingerprint
    notes = _pixel_notes(kept.images, fingerprints)
    return CheckedDataset(replace(kept, notes=kept.notes + notes), digests, fingerprints)


def _pixel_notes(samples: Sequence[ImageSample], fingerprints: Mapping[str, Fingerprint]) -> tuple[str, ...]:
    """What was left of the files to have these pictures, counted."""
    by_note: dict[str, list[str]] = {}
    for sample in samples:
        if note := fingerprints[sample.path].note:
            by_note.setdefault(note, []).append(sample.path)
    return tuple(
        f"{paths[0]} is {note}" if len(paths) == 1 else f"{len(paths):,} images are {note}, such as {paths[0]}"
        for note, paths in by_note.items()
    )


def _check_all(
    samples: Sequence[ImageSample],
    cache: CheckCache,
    control: StudyControl,
    progress: Callable[[int, int], None],
    *,
    recheck: bool,
) -> list[Check]:
    control.checkpoint()
    stamps = {sample.source.key: stamp for sample in samples if (stamp := _stamp(sample.source)) is not None}
    known = {} if recheck else cache.load(stamps)
    todo = [sample.source for sample in samples if sample.source.key not in known]
    done, total = len(samples) - len(todo), len(samples)
    progress(done, total)
    fresh: list[tuple[str, Stamp, Check]] = []
    reported = time.monotonic()
    try:
        for source, check in _in_order(todo, control):
            known[source.key] = check
            # A file that could not even be opened may be readable a moment later, so that is not remembered.
            if check.digest and source.key in stamps:
                fresh.append((source.key, stamps[source.key], check))
            if len(fresh) >= _STORE_EVERY:
                cache.store(fresh)
                fresh.clear()
            done += 1
            if time.monotonic() - reported >= _PROGRESS_SECONDS:
                progress(done, total)
                reported = time.monotonic()
    finally:
        cache.store(fresh)
    if todo:
        progress(total, total)
    return [known[sample.source.key] for sample in samples]


def _in_order(sources: Sequence[ImageSource], control: StudyControl) -> Iterator[tuple[ImageSource, Check]]:
    """Check in a thread pool (decoding and hashing release the lock), with only a few images under way."""
    workers = min(os.cpu_count() or 1, 8)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="check")
    waiting: deque[tuple[ImageSource, Future[Check]]] = deque()
    try:
        for source in sources:
            control.checkpoint()
            waiting.append((source, pool.submit(_check, source)))
            if len(waiting) >= workers * _AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            control.checkpoint()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _check(source: ImageSource) -> Check:
    try:
        data = source.read(MAX_FILE_BYTES + 1)
    except UnreadableImage as error:
        return Check("", str(error))
    except MemoryError:
        return Check("", "not enough memory to read it")
    if len(data) > MAX_FILE_BYTES:
        return Check("", f"more than {MAX_FILE_BYTES} bytes")
    digest = hashlib.sha256(data).hexdigest()
    try:
        taken = take_fingerprint(decode_rgb(data), file_format(data), pixel_note(data))
    except UnreadableImage as error:
        return Check(digest, str(error))
    except MemoryError:
        # The file may be sound: without a digest this is not remembered.
        return Check("", "not enough memory to decode it")
    return Check(digest, "", taken)


def _stamp(source: ImageSource) -> Stamp | None:
    try:
        return source.stamp
    except UnreadableImage:
        return None


def _without(dataset: Dataset, reasons: Mapping[str, str]) -> Dataset:
    unread = [f"{sample.path}: {reasons[sample.path]}" for sample in dataset.test if sample.path in reasons]
    by_class = {
        dataset.classes[sample.label]: f"{sample.path}: {reasons[sample.path]}"
        for sample in reversed(dataset.train)  # the first of a class is kept
        if sample.path in reasons
    }
    kept = drop_untrained_classes(dataset.without(reasons), by_class)
    if not kept.test:
        example = f" (such as {unread[0]})" if unread else ""
        raise DatasetError(f"{dataset.location}: no test image can be decoded{example}; mend the files")
    return kept
