"""Studies as records, with numbers that can be checked by hand and names that try to break out of their place."""

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace

from engine.config.machine import MachineSettings
from engine.config.recipes import get_recipe
from engine.config.variants import STUDY_VARIANTS
from engine.events.record import StudyRecord
from engine.events.study import (
    AuditFinished,
    BaselinesMeasured,
    BatchTrained,
    EpochTrained,
    Event,
    JobFinished,
    MachineChosen,
    Notice,
    ProtocolApplied,
    StatisticsComputed,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
)
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.audit import AuditedImage, AuditReport, CopyPair, SizeSummary
from engine.reports.claims import Claim, ClaimsReport, Finding
from engine.reports.leak import Estimate, LeakReport, LeakRow
from engine.reports.results import (
    Baseline,
    DatasetSummary,
    JobResult,
    Prediction,
    ProtocolSummary,
    Seconds,
    SkippedFile,
    Status,
    SuperresWeightsInfo,
)
from engine.reports.statistics import (
    Calibration,
    Comparison,
    FactorialAnalysis,
    FactorialEffect,
    Interval,
    ReliabilityBin,
    StudyStatistics,
    VariantStatistics,
)

START = 1_780_000_000.0
EPOCHS, BATCHES = 3, 4
"""Epochs of a job, and batches of an epoch."""

PLAIN = ("apu_nahasapeemapetilon", "bart_simpson", "homer_simpson")
NASTY = ('<script>alert("x")</script>', "Ümläut|pipe*`$x$", "日本 & <b>bold</b>")

MATRICES = {
    "vanilla": ((8, 1, 1), (2, 7, 1), (0, 3, 7)),
    "bbox": ((6, 2, 2), (2, 6, 2), (1, 3, 6)),
    "denoise": ((9, 1, 0), (1, 8, 1), (0, 1, 9)),
    "superres": ((7, 2, 1), (1, 8, 1), (2, 1, 7)),
    "denoise+superres": ((9, 1, 0), (1, 9, 0), (0, 1, 9)),
}
"""Confusion matrices of 30 test images; right are 22, 18, 26, 22, 27."""

TWO_STEPS = ("vanilla", "denoise", "superres", "denoise+superres")


