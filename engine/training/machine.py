"""Choosing how to compute on this machine: by timing real steps once, and remembering what was fastest."""

import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import joblib  # type: ignore[import-untyped]
import psutil
import torch

from engine.config.machine import ChosenBy, MachineSettings, Precision
from engine.config.recipes import MIN_BATCH, Recipe
from engine.errors import InputError
from engine.events.codec import from_jsonable
from engine.system.devices import has_bf16, is_clearly_faster
from engine.system.memory import recall, remember
from engine.system.process import keep_memory, processor_name
from engine.training.probe import Probe, agrees

_MEMORY_FILE = "machine.json"

_WORTH_TIMING_PIXELS = 250_000
"""A step over fewer pixels takes some hundredths of a second whatever is chosen, so the defaults do: at once, and the
same every time."""

_STEP_BYTES_PER_PIXEL = 400
"""What a training step takes in fp32 for each pixel of its batch: some seven times 16 channels."""

_MOST_THREADS_PER_CORE = 8
"""More are a typing error: they only wait for each other."""


@dataclass(frozen=True)
class _Choice:
    precision: Precision
    channels_last: bool
    threads: int


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
    remembered in `cache_dir` by processor, torch version, network, image and batch size. Precision, threads and
    memory format change the last bits of a result, so what was remembered stays. Where a step is too little work to
    matter nothing is timed: fp32, channels_last, a thread a core.

    Raises:
        InputError: the device is unknown or not there, or so many threads make no sense.
    """
    cores = joblib.cpu_count()
    if threads is not None and threads > _MOST_THREADS_PER_CORE * cores:
        raise InputError(f"--threads {threads}: this machine has {cores} cores, so leave it out or give {cores}")
    keep_memory()
    chosen_device = _find_device(device)
    base = MachineSettings(
        device=str(chosen_device),
        device_name=_device_name(chosen_device),
        precision="fp32",
        channels_last=True,
        threads=cores,
        chosen_by="given",
    )
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
    memory, key = cache_dir / _MEMORY_FILE, _memory_key(recipe, base)
    known = _as_choice(recall(memory).get(key))
    choice = known or _measure(recipe, n_classes, base)
    if known is None:
        remember(memory, {key: asdict(choice)})
    chosen_by: ChosenBy = "given" if given else "remembered" if known else "measured"
    return replace(base, **{**asdict(choice), **given}, chosen_by=chosen_by)


def require_memory(recipe: Recipe, images: int, device: str = "auto", *, scale: int = 1) -> None:
    """Refuse a training step that main memory cannot hold, before it is tried.

    `scale` is the variant's: what it trains on has so many times the recipe's height and width.

    Raises:
        InputError: it cannot; the message says what to make smaller.
    """
    if _find_device(device).type != "cpu":
        return  # its own allocator reports a full memory as an error, where Linux ends the process
    height, width = (scale * side for side in recipe.image_size)
    batch = max(MIN_BATCH, min(recipe.batch_size, images))
    need, free = batch * height * width * _STEP_BYTES_PER_PIXEL, psutil.virtual_memory().available
    if need > free:
        raise InputError(
            f"batches of {batch} images at {height}x{width} need about {need / 1e9:.1f} GB of memory and "
            f"{free / 1e9:.1f} GB are free: make --batch-size or --image-size smaller"
        )


def _find_device(name: str) -> torch.device:
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


def _measure(recipe: Recipe, n_classes: int, base: MachineSettings) -> _Choice:
    """Change one thing at a time, from what is usually best, and keep what is clearly faster and computes the same."""
    best = reference = Probe(recipe, n_classes, base)
    for change in _changes(base):
        candidate = Probe(recipe, n_classes, replace(best.machine, **change))
        if agrees(candidate.first, reference.first) and is_clearly_faster(candidate.step, best.step):
            best = candidate
    return _Choice(best.machine.precision, best.machine.channels_last, best.machine.threads)


def _changes(base: MachineSettings) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = [{"channels_last": False}]
    if has_bf16(base.device):
        changes.append({"precision": "bf16"})
    cores = joblib.cpu_count(only_physical_cores=True)
    if cores < base.threads:
        changes.append({"threads": cores})
    return changes


def _memory_key(recipe: Recipe, base: MachineSettings) -> str:
    height, width = recipe.image_size
    return (
        f"{base.device} {base.device_name} {base.threads} threads, torch {torch.__version__}, {recipe.network} "
        f"{recipe.channels} {recipe.kernel_size}, {height}x{width}, batch {recipe.batch_size}"
    )


def _as_choice(entry: object) -> _Choice | None:
    """What was chosen before; anything that is not what we write counts as nothing."""
    try:
        choice = from_jsonable(_Choice, entry)
    except ValueError:
        return None
    return choice if choice.threads > 0 else None
