"""Choosing how to compute on this machine: by timing real steps once, and remembering what was fastest."""

import contextlib
import platform
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import joblib  # type: ignore[import-untyped]
import torch

from engine.config import MachineSettings, Precision, Recipe
from engine.errors import InputError
from engine.memory import recall, remember
from engine.models import DEFAULT_NETWORK
from engine.process import keep_memory
from engine.training.probe import Probe, agrees, run_probe

_CLEARLY_FASTER = 0.9
"""A change must bring a step to this share of the time before: timings vary by a tenth."""

_MEMORY_FILE = "machine.json"


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
    threads: int | None = None,
    cache_dir: Path,
) -> MachineSettings:
    """Decide on device, precision, memory format and threads for a recipe.

    What is not given is taken from a timing of the recipe's own step on this machine (a few seconds), which is
    remembered in `cache_dir` by processor, torch version, network, image and batch size. Precision, threads and
    memory format change the last bits of a result, so what was remembered stays.

    Raises:
        InputError: the device is unknown or not there.
    """
    keep_memory()
    chosen_device = _find_device(device)
    base = MachineSettings(
        device=str(chosen_device),
        device_name=_device_name(chosen_device),
        precision="fp32",
        channels_last=True,
        threads=joblib.cpu_count(),
        chosen_by="given",
    )
    memory = cache_dir / _MEMORY_FILE
    key = _memory_key(recipe, base)
    choice = _as_choice(recall(memory).get(key))
    remembered = choice is not None
    if choice is None:
        choice = _measure(recipe, n_classes, base)
        remember(memory, {key: asdict(choice)})
    settings = replace(base, **asdict(choice), chosen_by="remembered" if remembered else "measured")
    if precision != "auto":
        settings = replace(settings, precision=precision, chosen_by="given")
    if threads is not None:
        settings = replace(settings, threads=threads, chosen_by="given")
    return settings


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
    return _processor()


def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _measure(recipe: Recipe, n_classes: int, base: MachineSettings) -> _Choice:
    """Change one thing at a time, from what is usually best, and keep what is clearly faster and computes the same."""
    best, reference = base, run_probe(recipe, n_classes, base)
    fastest: Probe = reference
    for change in _changes(base):
        candidate = replace(best, **change)
        probe = run_probe(recipe, n_classes, candidate)
        if probe.seconds < _CLEARLY_FASTER * fastest.seconds and agrees(probe, reference):
            best, fastest = candidate, probe
    return _Choice(best.precision, best.channels_last, best.threads)


def _changes(base: MachineSettings) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = [{"channels_last": False}]
    if _has_bf16(torch.device(base.device)):
        changes.append({"precision": "bf16"})
    cores = joblib.cpu_count(only_physical_cores=True)
    if cores < base.threads:
        changes.append({"threads": cores})
    return changes


def _has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is worth a try; elsewhere even trying it takes minutes (CPU) or fails (old macOS)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device.type == "cpu":
        return str(torch.backends.cpu.get_cpu_capability()).startswith(("AVX512", "SVE"))
    return False


def _memory_key(recipe: Recipe, base: MachineSettings) -> str:
    height, width = recipe.image_size
    return (
        f"{base.device} {base.device_name} {base.threads} threads, torch {torch.__version__}, {DEFAULT_NETWORK} "
        f"{recipe.channels} {recipe.kernel_size}, {height}x{width}, batch {recipe.batch_size}"
    )


def _as_choice(entry: object) -> _Choice | None:
    """What was chosen before; anything that is not what we write counts as nothing."""
    match entry:
        case {"precision": "fp32" | "bf16" as precision, "channels_last": bool(last), "threads": int(threads)}:
            return _Choice(precision, last, threads) if threads > 0 else None
    return None
