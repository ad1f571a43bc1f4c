"""A small residual network for images of any size: a strided stem, residual blocks that halve the image, mean pooling.

Blocks are those of He et al. (Deep Residual Learning, CVPR 2016) with the changes that Bag of Tricks (He et al., CVPR
2019) found to pay: the shortcut of a block that halves is a mean pooling before its 1 x 1 convolution, and the last
batch norm of each block starts at 0, so that blocks begin as the identity.
"""

import itertools
from collections import OrderedDict

import torch
from torch import Tensor, nn

from engine.config.recipes import Recipe
from engine.models.classifier import COLOURS, BlockClassifier

_MIDDLE = 0.5


class Centred(nn.Module):
    """Pixels from [0, 1] around 0: padding then looks like mid-grey, and the first layer learns faster."""

    def forward(self, images: Tensor) -> Tensor:
        """The images less one half."""
        return images - _MIDDLE


def convolution(channels_in: int, channels_out: int, kernel_size: int, *, stride: int = 1) -> nn.Sequential:
    """Convolution and batch norm: (N, in, H, W) to (N, out, H / stride, W / stride), halves rounded up."""
    return nn.Sequential(
        OrderedDict(
            convolution=nn.Conv2d(channels_in, channels_out, kernel_size, stride, padding=kernel_size // 2, bias=False),
            norm=nn.BatchNorm2d(channels_out),
        )
    )


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut: (N, in, H, W) to (N, out, H / 2, W / 2), halves rounded up."""

    def __init__(self, channels_in: int, channels_out: int, kernel_size: int) -> None:
        super().__init__()
        self.first = convolution(channels_in, channels_out, kernel_size, stride=2)
        self.second = convolution(channels_out, channels_out, kernel_size)
        nn.init.zeros_(self.second.get_parameter("norm.weight"))
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False), convolution(channels_in, channels_out, 1)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """The block's feature maps, at least 0."""
        changed = self.second(torch.relu(self.first(maps)))
        return torch.relu(self.shortcut(maps) + changed)


class ResidualNetwork(BlockClassifier):
    """The network of the recipe "best"; `recipe.channels` gives the stem's channels and those of each block.

    The stem is "block1". Every block halves the height and width of what it gets. The size of the images may change
    from batch to batch.
    """

    def __init__(self, recipe: Recipe, n_classes: int, image_size: tuple[int, int]) -> None:
        widths, kernel = recipe.channels, recipe.kernel_size
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        blocks["block1"] = nn.Sequential(
            OrderedDict(
                centred=Centred(),
                convolution=convolution(COLOURS, widths[0], kernel, stride=2),
                activation=nn.ReLU(inplace=True),
            )
        )
        for number, (channels_in, channels_out) in enumerate(itertools.pairwise(widths), start=2):
            blocks[f"block{number}"] = ResidualBlock(channels_in, channels_out, kernel)
        super().__init__(blocks, widths[-1], n_classes, recipe)

    def features(self, maps: Tensor) -> Tensor:
        """The mean of every map."""
        return maps.mean(dim=(2, 3))
