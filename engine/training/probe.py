"""A few real training steps on made-up images: how long they take and what they compute."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.config import MachineSettings, Recipe
from engine.training.arithmetic import arithmetic
from engine.training.trainer import Trainer

_PIXELS = 8 * 255 * 342
"""Pixels of one timed batch: enough for all cores, and a second or so a step on a slow machine."""

_REPEATS = 3
_LOSS_TOLERANCE = 0.01
_GRADIENT_TOLERANCE = 0.10


@dataclass(frozen=True)
class Probe:
    """One way to compute, tried.

    Attributes:
        seconds: the shortest of the timed steps.
        loss: loss of the first step.
        gradients: all gradients of the first step, one float32 vector on the CPU.
    """

    seconds: float
    loss: float
    gradients: Tensor


def run_probe(recipe: Recipe, n_classes: int, machine: MachineSettings) -> Probe:
    """Time the recipe's own step on a small batch; the batch is the same for every machine setting."""
    height, width = recipe.image_size
    count = max(2, min(recipe.batch_size, _PIXELS // (height * width)))
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, height, width, 3), dtype=torch.uint8, generator=generator)
    labels = torch.arange(count) % n_classes
    images, labels = images.to(machine.device), labels.to(machine.device)
    with arithmetic(machine):
        trainer = Trainer(recipe, machine, n_classes, recipe.image_size, seed=0, fold=0)
        loss, _ = trainer.backward(images, labels)
        gradients = [weight.grad.float().flatten() for weight in trainer.model.parameters() if weight.grad is not None]
        first = Probe(0.0, float(loss), torch.cat(gradients).cpu())
        seconds = min(_timed_step(trainer, images, labels) for _ in range(_REPEATS))
    return Probe(seconds, first.loss, first.gradients)


def agrees(probe: Probe, reference: Probe) -> bool:
    """Whether loss and gradients are those of the reference, as far as 8 bits of mantissa can be asked to.

    The loss may differ by 1 %; the gradients' difference may be a tenth as long as the gradients (bfloat16 rounds
    to 0.4 % at every layer; a wrong kernel is off by as much as the gradients themselves).
    """
    loss_fits = abs(probe.loss - reference.loss) <= _LOSS_TOLERANCE * abs(reference.loss)
    difference = torch.linalg.vector_norm(probe.gradients - reference.gradients)
    return loss_fits and bool(difference <= _GRADIENT_TOLERANCE * torch.linalg.vector_norm(reference.gradients))


def _timed_step(trainer: Trainer, images: Tensor, labels: Tensor) -> float:
    began = time.perf_counter()
    trainer.step(images, labels).tolist()  # reading the result waits for it
    return time.perf_counter() - began
