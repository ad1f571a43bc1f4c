"""The training loop: batches in, events out."""

import contextlib
import math
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.config.schedule import has_settled
from engine.errors import StudyStopped
from engine.events.control import StudyControl
from engine.events.study import BatchTrained, Emit, EpochTrained
from engine.training.arithmetic import arithmetic
from engine.training.batches import Places, epoch_batches, read_ahead, steps_per_epoch
from engine.training.checkpoint_format import Checkpoint, Position
from engine.training.inference import Validation
from engine.training.pixels import Pixels, image_loader
from engine.training.trainer import Trainer

KEEP_SECONDS = 30.0
"""Between two epochs' checkpoints at least: hundreds of workers that keep each epoch fill a shared disk's line."""

KEEP_WITHIN_SECONDS = 60.0
"""In a long epoch a checkpoint is taken after this, so that a kill costs about a minute at most."""


@dataclass(frozen=True)
class TrainingOutcome:
    """What training left.

    Attributes:
        model: the network as trained so far, on the machine's device.
        stopped: whether it was stopped, by whoever looks on, before the last epoch's end.
        epochs_done: whole epochs.
        steps_done: optimiser steps.
        final_loss: loss of the last batch; NaN where there was none, or where it was.
    """

    model: nn.Module
    stopped: bool
    epochs_done: int
    steps_done: int
    final_loss: float


def train(
    *,
    variant: str,
    seed: int,
    fold: int,
    recipe: Recipe,
    machine: MachineSettings,
    pixels: Pixels,
    rows: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
    n_classes: int,
    emit: Emit,
    control: StudyControl,
    validate: Callable[[nn.Module], Validation] | None = None,
    resume: Checkpoint | None = None,
    keep: Callable[[Checkpoint], None] | None = None,
) -> TrainingOutcome:
    """Train the recipe's network on the images `rows` of `pixels`, whose classes are `labels` (aligned with `rows`).

    Reports every batch and every epoch. The result depends on the arguments alone: bit for bit on one machine. For one
    seed and fold all variants start from the same weights, see the same batches in the same order and drop the same
    units. A stop is honoured between two batches and gives the network as it is then. A loss that is not finite is
    reported like any other. `validate` measures a network on images kept out of training; it is asked after every
    epoch. With the recipe's `patience` training ends early once that accuracy has not risen for so many epochs (and
    the learning rate has fallen, see `has_settled`); otherwise it changes nothing.

    `keep` gets a checkpoint after an epoch's report, where the last is `KEEP_SECONDS` old, within an epoch where it is
    `KEEP_WITHIN_SECONDS` old, at the end, at a stop and when a user pauses; its tensors change with the next step.
    With `resume` training goes on from one of the same job, and ends as if it had never been interrupted.

    Raises:
        CheckpointError: `resume` belongs to another network.
    """
    with arithmetic(machine):
        a_epoch = steps_per_epoch(len(rows), recipe.batch_size)
        steps = recipe.epochs * a_epoch
        trainer = Trainer(recipe, machine, n_classes, pixels.image_size, steps=steps, seed=seed, fold=fold)
        report = _Report(variant, seed, fold, emit, lag=0 if machine.device == "cpu" else 1)
        epochs_done = 0
        if resume is not None:
            trainer.restore(resume.tensors, resume.position.steps_done)
            report.restore(resume.position)
            epochs_done = resume.position.epochs_done

        kept_at, steps_kept = time.monotonic(), trainer.steps_done

        def keep_position(age: float = 0.0) -> None:
            """Keep where training is, unless that was done less than `age` seconds or no step ago."""
            nonlocal kept_at, steps_kept
            if keep is None or trainer.steps_done == steps_kept or time.monotonic() - kept_at < age:
                return
            report.drain()
            keep(Checkpoint(report.position(epochs_done, trainer.steps_done), trainer.state()))
            kept_at, steps_kept = time.monotonic(), trainer.steps_done

        def is_over() -> bool:
            out_of_patience = report.is_out_of_patience(recipe.patience, epochs_done)
            return epochs_done == recipe.epochs or (out_of_patience and has_settled(recipe, trainer.steps_done, steps))

        def look() -> None:
            """Between two batches; the position is kept before a pause, which may last."""
            control.take_requests()
            keep_position(0.0 if control.paused else KEEP_WITHIN_SECONDS)
            control.checkpoint()

        try:
            control.checkpoint()
            load = _batch_loader(pixels, rows, labels, machine)
            while not is_over():
                batches = epoch_batches(len(rows), recipe.batch_size, seed=seed, fold=fold, epoch=epochs_done)
                ahead = batches[trainer.steps_done - epochs_done * a_epoch :]
                report.start_epoch(epochs_done)
                _train_epoch(trainer, read_ahead(ahead, load), report, look)
                report.finish_epoch(validate(trainer.model) if validate is not None else None)
                epochs_done += 1
                keep_position(0.0 if is_over() else KEEP_SECONDS)
        except StudyStopped:
            report.drain()
            keep_position()
        return TrainingOutcome(
            model=trainer.model,
            stopped=not is_over(),
            epochs_done=epochs_done,
            steps_done=trainer.steps_done,
            final_loss=report.last_loss,
        )


