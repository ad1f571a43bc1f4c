"""Measuring what the networks of a finished run lose when a part of the picture is taken away."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.config.variants import CROPPING, PAPER_CROPPING, get_variant
from engine.errors import SimpsonsError
from engine.events.control import StudyControl
from engine.events.progress import ExplanationProgress, Tell
from engine.events.record import JobKey
from engine.finished.explain.kept import keep_report, read_report
from engine.finished.run import DividedImages, FinishedRun, evaluated_keys
from engine.reports.explanation import Ablation, Change, ExplanationReport, ImagesFrom

if TYPE_CHECKING:
    from torch import nn

    from engine.dataset import CheckedImage
    from engine.finished.explain.changes import Region
    from engine.training.pixels import Pixels as PixelSource


REPORT_FILE = "explanation.json"

Labels = npt.NDArray[np.int64]


class _Measurement:
    """The measurement of some jobs on the same images."""

    def __init__(
        self, run: FinishedRun, images: DividedImages, keys: Sequence[JobKey], tell: Tell, control: StudyControl
    ) -> None:
        self._run, self._images, self._tell, self._control = run, images, tell, control
        self._boxed_from, self._boxed = images.boxed
        self._done = 0
        self._total = sum(
            2 * len(images.test) + (len(self._boxed) * (1 + len(changes)) if (changes := _box_changes(name)) else 0)
            for name in (key.variant for key in keys)
        )
        self._boxes_alone = [key.variant for key in keys if _sees_box_alone(key.variant)]
        self._cut_elsewhere = [key.variant for key in keys if _cuts_elsewhere(key.variant)]

    def measure(self, key: JobKey) -> tuple[Ablation, ...]:
        """Every change for one network."""
        model, variant = self._run.network(key).to(self._run.machine.device), key.variant
        found = list(self._measure(variant, model, self._images.test, "test", ("colour removed",)))
        if self._boxed and (changes := _box_changes(variant)):
            found += self._measure(variant, model, self._boxed, self._boxed_from, changes)
        return tuple(found)

    def _measure(
        self,
        variant: str,
        model: "nn.Module",
        images: "Sequence[CheckedImage]",
        images_from: ImagesFrom,
        changes: Sequence[Change],
    ) -> Iterator[Ablation]:
        from engine.finished.explain.changes import Changed
        from engine.finished.explain.measuring import measure_change

        labels = np.array([image.sample.label for image in images], dtype=np.int64)
        self._say(f"{variant}: pre-processing")
        with self._run.pixels(variant, images, self._control) as table:
            before = self._predict(f"{variant}: as they are", model, table, len(images))
            regions = _regions(variant, images, table.image_size)
            for change in changes:
                after = self._predict(f"{variant}: {change}", model, Changed(table, change, regions), len(images))
                yield measure_change(
                    variant,
                    change,
                    images_from,
                    labels=labels,
                    before=before,
                    after=after,
                    classes=self._run.gallery.classes,
                )

    def _predict(self, words: str, model: "nn.Module", pixels: "PixelSource", count: int) -> Labels:
        from engine.training import predict_proba

        start = self._done
        said = predict_proba(
            model,
            self._run.machine,
            pixels,
            np.arange(count),
            batch_size=self._run.config.recipe.batch_size,
            control=self._control,
            on_progress=lambda done: self._say(words, start + done),
        )
        self._done = start + count
        labels: Labels = said.argmax(axis=1)
        return labels

    def _say(self, words: str, done: int | None = None) -> None:
        self._tell(ExplanationProgress(words, self._done if done is None else done, self._total))

    def notes(self) -> tuple[str, ...]:
        """What the figures are not."""
        notes = [
            "What is taken away is taken from the pixels that the network sees; it was not trained on such pictures."
        ]
        if not self._boxed:
            return (*notes, "No image has a box, so background, box and hair cannot be taken away.")
        counts = f"{len(self._boxed)} boxed images"
        if self._boxed_from == "trained on":
            notes.append(
                f"Too few boxed images were left out of training: background, box and hair are measured on {counts} "
                "that the networks were trained on, so only the losses say something, not the accuracies."
            )
        elif self._boxed_from == "not trained on":
            notes.append(
                f"Too few test images have a box: background, box and hair are measured on {counts} that took no part "
                "in training."
            )
        notes += [
            f"{variant} sees nothing but the box of a boxed image, so there is no background to take away."
            for variant in self._boxes_alone
        ]
        notes += [
            f"{variant} cuts boxed images elsewhere than at their box: of these it is measured without colour alone."
            for variant in self._cut_elsewhere
        ]
        return tuple(notes)


def _crops(variant: str) -> bool:
    return CROPPING in get_variant(variant).words


def _cuts_elsewhere(variant: str) -> bool:
    return PAPER_CROPPING in get_variant(variant).words


def _sees_box_alone(variant: str) -> bool:
    return _crops(variant) or "boxmask" in get_variant(variant).steps


def _box_changes(variant: str) -> tuple[Change, ...]:
    if _cuts_elsewhere(variant):
        return ()
    if _sees_box_alone(variant):
        return ("top of box greyed",)
    return ("background greyed", "box greyed", "top of box greyed")


def _regions(variant: str, images: "Sequence[CheckedImage]", image_size: tuple[int, int]) -> "list[Region | None]":
    from engine.dataset.images import upright_size
    from engine.finished.explain.changes import box_on_pixels

    regions: list[Region | None] = []
    for image in images:
        box = image.sample.box
        if box is None:
            regions.append(None)
            continue
        width, height = upright_size(image.sample.source)
        corners = (box.left, box.top, box.right, box.bottom)
        regions.append(box_on_pixels(corners, (height, width), image_size, cropped=_crops(variant)))
    return regions


def measure_explanation(
    run: FinishedRun,
    *,
    seed: int | None = None,
    fold: int = 0,
    progress: Tell = lambda _: None,
    control: StudyControl | None = None,
) -> ExplanationReport:
    """Measure what every variant's network loses without colour, background and box, and keep it beside the run.

    The pixels are changed after pre-processing, just before the network sees them. Where test images have no boxes,
    the changes that need one are measured on boxed images that were not trained on, and on training images where there
    are too few of those. Measured again only where that was not done before.

    Raises:
        SimpsonsError: the run, its weights or its data cannot be read.
        StudyStopped: `control` was told to stop; nothing is kept.
    """
    from engine.finished.explain.answers import draw_answers

    known = stored_explanation(run)
    if known is not None and known.fold == fold and seed in (None, known.seed):
        return known
    control = control or StudyControl()
    keys = evaluated_keys(run.record, seed, fold)
    run.config.require_steps(*(key.variant for key in keys))
    measurement = _Measurement(run, run.divided(fold, progress, control), keys, progress, control)
    ablations = tuple(ablation for key in keys for ablation in measurement.measure(key))
    report = ExplanationReport(
        study=run.started.study,
        seed=keys[0].seed,
        fold=fold,
        ablations=ablations,
        answers=draw_answers(ablations),
        notes=measurement.notes(),
    )
    keep_report(run.folder / REPORT_FILE, report)
    return report


def stored_explanation(run: FinishedRun) -> ExplanationReport | None:
    """What was measured of a run before.

    None where that was never done, cannot be read any more, or where the run has evaluated more variants since.
    """
    report = read_report(run.folder / REPORT_FILE, ExplanationReport)
    if report is None:
        return None
    measured = {ablation.variant for ablation in report.ablations}
    with contextlib.suppress(SimpsonsError):
        if {key.variant for key in evaluated_keys(run.record, report.seed, report.fold)} == measured:
            return report
    return None
