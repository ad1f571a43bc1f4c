"""Checkpoints of a job in training as safetensors files, which cannot run code when they are read."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.errors import StorageError
from engine.system.files import parse_json
from engine.training.weights import digest_of

FORMAT = "simpsons-tui checkpoint 1"

_LATER = frozenset(itertools.dropwhile(lambda name: name != "network", (field.name for field in fields(Recipe))))
"""Fields of a recipe that the first checkpoints of this format did not know: from the network on."""

Identity = Mapping[str, str]
"""What training depends on, part by part, in a form that compares: resuming is right only where all parts are equal."""


class CheckpointError(StorageError):
    """A checkpoint that cannot be resumed from; the message says why."""


@dataclass(frozen=True)
class Position:
    """How far training is.

    Attributes:
        epochs_done: whole epochs.
        steps_done: optimiser steps, those of the epoch under way included.
        loss_sum, right, images: sums over the images of the epoch under way, for its report.
        last_loss: of the last batch.
        best_validation: best accuracy on validation images after an epoch so far; -1 before the first.
        best_epoch: whole epochs after which it was reached.
    """

    epochs_done: int
    steps_done: int
    loss_sum: float
    right: float
    images: int
    last_loss: float
    best_validation: float = -1.0
    best_epoch: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """All that changes while a job trains: a position, and the tensors of the network and its optimiser.

    `seconds` is what training took so far, if its caller says.
    """

    position: Position
    tensors: Mapping[str, Tensor]
    seconds: float = 0.0


def job_identity(
    *,
    variant: str,
    seed: int,
    fold: int,
    recipe: Recipe,
    machine: MachineSettings,
    image_size: tuple[int, int],
    n_classes: int,
    images: str,
) -> Identity:
    """What a job's result depends on; `images` stands for the training images, their labels and their order."""
    arithmetic = [machine.device, machine.precision, "channels_last" if machine.channels_last else "contiguous"]
    return {
        "variant": variant,
        "seed": str(seed),
        "fold": str(fold),
        "recipe": _recipe_words(recipe),
        "arithmetic": f"{', '.join(arithmetic)}, {machine.threads} threads",
        "image size": f"{image_size[0]}x{image_size[1]}",
        "number of classes": str(n_classes),
        "training images": images,
    }


def _recipe_words(recipe: Recipe) -> str:
    """All its numbers, without the methods that it leaves out: so those that came later change no older recipe."""
    left_out = {
        field.name for field in fields(recipe) if field.name in _LATER and getattr(recipe, field.name) == field.default
    }
    return json.dumps({name: value for name, value in asdict(recipe).items() if name not in left_out}, sort_keys=True)


def checkpoint_to_bytes(checkpoint: Checkpoint, identity: Identity) -> bytes:
    """The content of a checkpoint's file."""
    # Hexadecimal keeps every bit of a number, and says NaN and infinity too.
    position = {
        name: value.hex() if isinstance(value, float) else value for name, value in asdict(checkpoint.position).items()
    }
    header = {
        "format": FORMAT,
        "position": json.dumps(position),
        "identity": json.dumps(dict(identity)),
        "seconds": checkpoint.seconds.hex(),
    }
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()}
    return save(tensors, metadata={**header, "digest": digest_of(tensors, header)})


def read_checkpoint(path: Path, identity: Identity) -> Checkpoint:
    """A checkpoint of just this job.

    Raises:
        CheckpointError: the file cannot be read, is damaged or belongs to something else.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            header = stream.metadata() or {}
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is no whole checkpoint ({error})") from None
    if header.get("format") != FORMAT:
        raise CheckpointError(f"{path} is no checkpoint of this version of simpsons-tui")
    try:
        position, theirs = _position(parse_json(header["position"])), dict(parse_json(header["identity"]))
        seconds = float.fromhex(header["seconds"])
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from None
    digest = header.pop("digest", None)
    if digest is not None and digest != digest_of(tensors, header):  # the first of this format had none
        raise CheckpointError(f"{path} is damaged: its numbers are not those that were written")
    for part in identity:
        if theirs.get(part) != identity[part]:
            raise CheckpointError(f"{path} was made with another {part}: {theirs.get(part)}, not {identity[part]}")
    return Checkpoint(position, tensors, seconds)


def _position(data: Any) -> Position:
    if not isinstance(data, dict):
        raise ValueError("no position")
    known: dict[str, Any] = {field.name: data[field.name] for field in fields(Position) if field.name in data}
    for name, value in known.items():
        known[name] = float.fromhex(value) if isinstance(value, str) else int(value)
    return Position(**known)
