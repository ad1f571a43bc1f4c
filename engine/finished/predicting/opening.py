"""Opens the model of a run: weights, pre-processing and machine settings."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.machine import MachineSettings, Precision
from engine.config.model import ModelRequest
from engine.config.own_steps import require_named
from engine.config.recipes import Recipe
from engine.config.variants import get_variant, spelled_as_in
from engine.errors import InputError, SimpsonsError, StorageError, WeightsError
from engine.events.record import JobKey, StudyRecord
from engine.finished.run import FinishedRun, adopt
from engine.reports.prediction import ModelOpened
from engine.reports.results import JobResult
from engine.runs.layout import weights_path
from engine.system.locations import cache_folder

if TYPE_CHECKING:
    from torch import nn

    from engine.finished.predicting.model import TrainedModel


def open_model(run: FinishedRun, request: ModelRequest) -> "tuple[TrainedModel, ModelOpened]":
    """Load a model of a run for this machine, and what is to be told of it.

    Raises:
        StorageError: the folder is no run or is damaged.
        InputError: the run has no such model, the device is not here, or its network or a step is code of the user's
            own that was not named now.
        WeightsError: its weights are missing, belong to another network, or are not finite.
    """
    from engine.finished.predicting.model import TrainedModel
    from engine.preprocess import StepContext, build_steps
    from engine.preprocess.step import size_after
    from engine.superres import find_superres
    from engine.system.process import lower_priority
    from engine.training.arithmetic import memory_format

    record, job = run.record, choose_job(run.record, request)
    started, dataset = run.started, record.dataset
    assert dataset is not None  # a job has ended
    require_named(started.steps, job.variant)
    adopt(record, started.recipe)
    variant = get_variant(job.variant)
    lower_priority()  # of a screen's thread, which comes first
    machine, notes = _choose_machine(record, request)
    preprocess_machine, superres = machine, None
    if "superres" in variant.steps and record.superres_weights is not None:
        cache_dir = cache_folder(request.cache_dir)
        given = request.superres_weights or _own_weights(run)
        superres = find_superres(record.superres_weights.sha256, given, offline=request.offline, cache_dir=cache_dir)
        preprocess_machine, more = _with_precision(machine, record.superres_precision or "fp32")
        notes += [note for note in more if note not in notes]
    if variant.crops:
        notes.append(f"{variant.name} was trained on cropped images; new images have no box and are taken whole")
    steps = build_steps(variant, StepContext(started.recipe, preprocess_machine, superres))
    if not variant.crops and any(step.uses_box for step in steps):
        notes.append(f"{variant.name} was trained with boxes; new images have none and go past the steps that need one")
    size = size_after(steps)
    assert size is not None  # `build_steps` has seen to it
    network = _network(weights_path(run.folder, job), started.recipe, len(dataset.classes), size)
    network = network.to(machine.device).to(memory_format=memory_format(machine))
    model = TrainedModel(network, steps, machine, preprocess_machine, size)
    return model, ModelOpened(
        study=started.study,
        folder=str(run.folder),
        variant=job.variant,
        seed=job.seed,
        fold=job.fold,
        classes=dataset.classes,
        image_size=size,
        device=machine.device,
        device_name=machine.device_name,
        precision=machine.precision,
        images=0,
        notes=tuple(notes),
    )


def _network(weights: Path, recipe: Recipe, n_classes: int, size: tuple[int, int]) -> "nn.Module":
    import torch

    from engine.training.inference import load_network

    network = load_network(weights, recipe, n_classes, size, seed=0, fold=0)
    if not all(bool(torch.isfinite(tensor).all()) for tensor in network.state_dict().values()):
        raise WeightsError(f"{weights}: holds values that are not finite, because training diverged: train it again")
    return network


def choose_job(record: StudyRecord, request: ModelRequest) -> JobKey:
    """The job whose weights are used: of the variant asked for or the most accurate, the first of the seed and fold.

    Raises:
        InputError: no such job was evaluated; the message says which were.
    """
    done = {key: result for key, result in sorted(record.results.items()) if result.metrics is not None}
    order = record.started.variants if record.started else ()
    variants = [name for name in order if name in {key.variant for key in done}]
    if not variants:
        raise InputError(f"{request.folder}: no variant of this run has been trained and evaluated yet")
    variant = request.variant or max(variants, key=lambda name: _accuracy(record.result(name)))
    if record.started is not None:
        variant = spelled_as_in(variants, variant, record.started.recipe)
    if variant not in variants:
        raise InputError(f"{request.folder} has no model of variant {variant!r}: choose from {', '.join(variants)}")
    keys = [key for key in done if key.variant == variant]
    for key in keys:
        if request.seed in (None, key.seed) and request.fold in (None, key.fold):
            return key
    there = ", ".join(f"seed {key.seed} fold {key.fold}" for key in keys)
    raise InputError(f"{request.folder}: {variant} was trained with {there}: choose from these with --seed and --fold")


def _accuracy(result: JobResult | None) -> float:
    return result.metrics.accuracy if result is not None and result.metrics is not None else -1.0


def _own_weights(run: FinishedRun) -> Path | None:
    """The super-resolution file that the run was given, where it still is."""
    with suppress(SimpsonsError):  # the official weights may be had all the same
        path = run.config.superres_weights
        return path if path is not None and path.is_file() else None
    return None


def _choose_machine(record: StudyRecord, request: ModelRequest) -> tuple[MachineSettings, list[str]]:
    """This machine's device, with the run's precision and memory format, and what differs."""
    from engine.training import choose_machine

    if record.started is None or record.dataset is None or record.machine is None:
        raise StorageError(f"{request.folder}: does not say how it was computed: the run's events are not complete")
    theirs = record.machine
    machine = choose_machine(
        record.started.recipe,
        len(record.dataset.classes),
        device=request.device,
        precision="fp32",
        memory_format="channels_last" if theirs.channels_last else "contiguous",
        threads=None,
        cache_dir=cache_folder(request.cache_dir),
    )
    if (machine.device, machine.device_name) == (theirs.device, theirs.device_name):
        machine = replace(machine, threads=theirs.threads)
    return _with_precision(machine, theirs.precision)


def _with_precision(machine: MachineSettings, precision: Precision) -> tuple[MachineSettings, list[str]]:
    from engine.system.devices import has_bf16

    if precision == "bf16" and not has_bf16(machine.device):
        note = f"computed in fp32 and not in bf16 as in the run, because {machine.device} has no fast bf16"
        return replace(machine, precision="fp32"), [note]
    return replace(machine, precision=precision), []
