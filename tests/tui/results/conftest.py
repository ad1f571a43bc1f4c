"""Synthetic studies: small streams of events with numbers that can be checked by hand."""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from engine.config.combinations import COMBINATIONS
from engine.config.machine import MachineSettings
from engine.config.protocols import Protocol
from engine.config.recipes import get_recipe
from engine.events.record import StudyRecord
from engine.events.study import (
    AuditFinished,
    BaselinesMeasured,
    Event,
    JobFinished,
    MachineChosen,
    Notice,
    StatisticsComputed,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
)
from engine.reports.audit import AuditReport
from engine.reports.results import (
    Averages,
    Baseline,
    ClassScores,
    DatasetSummary,
    JobResult,
    Metrics,
    Prediction,
    Seconds,
    Status,
    SuperresWeightsInfo,
)
from engine.statistics import analyse_pipelines, compute_statistics
from engine.statistics.outcomes import Outcomes
from tests.engine.statistics.simulated import ORDERS, simulate
from tests.tui.host import Host
from tui.screens.results.results import ResultsScreen

Show = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """The results of a study on a screen of a size, once it has drawn itself."""

    @asynccontextmanager
    async def shown(record: StudyRecord, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[None]]:
        app = Host(lambda session: ResultsScreen(session, record), tmp_path / "runs")
        async with app.run_test(size=size) as pilot:
            for _ in range(3):
                await pilot.pause()
            yield pilot

    return shown


SIX = (
    "homer_simpson",
    "lisa_simpson",
    "bart_simpson",
    "marge_simpson",
    "krusty_the_clown",
    "apu_nahasapeemapetilon",
)

Matrix = Sequence[Sequence[int]]

TIMES = Seconds(41, 252, 6)

REPLICATES = 300


def metrics_of(matrix: Matrix, classes: Sequence[str]) -> Metrics:
    """Scores of a confusion matrix; a class without test images scores NaN."""
    total = sum(map(sum, matrix))
    right = sum(matrix[label][label] for label in range(len(classes)))
    scores = []
    for label, name in enumerate(classes):
        support, called = sum(matrix[label]), sum(row[label] for row in matrix)
        hit = matrix[label][label]
        precision = hit / called if called else 0.0
        recall = hit / support if support else math.nan
        f1 = 2 * hit / (support + called) if support else math.nan
        scores.append(ClassScores(name, precision, recall, f1, support))
    tested = [score for score in scores if score.support]

    def averages(name: str) -> Averages:
        values = [getattr(score, name) for score in tested]
        weighted = sum(value * score.support for value, score in zip(values, tested, strict=True)) / total
        return Averages(sum(values) / len(values), weighted, right / total)

    return Metrics(
        right / total,
        averages("precision"),
        averages("recall"),
        averages("f1"),
        tuple(scores),
        tuple(tuple(row) for row in matrix),
    )


def predictions_of(matrix: Matrix, classes: Sequence[str], shift: int = 0) -> tuple[Prediction, ...]:
    """One prediction an image of the matrix, surer from image to image of a cell.

    Each class's images are numbered from its first cell on; `shift` turns the numbers, so that variants err elsewhere.
    """
    found = []
    for label, row in enumerate(matrix):
        number = 0
        for predicted, count in enumerate(row):
            for place in range(count):
                sure = 0.5 + 0.4 * (place + 1) / count
                rest = (1 - sure) / (len(classes) - 1)
                probabilities = tuple(sure if column == predicted else rest for column in range(len(classes)))
                path = f"test/{classes[label]}/{classes[label]}_{(number + shift) % sum(row)}.jpg"
                found.append(Prediction(path, label, predicted, probabilities))
                number += 1
    return tuple(found)


def job(
    variant: str,
    matrix: Matrix | None,
    classes: Sequence[str] = SIX,
    *,
    seed: int = 0,
    shift: int = 0,
    status: Status = "done",
    reason: str = "",
    loss: float | None = 0.31,
    seconds: Seconds = TIMES,
    epochs: int = 5,
) -> JobFinished:
    """The event that ends a job."""
    return JobFinished(
        result=JobResult(
            variant,
            seed,
            0,
            status,
            reason,
            metrics_of(matrix, classes) if matrix else None,
            loss,
            epochs,
            seconds,
            predictions_of(matrix, classes, shift) if matrix else (),
        )
    )


def six_by_six(right: Sequence[int]) -> list[list[int]]:
    """50 images a class, `right` of them recognised, the rest taken for the next two classes."""
    matrix = [[0] * 6 for _ in range(6)]
    for label, count in enumerate(right):
        wrong = 50 - count
        matrix[label][label] = count
        matrix[label][(label + 1) % 6] = wrong - wrong // 3
        matrix[label][(label + 2) % 6] = wrong // 3
    return matrix


