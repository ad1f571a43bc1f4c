"""Convolution, batch norm, 2 x 2 max pooling and ReLU in one: as the layers one after the other, in fewer passes.

On a processor these layers wait for memory. Batch norm is a straight line for each channel, so the convolution's maps
are pooled as they are and a quarter of the values is normalised; a line that falls has its channel's kernel turned
round, so that the largest value is the one to keep. On the way back only pooled values have a gradient of their own,
so batch norm's sums run over a quarter as well, and its share in all others is again a straight line.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine.models.map_kernels import pool_with_moments, unpool_on_line

_aten = torch.ops.aten


def convolve_norm_pool(images: Tensor, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> Tensor:
    """Maps (N, out, H // 2, W // 2) of images (N, C, H, W) in training; the norm's running statistics take part.

    The convolution's bias moves nothing but the running mean, and its gradient is zero rather than rounding noise.
    """
    if torch.is_autocast_enabled("cpu"):
        images = images.to(torch.get_autocast_dtype("cpu"))
    weights = (convolution.weight, convolution.bias, norm.weight, norm.bias)
    maps, mean, variance = _ConvolveNormPool.apply(images, convolution.padding, norm.eps, *weights)
    count = images.shape[0] * images.shape[2] * images.shape[3]
    with torch.no_grad():
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert norm.num_batches_tracked is not None
        assert norm.momentum is not None
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
        norm.num_batches_tracked += 1
    result: Tensor = maps
    return result


class _ConvolveNormPool(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, images: Tensor, padding: tuple[int, int], eps: float, *weights: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        weight, bias, scale, shift = weights
        sign = torch.where(scale < 0, -1, 1).to(scale)
        kernel = (weight * sign.view(-1, 1, 1, 1)).to(images.dtype)
        raw = functional.conv2d(images, kernel, padding=padding)
        pooled, mean, variance = pool_with_moments(raw)
        maps = functional.batch_norm(pooled, mean, variance, scale.abs(), shift, eps=eps).relu_()
        ctx.save_for_backward(images, kernel, sign, scale, mean, variance, raw, pooled, maps)
        ctx.padding, ctx.eps = padding, eps
        own_mean = mean * sign + bias
        ctx.mark_non_differentiable(own_mean, variance)
        return maps, own_mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        images, kernel, sign, scale, mean, variance, raw, pooled, maps = ctx.saved_tensors
        inverse = torch.rsqrt(variance + ctx.eps)
        slope = scale.abs() * inverse
        gradient = _aten.threshold_backward(gradient, maps, 0)
        _, of_scale, of_shift = _aten.native_batch_norm_backward(
            gradient, pooled, scale.abs(), None, None, mean, inverse, True, ctx.eps, [False, True, True]
        )
        # Of every raw value: its own gradient, if it was pooled, and a line through its channel's mean. The factor
        # `slope` that both have goes into the kernels instead.
        count = raw.numel() // raw.shape[1]
        line = -of_scale * inverse / count
        level = -of_shift / count - line * mean
        of_raw = unpool_on_line(raw, gradient, line, level)
        sloped = (kernel.to(slope) * slope.view(-1, 1, 1, 1)).to(kernel)
        of_images, of_kernel, _ = _aten.convolution_backward(
            of_raw,
            images,
            sloped,
            None,
            [1, 1],
            ctx.padding,
            [1, 1],
            False,
            [0, 0],
            1,
            [ctx.needs_input_grad[0], True, False],
        )
        of_weight = of_kernel.to(slope) * (slope * sign).view(-1, 1, 1, 1)
        return of_images, None, None, of_weight, torch.zeros_like(slope), of_scale * sign, of_shift
