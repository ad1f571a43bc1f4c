"""A fake engine that plays a stream of events, and the text of the screen."""

import asyncio
import io
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from textual.pilot import Pilot

from engine.config.machine import MachineSettings
from engine.config.protocols import Closeness
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.errors import DatasetError, StudyStopped
from engine.events.control import StudyControl
from engine.events.progress import AuditProgress
from engine.events.record import StudyRecord
from engine.events.study import (
    BatchTrained,
    DatasetChecked,
    Emit,
    EpochTrained,
    Event,
    JobFinished,
    MachineChosen,
    Notice,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyFinished,
    StudyPaused,
    StudyStarted,
    StudyUnpaused,
)
from engine.reports.audit import AuditedImage, AuditReport, CopyPair, SizeSummary
from engine.reports.estimate import Estimate
from engine.reports.results import Averages, ClassScores, DatasetSummary, JobResult, Metrics, Seconds, SkippedFile
from tui.app.app import DashboardApp
from tui.widgets.machine_meter import Load

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
POLL_SECONDS = 0.01
STEADY_LOOKS = 4


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


class FakeEngine:
    """Plays a stream; `hold` says after which event it waits for `go`."""

    def __init__(
        self,
        *,
        summary: DatasetSummary = SUMMARY,
        hold: Callable[[Event], bool] = lambda event: False,
        stream: Callable[[tuple[str, ...]], Iterator[Event]] | None = None,
        inspect_error: Exception | None = None,
        run_error: Exception | None = None,
        audit_error: Exception | None = None,
        hold_audit: bool = False,
    ) -> None:
        self.summary, self._hold, self._stream = summary, hold, stream
        self._audit_error = audit_error
        self.audits: list[StudyConfig] = []
        self.audit_stopped = threading.Event()
        self.audit_may_end = threading.Event()
        if not hold_audit:
            self.audit_may_end.set()
        self._inspect_error, self.run_error = inspect_error, run_error
        self.go = threading.Event()
        self.holding = threading.Event()
        self.warm = threading.Event()
        self.configs: list[StudyConfig] = []
        self.resumed: list[Path] = []
        self.controls: list[StudyControl] = []

    def inspect_dataset(self, config: StudyConfig) -> DatasetSummary:
        if self._inspect_error is not None and config.data == CONFIG.data:
            raise self._inspect_error
        if config.data is None:
            return replace(self.summary, name="demo", layout="demo", is_demo=True)
        return self.summary

    def estimate(self, config: StudyConfig, summary: DatasetSummary) -> Estimate:
        return Estimate(60.0 * len(config.variants), 3_100_000_000, 40_000_000_000, "typical for two cores")

    def audit(
        self, config: StudyConfig, control: StudyControl, progress: Callable[[AuditProgress], None]
    ) -> AuditReport:
        self.audits.append(config)
        progress(AuditProgress("check", 340, 850))
        try:
            while not self.audit_may_end.wait(POLL_SECONDS):
                control.checkpoint()
            control.checkpoint()
        except StudyStopped:
            self.audit_stopped.set()
            raise
        if self._audit_error is not None:
            raise self._audit_error
        return audit_report(config.closeness) if config.data is not None else clean_report(config.closeness)

    def warm_up(self) -> None:
        self.warm.set()

    def open_gallery(self, config: StudyConfig) -> object:
        """No pictures while a test looks on."""
        self.go.wait(30)
        raise DatasetError("there are no pictures")

    def resume_study(self, folder: Path, emit: Emit, control: StudyControl) -> StudyRecord:
        self.resumed.append(folder)
        return self.run_study(CONFIG, emit, control)

    def run_study(self, config: StudyConfig, emit: Emit, control: StudyControl) -> StudyRecord:
        self.configs.append(config)
        self.controls.append(control)
        record = StudyRecord()
        control.listen(lambda: emit(StudyPaused(time=START + 5)), lambda: emit(StudyUnpaused(time=START + 6)))
        events = (
            self._stream(config.variants)
            if self._stream
            else study_events(config.variants, self.inspect_dataset(config))
        )
        for event in events:
            record.apply(event)
            emit(event)
            if self._hold(event) and not self.go.is_set():
                self.holding.set()
                self.go.wait(30)
            if self.run_error is not None and isinstance(event, MachineChosen):
                raise self.run_error
            control.checkpoint()
        return record


class FixedMeter:
    """Always the same load."""

    def read(self) -> Load:
        return Load(0.98, 2_100_000_000)


async def until(pilot: Pilot[int], condition: Callable[[], object], what: str = "") -> None:
    """Let the app work until the condition holds."""
    for _ in range(1000):
        if condition():
            await pilot.pause()
            return
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError(f"never came true: {what}\n{screen_text(pilot.app)}")


async def settled(pilot: Pilot[int]) -> str:
    """The screen once several looks in a row are the same: parts that measure each other take some rounds."""
    looks: list[str] = []

    def same() -> bool:
        looks.append(screen_text(pilot.app))
        return len(looks) >= STEADY_LOOKS and len(set(looks[-STEADY_LOOKS:])) == 1

    await until(pilot, lambda: pilot.app.load is not None, "meter")
    await until(pilot, same, "steady")
    return looks[-1]


def screen_text(app: object) -> str:
    """What stands on the screen, without colours."""
    assert isinstance(app, DashboardApp)
    width, height = app.size
    console = Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True, record=True, legacy_windows=False
    )
    console.print(app.screen._compositor.render_update(full=True))
    lines = console.export_text(styles=False).splitlines()
    return "\n".join(line.rstrip() for line in lines)


async def ready(pilot: Pilot[int]) -> None:
    """The set-up, with all its answers; that of an audit which is held back does not count."""
    app = pilot.app
    assert isinstance(app, DashboardApp)

    def answered() -> bool:
        text = screen_text(app)
        audited = "u: details" in text or not getattr(app.engine, "audit_may_end", threading.Event()).is_set()
        return "libraries ready" in text and "typical" in text and audited

    await until(pilot, answered, "set-up")
