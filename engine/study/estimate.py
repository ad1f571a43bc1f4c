"""Estimate of a study's time and disk space, made before it starts.

Stages that were timed on this machine count with what they took; the others with figures of a two-core server CPU
measured while this was written, scaled by the number of cores. Good for "a minute or an hour?", no more.
"""

import heapq
import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.grammar import StepCall
from engine.config.networks import is_ours
from engine.config.recipes import Recipe
from engine.config.study import StudyConfig
from engine.config.variants import PLAIN, VARIANTS, Variant, find_variant, get_variant
from engine.events.study import Stage
from engine.reports import estimate as costs
from engine.reports.estimate import Estimate
from engine.reports.quality import compared_images, reference_of
from engine.reports.results import DatasetSummary
from engine.steps.registry import find_step
from engine.system.locations import cache_folder
from engine.system.memory import recall, remember
from engine.system.own_step_code import measure, seconds_per_megapixel

if TYPE_CHECKING:
    from engine.training.footprint import Footprint

_FILE = "stage-timings.json"
_TYPICAL_CORES = 2
_MEGAPIXEL = 1_000_000
_SECONDS_PER_MINUTE = 60
_RGB_BYTES = 3
FORWARD_SHARE = 1 / 3
"""Asking a network takes about a third of training on the same image: the way back takes two."""

_FRESH_ENOUGH = 20
"""A stage over fewer images than this says too little of its speed."""


@dataclass
class StageTimings:
    """Seconds an image that stages took on this machine, by stage, variant and image size."""

    path: Path
    seconds_per_image: dict[str, float] = field(default_factory=dict)
    _added: dict[str, float] = field(default_factory=dict)
    """What this process timed: the rest may have been timed anew by others meanwhile."""

    @classmethod
    def load(cls, cache_dir: Path) -> "StageTimings":
        """Read what is remembered; a missing or damaged file is an empty memory."""
        path = cache_dir / _FILE
        known = {
            key: float(value) for key, value in recall(path).items() if isinstance(value, int | float) and value > 0
        }
        return cls(path, known)

    def add(self, stage: Stage, variant: str, config: StudyConfig, images: int, seconds: float) -> None:
        """Take in that a stage worked through `images` images in `seconds`."""
        key = _key(stage, variant, config)
        if images >= _FRESH_ENOUGH and seconds > 0:
            self.seconds_per_image[key] = self._added[key] = seconds / images

    def save(self) -> None:
        """Write the memory, where the cache can be written."""
        remember(self.path, self._added)

    def lookup(self, stage: Stage, variant: str, config: StudyConfig) -> float | None:
        """Seconds an image, or None where this stage was never timed."""
        return self.seconds_per_image.get(_key(stage, variant, config))


def estimate_study(
    config: StudyConfig, summary: DatasetSummary, timings: StageTimings, step: "Footprint | None" = None
) -> Estimate:
    """Add the stages of all chosen variants up; `step` is what was measured of a network that is not ours."""
    recipe, images = config.recipe, summary.train + summary.test
    jobs = config.repeats * config.folds
    work: list[tuple[Stage, str, int]] = [("check", "", images), ("audit", "", images)]
    for variant in config.variants:
        work += [
            ("preprocess", variant, images),  # once: further seeds and folds find it in the cache
            ("evaluate", variant, summary.test * jobs),
        ]
        if config.budget_minutes is None:
            work.append(("train", variant, summary.train * recipe.epochs * jobs))
    work.append(("baselines", "", images))
    if compared := summary.test * compared_images(config.variants):
        work.append(("quality", "", compared))
    known = [timings.lookup(stage, variant, config) or _of_step(step, stage, variant) for stage, variant, _ in work]
    seconds = sum(
        count * (typical_seconds(stage, variant, recipe, config.variants) if measured is None else measured)
        for (stage, variant, count), measured in zip(work, known, strict=True)
    )
    if config.budget_minutes is not None:
        seconds += config.budget_minutes * _SECONDS_PER_MINUTE * jobs * len(config.variants)
    missing = sum(measured is None for measured in known)
    basis = (
        "measured here" if not missing else "typical for two cores" if missing == len(known) else "partly measured here"
    )
    return Estimate(seconds, _cache_bytes(config, summary), _free_bytes(cache_folder(config.cache_dir)), basis)


def _of_step(step: "Footprint | None", stage: Stage, variant: str) -> float | None:
    """Seconds an image of training or evaluating a variant, by a step at the recipe's size."""
    if step is None or stage not in ("train", "evaluate"):
        return None
    seconds = step.seconds_per_image * get_variant(variant).scale ** 2
    return seconds if stage == "train" else FORWARD_SHARE * seconds


def slowest_preprocessing(config: StudyConfig, summary: DatasetSummary, timings: StageTimings) -> float:
    """Seconds that the slowest variant's pre-processing of all images takes, if nothing is cached."""
    _measure_own(config)
    images = summary.train + summary.test
    known = {variant: timings.lookup("preprocess", variant, config) for variant in config.variants}
    return images * max(
        typical_seconds("preprocess", variant, config.recipe, (variant,)) if rate is None else rate
        for variant, rate in known.items()
    )


def slowest_quality(config: StudyConfig, summary: DatasetSummary, timings: StageTimings) -> float:
    """Seconds that measuring the quality of the variant with the largest images takes."""
    compared = summary.test * max(compared_images((variant,)) for variant in config.variants)
    rate = timings.lookup("quality", "", config)
    return compared * (typical_seconds("quality", "", config.recipe, ()) if rate is None else rate)


def _measure_own(config: StudyConfig) -> None:
    """Time the user's own steps, which nothing else is known of."""
    own = [spec for one in config.steps if (spec := find_step(one.name)) is not None]
    if own and measure(own, config.recipe.image_size):
        typical_seconds.cache_clear()


