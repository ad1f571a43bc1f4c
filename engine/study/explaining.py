"""Looking into the networks of a finished run: from its folder alone, without training anything again.

Importing this is cheap; torch is loaded when something is opened.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.codec import from_jsonable, to_jsonable
from engine.control import StudyControl
from engine.errors import SimpsonsError
from engine.explanation_report import Ablation, ExplanationReport
from engine.files import replace_json
from engine.record import JobKey, StudyRecord
from engine.study.ablating import Measurement
from engine.study.finished import ExplanationProgress, FinishedRun, Tell, evaluated_keys, folder_of
from engine.study.gallery import Pixels, VariantPicture

if TYPE_CHECKING:
    from engine.dataset import CheckedImage
    from engine.explain import BlockMaps

__all__ = [
    "Explainer",
    "ExplanationProgress",
    "InsideView",
    "measure_explanation",
    "open_explainer",
    "stored_explanation",
]

REPORT_FILE = "explanation.json"
"""Beside the run's events, so that what was measured is measured once."""

REPORT_VERSION = 1
"""Raised when an older report says something else by the same names."""


@dataclass(frozen=True)
class InsideView:
    """One image as one network sees it, as pictures (H, W, 3) uint8.

    Attributes:
        pixels: what the network sees.
        probabilities: of the classes, in label order.
        predicted: the likeliest class.
        for_predicted, for_true: Grad-CAM as heat over the pixels, for the predicted and for the true class.
        speaks_for_predicted, speaks_for_true: whether there is any such heat: the mean gradients that Grad-CAM weighs
            the maps with can leave nothing above 0, also for the class that was said.
        blocks: name and maps in a grid of every block.
        filters: the first layer's kernels in a grid.
    """

    pixels: Pixels
    probabilities: tuple[float, ...]
    predicted: int
    for_predicted: Pixels
    for_true: Pixels
    speaks_for_predicted: bool
    speaks_for_true: bool
    blocks: tuple[tuple[str, Pixels], ...]
    filters: Pixels


class Explainer:
    """One variant's network of a finished run, for one image at a time; used by one thread at a time.

    Paths are those of the run's predictions and of its data set. Methods raise `SimpsonsError` where an image is gone.

    Attributes:
        record, gallery: the run and its images.
        key: whose network this is.
    """

    def __init__(self, run: "FinishedRun", key: JobKey) -> None:
        self.record, self.gallery, self.key = run.record, run.gallery, key
        self._run = run
        self._model = run.network(key)
        self._kept: dict[str, Pixels] = {}

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in label order."""
        return self.gallery.classes

    def image(self, path: str) -> Pixels:
        """What the network sees of an image: (H, W, 3) uint8 after the variant's steps, through the pixel cache."""
        if path not in self._kept:
            with self._run.pixels(self.key.variant, [self._checked(path)]) as table:
                self._kept = {path: table.gather(np.array([0]))[0]}
        return self._kept[path]

    def _checked(self, path: str) -> "CheckedImage":
        from engine.dataset import CheckedImage, decode_rgb
        from engine.dataset.fingerprints import take_fingerprint
        from engine.dataset.images import file_format

        sample = self.gallery.samples[self.gallery.image(path).path]
        data = sample.source.read()
        fingerprint = take_fingerprint(decode_rgb(data), file_format(data))
        return CheckedImage(sample, hashlib.sha256(data).hexdigest(), fingerprint)

    def said(self, path: str) -> npt.NDArray[np.float64]:
        """Class probabilities (classes,) of an image, in fp32: bf16 runs may differ in the third decimal."""
        from engine.explain import probabilities

        return probabilities(self._model, self.image(path))

    def variants_of(self, path: str) -> tuple[VariantPicture, ...]:
        """The image through every variant of the run."""
        started = self.record.started
        return tuple(self.gallery.through(path, started.variants if started else (self.key.variant,)))

    def feature_maps(self, path: str) -> "tuple[BlockMaps, ...]":
        """The output of each block: a name and (channels, h, w) float32, at least 0."""
        from engine.explain import feature_maps

        return feature_maps(self._model, self.image(path))

    def maps_pictures(self, path: str) -> tuple[tuple[str, Pixels], ...]:
        """The same as one picture a block, its maps in a grid."""
        from engine.explain import maps_picture

        return tuple((block.name, maps_picture(block.maps)) for block in self.feature_maps(path))

    def filters(self) -> Pixels:
        """The first layer's kernels as RGB tiles (channels, side, side, 3) uint8."""
        from engine.explain import first_filters

        return first_filters(self._model)

    def grad_cam(self, path: str, label: int) -> npt.NDArray[np.float32]:
        """Evidence for a class at the last block, (h, w) in [0, 1]; see `engine.explain.grad_cam`."""
        from engine.explain import grad_cam

        return grad_cam(self._model, self.image(path), label)

    def grad_cam_picture(self, path: str, label: int) -> Pixels:
        """The same as heat over what the network sees, (H, W, 3) uint8."""
        from engine.explain import overlay

        return overlay(self.image(path), self.grad_cam(path, label))

    def look(self, path: str, label: int) -> InsideView:
        """All of the above for an image whose true class is `label`."""
        from engine.explain import overlay
        from engine.explain.sheets import square, tiled

        said, pixels, filters = self.said(path), self.image(path), self.filters()
        predicted = int(said.argmax())
        evidence, true_evidence = self.grad_cam(path, predicted), self.grad_cam(path, label)
        return InsideView(
            pixels=pixels,
            probabilities=tuple(float(share) for share in said),
            predicted=predicted,
            for_predicted=overlay(pixels, evidence),
            for_true=overlay(pixels, true_evidence),
            speaks_for_predicted=bool(evidence.any()),
            speaks_for_true=bool(true_evidence.any()),
            blocks=self.maps_pictures(path),
            filters=tiled(filters, square(len(filters), 1, 1)),
        )

    def ablations(self, progress: Tell, control: StudyControl) -> tuple[Ablation, ...]:
        """What this network loses when a part of the picture is taken away.

        Raises:
            StudyStopped: `control` was told to stop.
        """
        images = self._run.divided(self.key.fold, progress, control).measured
        measurement = Measurement(self._run, images, [self.key], progress, control)
        return measurement.measure(self.key)


