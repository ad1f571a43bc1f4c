"""How many new images a second a trained model is asked about, decoding and pre-processing included.

The model is one of the paper's recipe, trained for one epoch on a few images; what it says does not matter here. Timed
from the model's being ready to the last answer, in a process of its own for each variant and round. The processor time
an image, over all threads, says what the rate is on a machine that has nothing else to do.
"""

import time
from dataclasses import replace
from pathlib import Path

from processes import as_in_the_program, call
from table import Row, spread
from workplace import Workplace

from engine.config.model import ModelRequest
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.finished.predicting.predict import predict_images
from engine.reports.prediction import ModelOpened, PredictionEvent
from engine.study.running import run_study

FULL = {"vanilla": 300, "bbox": 300, "denoise": 120, "superres": 24}
QUICK = {"vanilla": 100, "bbox": 100, "denoise": 40, "superres": 8}
TARGETS = {"vanilla": 50, "bbox": 50, "denoise": 20, "superres": 3}
TRAINED_ON = 24
MILLI = 1000


def rows(place: Workplace) -> list[Row]:
    """(11) images a second of each variant."""
    counts = QUICK if place.quick else FULL
    data = place.data_set(max(counts.values()))
    folder = call(train, data=data, cache=place.cache_dir, runs=place.folder / "predicting-runs")
    found = []
    for variant, count in counts.items():
        rounds = [
            call(ask, folder=folder, variant=variant, data=data, count=count, cache=place.cache_dir)
            for _ in range(place.size(3, 1))
        ]
        rates = [one["images_per_second"] for one in rounds]
        processor = [MILLI * one["processor_seconds"] for one in rounds]
        target = TARGETS[variant]
        found.append(
            Row(
                f"(11) predicting new images with {variant}, images a second; processor time an image as reference",
                spread(rates, "img/s"),
                spread(processor, "ms"),
                target=f">= {target} img/s",
                met=sorted(rates)[len(rates) // 2] >= target,
            )
        )
    return found


def train(data: str, cache: str, runs: str) -> str:
    """Train all variants for an epoch on a few images; the run's folder."""
    config = StudyConfig(
        data=Path(data),
        sample=TRAINED_ON,
        recipe=replace(RECIPES["paper"], epochs=1),
        device="cpu",
        offline=True,
        cache_dir=Path(cache),
        runs_dir=Path(runs),
    )
    record = as_in_the_program(lambda: run_study(config))
    assert record.finished is not None
    return record.finished.folder


def ask(folder: str, variant: str, data: str, count: int, cache: str) -> dict[str, float]:
    """Images a second and processor seconds an image."""
    paths = sorted(path for path in Path(data).rglob("*") if path.suffix.lower() == ".jpg")[:count]
    request = ModelRequest(Path(folder), variant, device="cpu", offline=True, cache_dir=Path(cache))
    began: list[tuple[float, float]] = []

    def take(event: PredictionEvent) -> None:
        if isinstance(event, ModelOpened):
            began.append((time.perf_counter(), time.process_time()))

    as_in_the_program(lambda: predict_images(request, paths, take))
    seconds, processor = time.perf_counter() - began[0][0], time.process_time() - began[0][1]
    return {"images_per_second": len(paths) / seconds, "processor_seconds": processor / len(paths)}
