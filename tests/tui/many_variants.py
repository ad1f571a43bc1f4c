"""A study of 65 variants, every order of four steps, with two seeds, as its events tell it."""

import math
import random
from collections.abc import Iterator

from engine.config.expressions import expand_names
from engine.config.machine import MachineSettings
from engine.config.recipes import get_recipe
from engine.events.study import (
    BatchTrained,
    EpochTrained,
    Event,
    JobFinished,
    MachineChosen,
    StageFinished,
    StageProgress,
    StageStarted,
    StatisticsComputed,
    StudyFinished,
    StudyStarted,
)
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import DatasetSummary, JobResult, Prediction, Seconds
from engine.statistics import compute_statistics

VARIANTS = expand_names(("orders(equalize,rescale,nlmeans,hsv)",))
SEEDS, BATCHES, IMAGES_PER_CLASS, REPLICATES = 2, 4, 6, 50
CLASSES = ("apu", "bart", "homer")
START = 1_780_000_000.0
SUMMARY = DatasetSummary("springfield", "/data/springfield", "kaggle", False, CLASSES, (60,) * 3, (6,) * 3, 0, 0)


def many_events(*, ending: bool = True) -> Iterator[Event]:
    """The whole stream; without `ending` it breaks off in the middle of the last job."""
    yield StudyStarted(
        time=START,
        study="20260601-0000-orders",
        dataset=SUMMARY,
        variants=VARIANTS,
        protocol="official",
        recipe=get_recipe("quick"),
        seed=0,
        program_version="0.1.0",
        repeats=SEEDS,
    )
    yield MachineChosen(time=START, machine=MachineSettings("cpu", "a processor", "fp32", True, 2, "measured"))
    chance, results, now = random.Random(0), [], START
    jobs = [(variant, seed) for seed in range(SEEDS) for variant in VARIANTS]
    for number, (variant, seed) in enumerate(jobs):
        for event in _job_events(variant, seed, now, chance):
            if isinstance(event, StageStarted) and event.stage == "evaluate" and number == len(jobs) - 1 and not ending:
                return
            yield event
            now = event.time
            if isinstance(event, JobFinished):
                results.append(event.result)
    statistics = compute_statistics(VARIANTS, results, {}, len(CLASSES), replicates=REPLICATES)
    yield StatisticsComputed(time=now, statistics=statistics)
    yield StudyFinished(time=now, status="done", conclusion=("No order is better than another.",))


def _job_events(variant: str, seed: int, now: float, chance: random.Random) -> Iterator[Event]:
    where = {"variant": variant, "seed": seed}
    yield StageStarted(time=now, stage="preprocess", total=180, **where)
    yield StageProgress(time=now + 1, stage="preprocess", done=180, **where)
    yield StageFinished(time=now + 1, stage="preprocess", seconds=1, **where)
    yield StageStarted(time=now + 1, stage="train", total=BATCHES, **where)
    for step in range(BATCHES):
        loss = math.exp(-step / 2) + chance.uniform(0, 0.2)
        yield BatchTrained(time=now + 2 + step, epoch=0, step=step, loss=loss, images=45, **where)
    now += 2 + BATCHES
    yield EpochTrained(time=now, epoch=0, loss=1.0, accuracy=0.5, **where)
    yield StageFinished(time=now, stage="train", seconds=BATCHES, **where)
    yield StageStarted(time=now, stage="evaluate", total=18, **where)
    yield StageFinished(time=now + 1, stage="evaluate", seconds=1, **where)
    predictions = tuple(
        _prediction(label, image, chance) for label in range(len(CLASSES)) for image in range(IMAGES_PER_CLASS)
    )
    matrix = [[0] * len(CLASSES) for _ in CLASSES]
    for prediction in predictions:
        matrix[prediction.label][prediction.predicted] += 1
    metrics = metrics_of_matrix(matrix, CLASSES)
    times = Seconds(1, BATCHES, 1)
    yield JobFinished(time=now + 1, result=JobResult(variant, seed, 0, "done", "", metrics, 0.4, 1, times, predictions))


def _prediction(label: int, image: int, chance: random.Random) -> Prediction:
    shares = [chance.random() + 0.5 * (column == label) for column in range(len(CLASSES))]
    probabilities = tuple(share / sum(shares) for share in shares)
    predicted = max(range(len(CLASSES)), key=probabilities.__getitem__)
    return Prediction(f"test/{CLASSES[label]}/{image}.jpg", label, predicted, probabilities)