def open_explainer(
    source: Path | StudyRecord, variant: str, seed: int | None = None, *, fold: int = 0, cache_dir: Path | None = None
) -> Explainer:
    """The network of one variant of a finished run, from its folder or record; the first seed where none is named.

    `cache_dir` replaces the cache that the run used.

    Raises:
        SimpsonsError: the run, its weights or its data cannot be read.
    """
    run = FinishedRun(folder_of(source), cache_dir)
    return Explainer(run, run.key(variant, seed, fold))


def measure_explanation(
    source: Path | StudyRecord,
    *,
    seed: int | None = None,
    fold: int = 0,
    cache_dir: Path | None = None,
    progress: Tell | None = None,
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
    folder = folder_of(source)
    known = stored_explanation(folder)
    if known is not None and known.fold == fold and seed in (None, known.seed):
        return known
    tell, control = progress or _say_nothing, control or StudyControl()
    run = FinishedRun(folder, cache_dir)
    keys = evaluated_keys(run.record, seed, fold)
    images = run.divided(fold, tell, control).measured
    measurement = Measurement(run, images, keys, tell, control)
    ablations = tuple(ablation for key in keys for ablation in measurement.measure(key))
    from engine.explain import draw_answers

    assert run.record.started is not None
    report = ExplanationReport(
        study=run.record.started.study,
        seed=keys[0].seed,
        fold=fold,
        ablations=ablations,
        answers=draw_answers(ablations),
        notes=measurement.notes(),
    )
    with contextlib.suppress(OSError):  # a folder that cannot be written costs another measurement, no more
        replace_json(folder / REPORT_FILE, {"version": REPORT_VERSION, "report": to_jsonable(report)})
    return report


def stored_explanation(source: Path | StudyRecord) -> ExplanationReport | None:
    """What was measured of a run before.

    None where that was never done, cannot be read any more, or where the run has evaluated more variants since.
    """
    try:
        from engine.study import load_record

        data = json.loads((folder_of(source) / REPORT_FILE).read_text(encoding="utf-8"))
        if data["version"] != REPORT_VERSION:
            return None
        report: ExplanationReport = from_jsonable(ExplanationReport, data["report"])
        record = source if isinstance(source, StudyRecord) else load_record(source)
        measured = {ablation.variant for ablation in report.ablations}
        if {key.variant for key in evaluated_keys(record, report.seed, report.fold)} != measured:
            return None
    except (OSError, ValueError, KeyError, TypeError, SimpsonsError):
        return None
    return report


def _say_nothing(_: ExplanationProgress) -> None:
    pass
