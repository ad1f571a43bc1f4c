"""Class probabilities of a trained network."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.events.control import StudyControl
from engine.models import predict_logits
from engine.training.arithmetic import arithmetic, mixed_precision
from engine.training.batches import read_ahead
from engine.training.pixels import Pixels, scale
from engine.training.trainer import blank_model
from engine.training.weights import load_weights


class Validation(NamedTuple):
    """Accuracy and mean cross-entropy of a network on images kept out of training."""

    accuracy: float
    loss: float


def validation_scores(probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> Validation:
    """Scores of class probabilities (N, classes) for images of the classes `labels` (N,)."""
    of_truth = probabilities[np.arange(len(labels)), labels]
    loss = float(-np.log(np.maximum(of_truth, np.finfo(np.float64).tiny)).mean())
    return Validation(float(np.mean(probabilities.argmax(axis=1) == labels)), loss)


def predict_proba(
    model: nn.Module,
    machine: MachineSettings,
    pixels: Pixels,
    rows: npt.NDArray[np.int64],
    *,
    batch_size: int,
    control: StudyControl,
    on_progress: Callable[[int], None],
) -> npt.NDArray[np.float64]:
    """Class probabilities (len(rows), classes) of the images `rows`; each row adds up to 1.

    A network whose weights are not finite gives NaN. `on_progress` gets the number of images done.

    Raises:
        StudyStopped: a stop was asked for.
    """
    model.eval()
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    parts: list[npt.NDArray[np.float64]] = []
    done = 0
    with arithmetic(machine), torch.inference_mode(), contextlib.closing(read_ahead(batches, pixels.gather)) as loaded:
        for batch in loaded:
            control.checkpoint()
            images = torch.from_numpy(batch).to(machine.device)
            with mixed_precision(machine):
                logits = predict_logits(model, scale(images, machine))
            parts.append(torch.softmax(logits.cpu().double(), dim=1).numpy())
            done += len(batch)
            on_progress(done)
    return np.concatenate(parts)


def load_network(
    weights: Path, recipe: Recipe, n_classes: int, image_size: tuple[int, int], *, seed: int, fold: int
) -> nn.Module:
    """The network of a finished job on the CPU, in evaluation mode.

    Raises:
        WeightsError: the file is missing or belongs to another network.
        InputError: the network cannot be built here.
    """
    model = blank_model(recipe, n_classes, image_size, seed=seed, fold=fold)
    load_weights(model, weights)
    return model.eval()
