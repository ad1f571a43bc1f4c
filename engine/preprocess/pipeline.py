"""Runs a variant's steps over many images: once an image, on all cores, with the results kept."""

import contextlib
import functools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.config.variants import Variant
from engine.dataset import CheckedImage
from engine.errors import DatasetError, StorageError, UnrepeatableError
from engine.events.control import StudyControl
from engine.preprocess.ahead import in_order
from engine.preprocess.cache import PixelCache
from engine.preprocess.chains import Chain, ChainBuilder
from engine.preprocess.reading import ImageReader
from engine.preprocess.results import EntryKey, Results
from engine.preprocess.step import Pixels, Step, StepContext, run_steps
from engine.preprocess.steps import build_steps
from engine.preprocess.table import PixelTable
from engine.superres import SuperresModel, images_per_batch

PROGRESS_SECONDS = 0.1
"""Progress is told at most this often."""


@dataclass(frozen=True)
class _Task:
    """One result to make: from the image, or from the result of its chain's first `done` steps."""

    number: int
    image: CheckedImage
    chain: Chain
    key: bytes
    start: tuple[Chain, bytes] | None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.chain.steps[len(self.start[0].steps) if self.start else 0 :]

    def extras(self, wanted: set[str]) -> list[Chain]:
        """The chains of intermediate results on the way that are wanted."""
        done = len(self.start[0].steps) if self.start else 0
        return [chain for chain in self.chain.prefixes if len(chain.steps) > done and chain.key in wanted]


@dataclass
class _Halfway:
    """A task with the results so far; `steps` are left, the first of which works in batches."""

    task: _Task
    pixels: Pixels
    steps: tuple[Step, ...]
    extras: list[tuple[Chain, Pixels]]


def preprocess(
    variant: Variant,
    images: Sequence[CheckedImage],
    recipe: Recipe,
    *,
    superres: SuperresModel | None,
    machine: MachineSettings,
    cache: PixelCache,
    control: StudyControl,
    on_start: Callable[[int, int], None],
    on_progress: Callable[[int], None],
    shared_with: Sequence[Variant] = (),
) -> PixelTable:
    """Pre-process images for a variant, or find them in the cache.

    Args:
        variant: whose steps to run.
        images: in the order of the table's rows.
        recipe: image size and denoise weight.
        superres: the model for the step "superres"; None where no step needs it.
        machine: threads, and how super-resolution is computed.
        cache: where results are found and kept.
        control: looked at between two images.
        on_start: called once with (images, how many of them are in the cache).
        on_progress: called with the number of images that are ready, those from the cache included; seldom enough to
            draw it each time.
        shared_with: further variants of the study; intermediate results that are their results are kept as well.

    Returns:
        The table; the caller closes it. Its `note` is not empty where the cache could not be used.

    Raises:
        StudyStopped: a stop was asked for; what was finished is kept.
        DatasetError: an image is gone or has changed since it was checked.
        InputError: the variant's steps make no sense.
        StorageError: the results fit neither the disk nor the memory.
    """
    control.checkpoint()
    context = StepContext(recipe, machine, superres, lambda: control.stop_requested)
    steps = build_steps(variant, context)
    chains = ChainBuilder(steps)
    rows = [_row(chains, image) for image in images]
    results = Results(cache)
    try:
        ready = _find(rows, results)
        open_reader = functools.cache(lambda: ImageReader(images))  # takes seconds, for nothing where all is cached
        cached = sum((chain.key, key) in ready for chain, key in rows)
        if cached < len(rows):
            open_reader()
        on_start(len(rows), cached)
        tasks = _plan(images, rows, ready, results)
        if tasks:
            extras = _extra_chains(images, shared_with, context)
            extra_bytes = sum(chain.entry_bytes for task in tasks for chain in task.extras(extras))
            keep_extras = results.expect(sum(task.chain.entry_bytes for task in tasks), extra_bytes)
            _Run(
                reader=open_reader(),
                results=results,
                machine=machine,
                control=control,
                progress=_Progress(on_progress, cached, _repeats(rows)),
                extras=extras if keep_extras else set(),
            ).run(tasks)

        def remake(row: int) -> Pixels:
            pixels = open_reader().read(row)
            for _, result in run_steps(rows[row][0].steps, pixels, images[row].sample.box):
                pixels = result
            return pixels

        return results.table(chains.size, [(chain.key, key) for chain, key in rows], remake)
    except BaseException:
        results.abandon()
        raise


