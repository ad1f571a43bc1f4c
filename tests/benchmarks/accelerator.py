"""What training does on an accelerator: one command for the minutes that one is lent.

    python tests/benchmarks --device cuda

The recipes' own steps and trainings on made-up images: how fast in each way to compute, with the images on the device
and without, against the same on the CPU; how far bf16 and the CPU agree with it; how much of its memory they take, and
whether a training that was stopped ends the same to the bit. `--device cpu` runs the same, to try the script itself.
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from table import Row, spread
from torch import Tensor
from workplace import Workplace

from engine.config.machine import MachineSettings
from engine.config.recipes import RECIPES, Recipe
from engine.events.control import StudyControl
from engine.events.study import BatchTrained, Event
from engine.system.devices import has_bf16
from engine.training import choose_machine, pixels, train
from engine.training.checkpoint_format import Checkpoint
from engine.training.loop import TrainingOutcome
from engine.training.pixels import InMemory
from engine.training.probe import FirstStep, Probe

RECIPES_TRIED = ("paper", "best")
CLASSES = 6
GIGA = 1e9


def rows(place: Workplace, device: str) -> list[Row]:
    """Of both recipes."""
    found = []
    for name in RECIPES_TRIED:
        recipe, count = RECIPES[name], place.size(2_000, 150)
        if place.quick:
            recipe = replace(recipe, image_size=(48, 64))
        images = _images(recipe, count)
        ways = [_machine(place, recipe, device, *way) for way in itertools.product(_precisions(device), (True, False))]
        found += [_step_row(recipe, machine, images) for machine in ways]
        fastest = choose_machine(recipe, CLASSES, device=device, cache_dir=place.cache_dir)
        found.append(Row(f"{name}: chosen", _words(fastest)))
        found += [_resident_row(recipe, fastest, images), *_agreement_rows(place, recipe, device)]
        found += [_memory_row(recipe, fastest, images), _resumed_row(recipe, fastest, images)]
    return found


def _precisions(device: str) -> tuple[str, ...]:
    return ("fp32", "bf16") if has_bf16(device) else ("fp32",)


def _machine(place: Workplace, recipe: Recipe, device: str, precision: str, channels_last: bool) -> MachineSettings:
    layout = "channels_last" if channels_last else "contiguous"
    return choose_machine(
        recipe,
        CLASSES,
        device=device,
        precision=precision,  # type: ignore[arg-type]
        memory_format=layout,  # type: ignore[arg-type]
        cache_dir=place.cache_dir,
    )


def _words(machine: MachineSettings) -> str:
    return f"{machine.device}, {machine.precision}, {'channels_last' if machine.channels_last else 'contiguous'}"


def _images(recipe: Recipe, count: int) -> InMemory:
    shape = (count, *recipe.image_size, 3)
    return InMemory(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def _trained(
    recipe: Recipe,
    machine: MachineSettings,
    images: InMemory,
    note: Callable[[BatchTrained], object] = lambda _: None,
    **more: object,
) -> TrainingOutcome:
    everything = np.arange(len(images.images))

    def emit(event: Event) -> None:
        if isinstance(event, BatchTrained):
            note(event)

    return train(
        variant="vanilla",
        seed=0,
        fold=0,
        recipe=recipe,
        machine=machine,
        pixels=images,
        rows=everything,
        labels=everything % CLASSES,
        n_classes=CLASSES,
        emit=emit,
        **{"control": StudyControl(), **more},  # type: ignore[arg-type]
    )


def _step_seconds(recipe: Recipe, machine: MachineSettings, images: InMemory) -> list[float]:
    """From one reported batch to the next in the second of two epochs, at the whole size."""
    moments: list[float] = []
    _trained(replace(recipe, epochs=2, small_share=0.0), machine, images, lambda _: moments.append(time.perf_counter()))
    return np.diff(moments[len(moments) // 2 :]).tolist()


def _step_row(recipe: Recipe, machine: MachineSettings, images: InMemory) -> Row:
    seconds = _step_seconds(recipe, machine, images)
    rate = recipe.batch_size / statistics.median(seconds)
    return Row(f"{recipe.name}: step, {_words(machine)}", spread(seconds, "s"), f"{rate:,.0f} images/s")


@contextmanager
def _fetched_each_time() -> Iterator[None]:
    """No image stays on the device."""
    share, pixels._DEVICE_SHARE = pixels._DEVICE_SHARE, 0.0
    try:
        yield
    finally:
        pixels._DEVICE_SHARE = share


def _resident_row(recipe: Recipe, machine: MachineSettings, images: InMemory) -> Row:
    resident = statistics.median(_step_seconds(recipe, machine, images))
    with _fetched_each_time():
        fetched = statistics.median(_step_seconds(recipe, machine, images))
    return Row(
        f"{recipe.name}: images on the device; reference: each batch fetched",
        f"{recipe.batch_size / resident:,.0f} images/s",
        f"{recipe.batch_size / fetched:,.0f} images/s",
        f"{fetched / resident:.2f}",
    )


def _agreement_rows(place: Workplace, recipe: Recipe, device: str) -> list[Row]:
    """How far the first step's loss and gradients lie from fp32's on the CPU."""
    reference = Probe(recipe, CLASSES, _machine(place, recipe, "cpu", "fp32", True)).first
    found = []
    for precision in _precisions(device):
        first = Probe(recipe, CLASSES, _machine(place, recipe, device, precision, True)).first
        loss, gradients = _distance(first, reference)
        words = f"loss {loss:.2%}, gradients {gradients:.2%}"
        most = (0.01, 0.1) if precision == "bf16" else (1e-4, 1e-3)
        met = loss <= most[0] and gradients <= most[1]
        target = f"at most {most[0]:.2%}, {most[1]:.2%}"
        found.append(Row(f"{recipe.name}: {device}, {precision} from the CPU's fp32", words, target=target, met=met))
    return found


def _distance(step: FirstStep, reference: FirstStep) -> tuple[float, float]:
    gradients = torch.linalg.vector_norm(step.gradients - reference.gradients)
    length = torch.linalg.vector_norm(reference.gradients)
    return abs(step.loss / reference.loss - 1), float(gradients / length)


def _memory_row(recipe: Recipe, machine: MachineSettings, images: InMemory) -> Row:
    what = f"{recipe.name}: peak of the device's memory, of it the images"
    if machine.device != "cuda":
        return Row(what, "-")
    torch.cuda.reset_peak_memory_stats()
    _trained(replace(recipe, epochs=1, small_share=0.0), machine, images)
    peak = torch.cuda.max_memory_allocated()
    return Row(what, f"{peak / GIGA:.2f} GB", f"{images.images.nbytes / GIGA:.2f} GB")


def _resumed_row(recipe: Recipe, machine: MachineSettings, images: InMemory) -> Row:
    """Stopped in the second of three epochs, and gone on with."""
    short = replace(recipe, epochs=3)
    whole = _trained(short, machine, images)
    control, kept = StudyControl(), []

    def note(event: BatchTrained) -> None:
        if event.epoch == 1:
            control.stop()

    def keep(checkpoint: Checkpoint) -> None:
        copies = {name: tensor.clone() for name, tensor in checkpoint.tensors.items()}
        kept.append(replace(checkpoint, tensors=copies))

    _trained(short, machine, images, note, control=control, keep=keep)
    resumed = _trained(short, machine, images, resume=kept[-1])
    same = all(map(torch.equal, _tensors(whole), _tensors(resumed))) and whole.final_loss == resumed.final_loss
    words = f"{'the same' if same else 'another'} after step {kept[-1].position.steps_done} of {whole.steps_done}"
    return Row(f"{recipe.name}: stopped and resumed", words, target="the same to the bit", met=same)


def _tensors(outcome: TrainingOutcome) -> list[Tensor]:
    return list(outcome.model.state_dict().values())
