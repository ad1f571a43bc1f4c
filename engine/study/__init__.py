"""The study: the only place that knows the order of the parts, and all that a caller needs of the engine.

Rooms that need torch are imported when their work starts, so importing this is cheap.
"""

import importlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.audit_report import AuditReport
from engine.config import StudyConfig
from engine.control import StudyControl
from engine.errors import InputError
from engine.events import Emit
from engine.locations import cache_folder, runs_folder
from engine.record import StudyRecord
from engine.results import DatasetSummary
from engine.run_summary import RunSummary
from engine.runs import (
    EventFollower,
    Request,
    RunFolder,
    is_live,
    load_config,
    load_record,
    read_events,
    remove_run,
    send_request,
    summary_of,
)
from engine.runs import find_run as _find_run
from engine.runs import list_runs as _list_runs
from engine.study.auditing import AuditProgress, ReportProgress, audit_opened
from engine.study.budget import within_budget
from engine.study.counterpart import (
    find_counterpart,
    is_of_the_study,
    judge_study,
    leak_of_study,
)
from engine.study.estimate import Estimate, StageTimings, estimate_study
from engine.study.order import Study
from engine.study.reporting import Reporter
from engine.study.resuming import require_unfinished
from engine.study.using import export_onnx, predict_images, read_image

if TYPE_CHECKING:
    from engine.dataset import Dataset
    from engine.preprocess import PixelCache

__all__ = [
    "AuditProgress",
    "CacheReport",
    "Estimate",
    "EventFollower",
    "Request",
    "RunSummary",
    "audit_dataset",
    "cache_report",
    "clear_cache",
    "estimate",
    "export_onnx",
    "fetch_dataset",
    "find_counterpart",
    "find_finished",
    "find_resumable",
    "find_run",
    "find_watchable",
    "follow_events",
    "inspect_dataset",
    "is_live",
    "is_of_the_study",
    "judge_study",
    "leak_of_study",
    "list_runs",
    "load_config",
    "load_record",
    "predict_images",
    "read_image",
    "remove_run",
    "resume_study",
    "run_study",
    "send_request",
    "summary_of",
    "warm_up",
]

_WORK_ROOMS = (
    "engine.audit",
    "engine.preprocess",
    "engine.protocols",
    "engine.superres",
    "engine.training",
    "engine.evaluation",
    "skimage.restoration",
    "torchsr.models",
)


def warm_up() -> None:
    """Import what the work needs (seconds); call it in a thread while the first screen stands."""
    for name in _WORK_ROOMS:
        importlib.import_module(name)


def inspect_dataset(config: StudyConfig) -> DatasetSummary:
    """What the study would use, from names and image headers; makes the demo set where no data is named.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
    """
    return open_study_dataset(config).summary()


def audit_dataset(
    config: StudyConfig, control: StudyControl | None = None, progress: ReportProgress | None = None
) -> AuditReport:
    """What the images themselves say of how far scores on them can be trusted.

    `config` gives the data, its classes and sample, how alike copies are (`closeness`) and the cache's folder. Every
    image is read once; a second audit takes what is known of them from the cache. `progress` is called in the calling
    thread and must return at once.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
        StudyStopped: `control` was told to stop.
    """
    return audit_opened(
        open_study_dataset(config),
        config.closeness,
        cache_folder(config.cache_dir),
        control or StudyControl(),
        progress or _say_nothing,
    )


def _say_nothing(_: AuditProgress) -> None:
    pass


def estimate(config: StudyConfig, summary: DatasetSummary) -> Estimate:
    """How long the study would take and how much disk its cache needs; rough until its stages were timed here."""
    return estimate_study(config, summary, StageTimings.load(cache_folder(config.cache_dir)))


def run_study(config: StudyConfig, emit: Emit | None = None, control: StudyControl | None = None) -> StudyRecord:
    """Run a whole study in the calling thread and return its record.

    `emit` gets every event as it happens and must return at once; `control` pauses and stops. A variant that fails is
    recorded as failed and the rest goes on.

    Raises:
        SimpsonsError: the input cannot be used. Where that shows before the first event, there is no event at all;
            afterwards the stream still ends with `StudyFinished`.
    """
    if config.superres_weights is not None and not config.superres_weights.is_file():
        raise InputError(f"--superres-weights {config.superres_weights}: there is no such file")
    dataset = open_study_dataset(config)
    plan = ""
    if config.budget_minutes is not None:
        config, plan = within_budget(config, dataset.summary(), cache_folder(config.cache_dir))
    folder = RunFolder.create(runs_folder(config.runs_dir), config)
    control = control or StudyControl()
    reporter = Reporter(folder, control, emit)
    Study(config, control, reporter, plan).run(dataset)
    return reporter.record


