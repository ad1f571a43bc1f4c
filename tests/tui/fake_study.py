"""A study as its events tell it, and what an audit says of its images, made up for the tests."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.config.machine import MachineSettings
from engine.config.protocols import Closeness
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.events.study import (
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    Event,
    JobFinished,
    MachineChosen,
    Notice,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyFinished,
    StudyStarted,
)
from engine.reports.audit import AuditedImage, AuditReport, CopyPair, SizeSummary
from engine.reports.results import Averages, ClassScores, DatasetSummary, JobResult, Metrics, Seconds, SkippedFile

START = 1_000_000_000.0
SUMMARY = DatasetSummary(
    name="springfield",
    location="/data/springfield",
    layout="kaggle",
    is_demo=False,
    classes=("apu", "bart", "homer"),
    train_counts=(100, 250, 350),
    test_counts=(50, 50, 50),
    boxed_train=231,
    boxed_test=0,
    skipped=(SkippedFile("bart/pic_0004.jpg", "truncated image"),),
    notes=("no test image has a box",),
)
CONFIG = StudyConfig(data=Path("/data/springfield"), recipe=RECIPES["quick"])
BATCHES = 20


def metrics(accuracy: float) -> Metrics:
    average = Averages(accuracy, accuracy, accuracy)
    right = round(accuracy * 50)
    matrix = tuple(tuple(right if r == c else (50 - right) // 2 for c in range(3)) for r in range(3))
    scores = tuple(ClassScores(name, accuracy, accuracy, accuracy, 50) for name in SUMMARY.classes)
    return Metrics(accuracy, average, average, average, scores, matrix)


def study_events(
    variants: tuple[str, ...], summary: DatasetSummary = SUMMARY, *, nan_at: int | None = None
) -> Iterator[Event]:
    """A study of 850 images; a second for 85 pre-processed images, two for a batch of 50."""
    now = START
    images = summary.train + summary.test

    yield StudyStarted(
        time=now,
        study="20010909-0146",
        dataset=summary,
        variants=variants,
        protocol="official",
        recipe=CONFIG.recipe,
        seed=0,
        program_version="0.1.0",
    )
    yield StageStarted(time=now, stage="check", total=images)
    yield StageProgress(time=now + 1, stage="check", done=images)
    yield StageFinished(time=now + 1, stage="check", seconds=1)
    yield DatasetChecked(time=now + 1, dataset=summary)
    machine = MachineSettings("cpu", "a processor", "bf16", True, 2, "measured")
    yield MachineChosen(time=now + 1, machine=machine)
    now += 1
    for number, variant in enumerate(variants):
        yield StageStarted(time=now, stage="preprocess", variant=variant, total=images)
        for part in range(10):
            now += 1
            yield StageProgress(time=now, stage="preprocess", variant=variant, done=85 * (part + 1))
        yield StageFinished(time=now, stage="preprocess", variant=variant, seconds=10)
        if variant == "bbox":
            yield Notice(time=now, message="2 boxes without area dropped", level="warning", variant="bbox")
        yield StageStarted(time=now, stage="train", variant=variant, total=BATCHES)
        for step in range(BATCHES):
            now += 2
            loss = math.nan if step == nan_at else (3 + number) * math.exp(-step / 6) + 0.5 + 0.3 * (step % 2)
            yield BatchTrained(time=now, variant=variant, epoch=step * 5 // BATCHES, step=step, loss=loss, images=50)
            if (step + 1) % (BATCHES // 5) == 0:
                epoch = step * 5 // BATCHES
                yield EpochTrained(time=now, variant=variant, epoch=epoch, loss=1.0, accuracy=0.5)
        yield StageFinished(time=now, stage="train", variant=variant, seconds=2 * BATCHES)
        yield StageStarted(time=now, stage="evaluate", variant=variant, total=150)
        now += 1
        yield StageProgress(time=now, stage="evaluate", variant=variant, done=150)
        yield StageFinished(time=now, stage="evaluate", variant=variant, seconds=1)
        result = JobResult(variant, 0, 0, "done", "", metrics(0.7 + 0.02 * number), 0.5, 5, Seconds(10, 2 * BATCHES, 1))
        yield JobFinished(time=now, result=result)
    yield StudyFinished(time=now, status="done", conclusion=("bbox is the best.",))


def clean_report(closeness: Closeness = "near") -> AuditReport:
    """Nothing to complain of."""
    return AuditReport(
        closeness=closeness,
        classes=SUMMARY.classes,
        train_counts=SUMMARY.train_counts,
        test_counts=SUMMARY.test_counts,
        boxed_train_counts=(31, 80, 120),
        boxed_test_counts=(0, 0, 0),
        unreadable=(),
        odd=(),
        sizes=(
            SizeSummary("train", (256, 432, 711), (256, 320, 720), 133),
            SizeSummary("test", (52, 154, 200), (35, 114, 229), 37),
        ),
        pairs=(),
        groups=(),
        leaking_test=0,
        leaking_train=0,
        copied_train=0,
        copied_test=0,
        sentences=("none of the 150 test images is a copy of a training image",),
        blind_spots=("the same scene a second later",),
    )


def audit_report(closeness: Closeness = "near") -> AuditReport:
    """A leak, a label at odds, and with "scene" one more leak."""

    def test(path: str) -> AuditedImage:
        return AuditedImage(path, path.split("/")[1], "test", (144, 108))

    def train(path: str) -> AuditedImage:
        return AuditedImage(path, path.split("/")[1], "train", (432, 324))

    pairs = [
        CopyPair(test("test/apu/7.jpg"), train("train/apu/41.jpg"), "near", 2, 3.2, 0.99),
        CopyPair(train("train/bart/5.jpg"), train("train/homer/8.jpg"), "exact", 0, 0, 1),
    ]
    if closeness == "scene":
        pairs.insert(1, CopyPair(test("test/bart/3.jpg"), train("train/bart/9.jpg"), "scene", 16, 25, 0.8))
    leaks = sum(pair.crosses_parts for pair in pairs)
    report = replace(
        clean_report(closeness),
        odd=(SkippedFile("test/homer/1.jpg", "a PNG file, although it is called .jpg"),),
        pairs=tuple(pairs),
        groups=tuple((pair.second.path, pair.first.path) for pair in pairs),
        leaking_test=leaks,
        leaking_train=leaks,
        copied_train=2,
    )
    return replace(report, sentences=(report.leak_sentence, "one pair of copies has two labels"))
