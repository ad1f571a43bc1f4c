"""A finished run, opened once: its record, its images as its protocol divides them, its networks, its counterpart."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.config.study import StudyConfig
from engine.config.variants import get_variant
from engine.errors import InputError, StorageError
from engine.events.control import StudyControl
from engine.events.progress import ExplanationProgress, Tell
from engine.events.record import JobKey, StudyRecord
from engine.events.study import StudyStarted
from engine.finished.counterpart import find_counterpart
from engine.finished.gallery import Gallery
from engine.reports.explanation import ImagesFrom
from engine.runs import load_config, load_record
from engine.runs.layout import weights_path
from engine.system.locations import cache_folder

if TYPE_CHECKING:
    from torch import nn

    from engine.dataset import CheckedDataset, CheckedImage
    from engine.preprocess import PixelTable, Step
    from engine.reports.audit import AuditReport
    from engine.superres import SuperresModel


LEAST_BOXED = 20
"""Fewer boxed images than this that were not trained on say less than those that were."""


def evaluated_keys(record: StudyRecord, seed: int | None, fold: int) -> list[JobKey]:
    """One evaluated job a variant, all of one seed (the first where none is named), in the study's order.

    Raises:
        InputError: there is none.
    """
    variants = record.started.variants if record.started is not None else ()
    done = [key for key, result in record.results.items() if result.metrics is not None and key.fold == fold]
    seeds = sorted({key.seed for key in done}) if seed is None else [seed]
    found = [key for variant in variants for key in done if seeds and (key.variant, key.seed) == (variant, seeds[0])]
    if not found:
        raise InputError(f"the run has no evaluated job{'' if seed is None else f' of seed {seed}'} in fold {fold}")
    return found


class FinishedRun:
    """A run's folder and what lies in it.

    Opening is cheap: each part is read when it is first asked for, and kept. Where it cannot be read, asking raises
    `SimpsonsError`.

    Attributes:
        folder: the run's folder.
    """

    def __init__(
        self,
        folder: Path,
        cache_dir: Path | None = None,
        record: StudyRecord | None = None,
        runs_dir: Path | None = None,
    ) -> None:
        """Open a run.

        Args:
            folder: the run's folder.
            cache_dir: replaces the cache that the run used.
            record: the run's record, where somebody has read it already.
            runs_dir: where its counterpart is looked for; None for the folder that the run lies in.
        """
        self.folder = folder
        self._cache_dir, self._runs_dir = cache_dir, runs_dir or folder.parent
        if record is not None:
            self.record = record

    # ------------------------------------------------------------ what the folder holds

    @cached_property
    def record(self) -> StudyRecord:
        """What the run came to; reads the events and the predictions."""
        return load_record(self.folder)

    @property
    def started(self) -> StudyStarted:
        """How the study began.

        Raises:
            StorageError: it never did.
        """
        if self.record.started is None:
            raise StorageError(f"{self.folder}: the run never began")
        return self.record.started

    @cached_property
    def config(self) -> StudyConfig:
        """What the study was asked to do."""
        config = load_config(self.folder)
        return config if self._cache_dir is None else replace(config, cache_dir=self._cache_dir)

    @cached_property
    def gallery(self) -> Gallery:
        """The images, one at a time; reads names and image headers."""
        from engine.study.opening import open_study_dataset

        config = self.config
        return Gallery(open_study_dataset(config), config, self.record.machine, self.record.superres_weights)

    @cached_property
    def counterpart(self) -> StudyRecord | None:
        """The record of the same study under the other protocol (see `find_counterpart`); None where there is none."""
        return find_counterpart(self.record, self._runs_dir)

    # ------------------------------------------------------------ its networks and their pixels

    @cached_property
    def machine(self) -> MachineSettings:
        """How the networks compute: as in the run, or with plain settings where its device is not on this machine."""
        return _here(self.gallery.machine)

    @property
    def preprocess_machine(self) -> MachineSettings:
        """How the variants' steps compute."""
        return replace(self.machine, precision=self.record.superres_precision or self.machine.precision)

    def key(self, variant: str, seed: int | None, fold: int) -> JobKey:
        """The job that is meant.

        Raises:
            InputError: the run has no such job with weights.
        """
        for known in sorted(self.record.results):
            if (known.variant, known.fold) == (variant, fold) and seed in (None, known.seed):
                return known
        which = variant if seed is None else f"{variant} with seed {seed}"
        have = ", ".join(dict.fromkeys(known.variant for known in self.record.results)) or "none"
        raise InputError(f"{self.folder}: no finished job of {which}, fold {fold}: it has {have}")

    def network(self, key: JobKey) -> "nn.Module":
        """The network of a job.

        Raises:
            InputError: it, or a step of the variant, is code of the user's own that they did not name now, or another.
            WeightsError: its weights are missing or belong to another network.
        """
        from engine.training.inference import load_network

        self.config.require_steps(key.variant)
        adopt(self.record, self.config.recipe)
        recipe, scale = self.config.recipe, get_variant(key.variant).scale
        height, width = recipe.image_size
        return load_network(
            weights_path(self.folder, key),
            recipe,
            len(self.gallery.classes),
            (scale * height, scale * width),
            seed=key.seed,
            fold=key.fold,
        )

    def pixels(
        self, variant: str, images: "Sequence[CheckedImage]", control: StudyControl | None = None
    ) -> "PixelTable":
        """The pixels of images for a variant, from the cache where they are there.

        Raises:
            InputError: as `network`.
        """
        from engine.preprocess import PixelCache, preprocess

        self.config.require_steps(variant)
        return preprocess(
            get_variant(variant),
            images,
            self.config.recipe,
            superres=self._superres(variant),
            machine=self.preprocess_machine,
            cache=PixelCache(cache_folder(self.config.cache_dir) / "pixels"),
            control=control or StudyControl(),
            on_start=lambda total, cached: None,
            on_progress=lambda done: None,
        )

    def steps(self, variant: str) -> "tuple[Step, ...]":
        """A variant's pre-processing, as the run did it.

        Raises:
            InputError: as `network`.
        """
        from engine.preprocess import StepContext, build_steps

        self.config.require_steps(variant)
        context = StepContext(self.config.recipe, self.preprocess_machine, self._superres(variant))
        return build_steps(get_variant(variant), context)

    def _superres(self, variant: str) -> "SuperresModel | None":
        return self.gallery.superres() if "superres" in get_variant(variant).steps else None

    # ------------------------------------------------------------ its images, divided

    def divided(self, fold: int, tell: Tell, control: StudyControl) -> "DividedImages":
        """The images as the run's protocol divides them, from the same audit.

        Raises:
            InputError: there is no such fold.
        """
        from engine.dataset import check_images
        from engine.study.images import divide_images

        checked = check_images(
            self.gallery.dataset,
            cache_folder(self.config.cache_dir),
            control=control,
            progress=lambda done, total: tell(ExplanationProgress("reading the images", done, total)),
        )
        images, _, _ = divide_images(checked, self.record.audit or self._audited(checked, tell, control), self.config)
        if fold >= len(images.folds):
            raise InputError(f"{self.folder}: there is no fold {fold}")
        part = images.folds[fold]
        return DividedImages(
            checked,
            trained=tuple(images.images[row] for row in part.train),
            test=tuple(images.images[row] for row in part.test),
        )

    def _audited(self, checked: "CheckedDataset", tell: Tell, control: StudyControl) -> "AuditReport":
        """The audit of a run from before there were audits."""
        from engine.audit import audit_images
        from engine.study.images import undivided

        return audit_images(
            undivided(checked),
            closeness=self.config.closeness,
            control=control,
            progress=lambda done, total: tell(ExplanationProgress("comparing the images", done, total)),
        )


