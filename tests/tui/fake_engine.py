"""The one fake engine of the screens' tests, and the stream of events that it plays."""

import inspect
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine.config.machine import MachineSettings
from engine.config.model import ModelRequest
from engine.config.protocols import Closeness
from engine.config.recipes import RECIPES
from engine.config.search import TuningConfig
from engine.config.study import StudyConfig
from engine.errors import DatasetError, StudyStopped
from engine.events.control import StudyControl
from engine.events.progress import AuditProgress, ExplanationProgress
from engine.events.record import StudyRecord
from engine.events.search_record import TuningRecord
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
WAIT = 30


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


class FakeRun:
    """A run that lies nowhere."""

    def __init__(self, owner: "FakeEngine", runs_dir: Path | None) -> None:
        self._owner, self.runs_dir = owner, runs_dir

    counterpart = None

    @property
    def gallery(self) -> Any:
        self._owner._refuse()
        return self._owner.open_gallery(CONFIG)


class FakeEngine:
    """Does what a test says; of the real engine it uses the run folders alone. Its signatures are the real ones.

    `hold` says after which event of a study it waits for `go`, `hold_after` after how many predictions; measuring,
    judging and opening a gallery wait for `go` in any case. What is set from outside (`engine.tune = ...`) must have
    the real signature too.
    """

    EventFollower = engine.EventFollower
    dataset_readings = staticmethod(engine.dataset_readings)
    list_runs = staticmethod(engine.list_runs)
    load_config = staticmethod(engine.load_config)
    load_record = staticmethod(engine.load_record)
    remove_run = staticmethod(engine.remove_run)
    send_request = staticmethod(engine.send_request)
    summary_of = staticmethod(engine.summary_of)

    def __init__(
        self,
        *,
        summary: DatasetSummary = SUMMARY,
        hold: Callable[[Event], bool] = lambda event: False,
        hold_after: int | None = None,
        stream: Callable[[tuple[str, ...]], Iterator[Event]] | None = None,
        inspect_error: Exception | None = None,
        run_error: Exception | None = None,
        audit_error: Exception | None = None,
        hold_audit: bool = False,
        images: Any = None,
        explainer: Callable[[str], Any] | None = None,
        stored: Any = None,
        report: Any = None,
        gap: Any = None,
        predictions: Sequence[Any] = (),
        error: Exception | None = None,
    ) -> None:
        """`images` are those of every gallery; `report` is what measuring and judging give, `gap` that of the leak.

        `stored` is a report of before; `error` is raised by whatever is asked of a finished run.
        """
        self.summary, self._hold, self._stream = summary, hold, stream
        self._inspect_error, self.run_error, self._audit_error = inspect_error, run_error, audit_error
        self.images, self._explainer, self.stored = images, explainer, stored
        self.report, self.gap, self.error = report, gap, error
        self.predictions, self.hold_after = predictions, hold_after
        self.go, self.holding, self.stopped, self.warm = (threading.Event() for _ in range(4))
        self.audit_stopped, self.audit_may_end = threading.Event(), threading.Event()
        if not hold_audit:
            self.audit_may_end.set()
        self.audits: list[StudyConfig] = []
        self.configs: list[StudyConfig] = []
        self.resumed: list[Path] = []
        self.controls: list[StudyControl] = []
        self.asked: list[Any] = []
        self.explainers: dict[str, Any] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, function in vars(cls).items():
            check_signature(name, function)

    def __setattr__(self, name: str, value: object) -> None:
        check_signature(name, value)
        super().__setattr__(name, value)

    def set_free(self) -> None:
        """Let every thread that waits go on."""
        self.go.set()
        self.audit_may_end.set()

    # ------------------------------------------------------------ setting up

    def inspect_dataset(self, config: StudyConfig) -> DatasetSummary:
        if self._inspect_error is not None and config.data == CONFIG.data:
            raise self._inspect_error
        if config.data is None:
            return replace(self.summary, name="demo", layout="demo", is_demo=True)
        return self.summary

    def estimate(self, config: StudyConfig, summary: DatasetSummary) -> Estimate:
        return Estimate(60.0 * len(config.variants), 3_100_000_000, 40_000_000_000, "typical for two cores")

    def audit_dataset(
        self,
        config: StudyConfig,
        control: StudyControl | None = None,
        progress: Callable[[AuditProgress], None] | None = None,
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

    # ------------------------------------------------------------ studies

    def resume_study(
        self,
        folder: Path,
        emit: Emit | None = None,
        control: StudyControl | None = None,
        *,
        replay: Emit | None = None,
        wait_seconds: float | None = None,
        recheck: bool = False,
    ) -> StudyRecord:
        self.resumed.append(folder)
        return self.run_study(CONFIG, emit, control)

    def run_study(
        self, config: StudyConfig, emit: Emit | None = None, control: StudyControl | None = None
    ) -> StudyRecord:
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
                self.go.wait(WAIT)
            if self.run_error is not None and isinstance(event, MachineChosen):
                raise self.run_error
            control.checkpoint()
        return record

    def tune(self, config: TuningConfig, emit: Emit | None = None, control: StudyControl | None = None) -> TuningRecord:
        raise NotImplementedError

    def resume_tuning(
        self,
        folder: Path,
        emit: Emit | None = None,
        control: StudyControl | None = None,
        *,
        trials: int | None = None,
        minutes: float | None = None,
        replay: Emit | None = None,
    ) -> TuningRecord:
        raise NotImplementedError

    # ------------------------------------------------------------ finished runs

    def open_gallery(self, config: StudyConfig) -> Any:
        if self.images is None:  # no pictures while a test looks on
            self.go.wait(WAIT)
            raise DatasetError("there are no pictures")
        return self.images

    def open_run(
        self,
        folder: Path,
        cache_dir: Path | None = None,
        record: StudyRecord | None = None,
        runs_dir: Path | None = None,
    ) -> Any:
        return FakeRun(self, runs_dir)

    def open_explainer(self, run: Any, variant: str, seed: int | None = None, *, fold: int = 0) -> Any:
        self._refuse()
        if self._explainer is None:
            raise DatasetError("there is no network")
        self.explainers[variant] = self._explainer(variant)
        return self.explainers[variant]

    def stored_explanation(self, run: Any) -> Any:
        return self.stored

    def stored_resolution(self, run: Any) -> Any:
        return self.stored

    def measure_explanation(
        self,
        run: Any,
        *,
        seed: int | None = None,
        fold: int = 0,
        progress: Callable[[ExplanationProgress], None] = lambda _: None,
        control: StudyControl | None = None,
    ) -> Any:
        return self._measure(progress, control)

    def measure_resolution(
        self,
        run: Any,
        *,
        variants: Sequence[str] | None = None,
        seed: int | None = None,
        fold: int = 0,
        progress: Callable[[ExplanationProgress], None] = lambda _: None,
        control: StudyControl | None = None,
    ) -> Any:
        return self._measure(progress, control)

    def _measure(self, progress: Callable[[ExplanationProgress], None], control: StudyControl) -> Any:
        """Say that a quarter is done, then wait."""
        self.asked.append(threading.current_thread())
        progress(ExplanationProgress("vanilla: colour removed", 30, 120))
        self.holding.set()
        self._wait(control)
        self._refuse()
        return self.report

    def judge_study(
        self,
        record: StudyRecord,
        counterpart: StudyRecord | None = None,
        second: StudyRecord | None = None,
        file: Path | None = None,
    ) -> Any:
        return self._judge(self.report)

    def leak_of_study(self, record: StudyRecord, counterpart: StudyRecord | None) -> Any:
        return self._judge(self.gap)

    def _judge(self, found: Any) -> Any:
        self.go.wait(WAIT)
        self._refuse()
        return found

    def predict_images(
        self,
        request: ModelRequest,
        paths: Sequence[Path],
        take: Callable[[Any], None],
        control: StudyControl | None = None,
    ) -> None:
        self.asked.append((request, tuple(paths)))
        self._refuse()
        for number, answer in enumerate(self.predicted(request, paths)):
            if number and number - 1 == self.hold_after:
                self.holding.set()
                self._wait(control)
            take(answer)

    def predicted(self, request: ModelRequest, paths: Sequence[Path]) -> Sequence[Any]:
        """The model, then what it says of each image."""
        return self.predictions

    def read_image(self, paths: Sequence[Path], shown: str) -> Any:
        return np.full((12, 16, 3), 200, np.uint8)

    def _wait(self, control: StudyControl) -> None:
        while not self.go.wait(POLL_SECONDS):
            try:
                control.checkpoint()
            except StudyStopped:
                self.stopped.set()
                raise

    def _refuse(self) -> None:
        if self.error is not None:
            raise self.error


NAMES = frozenset(name for name in vars(FakeEngine) if not name.startswith("_") and hasattr(engine, name))
"""What the dashboard asks of the engine."""


def check_signature(name: str, function: Any) -> None:
    """What stands for a function of the engine must take what the function takes."""
    if name in NAMES:
        function = function.__func__ if isinstance(function, staticmethod) else function
        own = [part for part in inspect.signature(function).parameters.values() if part.name != "self"]
        real = inspect.signature(getattr(engine, name)).parameters.values()
        facts = [[(part.name, part.kind, default_of(part)) for part in parts] for parts in (own, real)]
        assert facts[0] == facts[1], f"{name} is not what the engine has: {facts[0]} != {facts[1]}"


def default_of(part: inspect.Parameter) -> object:
    """What a parameter is without a word; of functions that do nothing one is like another."""
    return "a function" if inspect.isfunction(part.default) else part.default
