"""The one fake engine of the screens' tests, and the stream of events that it plays."""

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine.config.execution import Execution
from engine.config.model import ModelRequest
from engine.config.protocols import Protocol
from engine.config.search import TuningConfig
from engine.config.study import StudyConfig
from engine.config.trackers import TrackerName
from engine.errors import DatasetError, StudyStopped
from engine.events.control import StudyControl
from engine.events.progress import AuditProgress, ExplanationProgress
from engine.events.record import StudyRecord
from engine.events.search_record import TuningRecord
from engine.events.study import (
    Emit,
    Event,
    MachineChosen,
    StudyPaused,
    StudyUnpaused,
)
from engine.reports.audit import AuditReport
from engine.reports.estimate import Estimate
from engine.reports.results import DatasetSummary
from tests.tui.fake_study import CONFIG, START, SUMMARY, audit_report, clean_report, study_events

POLL_SECONDS = 0.01
WAIT = 30


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
    attempt_output = staticmethod(engine.attempt_output)
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
        readings: Any = None,
        predictions: Sequence[Any] = (),
        error: Exception | None = None,
    ) -> None:
        """`images` are those of every gallery; `report` is what measuring and judging give, `gap` that of the leak.

        `stored` is a report of before; `error` is raised by whatever is asked of a finished run.
        """
        self.summary, self._hold, self._stream = summary, hold, stream
        self._inspect_error, self.run_error, self._audit_error = inspect_error, run_error, audit_error
        self.images, self._explainer, self.stored = images, explainer, stored
        self.report, self.gap, self.readings, self.error = report, gap, readings, error
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
        execution: Execution | None = None,
        log: Sequence[TrackerName] | None = None,
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
        execution: Execution | None = None,
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

    def reconstruct(
        self,
        folders: Sequence[Path] = (),
        runs_dir: Path | None = None,
        file: Path | None = None,
        protocol: Protocol = "official",
    ) -> Any:
        return self._judge(self.readings)

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