def png(side: int = 8) -> bytes:
    """A small grey picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def summary(classes: tuple[str, ...] = PLAIN, *, demo: bool = False) -> DatasetSummary:
    return DatasetSummary(
        name="springfield",
        location="/data/spring field",
        layout="kaggle",
        is_demo=demo,
        classes=classes,
        train_counts=(100, 250, 1350),
        test_counts=(10, 10, 10),
        boxed_train=231,
        boxed_test=0,
        skipped=(SkippedFile("bart/<i>broken</i>.jpg", "truncated image"),),
        notes=("no test image has a box",),
        fingerprint="f" * 16,
    )


def loss_at(step: int, place: int, seed: int) -> float:
    return (3.0 + place) * math.exp(-step / 5) + 0.4 + 0.3 * (step % 2) + 0.05 * seed


def predictions(matrix: Sequence[Sequence[int]]) -> tuple[Prediction, ...]:
    found = []
    for label, row in enumerate(matrix):
        for predicted, count in enumerate(row):
            for number in range(count):
                shares = tuple(0.8 if place == predicted else 0.1 for place in range(3))
                found.append(Prediction(f"test/{label}/{predicted}_{number}.jpg", label, predicted, shares))
    return tuple(found)


def job_events(
    variant: str,
    classes: tuple[str, ...] = PLAIN,
    *,
    place: int = 0,
    seed: int = 0,
    fold: int = 0,
    nan_steps: Sequence[int] = (),
    status: Status = "done",
    evaluated: bool = True,
    epochs: int = EPOCHS,
) -> list[Event]:
    """All that one job reports: a batch a second."""
    events: list[Event] = []
    now = START + 1000 * place + 100 * seed + 10 * fold
    for step in range(epochs * BATCHES):
        loss = math.nan if step in nan_steps else loss_at(step, place, seed)
        events.append(
            BatchTrained(
                time=now + step,
                variant=variant,
                epoch=step // BATCHES,
                step=step,
                loss=loss,
                images=50,
                seed=seed,
                fold=fold,
            )
        )
        if step % BATCHES == BATCHES - 1:
            events.append(
                EpochTrained(
                    time=now + step + 1,
                    variant=variant,
                    epoch=step // BATCHES,
                    loss=2.0 - step / 10,
                    accuracy=0.5 + step / 100,
                    seed=seed,
                    fold=fold,
                )
            )
    matrix = MATRICES[variant]
    events.append(
        JobFinished(
            time=now + 50,
            result=JobResult(
                variant,
                seed,
                fold,
                status,
                "" if status == "done" else "stopped on request",
                metrics_of_matrix(matrix, classes) if evaluated else None,
                0.5,
                epochs,
                Seconds(10, 40, 1),
                predictions(matrix) if evaluated else (),
            ),
        )
    )
    return events


def started(
    variants: tuple[str, ...], classes: tuple[str, ...] = PLAIN, *, repeats: int = 1, folds: int = 1, demo: bool = False
) -> StudyStarted:
    return StudyStarted(
        time=START,
        study="20260528-2026-springfield",
        dataset=summary(classes, demo=demo),
        variants=variants,
        protocol="grouped" if folds > 1 else "official",
        recipe=get_recipe("quick"),
        seed=0,
        program_version="0.1.0",
        repeats=repeats,
        folds=folds,
    )


def finished(status: Status = "done", reason: str = "") -> StudyFinished:
    words = ("denoise is the best: <0.867 & more>.",) if status == "done" else ()
    return StudyFinished(time=START + 5000, status=status, reason=reason, conclusion=words, folder="/runs/x")


def whole(classes: tuple[str, ...] = PLAIN, variants: tuple[str, ...] = STUDY_VARIANTS) -> StudyRecord:
    """One seed of each variant, and everything that a study can say besides."""
    events: list[Event] = [
        started(variants, classes),
        AuditFinished(audit=audit(classes)),
        ProtocolApplied(
            protocol=ProtocolSummary("official", "1,700 train, 30 test", (1700,), (0,), (30,), 0, 0, "ab12")
        ),
        MachineChosen(machine=MachineSettings("cpu", "AMD <EPYC>", "bf16", True, 2, "measured")),
        SuperresWeightsChosen(weights=SuperresWeightsInfo("shipped", "NinaSR-B0 x2", "ab" * 32)),
        Notice(message="the test images have no box", variant="bbox"),
        Notice(message=f"class {classes[0]} is small", level="warning"),
    ]
    for place, variant in enumerate(variants):
        events += job_events(variant, classes, place=place, nan_steps=(5,) if variant == "bbox" else ())
    majority = metrics_of_matrix(((10, 0, 0), (10, 0, 0), (10, 0, 0)), classes)
    events.append(BaselinesMeasured(baselines=(Baseline("majority", majority),)))
    events.append(StatisticsComputed(statistics=statistics(variants)))
    events.append(finished())
    return StudyRecord.from_events(events)


def repeated(variants: tuple[str, ...] = ("vanilla", "denoise"), *, folds: int = 2) -> StudyRecord:
    """Two seeds (and folds) of each variant; the second seed of the last variant is missing."""
    events: list[Event] = [started(variants, repeats=2, folds=folds)]
    for place, variant in enumerate(variants):
        for seed in range(2):
            if variant == variants[-1] and seed == 1:
                continue
            for fold in range(folds):
                events += job_events(variant, place=place, seed=seed, fold=fold)
    events.append(StatisticsComputed(statistics=statistics(variants)))
    return StudyRecord.from_events(events)


def stopped() -> StudyRecord:
    """One variant done, one stopped before it was evaluated, one that never began."""
    events: list[Event] = [
        started(("vanilla", "bbox", "denoise")),
        *job_events("vanilla"),
        *job_events("bbox", status="stopped", evaluated=False, epochs=1),
        finished("stopped", "stopped on request"),
    ]
    return StudyRecord.from_events(events)


def begun() -> StudyRecord:
    """Nothing is evaluated yet."""
    return StudyRecord.from_events([started(("vanilla",)), *job_events("vanilla")[:-1]])


# ---------------------------------------------------------------- what bears the numbers


def audit(classes: tuple[str, ...] = PLAIN) -> AuditReport:
    def image(path: str, part: str, label: int = 0) -> AuditedImage:
        assert part in ("train", "test")
        return AuditedImage(path, classes[label], "train" if part == "train" else "test", (240, 320))

    pairs = (
        CopyPair(image("train/a|1.jpg", "train"), image("train/a2.jpg", "train"), "near", 3, 2.5),
        CopyPair(image("test/<b>.jpg", "test"), image("train/b.jpg", "train", 1), "exact", 0, 0.0),
    )
    return AuditReport(
        closeness="near",
        classes=classes,
        train_counts=(100, 250, 1350),
        test_counts=(10, 10, 10),
        boxed_train_counts=(100, 100, 31),
        boxed_test_counts=(0, 0, 0),
        unreadable=(SkippedFile("bart/broken.jpg", "truncated image"),),
        odd=(),
        sizes=(SizeSummary("train", (200, 240, 400), (300, 320, 600), 7),),
        pairs=pairs,
        groups=(("train/a|1.jpg", "train/a2.jpg"), ("test/<b>.jpg", "train/b.jpg")),
        leaking_test=1,
        leaking_train=1,
        copied_train=2,
        copied_test=0,
        sentences=("1 of 30 test images (3.3 %) is a copy of training images",),
        blind_spots=("mirrored pictures are not found",),
    )


def statistics(variants: Sequence[str]) -> StudyStatistics:
    entries = []
    for variant in variants:
        accuracy = sum(MATRICES[variant][label][label] for label in range(3)) / 30
        interval = Interval(accuracy - 0.1, min(1.0, accuracy + 0.1), "Wilson")
        bins = (
            ReliabilityBin(0.0, 0.5, 0, math.nan, math.nan),
            ReliabilityBin(0.5, 0.75, 10, 0.6, 0.7),
            ReliabilityBin(0.75, 1.0, 20, 0.9, 0.8),
        )
        calibration = Calibration(0.101, bins)
        macro = Interval(accuracy - 0.12, min(1.0, accuracy + 0.12), "bootstrap over groups")
        entries.append(
            VariantStatistics(
                variant, 30, 29, (0,), accuracy, interval, accuracy, macro, (accuracy,), None, 0.08, calibration
            )
        )
    comparisons = tuple(
        Comparison(
            first.variant,
            second.variant,
            first.accuracy - second.accuracy,
            Interval(
                first.accuracy - second.accuracy - 0.1, first.accuracy - second.accuracy + 0.1, "paired bootstrap"
            ),
            3,
            5,
            "exact McNemar",
            0.0004 if second.variant == "denoise" and first.variant == "bbox" else 0.3,
            0.0021 if second.variant == "denoise" and first.variant == "bbox" else 0.6,
            second.variant == "denoise" and first.variant == "bbox",
        )
        for place, first in enumerate(entries)
        for second in entries[place + 1 :]
    )
    return StudyStatistics(tuple(entries), comparisons, "Holm", ("superres-full was not evaluated",))


def claims() -> ClaimsReport:
    holds = Finding("0.867 > 0.733", "holds", "the interval lies above 0")
    unknown = Finding("", "can't be told", "there is no clean run")
    return ClaimsReport(
        "study-1",
        "",
        False,
        ("trained on <fewer> images",),
        (
            Claim("denoise", "Accuracy", "denoising helps", "section 4", holds, unknown),
            Claim("bbox", "Classes", "boxes help", "section 5", Finding("0.600", "does not hold", "lower"), unknown),
        ),
    )


def leak() -> LeakReport:
    def at(value: float) -> Estimate:
        return Estimate(value, Interval(value - 0.05, value + 0.05, "bootstrap"))

    row = LeakRow("vanilla", at(0.9), at(0.6), at(0.3), at(0.8), at(0.5), at(0.3))
    return LeakReport("study-1", "study-2", 1700, 1500, 200, 30, (0,), (row,), ("copies are worth 0.3",))


def with_effects() -> StudyRecord:
    """All combinations of two steps, with the effects of these."""
    record = whole(variants=TWO_STEPS)
    assert record.statistics is not None
    record.statistics = replace(record.statistics, factorials=(factorial(),))
    return record


def factorial() -> FactorialAnalysis:
    def effect(steps: tuple[str, ...], value: float, p: float) -> FactorialEffect:
        interval = Interval(value - 0.05, value + 0.05, "bootstrap over groups of images, t")
        return FactorialEffect(steps, value, interval, "sign flips of groups of images", p / 3, p, p < 0.05)

    accuracies = tuple(sum(MATRICES[name][label][label] for label in range(3)) / 30 for name in TWO_STEPS)
    effects = (
        effect(("denoise",), 0.1, 0.003),
        effect(("superres",), -0.02, 0.9),
        effect(("denoise", "superres"), 0.03, 0.4),
    )
    return FactorialAnalysis(("denoise", "superres"), TWO_STEPS, accuracies, 30, 29, (0,), effects)
