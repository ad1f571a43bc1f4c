"""Choosing how to compute on this machine: by timing real steps once, and remembering what was fastest."""

import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import joblib  # type: ignore[import-untyped]
import torch

from engine.config.machine import ChosenBy, MachineSettings, Precision
from engine.config.networks import is_ours
from engine.config.recipes import MIN_BATCH, Recipe
from engine.errors import InputError
from engine.events.codec import from_jsonable
from engine.system.devices import has_bf16, is_clearly_faster, promises_bf16
from engine.system.memory import forget, recall, remember
from engine.system.process import arithmetic_flags, keep_memory, processor_name
from engine.training.footprint import Footprint, free_bytes, measure_footprint, require_room
from engine.training.probe import Probe, agrees

_MEMORY_FILE = "machine.json"

_WORTH_TIMING_PIXELS = 250_000
"""A step over fewer pixels takes some hundredths of a second whatever is chosen, so the defaults do: at once, and the
same every time."""

_STEP_BYTES_PER_PIXEL = 400
"""What a training step takes in fp32 for each pixel of its batch: some seven times 16 channels."""

_MOST_THREADS_PER_CORE = 8
"""More are a typing error: they only wait for each other."""

CONTRADICTED = 2.0
"""A run whose steps take so many times what was remembered, or so small a part of it, says that one of the two was
measured at a bad moment."""


@dataclass(frozen=True)
class _Choice:
    precision: Precision
    channels_last: bool
    threads: int


@dataclass(frozen=True)
class _Measured:
    """What was fastest, and how fast that was."""

    choice: _Choice
    seconds_per_pixel: float


def choose_machine(
    recipe: Recipe,
    n_classes: int,
    *,
    device: str = "auto",
    precision: Literal["auto", "fp32", "bf16"] = "auto",
    memory_format: Literal["auto", "channels_last", "contiguous"] = "auto",
    threads: int | None = None,
    cache_dir: Path,
) -> MachineSettings:
    """Decide on device, precision, memory format and threads for a recipe.

    What is not given is taken from a timing of the recipe's own step on this machine (a few seconds), which is
    remembered in `cache_dir` by processor and its flags, torch version, network, image and batch size. Precision,
    threads and memory format change the last bits of a result, so what was remembered stays until a run contradicts it
    (`review_choice`). Where a step is too little work to matter nothing is timed: fp32, channels_last, a thread a core.

    Raises:
        InputError: the device is unknown or not there, or so many threads make no sense.
    """
    cores = joblib.cpu_count()
    if threads is not None and threads > _MOST_THREADS_PER_CORE * cores:
        raise InputError(f"--threads {threads}: this machine has {cores} cores, so leave it out or give {cores}")
    keep_memory()
    base = _base(device)
    asked = {
        "precision": None if precision == "auto" else precision,
        "channels_last": None if memory_format == "auto" else memory_format == "channels_last",
        "threads": threads,
    }
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if len(given) == len(fields(_Choice)):
        return replace(base, **given)
    if recipe.batch_size * math.prod(recipe.image_size) < _WORTH_TIMING_PIXELS:
        return replace(base, **given, chosen_by="given" if given else "default")
    choice, known = _recall_or_measure(recipe, n_classes, base, cache_dir)
    chosen_by: ChosenBy = "given" if given else "remembered" if known else "measured"
    return replace(base, **{**asdict(choice), **given}, chosen_by=chosen_by)


def _recall_or_measure(recipe: Recipe, n_classes: int, base: MachineSettings, cache_dir: Path) -> tuple[_Choice, bool]:
    """What is fastest here, and whether that was known."""
    memory = cache_dir / _MEMORY_FILE
    key = _memory_key(recipe, base)
    known = _as_measured(recall(memory).get(key))
    if known is not None:
        return known.choice, True
    measured = _measure(recipe, n_classes, base)
    remember(memory, {key: asdict(measured)})
    return measured.choice, False


def review_choice(
    recipe: Recipe, machine: MachineSettings, image_size: tuple[int, int], seconds_per_image: float, cache_dir: Path
) -> str:
    """Compare a run's own steps with those that its settings were chosen by; forget the choice where they contradict.

    The next study then measures again: a choice of a bad moment does not stay.

    Args:
        recipe: what was trained.
        machine: how; settings that were given or not worth a timing are left alone.
        image_size: (height, width) in pixels of the images trained on.
        seconds_per_image: of the run's steps.
        cache_dir: where the choice is remembered.

    Returns:
        A sentence for the user, empty where nothing was forgotten.
    """
    steps_differ = recipe.small_share or recipe.head_share
    if machine.chosen_by not in ("measured", "remembered") or steps_differ:
        return ""
    memory, key = cache_dir / _MEMORY_FILE, _memory_key(recipe, _base(machine.device))
    known = _as_measured(recall(memory).get(key))
    if known is None or known.choice != _Choice(machine.precision, machine.channels_last, machine.threads):
        return ""
    ratio = seconds_per_image / (math.prod(image_size) * known.seconds_per_pixel)
    if 1 / CONTRADICTED <= ratio <= CONTRADICTED:
        return ""
    forget(memory, key)
    return f"a step takes {ratio:.2g} times what it took when precision was chosen: that is measured anew next time"


