"""The networks by name; a new one is one more entry."""

from collections.abc import Callable
from types import MappingProxyType

from torch import nn

from engine.config import Recipe
from engine.errors import InputError
from engine.models.two_block import TwoBlockNetwork

Builder = Callable[[Recipe, int, tuple[int, int]], nn.Module]

DEFAULT_NETWORK = "two-block"
_NETWORKS: MappingProxyType[str, Builder] = MappingProxyType({DEFAULT_NETWORK: TwoBlockNetwork})


def build_model(name: str, recipe: Recipe, n_classes: int, image_size: tuple[int, int]) -> nn.Module:
    """A network with fresh weights, drawn from torch's default generator on the CPU.

    It takes images (N, 3, H, W) in [0, 1] of `image_size` (H, W) and returns logits (N, n_classes).

    Raises:
        InputError: there is no network of that name.
    """
    try:
        builder = _NETWORKS[name]
    except KeyError:
        raise InputError(f"unknown network {name!r}: choose from {', '.join(_NETWORKS)}") from None
    return builder(recipe, n_classes, image_size)