def _row(chains: ChainBuilder, image: CheckedImage) -> tuple[Chain, bytes]:
    chain = chains.chain_for(image.sample)
    return chain, chain.entry_key(image.sample, image.digest)


def _repeats(rows: Sequence[tuple[Chain, bytes]]) -> dict[EntryKey, int]:
    """How many rows one result serves: files with the same content are worked on once."""
    counts: dict[EntryKey, int] = {}
    for chain, key in rows:
        counts[chain.key, key] = counts.get((chain.key, key), 0) + 1
    return counts


def _find(rows: Sequence[tuple[Chain, bytes]], results: Results) -> set[EntryKey]:
    wanted: dict[Chain, list[bytes]] = {}
    for chain, key in rows:
        wanted.setdefault(chain, []).append(key)
    return {(chain.key, key) for chain, keys in wanted.items() for key in results.find(chain, keys)}


def _plan(
    images: Sequence[CheckedImage], rows: Sequence[tuple[Chain, bytes]], ready: set[EntryKey], results: Results
) -> list[_Task]:
    """What is to be made, each result once, from the longest start of its chain that is in the cache."""
    missing: dict[EntryKey, tuple[int, Chain]] = {}
    for number, (chain, key) in enumerate(rows):
        if (chain.key, key) not in ready:
            missing.setdefault((chain.key, key), (number, chain))
    starts: dict[EntryKey, tuple[Chain, bytes]] = {}
    for chain in dict.fromkeys(chain for _, chain in missing.values()):
        members = {entry: images[number] for entry, (number, its_chain) in missing.items() if its_chain is chain}
        for prefix in chain.prefixes:
            keys = {entry: prefix.entry_key(image.sample, image.digest) for entry, image in members.items()}
            found = results.find(prefix, keys.values())
            for entry, key in keys.items():
                if key in found:
                    starts.setdefault(entry, (prefix, key))
    return [
        _Task(number, images[number], chain, entry[1], starts.get(entry)) for entry, (number, chain) in missing.items()
    ]


def _extra_chains(images: Sequence[CheckedImage], variants: Sequence[Variant], context: StepContext) -> set[str]:
    """Keys of the chains whose results are a result of these variants."""
    possible = [variant for variant in variants if context.superres is not None or "superres" not in variant.steps]
    builders = [ChainBuilder(build_steps(variant, context)) for variant in possible]
    # Chains differ from image to image only by whether there is a box.
    kinds = {image.sample.box is None: image.sample for image in images}.values()
    return {builder.chain_for(sample).key for builder in builders for sample in kinds}


@contextlib.contextmanager
def _naming(task: _Task) -> Iterator[None]:
    """Name the image that an error is about."""
    try:
        yield
    except DatasetError as error:
        raise type(error)(f"{task.image.sample.path}: {error}") from error.__cause__


def _results_of(step: Step, batch: Sequence[_Halfway]) -> Iterable[Pixels]:
    """A step's results for images of one size."""
    if step.batched:
        yield from step.apply_batch(np.stack([item.pixels for item in batch]))
        return
    for item in batch:
        with _naming(item.task):
            yield step.apply(item.pixels, item.task.image.sample.box)