def audit_of(dataset: DatasetSummary, leaking: int) -> AuditReport:
    """An audit that found nothing but copies of training images among the test images."""
    none = (0,) * len(dataset.classes)
    return AuditReport(
        closeness="near",
        classes=dataset.classes,
        train_counts=dataset.train_counts,
        test_counts=dataset.test_counts,
        boxed_train_counts=none,
        boxed_test_counts=none,
        unreadable=(),
        odd=(),
        sizes=(),
        pairs=(),
        groups=(),
        leaking_test=leaking,
        leaking_train=leaking,
        copied_train=0,
        copied_test=0,
    )


def statistics_of(jobs: Sequence[Event], variants: Sequence[str], n_classes: int) -> StatisticsComputed:
    """What the engine computes from the jobs, with fewer resamples."""
    results = [event.result for event in jobs if isinstance(event, JobFinished)]
    return StatisticsComputed(
        time=7, statistics=compute_statistics(variants, results, {}, n_classes, replicates=REPLICATES)
    )


def study(
    jobs: Sequence[Event],
    variants: tuple[str, ...],
    classes: tuple[str, ...] = SIX,
    test_counts: tuple[int, ...] | None = None,
    *,
    demo: bool = False,
    finished: StudyFinished | None = None,
    statistics: bool = False,
    leaking: int = 0,
    protocol: Protocol = "official",
    repeats: int = 1,
) -> StudyRecord:
    """A whole study around some finished jobs; without `statistics` as an older version recorded it."""
    counts = test_counts or (50,) * len(classes)
    dataset = DatasetSummary(
        "demo" if demo else "springfield-6",
        "/data/springfield-6",
        "demo" if demo else "kaggle",
        demo,
        classes,
        tuple(300 + 7 * label for label in range(len(classes))),
        counts,
        992,
        0,
    )
    majority = [[count] + [0] * (len(classes) - 1) for count in counts]
    nearest = [
        [count if label == column else 0 for column in range(len(classes))] for label, count in enumerate(counts)
    ]
    events: list[Event] = [
        StudyStarted(
            time=0,
            study="20261123-0408-springfield",
            dataset=dataset,
            variants=variants,
            protocol=protocol,
            recipe=get_recipe("paper"),
            seed=0,
            program_version="0.1.0",
            repeats=repeats,
        ),
        *([AuditFinished(time=1, audit=audit_of(dataset, leaking))] if leaking else []),
        MachineChosen(time=1, machine=MachineSettings("cpu", "AMD EPYC", "bf16", True, 2, "measured")),
        SuperresWeightsChosen(time=2, weights=SuperresWeightsInfo("shipped", "NinaSR-B0 x2", "ab" * 32)),
        Notice(time=3, message="33 % of the training images have a box and none of the test images", variant="bbox"),
        Notice(
            time=4,
            level="warning",
            variant="bbox",
            message="trained on cropped images, tested on whole ones: no test image has a box",
        ),
        *jobs,
        *([statistics_of(jobs, variants, len(classes))] if statistics else []),
        BaselinesMeasured(
            time=8,
            baselines=(
                Baseline("majority", metrics_of(majority, classes)),
                Baseline("thumbnail_1nn", metrics_of(nearest, classes)),
            ),
        ),
        finished
        or StudyFinished(
            time=9,
            status="done",
            conclusion=(
                "Best accuracy: superres with 0.813; worst: bbox with 0.600.",
                "Over all variants marge_simpson is confused least and apu_nahasapeemapetilon most.",
                "vanilla: the commonest confusion is apu_nahasapeemapetilon taken for homer_simpson (13 of 50).",
                "bbox: the commonest confusion is homer_simpson taken for lisa_simpson (19 of 50).",
            ),
        ),
    ]
    return StudyRecord.from_events(events)


@pytest.fixture
def four() -> StudyRecord:
    """Four finished variants of the demo set: six classes, 300 test images."""
    return four_variants()


def four_variants() -> StudyRecord:
    return study(
        [
            job("vanilla", six_by_six((42, 41, 40, 44, 41, 34)), loss=0.3141),
            job("bbox", six_by_six((22, 31, 30, 34, 35, 28)), shift=7, loss=1.2, seconds=Seconds(38, 251, 6)),
            job("denoise", six_by_six((40, 41, 38, 43, 40, 33)), shift=13, loss=math.nan, seconds=Seconds(131, 259, 6)),
            job("superres", six_by_six((43, 41, 41, 45, 40, 34)), shift=29, loss=0.44, seconds=Seconds(338, 4252, 6)),
        ],
        ("vanilla", "bbox", "denoise", "superres"),
        demo=True,
        statistics=True,
    )


@pytest.fixture
def eight() -> StudyRecord:
    """All combinations of three steps; denoise and superres help each other, bbox costs."""
    return eight_variants()


