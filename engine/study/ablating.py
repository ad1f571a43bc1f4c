"""Measuring what the networks of a finished run lose when a part of the picture is taken away."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.control import StudyControl
from engine.explanation_report import Ablation, Change, ImagesFrom
from engine.record import JobKey
from engine.study.finished import ExplanationProgress, FinishedRun, MeasuredImages, Tell
from engine.variants import get_variant

if TYPE_CHECKING:
    from torch import nn

    from engine.dataset import CheckedImage
    from engine.explain.changes import Region
    from engine.training.pixels import Pixels as PixelSource

Labels = npt.NDArray[np.int64]


class Measurement:
    """The measurement of some jobs on the same images."""

    def __init__(
        self, run: FinishedRun, images: MeasuredImages, keys: Sequence[JobKey], tell: Tell, control: StudyControl
    ) -> None:
        self._run, self._images, self._tell, self._control = run, images, tell, control
        self._done = 0
        self._total = sum(
            2 * len(images.test) + (1 + len(_box_changes(key.variant))) * len(images.boxed) for key in keys
        )
        self._cropping = [key.variant for key in keys if _crops(key.variant)]

    def measure(self, key: JobKey) -> tuple[Ablation, ...]:
        """Every change for one network."""
        model, variant = self._run.network(key).to(self._run.machine.device), key.variant
        found = list(self._measure(variant, model, self._images.test, "test", ("colour removed",)))
        boxed = self._images.boxed
        if boxed:
            found += self._measure(variant, model, boxed, self._images.boxed_from, _box_changes(variant))
        return tuple(found)

    def _measure(
        self,
        variant: str,
        model: "nn.Module",
        images: "Sequence[CheckedImage]",
        images_from: ImagesFrom,
        changes: Sequence[Change],
    ) -> Iterator[Ablation]:
        from engine.explain import Changed, measure_change

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
        from engine.training import predict

        start = self._done
        said = predict(
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
        images = self._images
        notes = [
            "What is taken away is taken from the pixels that the network sees; it was not trained on such pictures."
        ]
        if not images.boxed:
            return (*notes, "No image has a box, so background, box and hair cannot be taken away.")
        counts = f"{len(images.boxed)} boxed images"
        if images.boxed_from == "trained on":
            notes.append(
                f"Too few boxed images were left out of training: background, box and hair are measured on {counts} "
                "that the networks were trained on, so only the losses say something, not the accuracies."
            )
        elif images.boxed_from == "not trained on":
            notes.append(
                f"Too few test images have a box: background, box and hair are measured on {counts} that took no part "
                "in training."
            )
        notes += [
            f"{variant} sees nothing but the box of a boxed image, so there is no background to take away."
            for variant in self._cropping
        ]
        return tuple(notes)


def _crops(variant: str) -> bool:
    return "crop" in get_variant(variant).steps


def _box_changes(variant: str) -> tuple[Change, ...]:
    if _crops(variant):
        return ("top of box greyed",)
    return ("background greyed", "box greyed", "top of box greyed")


def _regions(variant: str, images: "Sequence[CheckedImage]", image_size: tuple[int, int]) -> "list[Region | None]":
    from engine.dataset.images import upright_size
    from engine.explain import box_on_pixels

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
