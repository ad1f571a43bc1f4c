"""Measuring how accuracy falls with the images' resolution, for the networks of a finished run.

Importing this is cheap; torch is loaded when something is measured.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.config.variants import PAPER_CROPPING, get_variant
from engine.errors import InputError
from engine.events.control import StudyControl
from engine.events.progress import ExplanationProgress, Tell
from engine.events.record import JobKey
from engine.finished.explain.kept import keep_report, read_report
from engine.finished.run import DividedImages, FinishedRun, evaluated_keys
from engine.reports.resolution import SIZES, Ladder, NativeSizes, Part, ResolutionReport

if TYPE_CHECKING:
    from engine.dataset import CheckedImage

REPORT_FILE = "resolution.json"

_PICTURES_AT_A_TIME = 16
"""A stop is looked at between two of these batches; larger ones are no faster on a processor."""


def measure_resolution(
    run: FinishedRun,
    *,
    variants: Sequence[str] | None = None,
    seed: int | None = None,
    fold: int = 0,
    progress: Tell = lambda _: None,
    control: StudyControl | None = None,
) -> ResolutionReport:
    """Measure how many images every variant's network recognises at each size, and keep it beside the run.

    An image is shrunk from its original pixels until its longer side has that size, then goes through the variant's own
    pre-processing. Where the protocol leaves training images out, the same is done with those, which are larger.
    Every variant is kept as soon as it is measured, and measured only where that was not done before.

    Args:
        run: a finished run.
        variants: those to measure; None for all that were evaluated.
        seed: whose networks; the first for None.
        fold: whose networks and test images.
        progress: is told what is under way.
        control: stops it.

    Raises:
        SimpsonsError: the run, its weights or its data cannot be read.
        StudyStopped: `control` was told to stop; variants that were measured to the end are kept.
    """
    control = control or StudyControl()
    known = stored_resolution(run)
    if known is not None and (known.fold != fold or seed not in (None, known.seed)):
        known = None
    keys = _wanted(evaluated_keys(run.record, seed, fold), variants)
    missing = [key for key in keys if known is None or key.variant not in known.variants]
    if known is not None and not missing:
        return known
    run.config.require_steps(*(key.variant for key in keys))
    measurement = _Measurement(run, run.divided(fold, progress, control), missing, progress, control)
    report = known
    for key in missing:
        report = measurement.report(report, key, measurement.measure(key))
        keep_report(run.folder / REPORT_FILE, report)
    assert report is not None
    return report


def stored_resolution(run: FinishedRun) -> ResolutionReport | None:
    """What was measured of a run before, perhaps of some variants only; None where nothing was, or cannot be read."""
    return read_report(run.folder / REPORT_FILE, ResolutionReport)


def _wanted(keys: Sequence[JobKey], variants: Sequence[str] | None) -> list[JobKey]:
    if variants is None:
        return list(keys)
    there = [key.variant for key in keys]
    for name in variants:
        if name not in there:
            raise InputError(f"no evaluated job of {name} in this run: it has {', '.join(there)}")
    return [key for key in keys if key.variant in variants]


class _Measurement:
    """The measurement of some jobs on the same images."""

    def __init__(
        self, run: FinishedRun, images: DividedImages, keys: Sequence[JobKey], tell: Tell, control: StudyControl
    ) -> None:
        from engine.finished.explain.curves import longer_sides

        self._run, self._images, self._tell, self._control = run, images, tell, control
        self._parts: dict[Part, tuple[CheckedImage, ...]] = {"test": images.test}
        if images.held_out:
            self._parts["held out"] = images.held_out
        self._longer = {part: longer_sides(members) for part, members in self._parts.items()}
        self._total = len(keys) * sum(_pictures(longer) for longer in self._longer.values())
        self._done = 0

    def measure(self, key: JobKey) -> tuple[Ladder, ...]:
        """One network on every part."""
        from engine.finished.explain.curves import count_ladder

        return tuple(
            count_ladder(key.variant, part, self._longer[part], SIZES, self._right(key, part)) for part in self._parts
        )

    def _right(self, key: JobKey, part: Part) -> npt.NDArray[np.bool_]:
        """Which answers are right, (images, 1 + sizes); False where an image is no larger than a size."""
        from engine.finished.explain.curves import PART_WORDS
        from engine.finished.explain.shrinking import prepared_at_sizes
        from engine.training import predict_proba
        from engine.training.pixels import InMemory

        run, images = self._run, self._parts[part]
        words = f"{key.variant}, {PART_WORDS[part]}"
        self._say(words)
        model = run.network(key).to(run.machine.device)
        labels = np.array([image.sample.label for image in images], dtype=np.int64)
        right = np.zeros((len(images), 1 + len(SIZES)), dtype=np.bool_)
        columns: dict[int | None, int] = {None: 0, **{size: place for place, size in enumerate(SIZES, start=1)}}
        steps = run.steps(key.variant)
        stream = prepared_at_sizes(
            images, steps, SIZES, run.preprocess_machine, self._control, batch=_PICTURES_AT_A_TIME
        )
        with contextlib.closing(stream):
            for batch in stream:
                said = predict_proba(
                    model,
                    run.machine,
                    InMemory(np.stack([picture.pixels for picture in batch])),
                    np.arange(len(batch)),
                    batch_size=len(batch),
                    control=self._control,
                    on_progress=lambda done: None,
                )
                rows = [picture.number for picture in batch]
                right[rows, [columns[picture.size] for picture in batch]] = said.argmax(axis=1) == labels[rows]
                self._done += len(batch)
                self._say(words)
        return right

    def _say(self, words: str) -> None:
        self._tell(ExplanationProgress(words, self._done, self._total))

    # ------------------------------------------------------------ the report

    def report(self, known: ResolutionReport | None, key: JobKey, ladders: tuple[Ladder, ...]) -> ResolutionReport:
        """What was known, with one more network."""
        from engine.finished.explain.curves import resolution_answers

        started = self._run.started
        every = (*(known.ladders if known is not None else ()), *ladders)
        report = ResolutionReport(
            study=started.study,
            seed=key.seed,
            fold=key.fold,
            sizes=self._sizes(),
            ladders=tuple(sorted(every, key=lambda ladder: started.variants.index(ladder.variant))),
            notes=self._notes(key, [ladder.variant for ladder in every]),
        )
        return replace(report, answers=resolution_answers(report))

    def _sizes(self) -> tuple[NativeSizes, ...]:
        from engine.finished.explain.curves import longer_sides, native_sizes

        training = native_sizes("training", longer_sides(self._images.trained))
        return (training, *(native_sizes(part, longer) for part, longer in self._longer.items()))

    def _notes(self, key: JobKey, variants: Sequence[str]) -> tuple[str, ...]:
        """What the figures are not."""
        notes = [
            "A size is that of the longer side. Images that are no larger stay as they are and count all the same.",
            "Shrunk are the original pixels, smoothly and without compression; real small images have lost more.",
        ]
        if "held out" in self._parts:
            notes.append(
                f"Held out are the {len(self._images.held_out)} images of the training part that this network was "
                "neither trained nor tested on: copies of test images (protocol clean) and those that were watched "
                "while training, where the study had such."
            )
        notes += [
            f"{variant} crops {self._boxed()} to their boxes and takes the others whole."
            for variant in dict.fromkeys(variants)
            if get_variant(variant).crops
        ]
        notes += [
            f"{variant} crops at the pixels that a box has in the image it is given: a shrunk one is cut elsewhere."
            for variant in dict.fromkeys(variants)
            if PAPER_CROPPING in get_variant(variant).words
        ]
        seeds = {other.seed for other in self._run.record.results}
        if len(seeds) > 1:
            notes.append(f"The networks are those of seed {key.seed} alone; the study trained {len(seeds)} seeds.")
        notes.append("The intervals take images for independent, near copies among them too.")
        return tuple(notes)

    def _boxed(self) -> str:
        """How many images of each part have a box."""
        from engine.finished.explain.curves import PART_WORDS

        return " and ".join(
            f"{sum(image.sample.box is not None for image in images)} of {len(images)} {PART_WORDS[part]}"
            for part, images in self._parts.items()
        )


def _pictures(longer: npt.NDArray[np.int64]) -> int:
    """How many pictures are made of images with these longer sides."""
    return len(longer) + sum(int((longer > size).sum()) for size in SIZES)
