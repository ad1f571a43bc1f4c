"""How pre-processing and training grow with the number of images: time an image, and peak memory.

A process of its own for every number of images: it checks them, pre-processes them into an empty cache and, for one
variant, trains some steps of the paper recipe on them. Its anonymous memory is looked at every 20 ms. Where there are
not enough frames they are repeated under other bytes (`frames`). The small number is measured before and after the
large one, so that a machine that slows down meanwhile is not taken for growth.
"""

import os
import shutil
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from preprocessing import first_images
from processes import as_in_the_program, call, memory_meter
from table import Row, spread
from workplace import Workplace

from engine.config.machine import MachineSettings
from engine.config.recipes import RECIPES
from engine.config.variants import STUDY_VARIANTS, get_variant
from engine.dataset import Dataset, open_dataset

if TYPE_CHECKING:
    from engine.superres import SuperresModel

RECIPE = RECIPES["paper"]
FULL = dict.fromkeys(("vanilla", "bbox", "denoise"), (500, 8000)) | {"superres": (250, 1000)}
QUICK = {"vanilla": (300, 900), "bbox": (300, 900), "denoise": (100, 300), "superres": (12, 48)}
TRAINED = "vanilla"
WARM_UP_STEPS, STEPS = 2, 5

MOST_GROWTH = 1.15
"""Time an image or peak memory, large against small, that counts as linear or flat: timings vary by a tenth."""

MILLI, MEGA = 1000, 1e6


@dataclass(frozen=True)
class Size:
    """What one number of images took: seconds an image to pre-process and to train on, peak bytes meanwhile."""

    preprocess: float
    train: float | None
    preprocess_bytes: int
    train_bytes: int
    note: str


def rows(place: Workplace) -> list[Row]:
    """(9) time and memory of each variant's pre-processing, and of training."""
    found = []
    call(choose, classes=place.classes, cache=place.cache_dir)
    for variant in STUDY_VARIANTS:
        small, large = (QUICK if place.quick else FULL)[variant]
        before = _measure(place, variant, small)
        many = _measure(place, variant, large)
        after = _measure(place, variant, small)
        few = [before, after]
        numbers = f"{large:,} images; reference: {small:,}"
        made = f"pre-processing, {variant}, {numbers}"
        found += [
            _time_row(
                made + (f" ({many.note})" if many.note else ""), [one.preprocess for one in few], many.preprocess
            ),
            _memory_row(made, [one.preprocess_bytes for one in few], many.preprocess_bytes),
        ]
        if many.train is not None:
            trained = f"training, {numbers}"
            found += [
                _time_row(trained, [one.train for one in few if one.train is not None], many.train),
                _memory_row(trained, [one.train_bytes for one in few], many.train_bytes),
            ]
    return found


def _time_row(what: str, few: list[float], many: float) -> Row:
    ratio = many / statistics.median(few)
    return Row(
        f"(9) time an image, {what}",
        spread([MILLI * many], "ms"),
        spread([MILLI * seconds for seconds in few], "ms"),
        f"{ratio:.2f}",
        f"linear (at most {MOST_GROWTH:g})",
        ratio <= MOST_GROWTH,
    )


def _memory_row(what: str, few: list[int], many: int) -> Row:
    ratio = many / statistics.median(few)
    return Row(
        f"(9) peak memory, {what}",
        spread([many / MEGA], "MB", 4),
        spread([value / MEGA for value in few], "MB", 4),
        f"{ratio:.2f}",
        f"flat (at most {MOST_GROWTH:g})",
        ratio <= MOST_GROWTH,
    )


def _measure(place: Workplace, variant: str, count: int) -> Size:
    data = place.data_set((QUICK if place.quick else FULL)[TRAINED][1])
    return Size(**call(one_size, data=data, variant=variant, count=count, cache=place.cache_dir))


# ---------------------------------------------------------------- in processes of their own


def choose(classes: int, cache: str) -> None:
    """Have the machine's precision chosen and remembered, so that no measured process holds what that takes."""
    as_in_the_program(lambda: _chosen(classes, Path(cache)))


def _chosen(classes: int, cache: Path) -> tuple[MachineSettings, MachineSettings, "SuperresModel"]:
    """How to train, how to super-resolve, and the network for it."""
    from engine.superres import load_superres, recall_precision
    from engine.training import choose_machine

    machine = choose_machine(RECIPE, classes, device="cpu", cache_dir=cache)
    superres = load_superres(None, offline=True, cache_dir=cache)
    precision = recall_precision(superres, RECIPE.image_size, machine, cache)
    return machine, replace(machine, precision=precision), superres


def one_size(data: str, variant: str, count: int, cache: str) -> dict[str, Any]:
    """Measure one number of images; a `Size`."""
    return asdict(as_in_the_program(lambda: _one_size(Path(data), variant, count, Path(cache))))


def _one_size(data: Path, variant: str, count: int, cache: Path) -> Size:
    from engine.dataset import check_images
    from engine.events.control import StudyControl
    from engine.preprocess import PixelCache, preprocess

    dataset = open_dataset(data)
    machine, enlarging, superres = _chosen(len(dataset.classes), cache)
    own = Path(tempfile.mkdtemp(dir=cache))
    try:
        with memory_meter(os.getpid()) as making:
            began = time.perf_counter()
            part = first_images(dataset, count)
            checked = check_images(part, own, control=StudyControl(), progress=lambda done, total: None)
            pixels = preprocess(
                get_variant(variant),
                checked.images,
                RECIPE,
                superres=superres,
                machine=enlarging,
                cache=PixelCache(own / "pixels"),
                control=StudyControl(),
                on_start=lambda total, cached: None,
                on_progress=lambda done: None,
            )
            seconds = (time.perf_counter() - began) / count
        with pixels, memory_meter(os.getpid()) as training:
            step = _train(checked.dataset, pixels, machine) if variant == TRAINED else None
        return Size(seconds, step, making.peak_bytes, training.peak_bytes, pixels.note)
    finally:
        shutil.rmtree(own)


def _train(dataset: Dataset, pixels: Any, machine: MachineSettings) -> float:
    """Seconds an image of some steps on batches from all over the table; the first are left out."""
    from engine.events.control import StudyControl
    from engine.events.study import BatchTrained, Event
    from engine.training import train

    control = StudyControl()
    times: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, BatchTrained):
            times.append(time.perf_counter())
            if len(times) > WARM_UP_STEPS + STEPS:
                control.stop()

    recipe = replace(RECIPE, epochs=WARM_UP_STEPS + STEPS + 1)
    labels = np.array([sample.label for sample in dataset.train], dtype=np.int64)
    train(
        variant=TRAINED,
        seed=0,
        fold=0,
        recipe=recipe,
        machine=machine,
        pixels=pixels,
        rows=np.arange(len(labels), dtype=np.int64),
        labels=labels,
        n_classes=len(dataset.classes),
        emit=note,
        control=control,
    )
    return float(np.median(np.diff(times)[WARM_UP_STEPS:])) / min(RECIPE.batch_size, len(labels))
