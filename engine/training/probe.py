"""A few real training steps on made-up images: what they compute, and steps to be timed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter

import torch
from torch import Tensor

from engine.config.machine import MachineSettings
from engine.config.networks import NO_WEIGHTS
from engine.config.recipes import MIN_BATCH, Recipe
from engine.config.schedule import trained_size
from engine.training.arithmetic import arithmetic
from engine.training.trainer import Trainer

_PIXELS = 8 * 255 * 342
"""Pixels of one timed batch: enough for all cores, and a second or so a step on a slow machine."""

_TIMED_STEPS, _STEPS_FOR_PACE = 5, 2

_ALONE = 0.9
"""Share of the steps of the last layer alone with which a single step is one of them."""

_LOSS_TOLERANCE = 0.01
_GRADIENT_TOLERANCE = 0.10


@dataclass(frozen=True)
class FirstStep:
    """What the first step computed.

    Attributes:
        loss: its loss.
        gradients: all its gradients, one float32 vector on the CPU.
    """

    loss: float
    gradients: Tensor


class Probe:
    """The recipe's own step on a small batch, computed in one way; the batch is the same for every machine setting.

    Images too large for a small batch are made smaller.

    Attributes:
        machine: how it is computed.
        images: in its batch.
        first: what the first step computed.
    """

    def __init__(self, recipe: Recipe, n_classes: int, machine: MachineSettings) -> None:
        self.machine = machine
        height, width = recipe.image_size
        while MIN_BATCH * height * width > _PIXELS:
            height, width = height // 2, width // 2
        count = max(MIN_BATCH, min(recipe.batch_size, _PIXELS // (height * width)))
        self.images, self._pixels = count, height * width
        generator = torch.Generator().manual_seed(0)
        images = torch.randint(0, 256, (count, height, width, 3), dtype=torch.uint8, generator=generator)
        labels = torch.arange(count) % n_classes
        self._images, self._labels = images.to(machine.device), labels.to(machine.device)
        # The numbers of the weights change no time; where they come from is not touched.
        small = replace(recipe, image_size=(height, width), weights=NO_WEIGHTS)
        with arithmetic(machine):
            self._trainer = Trainer(small, machine, n_classes, small.image_size, steps=1, seed=0, fold=0)
            loss, _ = self._trainer.backward(self._images, self._labels)
            weights = self._trainer.trained.parameters()
            gradients = [weight.grad.float().flatten() for weight in weights if weight.grad is not None]
            self.first = FirstStep(float(loss), torch.cat(gradients).cpu())

    def step(self) -> None:
        """One more step, and wait for its end."""
        with arithmetic(self.machine):
            self._trainer.step(self._images, self._labels).tolist()  # reading the result waits for it

    def seconds_per_pixel(self) -> float:
        """Of one step, the faster of two."""
        return min(_seconds(self.step) for _ in range(_STEPS_FOR_PACE)) / (self.images * self._pixels)


def seconds_per_image(recipe: Recipe, n_classes: int, machine: MachineSettings) -> float:
    """Seconds that training on one image takes, measured now; the mean over a training with several phases."""
    whole = replace(recipe, small_share=0.0, head_share=0.0)
    seconds, small = _timed(whole, n_classes, machine), trained_size(recipe, recipe.image_size, 0, 1)
    if small != recipe.image_size:
        small_time = _timed(replace(whole, image_size=small), n_classes, machine)
        seconds = recipe.small_share * small_time + (1 - recipe.small_share) * seconds
    if recipe.head_share:
        alone = _timed(replace(whole, head_share=_ALONE), n_classes, machine)
        seconds = recipe.head_share * alone + (1 - recipe.head_share) * seconds
    return seconds


def _timed(recipe: Recipe, n_classes: int, machine: MachineSettings) -> float:
    """Seconds an image: the median of a few steps."""
    probe = Probe(recipe, n_classes, machine)
    probe.step()  # the first ones also make room in memory
    return median(_seconds(probe.step) for _ in range(_TIMED_STEPS)) / probe.images


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


def agrees(step: FirstStep, reference: FirstStep) -> bool:
    """Whether loss and gradients are those of the reference, as far as 8 bits of mantissa can be asked to.

    The loss may differ by 1 %; the gradients' difference may be a tenth as long as the gradients (bfloat16 rounds
    to 0.4 % at every layer; a wrong kernel is off by as much as the gradients themselves).
    """
    loss_fits = abs(step.loss - reference.loss) <= _LOSS_TOLERANCE * abs(reference.loss)
    difference = torch.linalg.vector_norm(step.gradients - reference.gradients)
    return loss_fits and bool(difference <= _GRADIENT_TOLERANCE * torch.linalg.vector_norm(reference.gradients))