class _Progress:
    """Tells how many images are ready, thinned."""

    def __init__(self, tell: Callable[[int], None], ready: int, repeats: dict[EntryKey, int]) -> None:
        self._tell = tell
        self._ready = ready
        self._repeats = repeats
        self._told_at = time.monotonic()

    def add(self, entry: EntryKey, *, last: bool) -> None:
        """One more result is ready."""
        self._ready += self._repeats[entry]
        now = time.monotonic()
        if last or now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            self._tell(self._ready)


class _Run:
    """One run over the tasks.

    Threads do each image up to its first step that works in batches; the calling thread does those steps and what
    follows, and hands the results over.
    """

    def __init__(
        self,
        *,
        reader: ImageReader,
        results: Results,
        machine: MachineSettings,
        control: StudyControl,
        progress: _Progress,
        extras: set[str],
    ) -> None:
        self._reader = reader
        self._results = results
        self._machine = machine
        self._control = control
        self._progress = progress
        self._extras = extras
        self._left = 0

    def run(self, tasks: Sequence[_Task]) -> None:
        """Do all tasks; whatever ends it early, finished results are kept, unless no step's result can be trusted."""
        self._left = len(tasks)
        pool = ThreadPoolExecutor(self._machine.threads, thread_name_prefix="preprocess")
        try:
            self._do(in_order(pool, self._start, tasks, threads=self._machine.threads, control=self._control))
        except UnrepeatableError:
            pool.shutdown(cancel_futures=True)
            self._results.forget_made()
            raise
        except BaseException:
            pool.shutdown(cancel_futures=True)
            with contextlib.suppress(StorageError):  # what ended the run matters more
                self._results.flush()
            raise
        pool.shutdown()
        self._results.flush()

    def _do(self, started: Iterable[_Halfway]) -> None:
        batch: list[_Halfway] = []
        for item in started:
            if not item.steps:
                self._hand_over([item])
                continue
            if batch and batch[0].steps != item.steps:
                self._finish_batch(batch)
                batch = []
            batch.append(item)
            # No more than the network takes at a time, so that a stop or a pause comes soon.
            if len(batch) >= images_per_batch(self._machine.device, item.pixels.shape[0], item.pixels.shape[1]):
                self._finish_batch(batch)
                batch = []
        if batch:
            self._finish_batch(batch)

    def _start(self, task: _Task) -> _Halfway:
        """In a thread: the steps up to the first that works in batches."""
        pixels = self._results.read(*task.start) if task.start else None
        if pixels is None:
            task = replace(task, start=None)
            pixels = self._reader.read(task.number)
        steps = task.steps
        count = next((number for number, step in enumerate(steps) if step.batched), len(steps))
        item = _Halfway(task, pixels, steps[count:], [])
        left = len(steps)
        with _naming(task):
            for _, result in run_steps(steps[:count], pixels, task.image.sample.box):
                left -= 1
                item.pixels = result
                self._note_extra(item, left)
        return item

    def _finish_batch(self, batch: list[_Halfway]) -> None:
        """In the calling thread: the rest of the steps, on images of one size."""
        steps = batch[0].steps
        for left, step in zip(range(len(steps) - 1, -1, -1), steps, strict=True):
            for item, result in zip(batch, _results_of(step, batch), strict=True):
                item.pixels = result
                self._note_extra(item, left)
        self._hand_over(batch)

    def _note_extra(self, item: _Halfway, left: int) -> None:
        """Remember an intermediate result, `left` steps before the end, that another variant wants."""
        length = len(item.task.chain.steps) - left
        for chain in item.task.extras(self._extras):
            if len(chain.steps) == length:
                item.extras.append((chain, item.pixels))

    def _hand_over(self, items: Sequence[_Halfway]) -> None:
        for item in items:
            task = item.task
            for chain, pixels in item.extras:
                self._results.add_extra(chain, chain.entry_key(task.image.sample, task.image.digest), pixels)
            self._results.add(task.chain, task.key, item.pixels)
            self._left -= 1
            self._progress.add((task.chain.key, task.key), last=not self._left)