def require_memory(
    recipe: Recipe, images: int, device: str = "auto", *, scale: int = 1, n_classes: int = 2, workers: int = 1
) -> Footprint | None:
    """Refuse a training step that memory cannot hold, before it is tried, or as many at once as there are workers.

    `scale` is the variant's: what it trains on has so many times the recipe's height and width. A step of a network
    that is not ours is measured, and what it takes is returned. `workers` share the memory of this machine's processor;
    on a GPU each has its own.

    Raises:
        InputError: it cannot; the message says what to make smaller.
    """
    height, width = (scale * side for side in recipe.image_size)
    batch = max(MIN_BATCH, min(recipe.batch_size, images))
    on_processor = find_device(device).type == "cpu"
    footprint = None
    if not is_ours(recipe.network):
        footprint = footprint_of(replace(recipe, image_size=(height, width)), n_classes, device)
        need = footprint.step_bytes(batch)
    elif on_processor:
        need = batch * height * width * _STEP_BYTES_PER_PIXEL
    else:
        return None  # its own allocator reports a full memory as an error, where Linux ends the process
    steps = f"batches of {batch} images at {height}x{width}"
    require_room(
        steps,
        need,
        free_memory(device),
        workers=workers if on_processor else 1,
        network="" if footprint is None else recipe.network,
    )
    return footprint


def footprint_of(recipe: Recipe, n_classes: int, device: str = "auto") -> Footprint:
    """What a step of a network that is not ours takes here; a few seconds where it was not asked before.

    Raises:
        InputError: the network cannot take such a step.
    """
    return measure_footprint(recipe, n_classes, _base(device))


def free_memory(device: str = "auto") -> int:
    """Bytes that are free now where a device computes.

    Raises:
        InputError: the device is unknown or not there.
    """
    return free_bytes(str(find_device(device)))


def _base(device: str) -> MachineSettings:
    """What the choice begins from."""
    chosen = find_device(device)
    return MachineSettings(
        device=str(chosen),
        device_name=_device_name(chosen),
        precision="fp32",
        channels_last=True,
        threads=joblib.cpu_count(),
        chosen_by="given",
    )


def find_device(name: str) -> torch.device:
    """The device that a name means here.

    Raises:
        InputError: it is unknown or not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"--device {name}: choose from auto, cpu, cuda, mps") from None
    available = {
        "cpu": device.index is None,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if device.type not in available:
        raise InputError(f"--device {name}: choose from auto, cpu, cuda, mps")
    if not available[device.type]:
        raise InputError(f"--device {name}: PyTorch finds none on this machine; use --device auto or cpu")
    return device


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return processor_name()


def _measure(recipe: Recipe, n_classes: int, base: MachineSettings) -> _Measured:
    """Change one thing at a time, from what is usually best, and keep what is clearly faster and computes the same.

    What is usually best is bf16 where the processor is made for it, so that a disturbed timing does not lose it.
    """
    best = reference = Probe(recipe, n_classes, base)
    if promises_bf16(base.device):
        promised = Probe(recipe, n_classes, replace(base, precision="bf16"))
        if agrees(promised.first, reference.first):
            best = promised
    on_processor = base.device == "cpu"
    for change in _changes(best.machine):
        candidate = Probe(recipe, n_classes, replace(best.machine, **change))
        if agrees(candidate.first, reference.first) and is_clearly_faster(
            candidate.step, best.step, on_processor=on_processor
        ):
            best = candidate
    choice = _Choice(best.machine.precision, best.machine.channels_last, best.machine.threads)
    return _Measured(choice, best.seconds_per_pixel())


def _changes(best: MachineSettings) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = [{"channels_last": False}]
    if has_bf16(best.device):
        changes.append({"precision": "fp32" if best.precision == "bf16" else "bf16"})
    cores = joblib.cpu_count(only_physical_cores=True)
    if cores < best.threads:
        changes.append({"threads": cores})
    return changes


def _memory_key(recipe: Recipe, base: MachineSettings) -> str:
    height, width = recipe.image_size
    return (
        f"{base.device} {base.device_name} {arithmetic_flags()} {base.threads} threads, torch {torch.__version__}, "
        f"{recipe.network} {recipe.channels} {recipe.kernel_size}, {height}x{width}, batch {recipe.batch_size}"
    )


def _as_measured(entry: object) -> _Measured | None:
    """What was chosen before; anything that is not what we write counts as nothing."""
    try:
        measured = from_jsonable(_Measured, entry)
    except ValueError:
        return None
    return measured if measured.choice.threads > 0 and 0 < measured.seconds_per_pixel < math.inf else None