def resume_study(
    folder: Path,
    emit: Emit | None = None,
    control: StudyControl | None = None,
    *,
    replay: Emit | None = None,
    wait_seconds: float | None = None,
) -> StudyRecord:
    """Go on with a study that was interrupted or stopped, and return its record.

    What is done stays; the job under way goes on from its checkpoint, and one that failed is tried again. The outcome
    is that of a study that was never interrupted. `replay` gets what the folder holds already, by default `emit`. A
    writer that is about to let go is waited for, for as long as `wait_seconds`.

    Raises:
        SimpsonsError: there is nothing to go on with, another process writes the run, or its data have changed.
    """
    config = load_config(folder)
    run = RunFolder.open_for_resume(folder, wait_seconds=wait_seconds)
    try:
        control = control or StudyControl()
        reporter = Reporter(run, control, emit)
        past = list(read_events(folder))
        require_unfinished(StudyRecord.from_events(past), folder)
        dataset = open_study_dataset(config)
        reporter.replay(past, replay or emit)
    except BaseException:
        run.close()
        raise
    Study(config, control, reporter).run(dataset)
    return reporter.record


def find_run(name: str = "", runs_dir: Path | None = None) -> Path:
    """The run folder that a user means: a path, a run's name or a unique beginning of one; the newest for "".

    Raises:
        InputError: there is none, or several.
        StorageError: the folder of runs cannot be read.
    """
    return _find_run(name, runs_folder(runs_dir))


def find_watchable(name: str = "", runs_dir: Path | None = None) -> Path:
    """The run that `name` means (see `find_run`); for "" the newest that a process works on, else the newest.

    Raises:
        InputError: there is none, or several.
        StorageError: the folder of runs cannot be read.
    """
    if not name:
        for run in list_runs(runs_dir):
            if run.live:
                return run.folder
    return find_run(name, runs_dir)


def find_finished(name: str = "", runs_dir: Path | None = None) -> Path:
    """The run that `name` means (see `find_run`); for "" the newest that is done, else the newest.

    Raises:
        InputError: there is none, or several.
        StorageError: the folder of runs cannot be read.
    """
    if not name:
        for run in list_runs(runs_dir):
            if run.state == "done":
                return run.folder
    return find_run(name, runs_dir)


def find_resumable(name: str, runs_dir: Path | None = None) -> Path:
    """The run that `name` means (see `find_run`); for "" the newest that can be gone on with.

    Raises:
        InputError: there is none.
    """
    if name:
        return find_run(name, runs_dir)
    for run in list_runs(runs_dir):
        if run.resumable:
            return run.folder
    raise InputError(f"no run in {runs_folder(runs_dir)} is unfinished: there is nothing to go on with")


def list_runs(runs_dir: Path | None = None) -> list[RunSummary]:
    """All runs, the newest first; those that cannot be read are among them, with the reason.

    Raises:
        StorageError: the folder of runs cannot be read.
    """
    return _list_runs(runs_folder(runs_dir))


def follow_events(folder: Path) -> EventFollower:
    """A reader of a run's events that gives those there are, and later those that came since.

    Raises:
        StorageError: there is no such run, or a newer version wrote it.
    """
    return EventFollower(folder)


def fetch_dataset(destination: Path | None = None) -> Path:
    """Download the real data set with the site's own client and return where it lies.

    Raises:
        SimpsonsError: the client is not installed, or the download failed.
    """
    from engine.dataset.fetch import fetch_dataset as fetch

    return fetch(destination)


@dataclass(frozen=True)
class CacheReport:
    """Where pre-processed images are kept, what they take and what they may take, in bytes."""

    folder: Path
    used_bytes: int
    limit_bytes: int


def cache_report(config: StudyConfig) -> CacheReport:
    """What the cache of pre-processed images holds now."""
    cache = _pixel_cache(config)
    return CacheReport(cache.folder, cache.size(), cache.limit_bytes)


def clear_cache(config: StudyConfig) -> int:
    """Empty the cache of pre-processed images, but for what a running study uses; returns the bytes freed."""
    return _pixel_cache(config).clear()


def open_study_dataset(config: StudyConfig) -> "Dataset":
    """The data set of a study, from names and image headers; makes the demo set where no data is named.

    Raises:
        SimpsonsError: the data cannot be used; the message says what to do.
    """
    from engine.dataset import open_dataset

    if config.data is None:
        from engine.demo import ensure_demo

        path = ensure_demo(cache_folder(config.cache_dir))
    else:
        path = config.data
    dataset = open_dataset(
        path,
        classes=config.classes,
        sample=config.sample,
        test_fraction=config.test_fraction,
        seed=config.seed,
    )
    return replace(dataset, name="demo", layout="demo", is_demo=True) if config.data is None else dataset


def _pixel_cache(config: StudyConfig) -> "PixelCache":
    from engine.preprocess import PixelCache

    return PixelCache(cache_folder(config.cache_dir) / "pixels")
