"""The networks by name; a new one is one more entry."""

from collections.abc import Callable
from types import MappingProxyType

from torch import nn

from engine.config.recipes import Network, Recipe
from engine.models.residual import ResidualNetwork
from engine.models.two_block import TwoBlockNetwork

Builder = Callable[[Recipe, int, tuple[int, int]], nn.Module]

NETWORKS: MappingProxyType[Network, Builder] = MappingProxyType(
    {"two-block": TwoBlockNetwork, "residual": ResidualNetwork}
)


def build_model(recipe: Recipe, n_classes: int, image_size: tuple[int, int]) -> nn.Module:
    """The recipe's network with fresh weights, drawn from torch's default generator on the CPU.

    It takes images (N, 3, H, W) in [0, 1] of `image_size` (H, W) and returns logits (N, n_classes).
    """
    return NETWORKS[recipe.network](recipe, n_classes, image_size)
