"""A process that works on one job of a study: `python -m engine.study.worker RUN ATTEMPT [--steps FILE] [--network X]`.

It reads the run's configuration and images, takes everything else from its attempt's task, and writes into its
attempt's folder only. A task without a variant chooses how the study computes, and runs no job. Its status is 0 where
the task is done or its place is saved, else 1, with the reason in its stream's last event.
"""

import argparse
import atexit
import gc
import os
import platform
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import nan
from pathlib import Path

from engine.config.machine import MachineSettings
from engine.config.study import StudyConfig
from engine.errors import ExecutionError, StudyStopped, describe_error
from engine.events import study as events
from engine.events.control import StudyControl
from engine.events.record import JobKey
from engine.executing.attempts import OUTPUT_FILE, AttemptFolder, Task
from engine.preprocess import PixelCache
from engine.reports.results import JobResult
from engine.runs.layout import ATTEMPTS, job_name, load_config
from engine.study.estimate import StageTimings
from engine.study.images import StudyImages
from engine.study.jobs import JobInputs, run_job
from engine.study.machine import choose_study_machine, open_superres
from engine.study.measuring import measuring
from engine.study.network import check_network
from engine.study.reporting import Reporter
from engine.study.stored_images import read_images, require_images
from engine.study.workers import IMAGES_FILE, LEFT, WORKER, cache_sign
from engine.system.locations import cache_folder
from engine.system.named_code import name_network
from engine.system.own_step_code import name_steps
from engine.system.process import arithmetic_flags, keep_memory
from engine.training import choose_machine

_FLAGS_FILE = "flags"
"""Beside the attempts: what the processor can do that the first of them ran on."""


Work = Callable[[Path, JobKey, JobInputs], JobResult]
"""Does a job of the run in a folder; a stop or a failure is told in its result, or raised as `StudyStopped`."""


def main(arguments: Sequence[str], work: Work = lambda _, key, inputs: run_job(key, inputs)) -> int:
    """Do an attempt's task; `work` is what a job of it is."""
    parser = argparse.ArgumentParser(prog=WORKER)
    parser.add_argument("run", type=Path)
    parser.add_argument("attempt", type=Path)
    parser.add_argument("--steps", action="append", default=[])
    parser.add_argument("--network", action="append", default=[])
    options = parser.parse_args(arguments)
    keep_memory()
    atexit.register(gc.freeze)  # else Python looks all objects through as it ends: 1.5 s
    control = StudyControl()
    signal.signal(signal.SIGTERM, lambda *_: control.hand_over())  # as before a preemption
    folder = AttemptFolder(options.attempt)
    reporter = Reporter(folder, control)
    reason = ""
    try:
        for name in options.steps:
            name_steps(name)
        for name in options.network:
            name_network(name)
        _do_task(options.run, folder.task, reporter, work)
    except StudyStopped:
        reason = LEFT
    except Exception as error:
        reporter.keep_traceback()
        reason = describe_error(error)
    folder.flush()
    reporter.emit(events.AttemptEnded(**folder.task.key._asdict(), attempt=folder.task.number, reason=reason))
    folder.close()
    return int(reason not in ("", LEFT) or bool(folder.failure))


def _do_task(run: Path, task: Task, reporter: Reporter[AttemptFolder], work: Work) -> None:
    record = reporter.record
    record.machine, record.network = task.machine, task.network
    record.superres_weights, record.superres_precision = task.superres_weights, task.superres_precision
    record.losses[task.key] = [nan] * task.told
    config, images = load_config(run), read_images(run / ATTEMPTS / IMAGES_FILE)
    try:
        require_images(images)
    except Exception as error:
        raise ExecutionError(f"{platform.node()} {error}") from None
    check_network(config.recipe, record)
    if not task.variant:
        _probe(run, config, images, task, reporter)
        return
    assert task.machine is not None
    here = _here(config, images, task.machine)
    _tell_start(run, task, reporter, here.device_name)
    _tell_differences(run, config, task.machine, here, reporter)
    # Its pace says nothing of the choice that was made for one job at a time.
    machine = replace(task.machine, chosen_by="given")
    superres, preprocess_machine = open_superres(config, machine, reporter)
    cache_dir = cache_folder(config.cache_dir)
    inputs = JobInputs(
        config=config,
        images=images,
        machine=machine,
        preprocess_machine=preprocess_machine,
        superres=superres,
        cache=PixelCache(cache_dir / "pixels"),
        timings=StageTimings.load(cache_dir),
        reporter=reporter,
        control=reporter.control,
    )
    with measuring(reporter, worker=job_name(task.key)):
        result = work(run, task.key, inputs)
    reporter.emit(events.JobFinished(result=result))
    inputs.timings.save()


def _probe(run: Path, config: StudyConfig, images: StudyImages, task: Task, reporter: Reporter[AttemptFolder]) -> None:
    """Choose how the study computes."""
    _tell_start(run, task, reporter, "")
    machine = choose_study_machine(config, images, reporter)
    _tell_differences(run, config, machine, machine, reporter)
    open_superres(config, machine, reporter)


def _here(config: StudyConfig, images: StudyImages, machine: MachineSettings) -> MachineSettings:
    """The study's settings as this machine has them.

    Raises:
        InputError: it has no such device.
    """
    return choose_machine(
        config.recipe,
        len(images.classes),
        device=machine.device,
        precision=machine.precision,
        memory_format="channels_last" if machine.channels_last else "contiguous",
        threads=machine.threads,
        cache_dir=cache_folder(config.cache_dir),
    )


def _tell_start(run: Path, task: Task, reporter: Reporter[AttemptFolder], device_name: str) -> None:
    reporter.emit(
        events.AttemptStarted(
            **task.key._asdict(),
            attempt=task.number,
            host=platform.node(),
            process=os.getpid(),
            device_name=device_name,
            output=(reporter.folder.folder / OUTPUT_FILE).relative_to(run).as_posix(),
        )
    )


def _tell_differences(
    run: Path, config: StudyConfig, machine: MachineSettings, here: MachineSettings, reporter: Reporter[AttemptFolder]
) -> None:
    """Say what is other here than where the study began: its results need not be the same to the last digit."""
    host, flags = platform.node(), arithmetic_flags()
    try:
        with (run / ATTEMPTS / _FLAGS_FILE).open("x", encoding="utf-8") as file:
            file.write(flags)
        known = flags
    except FileExistsError:
        known = (run / ATTEMPTS / _FLAGS_FILE).read_text(encoding="utf-8") or flags
    if here.device_name != machine.device_name:
        message = f"{host} computes on {here.device_name}, the study on {machine.device_name}"
        reporter.notice(f"{message}: the last digits may differ", "warning")
    elif known != flags:
        message = f"{host} has another instruction set than where the study began"
        reporter.notice(f"{message}: the last digits may differ", "warning")
    if not cache_sign(config, run.name).exists():
        message = f"{host} does not see the cache {cache_folder(config.cache_dir)} and pre-processes for itself"
        reporter.notice(f"{message}: give a folder that all see, with --cache-dir", "warning")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
