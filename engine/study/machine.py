"""Chooses how a study computes: where its jobs run, and once for all of them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.config.machine import MachineSettings
from engine.config.study import StudyConfig
from engine.config.variants import get_variant
from engine.events import study as events
from engine.runs.event_folder import EventFolder
from engine.study.estimate import unevenness
from engine.study.images import StudyImages
from engine.study.network import tell_footprint
from engine.study.reporting import Reporter
from engine.study.resuming import as_computed_before, require_same_weights
from engine.study.workers import available_cores
from engine.system.locations import cache_folder
from engine.system.process import lower_priority

if TYPE_CHECKING:
    from engine.superres import SuperresModel

_MOST_UNEVEN = 1.2
"""Four variants on two cores: at 1.19 workers took 0.95 of the time of one process, at 1.6 they took 1.16 of it."""


def choose_study_machine(config: StudyConfig, images: StudyImages, reporter: Reporter[EventFolder]) -> MachineSettings:
    """Decide on device, precision, memory format and threads, or stay with what the record has.

    Raises:
        InputError: the memory cannot hold a step, or the device is not there.
    """
    from engine.training import require_memory

    lower_priority()  # a screen runs in the main thread, and its keys come first
    before = reporter.record.machine
    config = with_threads(config) if before is None else as_computed_before(config, before)
    recipe, classes = config.recipe, len(images.classes)
    scale = max(get_variant(name).scale for name in config.variants)
    workers = config.execution.workers or available_cores() // (config.threads or available_cores())
    here = min(config.jobs, workers) if config.execution.on == "local" else 1
    step = require_memory(
        recipe, images.most_training_images, config.device, scale=scale, n_classes=classes, workers=here
    )
    if step is not None:
        tell_footprint(step, min(recipe.batch_size, images.most_training_images), reporter)
    return keep_machine(machine_for(config, classes), reporter)


def machine_for(config: StudyConfig, n_classes: int) -> MachineSettings:
    """How this machine computes a study that has not begun: as asked for, the rest as is fastest for all its workers.

    Raises:
        InputError: the device is unknown or not there, or so many threads make no sense.
    """
    from engine.training import choose_machine

    config = with_threads(config)
    return choose_machine(
        config.recipe,
        n_classes,
        device=config.device,
        precision=config.precision,
        memory_format=config.memory_format,
        threads=config.threads,
        cache_dir=cache_folder(config.cache_dir),
    )


def with_threads(config: StudyConfig) -> StudyConfig:
    """Where the program chooses how many jobs run at once on this machine's cores, a thread each, or what is left.

    The threads of a step wait for each other, so two workers of a thread take less than one of two on two cores, unless
    one of them is left alone with much of the work: then one job at a time gets the threads that it is fastest with.
    """
    from engine.training import find_device

    execution = config.execution
    chosen = execution.workers is not None or execution.on != "local" or config.threads is not None
    if chosen or find_device(config.device).type != "cpu":
        return config
    cores, runs = available_cores(), config.repeats * config.folds
    workers, equal = min(cores, config.jobs), config.budget_minutes is not None
    if not equal and unevenness(config.variants, config.recipe, runs, workers) > _MOST_UNEVEN:
        return config
    return replace(config, threads=max(1, cores // config.jobs))


def keep_machine(machine: MachineSettings, reporter: Reporter[EventFolder]) -> MachineSettings:
    """What was chosen when the study began stays, but for a computer that it is not on any more."""
    before = reporter.record.machine
    if before is not None and before.device_name == machine.device_name:
        return before
    if before is not None:
        message = f"begun on {before.device_name}, goes on on {machine.device_name}: the last digits may differ"
        reporter.notice(message, "warning")
    reporter.emit(events.MachineChosen(machine=machine))
    return machine


def open_superres(
    config: StudyConfig, machine: MachineSettings, reporter: Reporter[EventFolder]
) -> tuple["SuperresModel | None", MachineSettings]:
    """The super-resolution network, where a variant needs it, and how to compute with it.

    Raises:
        SimpsonsError: its weights cannot be had, or are others than the study began with.
    """
    if not any("superres" in get_variant(name).steps for name in config.variants):
        return None, machine
    from engine.superres import load_superres, recall_precision

    cache_dir, record = cache_folder(config.cache_dir), reporter.record
    superres = load_superres(config.superres_weights, offline=config.offline, cache_dir=cache_dir)
    require_same_weights(record, superres.info)
    precision = record.superres_precision
    if precision is None:
        size = config.recipe.image_size
        precision = recall_precision(superres, size, machine, cache_dir, precision=config.precision)
        reporter.emit(events.SuperresWeightsChosen(weights=superres.info, precision=precision))
    return superres, replace(machine, precision=precision)
