"""The classification models of torchvision, by their names there."""

import difflib
import re
from typing import Any

from torch import nn
from torchvision import models

from engine.errors import InputError
from engine.models.foreign import ImageInput
from engine.models.pretrained import Pretrained, hub_file

_HASH = re.compile(r"-([0-9a-f]{8,})\.[a-z]+$")
"""torchvision writes the beginning of a file's SHA-256 into its name, as torch.hub's `check_hash` has it."""

_WITH_AUXILIARY_HEADS = ("googlenet", "inception_v3")


def model_names() -> list[str]:
    """Every classification model."""
    names: list[str] = models.list_models(module=models)
    return names


def require_model(name: str) -> None:
    """Refuse a name that torchvision does not have.

    Raises:
        InputError: the message names the nearest.
    """
    known = model_names()
    if name not in known:
        nearest = difflib.get_close_matches(name, ["two-block", "residual", *known], n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(nearest)}? " if nearest else ""
        raise InputError(f"--network {name}: {hint}two-block, residual or a classification model of torchvision")


def _weights(name: str) -> Any:
    return models.get_model_weights(name).DEFAULT


def build(name: str, n_classes: int, *, pretrained: bool) -> tuple[nn.Module, ImageInput]:
    """A model with fresh weights, and what its default weights want their images to be."""
    weights = _weights(name)
    wants, least = weights.transforms(), weights.meta["min_size"]
    size: tuple[int, int] | None = None
    options: dict[str, Any] = {}
    if name in _WITH_AUXILIARY_HEADS:  # their weights were ported, and scale the images once more
        options = {"aux_logits": False, "init_weights": True, "transform_input": pretrained}
    elif name.startswith("vit_"):
        size, options = tuple(least), {"image_size": least[0]}
    elif name.startswith("maxvit_"):
        size, options = tuple(least), {"input_size": tuple(least)}
    network: nn.Module = models.get_model(name, weights=None, num_classes=n_classes, **options)
    return network, ImageInput(tuple(wants.mean), tuple(wants.std), size, max(least))


def pretrained(name: str) -> Pretrained:
    """The default weights."""
    weights = _weights(name)
    url: str = weights.url
    match = _HASH.search(url)
    return Pretrained(f"torchvision {weights}", hub_file(url), url, match[1] if match else "")
