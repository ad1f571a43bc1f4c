"""The study's network: blocks of convolution, batch norm, ReLU and max pooling, then one linear layer."""

import itertools
from collections import OrderedDict

import torch
from torch import Tensor, nn

from engine.config.recipes import Recipe
from engine.models.classifier import COLOURS, BlockClassifier
from engine.models.pooled_norm import convolve_norm_pool


class Block(nn.Sequential):
    """Convolution, batch norm, ReLU and 2 x 2 max pooling: (N, C, H, W) to (N, out, H // 2, W // 2).

    The pooling stands before the ReLU: both keep the order of values, so outputs and gradients are the same as the
    other way round, and the ReLU has a quarter of the work.
    """

    convolution: nn.Conv2d
    norm: nn.BatchNorm2d

    def __init__(self, channels_in: int, channels_out: int, kernel_size: int) -> None:
        super().__init__(
            OrderedDict(
                convolution=nn.Conv2d(channels_in, channels_out, kernel_size, padding=kernel_size // 2),
                norm=nn.BatchNorm2d(channels_out),
                pool=nn.MaxPool2d(2),
                activation=nn.ReLU(inplace=True),
            )
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, out, H // 2, W // 2)."""
        trains = self.training and torch.is_grad_enabled()
        if trains and images.device.type == "cpu" and images.is_contiguous(memory_format=torch.channels_last):
            return convolve_norm_pool(images, self.convolution, self.norm)
        maps: Tensor = super().forward(images)  # type: ignore[no-untyped-call]
        return maps


class TwoBlockNetwork(BlockClassifier):
    """The network of the study, for images of one size; `recipe.channels` says how many blocks (two in the study)."""

    def __init__(self, recipe: Recipe, n_classes: int, image_size: tuple[int, int]) -> None:
        widths = (COLOURS, *recipe.channels)
        blocks: OrderedDict[str, nn.Module] = OrderedDict(
            (f"block{number}", Block(channels_in, channels_out, recipe.kernel_size))
            for number, (channels_in, channels_out) in enumerate(itertools.pairwise(widths), start=1)
        )
        shrink = 2 ** len(recipe.channels)
        height, width = image_size
        super().__init__(blocks, widths[-1] * (height // shrink) * (width // shrink), n_classes, recipe)

    def features(self, maps: Tensor) -> Tensor:
        """Every value of the maps."""
        if maps.requires_grad and maps.is_contiguous(memory_format=torch.channels_last):
            # The linear layer hands its gradient back as (N, C, H, W), and the blocks are slow in mixed formats.
            maps.register_hook(_to_channels_last)  # type: ignore[no-untyped-call]
        return maps.flatten(1)


def _to_channels_last(gradient: Tensor) -> Tensor:
    return gradient.contiguous(memory_format=torch.channels_last)
