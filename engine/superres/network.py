"""NinaSR-B0 for inference: the same function as torchSR's module in fewer passes over the maps."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_CELL = 16
"""Side of the cells that share a factor of attention, in pixels; it follows from the 31 x 31 around their first."""

_WHITE = 255
_SUBPIXELS = 4


class FoldedNetwork:
    """NinaSR x2 in one type on one device, with the scales around each block folded into its kernels."""

    def __init__(self, network: Any, device: str, dtype: torch.dtype) -> None:
        def kernel(weight: Tensor) -> Tensor:
            return weight.to(dtype).to(memory_format=torch.channels_last)

        def colours_last(by_colour: Tensor) -> Tensor:
            """Output channels by subpixel and then by colour, so that the shuffle copies bytes that lie together."""
            return by_colour.reshape(-1, _SUBPIXELS, *by_colour.shape[1:]).transpose(0, 1).flatten(0, 1)

        network.to(device)
        before, head = network.head
        tail, _, after = network.tail
        self._dtype = dtype
        self._offset, self._head = before.bias, kernel(head.weight)
        self._blocks = [_Block(block, kernel) for block in network.body]
        self._tail, self._tail_bias = kernel(colours_last(tail.weight)), colours_last(tail.bias).to(dtype)
        self._shift = after.bias.flatten().repeat(_SUBPIXELS) * _WHITE

    def __call__(self, levels: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 to (N, 2H, 2W, 3) uint8, both on the device."""
        count, height, width, colours = levels.shape
        images = (levels.permute(0, 3, 1, 2).float().div_(_WHITE) + self._offset).to(self._dtype)
        maps = head = functional.conv2d(images, self._head, padding=1)
        down, across = _cell_means(height, head), _cell_means(width, head)
        for block in self._blocks:
            maps = block(maps, down, across)
        values = functional.conv2d(maps + head, self._tail, self._tail_bias, padding=1).permute(0, 2, 3, 1)
        enlarged = torch.add(self._shift, values.float(), alpha=_WHITE).round_().clamp_(0, _WHITE).to(torch.uint8)
        rows = enlarged.reshape(count, height, width, 2, 2 * colours).transpose(2, 3)
        return rows.reshape(count, 2 * height, 2 * width, colours)


class _Block:
    """Convolution, ReLU, attention by cells and convolution, added to what came in."""

    def __init__(self, block: Any, kernel: Callable[[Tensor], Tensor]) -> None:
        first, _, attention, second = block.body
        _, narrow, _, widen, *_ = attention.body
        self._first, self._bias = kernel(first.weight * block.in_scale), first.bias.to(kernel(first.weight))
        self._second = kernel(second.weight * (2 * block.out_scale))
        self._narrow, self._narrow_bias = narrow.weight.flatten(1), narrow.bias
        self._widen, self._widen_bias = widen.weight.flatten(1), widen.bias

    def __call__(self, maps: Tensor, down: Tensor, across: Tensor) -> Tensor:
        """(N, C, H, W) to the same; `down` (cells, H) and `across` (cells, W) take the means."""
        wide = functional.conv2d(maps, self._first, self._bias, padding=1).relu_().permute(0, 2, 3, 1)
        count, height, width, channels = wide.shape
        rows = torch.matmul(down, wide.reshape(count, height, width * channels))
        means = torch.matmul(across, rows.view(count, -1, width, channels)).float()
        narrow = functional.linear(means, self._narrow, self._narrow_bias).relu_()
        factors = functional.linear(narrow, self._widen, self._widen_bias).sigmoid_().to(wide.dtype)
        factors = factors.repeat_interleave(_CELL, 2)[:, :, :width]
        for row in range(len(down)):  # in place, a row of cells at a time: never as large as the maps
            wide[:, _CELL * row : _CELL * (row + 1)].mul_(factors[:, row : row + 1])
        return functional.conv2d(wide.permute(0, 3, 1, 2), self._second, padding=1).add_(maps)


def _cell_means(size: int, like: Tensor) -> Tensor:
    """A matrix (cells, size) that takes the mean of the pixels less than a cell from each cell's first one."""
    firsts = torch.arange(0, size, _CELL, device=like.device)[:, None]
    near = (torch.arange(size, device=like.device) - firsts).abs() < _CELL
    return (near / near.sum(1, keepdim=True)).to(like.dtype)
