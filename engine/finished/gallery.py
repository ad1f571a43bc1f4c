"""The images of a data set, or of a finished run, one at a time: what screens, reports and explanations look at.

Importing this loads neither torch nor torchvision; `Gallery.through` does, when it is called.
"""

import hashlib
import os
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.config.machine import MachineSettings
from engine.config.study import StudyConfig
from engine.config.variants import get_variant, name_of
from engine.errors import InputError, SimpsonsError
from engine.reports.pictures import GalleryImage, Pixels, StepCost, VariantPicture
from engine.reports.results import SuperresWeightsInfo
from engine.system.locations import cache_folder

if TYPE_CHECKING:
    from engine.dataset import CheckedImage, Dataset, ImageSample
    from engine.preprocess import Step
    from engine.reports.quality import ImageQuality
    from engine.superres import SuperresModel


_REMEMBERED = 64
"""Images whose digests are remembered: one after another is shown in several variants."""

_FULL = 255
_STRONGEST = 99.5
"""Percentile of the differences that is shown at full strength, so that single pixels do not hide the rest."""
_MOST_GAIN = 16.0
"""Differences are strengthened at most so much: beyond that, rounding would look like an effect."""


class Gallery:
    """The images of one data set by path; safe for several threads.

    Attributes:
        identity: another one for every gallery, for those who remember pictures by path.
        dataset: where they are from.
        config: the study that they belong to, which says how they are pre-processed.
        classes: class names in label order.
        images: those for training first, in the data set's order.
        checked: an image by its path, with the digest that the pixel cache goes by.
    """

    def __init__(
        self,
        dataset: "Dataset",
        config: StudyConfig,
        machine: MachineSettings | None = None,
        superres_weights: SuperresWeightsInfo | None = None,
    ) -> None:
        self.identity = uuid.uuid4().hex
        self.dataset, self.config = dataset, config
        self.classes = dataset.classes
        self.samples = {sample.path: sample for sample in dataset.images}
        self.images = tuple(
            [_described(sample, "train") for sample in (*dataset.train, *dataset.validation)]
            + [_described(sample, "test") for sample in dataset.test]
        )
        self.checked = lru_cache(_REMEMBERED)(self._check)
        self._machine, self._superres_weights = machine, superres_weights
        self._steps: dict[str, tuple[Step, ...]] = {}
        self._superres_lock = threading.Lock()
        self._superres: SuperresModel | None = None

    @cached_property
    def _by_path(self) -> dict[str, GalleryImage]:
        return {image.path: image for image in self.images}

    def image(self, path: str) -> GalleryImage:
        """What is known of an image.

        Raises:
            InputError: there is none of that path.
        """
        try:
            return self._by_path[path]
        except KeyError:
            raise InputError(f"{path}: the data set no longer has this image") from None

    def pixels(self, path: str) -> Pixels:
        """The upright picture as the file has it.

        Raises:
            SimpsonsError: it is not in the data set or cannot be read.
        """
        from engine.dataset import decode_rgb

        self.image(path)
        # A copy of Pillow's memory, because torch wants memory that may be written to.
        return np.array(decode_rgb(self.samples[path].source.read()))

    def _check(self, path: str) -> "CheckedImage":
        """An image with what tells whether its file has changed since, as the pixel cache asks for it.

        Raises:
            SimpsonsError: as `pixels`.
        """
        from engine.dataset import CheckedImage, decode_rgb
        from engine.dataset.fingerprints import take_fingerprint
        from engine.dataset.images import file_format

        sample = self.samples[self.image(path).path]
        data = sample.source.read()
        fingerprint = take_fingerprint(decode_rgb(data), file_format(data))
        return CheckedImage(sample, hashlib.sha256(data).hexdigest(), fingerprint)

    def through(self, path: str, variants: Sequence[str]) -> Iterator[VariantPicture]:
        """The image through every variant, one after another as they are done, timed step by step.

        Where super-resolution is asked for, its network is loaded once and used by one thread at a time.

        Raises:
            SimpsonsError: the image cannot be read; or, after all others, why a variant could not be made (no weights
                for super-resolution, a step of the user's own).
        """
        original = self.pixels(path)
        plain, plain_steps = self._run_steps(path, original, "vanilla")
        refused: SimpsonsError | None = None
        for name in variants:
            try:
                pixels, steps = (plain, plain_steps) if name == "vanilla" else self._run_steps(path, original, name)
            except SimpsonsError as error:
                refused = refused or error
            else:
                yield VariantPicture(name, pixels, steps, *difference(pixels, plain))
        if refused is not None:
            raise refused

    def preview(self, path: str, variant: str) -> "tuple[VariantPicture, ImageQuality | None]":
        """The image as a variant makes it, and how close that is to the plain image.

        That is the image after the variant's steps on the original (crop, mask) and the resize alone; there is no
        quality of a variant that changes the size.

        Raises:
            SimpsonsError: as `through`.
        """
        from engine.statistics.quality import compare_image, summarise_quality

        known = get_variant(variant)
        plain, picture = self.through(path, (name_of(known.words[: known.steps.index("resize")]), variant))
        if picture.pixels.shape != plain.pixels.shape:
            return picture, None
        return picture, summarise_quality(variant, plain.variant, [compare_image(picture.pixels, plain.pixels)], [0])

    def _run_steps(self, path: str, pixels: Pixels, variant: str) -> tuple[Pixels, tuple[StepCost, ...]]:
        import skimage.restoration  # noqa: F401 - the first import would be counted as denoising

        from engine.preprocess import StepContext, build_steps, run_steps

        self.config.require_steps(variant)
        sample, costs = self.samples[path], []
        superres = self.superres() if "superres" in get_variant(variant).steps else None
        with self._superres_lock:
            fresh = variant not in self._steps
            if fresh:
                context = StepContext(self.config.recipe, self.machine, superres)
                self._steps[variant] = build_steps(get_variant(variant), context)
            applied = tuple(step for step in self._steps[variant] if step.applies_to(sample))
            if fresh:
                # What the first run spends on loading and on finding fast methods is no cost of the step.
                list(run_steps(applied, pixels, sample.box))
            began = time.perf_counter()
            for step, result in run_steps(applied, pixels, sample.box):
                pixels, ended = result, time.perf_counter()
                costs.append(StepCost(step.name, (pixels.shape[0], pixels.shape[1]), ended - began))
                began = time.perf_counter()
        return pixels, tuple(costs)

    @property
    def machine(self) -> MachineSettings:
        """The run's own; for a data set that no run has touched plain fp32 on every core."""
        if self._machine is not None:
            return self._machine
        return MachineSettings("cpu", "", "fp32", True, os.cpu_count() or 1, "default")

    def superres(self) -> "SuperresModel":
        """The super-resolution network, opened once: of a run the one that it used.

        Raises:
            SimpsonsError: its weights cannot be read.
        """
        with self._superres_lock:
            if self._superres is None:
                from engine.superres import load_superres, recall_superres

                given, where = self.config.superres_weights, cache_folder(self.config.cache_dir)
                if self._superres_weights is None:
                    self._superres = load_superres(given, offline=self.config.offline, cache_dir=where)
                else:
                    here = given if given is not None and given.is_file() else None
                    self._superres = recall_superres(
                        self._superres_weights, here, offline=self.config.offline, cache_dir=where
                    )
            return self._superres


