"""Runs and resumes a study."""

import importlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.config.execution import Execution
from engine.config.study import StudyConfig
from engine.config.trackers import TrackerName
from engine.errors import InputError, require
from engine.events.control import StudyControl
from engine.events.record import StudyRecord
from engine.events.study import Emit
from engine.runs import RunFolder, load_config, read_events
from engine.study.budget import within_budget
from engine.study.network import check_network
from engine.study.opening import open_study_dataset
from engine.study.order import Study
from engine.study.reporting import Reporter
from engine.study.workers import WORK_ROOMS
from engine.system.locations import cache_folder, runs_folder
from engine.tracking.feed import require_trackers


def warm_up() -> None:
    """Import what the work needs (seconds); call it in a thread while the first screen stands."""
    for name in WORK_ROOMS:
        importlib.import_module(name)


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
    config.require_steps()
    require_trackers(config.log)
    check_network(config.recipe)
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
    recheck: bool = False,
    execution: Execution | None = None,
    log: Sequence[TrackerName] | None = None,
) -> StudyRecord:
    """Resume a study that was interrupted or stopped, and return its record.

    What is done stays; the job under way is resumed from its checkpoint, and one that failed is tried again. The
    outcome is that of a study that was never interrupted. `replay` gets what the folder holds already, by default
    `emit`. A writer that is about to let go is waited for, for as long as `wait_seconds`. With `recheck` all images
    are read again, whatever is remembered of them. With `execution` the jobs run there from here on, and with
    `log` those trackers are written.

    Raises:
        SimpsonsError: there is nothing to resume, another process writes the run, or its data or the user's own steps
            have changed.
    """
    config = replace(load_config(folder), recheck=recheck)
    if execution is not None:
        config = replace(config, execution=execution)
    if log is not None:
        config = replace(config, log=tuple(log))
    require_trackers(config.log)
    run = RunFolder.open_for_resume(folder, wait_seconds=wait_seconds)
    try:
        control = control or StudyControl()
        reporter = Reporter(run, control, emit)
        past = list(read_events(folder))
        record = StudyRecord.from_events(past)
        finished = record.finished
        done = finished is not None and finished.status == "done"
        require(not done, f"{folder}: the study is done, there is nothing to resume")
        config.require_steps()
        check_network(config.recipe, record)
        dataset = open_study_dataset(config)
        run.keep_choices(config.execution, config.log)
        reporter.replay(past, replay or emit)
    except BaseException:
        run.close()
        raise
    Study(config, control, reporter, past=past).run(dataset)
    return reporter.record
