"""Measuring a study's image quality once its jobs are done: its variants' test images against plain ones."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from engine.config.variants import Variant, get_variant
from engine.errors import StudyStopped, describe_error
from engine.events.study import QualityMeasured
from engine.preprocess.ahead import in_order
from engine.reports.quality import ImageQuality, QualityReport, compared_images, reference_of
from engine.statistics.quality import Closeness, compare_image, relate_to_accuracy, summarise_quality
from engine.study.images import Rows
from engine.study.jobs import JobInputs, preprocess_variant

IMAGES_AT_A_TIME = 8
"""What a thread compares before its progress is told."""

Pair = tuple[Variant, Variant]
"""A variant and its reference."""


def measure_quality(inputs: JobInputs) -> None:
    """Measure the evaluated variants that were not measured before, and relate all of them to their accuracy.

    Pixels depend on neither seed nor fold, so every image that any fold tests is compared once. What cannot be
    measured is told and costs nothing else.

    Raises:
        StudyStopped: a stop was asked for; what was measured is kept, and the rest is measured when the study resumes.
    """
    record, names = inputs.reporter.record, inputs.config.variants
    known = {entry.variant: entry for entry in record.quality.variants} if record.quality else {}
    evaluated = {result.variant for result in record.results.values() if result.metrics is not None}
    waiting = [get_variant(name) for name in names if name in evaluated and name not in known]
    pairs = [(variant, reference) for variant in waiting if (reference := reference_of(variant)) is not None]
    try:
        for entry in _measure(pairs, inputs) if pairs else ():
            known[entry.variant] = entry
    finally:
        _report([known[name] for name in names if name in known], inputs)


def _report(measured: Sequence[ImageQuality], inputs: JobInputs) -> None:
    statistics = inputs.reporter.record.statistics
    relations = relate_to_accuracy(measured, statistics, inputs.config.seed) if statistics else ()
    if measured:
        inputs.reporter.tell(QualityMeasured(quality=QualityReport(tuple(measured), relations)))


def _measure(pairs: Sequence[Pair], inputs: JobInputs) -> Iterator[ImageQuality]:
    reporter, config = inputs.reporter, inputs.config
    rows = np.unique(np.concatenate([fold.test for fold in inputs.images.folds]))
    measured = []
    with reporter.stage("quality") as stage:
        stage.start(len(rows) * len(pairs))
        for place, (variant, reference) in enumerate(pairs):
            images = []
            try:
                for several in _compare(variant, reference, rows, inputs):
                    images += several
                    stage.progress(place * len(rows) + len(images))
            except StudyStopped:
                raise
            except Exception as error:
                reporter.keep_traceback()
                message = f"its image quality could not be measured: {describe_error(error)}"
                reporter.notice(message, "error", variant.name)
            else:
                measured.append(variant.name)
                yield summarise_quality(variant.name, reference.name, images, inputs.images.groups[rows])
    if len(measured) == len(pairs):
        inputs.timings.add("quality", "", config, len(rows) * compared_images(measured), stage.watch.seconds)


def _compare(variant: Variant, reference: Variant, rows: Rows, inputs: JobInputs) -> Iterator[list[Closeness]]:
    """A few images at a time, in the order of `rows`; the pixels come from the cache, as far as they are there."""
    images = [inputs.images.images[row] for row in rows]
    recipe, threads = inputs.config.recipe, inputs.machine.threads
    height, width = recipe.image_size
    enlarged = replace(recipe, image_size=(variant.scale * height, variant.scale * width))
    with (
        preprocess_variant(variant.name, inputs, None, images=images) as own,
        preprocess_variant(reference.name, inputs, None, images=images, recipe=enlarged) as plain,
        ThreadPoolExecutor(threads, thread_name_prefix="quality") as pool,
    ):

        def compare(few: Rows) -> list[Closeness]:
            return list(map(compare_image, own.gather(few), plain.gather(few)))

        parts = np.array_split(np.arange(len(rows)), range(IMAGES_AT_A_TIME, len(rows), IMAGES_AT_A_TIME))
        yield from in_order(pool, compare, parts, threads=threads, control=inputs.control)
