"""What all networks have in common: blocks by name, then dropout and one linear layer."""

from abc import abstractmethod
from collections import OrderedDict

from torch import Tensor, nn

from engine.config.recipes import Recipe
from engine.models.layers import SeededDropout

COLOURS = 3


class BlockClassifier(nn.Module):
    """A network of the recipe.

    Attributes:
        blocks: the blocks by name ("block1", "block2" ...), each giving its feature maps (N, C, H, W).
        mirror_average: whether its answer is the mean over an image and its mirror image (see `answers`).
    """

    def __init__(self, blocks: "OrderedDict[str, nn.Module]", n_features: int, n_classes: int, recipe: Recipe) -> None:
        super().__init__()
        self.blocks = nn.Sequential(blocks)
        self.linear = nn.Linear(n_features, n_classes)
        self.dropout = SeededDropout(recipe.dropout)
        self.drops_logits = recipe.dropout_place == "logits"
        self.mirror_average = recipe.mirror_average

    @abstractmethod
    def features(self, maps: Tensor) -> Tensor:
        """The last block's maps (N, C, H, W) as (N, n_features)."""

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, 3, H, W) in [0, 1]."""
        features = self.features(self.blocks(images))
        logits: Tensor = (
            self.dropout(self.linear(features)) if self.drops_logits else self.linear(self.dropout(features))
        )
        return logits