_Load = Callable[[Places], tuple[Tensor, Tensor]]


def _batch_loader(
    pixels: Pixels, rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], machine: MachineSettings
) -> _Load:
    load_images = image_loader(pixels, rows, machine)

    def load(places: Places) -> tuple[Tensor, Tensor]:
        return load_images(places), torch.from_numpy(labels[places]).to(machine.device)

    return load


def _train_epoch(
    trainer: Trainer,
    batches: Generator[tuple[Tensor, Tensor], None, None],
    report: "_Report",
    look: Callable[[], None],
) -> None:
    with contextlib.closing(batches):
        for images, labels in batches:
            look()
            report.add(trainer.steps_done, len(labels), trainer.step(images, labels))


class _Report:
    """Turns what the steps return into events.

    With a `lag` a batch is reported when the next one is on its way, so that an accelerator need not idle for it.
    """

    def __init__(self, variant: str, seed: int, fold: int, emit: Emit, lag: int) -> None:
        self._job: dict[str, Any] = {"variant": variant, "seed": seed, "fold": fold}
        self._emit, self._lag = emit, lag
        self._waiting: deque[tuple[int, int, Tensor]] = deque()
        self.last_loss = math.nan
        self._epoch, self._loss, self._correct, self._images = 0, 0.0, 0.0, 0
        self._best_validation, self._best_epoch = Position.best_validation, Position.best_epoch

    def position(self, epochs_done: int, steps_done: int) -> Position:
        return Position(
            epochs_done,
            steps_done,
            self._loss,
            self._correct,
            self._images,
            self.last_loss,
            self._best_validation,
            self._best_epoch,
        )

    def is_out_of_patience(self, patience: int, epochs_done: int) -> bool:
        """Whether the validation accuracy has not risen for `patience` epochs; never where there is none."""
        validated = self._best_validation > Position.best_validation
        return 0 < patience <= epochs_done - self._best_epoch and validated

    def restore(self, position: Position) -> None:
        self._loss, self._correct, self._images = position.loss_sum, position.right, position.images
        self.last_loss = position.last_loss
        self._best_validation, self._best_epoch = position.best_validation, position.best_epoch

    def start_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def add(self, step: int, images: int, outcome: Tensor) -> None:
        self._waiting.append((step, images, outcome))
        while len(self._waiting) > self._lag:
            self._send()

    def drain(self) -> None:
        while self._waiting:
            self._send()

    def finish_epoch(self, validation: Validation | None) -> None:
        self.drain()
        if validation is not None and validation.accuracy > self._best_validation:
            self._best_validation, self._best_epoch = validation.accuracy, self._epoch + 1
        self._emit(
            EpochTrained(
                **self._job,
                epoch=self._epoch,
                loss=self._loss / self._images,
                accuracy=self._correct / self._images,
                validation_accuracy=validation.accuracy if validation is not None else None,
                validation_loss=validation.loss if validation is not None else None,
            )
        )
        self._loss, self._correct, self._images = 0.0, 0.0, 0

    def _send(self) -> None:
        step, images, outcome = self._waiting.popleft()
        loss, correct, norm = outcome.tolist()
        self.last_loss = loss
        self._loss += loss * images
        self._correct += correct
        self._images += images
        self._emit(
            BatchTrained(**self._job, epoch=self._epoch, step=step, loss=loss, images=images, gradient_norm=norm)
        )