def adopt(record: StudyRecord, recipe: Recipe) -> None:
    """Where a run's network is code of the user's own: it is only run if they named it now, and it is the same.

    Raises:
        InputError: they did not, or it is another.
    """
    if record.network is not None and record.network.source_sha256:
        from engine.models import adopt_network

        adopt_network(recipe.network, record.network.source_sha256)


open_run = FinishedRun
"""What the engine's face calls it: nothing is read before it is asked for."""


@dataclass(frozen=True)
class DividedImages:
    """All images of a run's data set, and those that one fold trained on and tested."""

    checked: "CheckedDataset"
    trained: "tuple[CheckedImage, ...]"
    test: "tuple[CheckedImage, ...]"

    @cached_property
    def _trained_paths(self) -> set[str]:
        return {image.sample.path for image in self.trained}

    @cached_property
    def _tested_paths(self) -> set[str]:
        return {image.sample.path for image in self.test}

    @cached_property
    def held_out(self) -> "tuple[CheckedImage, ...]":
        """The data set's own training images that were neither trained on nor tested: validation images, and copies.

        None where the test images are a part of them: they were divided, and the test images are of their kind.
        """
        own = self.checked.images[: len(self.checked.dataset.train)]
        if not self.checked.dataset.test_given or any(image.sample.path in self._tested_paths for image in own):
            return ()
        known = self._tested_paths | self._trained_paths
        return tuple(image for image in own if image.sample.path not in known)

    @cached_property
    def boxed(self) -> "tuple[ImagesFrom, tuple[CheckedImage, ...]]":
        """The best images with a box that there are: test images, else others not trained on, else those trained on."""
        boxed = [image for image in self.checked.images if image.sample.box is not None]
        choices: list[tuple[ImagesFrom, tuple[CheckedImage, ...]]] = [
            ("test", tuple(image for image in boxed if image.sample.path in self._tested_paths)),
            ("not trained on", tuple(image for image in boxed if image.sample.path not in self._trained_paths)),
            ("trained on", tuple(image for image in boxed if image.sample.path in self._trained_paths)),
        ]
        enough = next((choice for choice in choices[:2] if len(choice[1]) >= LEAST_BOXED), None)
        return enough or (choices[2] if choices[2][1] else max(choices[:2], key=lambda choice: len(choice[1])))


def _here(machine: MachineSettings) -> MachineSettings:
    """The run's settings, or plain ones where its device is not on this machine."""
    import torch

    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if usable.get(machine.device.partition(":")[0], False):
        return machine
    return replace(machine, device="cpu", precision="fp32", threads=os.cpu_count() or 1, chosen_by="default")
