"""Base class of the networks (named blocks, dropout, linear layer); their logits with test-time augmentation (TTA)."""

import math
from abc import abstractmethod
from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn

from engine.config.recipes import Recipe

COLOURS = 3


_FEW = 1 << 16
"""Values whose mask torch draws in no time: dropped logits, so that runs of earlier versions go on as they began."""


class SeededDropout(nn.Module):
    """Dropout whose mask follows from a seed given before each step, not from the state of the process.

    Equal seeds and shapes give equal masks on one device, so networks trained side by side drop the same units and a
    resumed training goes on as if it had not been interrupted. Like nn.Dropout otherwise.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        if not 0 <= probability < 1:
            raise ValueError(f"dropout {probability}: give a probability from 0 to below 1")
        self.probability = probability
        self._seed: int | None = None

    def reseed(self, seed: int) -> None:
        """Fix the mask of the forward passes that follow."""
        self._seed = seed

    def forward(self, values: Tensor) -> Tensor:
        """Zero each value with the probability and scale the rest up; the identity in evaluation mode."""
        if not self.training or self.probability == 0:
            return values
        if self._seed is None:
            return nn.functional.dropout(values, self.probability)
        if values.device.type == "cpu" and values.numel() > _FEW:
            return values * _mask_of_many(values, self.probability, self._seed)
        generator = torch.Generator(values.device).manual_seed(self._seed)
        keep = 1 - self.probability
        return values * torch.empty_like(values).bernoulli_(keep, generator=generator).div_(keep)


def _mask_of_many(values: Tensor, probability: float, seed: int) -> Tensor:
    """Of the shape and type of the values: 0 with the probability, to 16 bits, and else what makes the mean 1.

    torch draws one value after the other, which takes a fifth of a step of `paper`; from one 64-bit number come four.
    """
    count = values.numel()
    draws = np.random.SFC64(seed).random_raw(-(-count // 4)).view(np.uint16)[:count]
    dropped = min(round(probability * 2**16), 2**16 - 1)
    mask = torch.from_numpy(draws >= np.uint16(dropped)).view(values.shape)
    return mask.to(values.dtype).div_(1 - dropped / 2**16)


class BlockClassifier(nn.Module):
    """A network of the recipe.

    Attributes:
        blocks: the blocks by name ("block1", "block2" ...), each giving its feature maps (N, C, H, W).
        mirror_average: whether it predicts with test-time augmentation (see `predict_logits`).
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


def predict_logits(network: nn.Module, images: Tensor) -> Tensor:
    """Logits (N, classes), float32, of images (N, 3, H, W) in [0, 1]; their softmax is the network's answer.

    With test-time augmentation (`mirror_average`) that is the mean of the probabilities for the image and for its
    mirror image, and the logits are the logarithm of it.
    """
    logits: Tensor = network(images).float()
    if not getattr(network, "mirror_average", False):
        return logits
    mirrored: Tensor = network(images.flip(3)).float()
    both = torch.stack((torch.log_softmax(logits, dim=1), torch.log_softmax(mirrored, dim=1)))
    return torch.logsumexp(both, dim=0) - math.log(len(both))