def _described(sample: "ImageSample", part: Literal["train", "test"]) -> GalleryImage:
    box = sample.box
    corners = (box.left, box.top, box.right, box.bottom) if box else None
    return GalleryImage(sample.path, sample.label, part, corners)


def open_gallery(config: StudyConfig) -> Gallery:
    """The images that a study of this configuration would use, from names and headers alone.

    Raises:
        SimpsonsError: the data cannot be used.
    """
    from engine.study.opening import open_study_dataset

    return Gallery(open_study_dataset(config), config)


def difference(pixels: Pixels, plain: Pixels) -> tuple[Pixels, float, float]:
    """What a variant changed: a picture of the difference from the plain resize, its mean, and its gain.

    See `VariantPicture`, whose attributes they are.
    """
    same_size = _shrunk(pixels, plain.shape[0], plain.shape[1])
    change = np.abs(same_size.astype(np.float32) - plain)
    strongest = float(np.percentile(change, _STRONGEST))
    gain = max(1.0, min(_MOST_GAIN, _FULL / strongest)) if strongest else 1.0
    return np.clip(np.rint(gain * change), 0, _FULL).astype(np.uint8), float(change.mean()), gain


def _shrunk(pixels: Pixels, height: int, width: int) -> Pixels:
    """Pixels of a whole multiple of a size, at that size by area."""
    factor = pixels.shape[0] // height
    if factor == 1:
        return pixels
    blocks = pixels.reshape(height, factor, width, factor, 3)
    shrunk: Pixels = np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)
    return shrunk
