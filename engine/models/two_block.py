"""The study's network: blocks of convolution, batch norm, ReLU and max pooling, then one linear layer."""

import itertools
from collections import OrderedDict

import torch
from torch import Tensor, nn

from engine.config import Recipe
from engine.models.layers import SeededDropout

COLOURS = 3


class Block(nn.Sequential):
    """Convolution, batch norm, ReLU and 2 x 2 max pooling: (N, C, H, W) to (N, out, H // 2, W // 2).

    The pooling stands before the ReLU: both keep the order of values, so outputs and gradients are the same as the
    other way round, and the ReLU has a quarter of the work.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel_size: int) -> None:
        super().__init__(
            OrderedDict(
                convolution=nn.Conv2d(channels_in, channels_out, kernel_size, padding=kernel_size // 2),
                norm=nn.BatchNorm2d(channels_out),
                pool=nn.MaxPool2d(2),
                activation=nn.ReLU(inplace=True),
            )
        )


class TwoBlockNetwork(nn.Module):
    """The network of the study, for images of one size; `recipe.channels` says how many blocks (two in the study).

    `blocks` holds the blocks by name ("block1", "block2"), each giving its feature maps (N, C, H, W).
    """

    def __init__(self, recipe: Recipe, n_classes: int, image_size: tuple[int, int]) -> None:
        super().__init__()
        widths = (COLOURS, *recipe.channels)
        self.blocks = nn.Sequential(
            OrderedDict(
                (f"block{number}", Block(channels_in, channels_out, recipe.kernel_size))
                for number, (channels_in, channels_out) in enumerate(itertools.pairwise(widths), start=1)
            )
        )
        shrink = 2 ** len(recipe.channels)
        height, width = image_size
        self.linear = nn.Linear(widths[-1] * (height // shrink) * (width // shrink), n_classes)
        self.dropout = SeededDropout(recipe.dropout)
        self.drops_logits = recipe.dropout_place == "logits"

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, 3, H, W) in [0, 1]."""
        maps = self.blocks(images)
        if maps.requires_grad and maps.is_contiguous(memory_format=torch.channels_last):
            # The linear layer hands its gradient back as (N, C, H, W), and the blocks are slow in mixed formats.
            maps.register_hook(_to_channels_last)
        features = maps.flatten(1)
        logits: Tensor = (
            self.dropout(self.linear(features)) if self.drops_logits else self.linear(self.dropout(features))
        )
        return logits


def _to_channels_last(gradient: Tensor) -> Tensor:
    return gradient.contiguous(memory_format=torch.channels_last)