def _key(stage: Stage, variant: str, config: StudyConfig) -> str:
    """What was timed: the machine's settings as asked for stand for those that were chosen."""
    height, width = config.recipe.image_size
    network = "" if config.recipe.network == Recipe.network else f"/{config.recipe.network}"
    settings = f"{config.device}/{config.precision}/{config.threads or 'auto'}"
    return f"{stage}/{variant}/{height}x{width}/{settings}{network}"


@cache
def typical_seconds(stage: Stage, variant: str, recipe: Recipe, variants: tuple[str, ...]) -> float:
    """Seconds an image on a machine that was never timed.

    Of the study's `variants`, one whose first steps are another's finds their results at hand; a variant that this
    version does not know counts as one without steps.
    """
    speed_up = (os.cpu_count() or 1) / _TYPICAL_CORES
    megapixels = recipe.image_size[0] * recipe.image_size[1] / _MEGAPIXEL
    if stage == "quality":
        return costs.QUALITY_SECONDS_PER_MEGAPIXEL * megapixels / speed_up
    if not variant:
        return costs.FIXED_SECONDS_PER_IMAGE[stage] / speed_up
    chosen = find_variant(variant) or VARIANTS[PLAIN]
    if stage == "preprocess":
        specs = (find_step(call.step) for call in _own_steps(chosen, variants))
        seconds = sum(seconds_per_megapixel(spec) for spec in specs if spec is not None)
        return (costs.FIXED_SECONDS_PER_IMAGE["preprocess"] + seconds * megapixels) / speed_up
    rate = costs.TRAIN_SECONDS_PER_MEGAPIXEL if stage == "train" else costs.EVALUATE_SECONDS_PER_MEGAPIXEL
    others = 1 if is_ours(recipe.network) else costs.OTHER_NETWORKS
    return others * rate * megapixels * chosen.scale**2 / speed_up


def dearest_first(variants: tuple[str, ...], recipe: Recipe) -> list[str]:
    """The order in which variants begin side by side, so that none is left alone at the end.

    Those that take longest come first, and before each those whose results it begins with.
    """
    pipelines = {name: (find_variant(name) or VARIANTS[PLAIN]).pipeline for name in variants}
    seconds = {
        name: typical_seconds("preprocess", name, recipe, variants)
        + recipe.epochs * typical_seconds("train", name, recipe, variants)
        for name in variants
    }

    def place(name: str) -> tuple[float, int]:
        own = pipelines[name]
        return -max(seconds[other] for other in variants if pipelines[other][: len(own)] == own), len(own)

    return sorted(variants, key=place)


def unevenness(variants: tuple[str, ...], recipe: Recipe, runs: int, workers: int) -> float:
    """How many times longer so many workers take than work that divides evenly would; the last to end counts.

    Each variant is trained `runs` times and pre-processed once.
    """
    ends, total = [0.0] * workers, 0.0
    order = dearest_first(variants, recipe)
    for run in range(runs):
        for name in order:
            seconds = recipe.epochs * typical_seconds("train", name, recipe, variants)
            seconds += typical_seconds("preprocess", name, recipe, variants) if run == 0 else 0.0
            heapq.heapreplace(ends, ends[0] + seconds)
            total += seconds
    return max(ends) * workers / total


def _own_steps(variant: Variant, variants: Sequence[str]) -> tuple[StepCall, ...]:
    """The steps after the longest start that is another of the study's variants, whose results are then at hand."""
    others = [other.pipeline for name in variants if name != variant.name and (other := find_variant(name)) is not None]
    known = max((len(steps) for steps in others if variant.pipeline[: len(steps)] == steps), default=0)
    return variant.pipeline[known:]


def _cache_bytes(config: StudyConfig, summary: DatasetSummary) -> int:
    """Every variant's results, and of the test images what their quality is measured against."""
    height, width = config.recipe.image_size
    variants = [get_variant(name) for name in config.variants]
    kept = {(variant.name, variant.scale) for variant in variants}
    pairs = [(reference_of(variant), variant.scale) for variant in variants]
    references = {(other.name, scale) for other, scale in pairs if other is not None} - kept

    def sizes(results: Collection[tuple[str, int]]) -> int:
        return sum(scale**2 for _, scale in results)

    slots = (summary.train + summary.test) * sizes(kept) + summary.test * sizes(references)
    return slots * height * width * _RGB_BYTES


def _free_bytes(folder: Path) -> int:
    existing = next((parent for parent in (folder, *folder.parents) if parent.exists()), Path.cwd())
    return shutil.disk_usage(existing).free


def estimate(config: StudyConfig, summary: DatasetSummary) -> Estimate:
    """How long the study would take and how much disk its cache needs; rough until its stages were timed here.

    Steps of the user's own are tried on a drawn picture. For a network that is not ours a step is done, once a process
    for each image size: some seconds.

    Raises:
        InputError: the user's own steps were not named, or are others now; that network is not there, or cannot take a
            step.
    """
    config.require_steps()
    _measure_own(config)
    timings = StageTimings.load(cache_folder(config.cache_dir))
    if is_ours(config.recipe.network):
        return estimate_study(config, summary, timings)
    from engine.training import footprint_of, free_memory

    recipe, scale = config.recipe, max(get_variant(name).scale for name in config.variants)
    step = footprint_of(recipe, len(summary.classes), config.device)
    batch = min(recipe.batch_size, summary.train) * scale**2
    return replace(
        estimate_study(config, summary, timings, step),
        memory_bytes=int(step.step_bytes(batch)),
        free_memory_bytes=free_memory(config.device),
    )