def eight_variants() -> StudyRecord:
    right = (33, 27, 36, 35, 29, 30, 46, 41)
    jobs = [
        job(variant, six_by_six([count + place for place in (0, 1, 2, -1, -2, 0)]), shift=2 * number)
        for number, (variant, count) in enumerate(zip(COMBINATIONS, right, strict=True))
    ]
    return study(jobs, COMBINATIONS, statistics=True)


@pytest.fixture(scope="session")
def orders() -> StudyRecord:
    """All 65 orders of four steps and a sweep, two seeds, two classes; equalising first is better, more steps cost."""
    return all_orders()


def all_orders() -> StudyRecord:
    sweep = [(f"denoise(weight={value})",) for value in (0.05, 0.1, 0.2)]

    def shift(words: tuple[str, ...]) -> float:
        return -0.25 * len(words) + (0.8 if words[:1] == ("equalize",) else 0.0)

    said = simulate(np.random.default_rng(0), shift, pipelines=[*ORDERS, *sweep], seeds=2, pictures=120)
    classes = ("benign", "malignant")
    jobs = [_job_of(entry, seed, classes) for seed in range(2) for entry in said]
    variants = tuple(entry.variant for entry in said)
    record = study(jobs, variants, classes, (60, 60), repeats=2)
    record.statistics = statistics_of(jobs, variants, 2).statistics
    record.analysis = analyse_pipelines(variants, list(record.results.values()), {}, classes)
    return record


def _job_of(said: Outcomes, seed: int, classes: Sequence[str]) -> JobFinished:
    matrix = np.zeros((2, 2), dtype=int)
    np.add.at(matrix, (said.labels, said.predicted[seed]), 1)
    rows = zip(said.items, said.predicted[seed].tolist(), said.confidence[seed].tolist(), strict=True)
    predictions = tuple(
        Prediction(f"test/{path}", label, predicted, (sure, 1 - sure) if predicted == 0 else (1 - sure, sure))
        for (_, path, label), predicted, sure in rows
    )
    done = job(said.variant, matrix.tolist(), classes, seed=seed)
    return replace(done, result=replace(done.result, predictions=predictions))


@pytest.fixture
def leaking() -> StudyRecord:
    """Three variants that do not differ, on test images of which 299 copy training images."""
    return leaking_variants()


def leaking_variants() -> StudyRecord:
    return study(
        [
            job("vanilla", six_by_six((42, 41, 40, 44, 41, 34))),
            job("denoise", six_by_six((40, 41, 38, 43, 40, 33)), shift=13),
            job("superres", six_by_six((43, 41, 41, 45, 40, 34)), shift=29),
        ],
        ("vanilla", "denoise", "superres"),
        statistics=True,
        leaking=299,
    )


@pytest.fixture
def repeated() -> StudyRecord:
    """Two variants with three seeds each, under another protocol."""
    return repeated_variants()


def repeated_variants() -> StudyRecord:
    jobs = [
        job(variant, six_by_six([right - 2 * seed for right in rights]), seed=seed)
        for seed in range(3)
        for variant, rights in (("vanilla", (42, 41, 40, 44, 41, 34)), ("bbox", (22, 31, 30, 34, 35, 28)))
    ]
    return study(jobs, ("vanilla", "bbox"), statistics=True, protocol="grouped", repeats=3)


@pytest.fixture
def mixed() -> StudyRecord:
    """One finished, one stopped but evaluated, one failed, one that never ran."""
    return mixed_variants()


def mixed_variants() -> StudyRecord:
    return study(
        [
            job("vanilla", six_by_six((42, 41, 40, 44, 41, 34))),
            job("bbox", six_by_six((49, 49, 49, 49, 49, 49)), status="stopped", reason="stopped on request", epochs=2),
            job("denoise", None, status="failed", reason="no space left on the disk", loss=None, epochs=0),
        ],
        ("vanilla", "bbox", "denoise", "superres"),
        finished=StudyFinished(time=9, status="stopped", reason="stopped on request"),
    )


@pytest.fixture
def many() -> StudyRecord:
    """42 classes of which 20 have test images."""
    return many_classes()


def many_classes() -> StudyRecord:
    classes = tuple(f"{chr(97 + number % 26) * 3}{number}_of_springfield" for number in range(42))
    matrix = [[0] * 42 for _ in range(42)]
    for label in range(20):
        matrix[label][label] = 30 + label
        matrix[label][(label * 7 + 3) % 42] += 5
    counts = tuple(map(sum, matrix))
    return study([job("vanilla", matrix, classes), job("bbox", matrix, classes)], ("vanilla", "bbox"), classes, counts)


@pytest.fixture
def confusion() -> Callable[[Matrix, Sequence[str]], Metrics]:
    """Make metrics from a matrix."""
    return metrics_of
