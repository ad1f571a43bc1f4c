"""What a training step of a network of others takes: one is done here, on few images, with fresh weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from time import perf_counter

import psutil
import torch
from torch import Tensor

from engine.config.machine import MachineSettings
from engine.config.recipes import MIN_BATCH, Recipe
from engine.errors import InputError, SimpsonsError, describe_error
from engine.training.arithmetic import arithmetic
from engine.training.trainer import Trainer

_TIMED_IMAGES = 8
"""Of a timed step, where memory allows: fewer keep no processor busy."""

_NUMBERS_PER_WEIGHT = 5
"""Itself, its gradient, what Adam remembers, and a copy on the way."""

_PASSING = 1.1
"""What a step takes at its most, for each byte that it keeps for the way back; measured: 1.0 to 1.1."""


PROCESS_BYTES = 500_000_000
"""What a worker takes beside its steps: mostly torch itself; measured: 480 to 560 MB."""


@dataclass(frozen=True)
class Footprint:
    """What one training step takes.

    Attributes:
        bytes_per_image: memory for each image of the batch.
        fixed_bytes: memory whatever the batch.
        seconds_per_image: time.
    """

    bytes_per_image: float
    fixed_bytes: int
    seconds_per_image: float

    def step_bytes(self, images: int) -> float:
        """Memory for a batch."""
        return self.fixed_bytes + images * self.bytes_per_image


def measure_footprint(recipe: Recipe, n_classes: int, machine: MachineSettings) -> Footprint:
    """Measure it once a process for a network, an image size and a machine; takes some seconds.

    Raises:
        InputError: the network cannot take such a step, or memory does not even hold two images.
    """
    # What changes nothing of a step is left out, so that changing it does not measure again.
    step = Recipe(
        recipe.name,
        recipe.image_size,
        network=recipe.network,
        batch_size=min(recipe.batch_size, _TIMED_IMAGES),
    )
    return _measured(step, n_classes, replace(machine, precision="fp32"))


@lru_cache(maxsize=32)
def _measured(recipe: Recipe, n_classes: int, machine: MachineSettings) -> Footprint:
    try:
        with arithmetic(machine):
            trainer = Trainer(recipe, machine, n_classes, recipe.image_size, steps=1, seed=0, fold=0)
            fixed = _NUMBERS_PER_WEIGHT * sum(weight.nbytes for weight in trainer.trained.parameters())
            images, labels = _batch(recipe, MIN_BATCH, n_classes, machine)
            with _kept_bytes(trainer) as kept:
                trainer.backward(images, labels)
            per_image = _PASSING * sum(kept.values()) / MIN_BATCH
            allowed = int((free_bytes(machine.device) - fixed) / max(per_image, 1))
            count = max(MIN_BATCH, min(recipe.batch_size, allowed))
            images, labels = _batch(recipe, count, n_classes, machine)
            trainer.step(images, labels).tolist()
            began = perf_counter()
            trainer.step(images, labels).tolist()
            return Footprint(per_image, fixed, (perf_counter() - began) / count)
    except SimpsonsError:
        raise
    except Exception as error:  # the code is somebody else's
        height, width = recipe.image_size
        raise InputError(
            f"--network {recipe.network}: a training step on images of {height}x{width} fails ({describe_error(error)})"
        ) from error


def _batch(recipe: Recipe, count: int, n_classes: int, machine: MachineSettings) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, *recipe.image_size, 3), dtype=torch.uint8, generator=generator)
    return images.to(machine.device), (torch.arange(count) % n_classes).to(machine.device)


@contextmanager
def _kept_bytes(trainer: Trainer) -> Iterator[dict[int, int]]:
    """The memory that a step keeps for its way back, by address; weights are counted elsewhere."""
    weights = {weight.untyped_storage().data_ptr() for weight in trainer.trained.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield kept


def free_bytes(device: str) -> int:
    """Memory that is free now where a device computes; Apple's processors share theirs."""
    place = torch.device(device)
    if place.type == "cuda":
        return torch.cuda.mem_get_info(place)[0]
    return int(psutil.virtual_memory().available)


def require_room(steps: str, need: float, free: int, workers: int = 1, network: str = "") -> None:
    """Refuse what memory cannot hold.

    Args:
        steps: what is done, in words.
        need: bytes of one step.
        free: bytes that there are.
        workers: processes that share them; several take room for themselves as well.
        network: one that is not ours.

    Raises:
        InputError: they are too few; the message says what to make smaller.
    """
    together = need if workers == 1 else workers * (need + PROCESS_BYTES)
    if together <= free:
        return
    smaller = "make --batch-size or --image-size smaller"
    if network:
        steps, smaller = f"--network {network}: {steps}", f"{smaller}, or take a smaller network"
    if workers > 1:
        steps, smaller = f"{workers} workers with {steps}", f"fewer --workers, or {smaller}"
    raise InputError(
        f"{steps} need about {together / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free: {smaller}"
    )
