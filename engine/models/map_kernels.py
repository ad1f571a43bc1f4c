"""What stands between two convolutions, compiled: one pass over the maps on the way forth and one on the way back.

Maps are read from memory once, a pair of rows at a time, where torch's own layers take a pass each. Images are shared
among torch's number of threads; each is computed by itself, so that number changes no result.
"""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from numba import njit, types
from numba.extending import overload
from torch import Tensor

_Array = npt.NDArray[Any]

_PIXELS = 8
"""Pixels whose values are summed side by side: channels alone are few for a processor's vectors."""


def _compiled(kernel: Callable[..., None], kept: bool = True) -> Callable[..., None]:
    """Compiled when it is first called, which takes seconds, and kept for other processes where a folder can be had."""
    try:
        compiled: Callable[..., None] = njit(kernel, cache=kept, nogil=True, fastmath={"contract"}, error_model="numpy")
        return compiled
    except RuntimeError:  # no folder, neither beside this file nor the user's
        if not kept:
            raise
        return _compiled(kernel, kept=False)


def pool_with_moments(maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """2 x 2 max pooling, and the mean and the variance (of the population) of each channel before it.

    Args:
        maps: (N, C, H, W), at least one image; bfloat16, float32 or float64.

    Returns:
        (N, C, H // 2, W // 2) in the type of the maps, channels last, and twice (C,) in float32 (of float64: float64).
    """
    maps = maps.contiguous(memory_format=torch.channels_last)
    count, channels, height, width = maps.shape
    pooled = maps.new_empty((count, height // 2, width // 2, channels)).permute(0, 3, 1, 2)
    exact = torch.float64 if maps.dtype == torch.float64 else torch.float32
    means, variances = torch.empty(2, count, channels, dtype=exact)
    _over_images(_pool_with_moments, (_rows(maps), _rows(pooled), means.numpy(), variances.numpy()))
    # The variance of all values is the mean of the images' variances and the variance of their means.
    mean = means.double().mean(0)
    variance = (variances + (means - mean) ** 2).mean(0)
    return pooled, mean.to(exact), variance.to(exact)


def unpool_on_line(maps: Tensor, gradient: Tensor, slope: Tensor, level: Tensor) -> Tensor:
    """The gradients of values that were pooled: `slope * value + level`, and what the pooled ones bring along.

    Args:
        maps: (N, C, H, W), what was pooled.
        gradient: (N, C, H // 2, W // 2), of the pooled values; each goes to the first of the largest of its four.
        slope: (C,).
        level: (C,).

    Returns:
        (N, C, H, W) in the type of the maps, channels last.
    """
    maps = maps.contiguous(memory_format=torch.channels_last)
    gradient = gradient.to(maps.dtype).contiguous(memory_format=torch.channels_last)
    found = torch.empty_like(maps)
    line = torch.stack((slope, level)).numpy()
    _over_images(_unpool_on_line, (_rows(maps), _rows(gradient), _rows(found)), line)
    return found


def before_forks() -> None:
    """Load what is compiled, or compile it: each forked process would take 0.6 s for it.

    Without torch, whose threads a fork leaves behind.
    """
    for stored in (np.int16, np.float32):
        maps, pooled = np.zeros((1, 2, 2, 1), stored), np.zeros((1, 1, 1, 1), stored)
        moments = np.zeros((2, 1), np.float32)
        _pool_with_moments(maps, pooled, moments[:1], moments[1:])
        _unpool_on_line(maps, pooled, np.zeros_like(maps), moments)


def _rows(maps: Tensor) -> _Array:
    """Channels-last maps as an array (N, H, W, C); bfloat16, which NumPy has not, as the 16-bit integers it lies in."""
    plain = maps.view(torch.int16) if maps.dtype == torch.bfloat16 else maps
    return plain.permute(0, 2, 3, 1).numpy()


def _over_images(kernel: Callable[..., None], by_image: Sequence[_Array], *shared: _Array) -> None:
    """Call the kernel with a share of the images (first axis) of each array at a time, each share in its thread."""
    count = len(by_image[0])
    shares = min(torch.get_num_threads(), count)
    bounds = itertools.pairwise([count * share // shares for share in range(shares + 1)])
    # Threads of the moment: a pool that outlives the call would be dead in a forked process.
    with ThreadPoolExecutor(shares) as threads:
        calls = [threads.submit(kernel, *(array[first:end] for array in by_image), *shared) for first, end in bounds]
    for call in calls:
        call.result()


# ---------------------------------------------------------------- compiled; no line of it is seen by coverage


def _value(stored: Any) -> Any:
    """What an array's element stands for."""
    raise NotImplementedError


def _stored(value: Any, maps: _Array) -> Any:
    """A value as an element of the maps."""
    raise NotImplementedError


@overload(_value, inline="always", strict=False)
def _value_of(stored: Any) -> Any:  # pragma: no cover
    if isinstance(stored, types.Integer):  # a bfloat16 is the upper half of a float32
        return lambda stored: np.int32(np.int32(stored) << 16).view(np.float32)
    return lambda stored: stored


@overload(_stored, inline="always", strict=False)
def _stored_in(value: Any, maps: Any) -> Any:  # pragma: no cover
    if isinstance(maps.dtype, types.Integer):

        def to_nearest_even(value: Any, maps: Any) -> Any:
            bits = np.float32(value).view(np.int32)
            return np.int16((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)

        return to_nearest_even
    return lambda value, maps: value


# LLVM makes vectors of an inner loop that stores to one array, if it is long or takes one-dimensional ones. Passing
# rows on to functions of their own takes three times as long.


@_compiled
def _pool_with_moments(  # noqa: C901 - nothing but loops
    maps: _Array, pooled: _Array, means: _Array, variances: _Array
) -> None:  # pragma: no cover
    count, height, width, channels = maps.shape
    rows = maps.reshape(count, height, width * channels)
    origin = np.empty(_PIXELS * channels, means.dtype)
    sums, squares = np.empty_like(origin), np.empty_like(origin)
    for image in range(count):
        for lane in range(len(origin)):  # sums run from the middle of the image: squares of what is far lose digits
            origin[lane] = _value(maps[image, height // 2, width // 2, lane % channels])
        totals, total_squares = np.zeros(channels), np.zeros(channels)
        for row in range(height):
            sums[:] = 0
            squares[:] = 0
            for start in range(0, width * channels, len(origin)):
                some = rows[image, row, start : start + len(origin)]
                for lane in range(len(some)):
                    value = _value(some[lane]) - origin[lane]
                    sums[lane] += value
                    squares[lane] += value * value
            for lane in range(len(origin)):
                totals[lane % channels] += sums[lane]
                total_squares[lane % channels] += squares[lane]
            if row % 2 == 0:
                continue
            for column in range(pooled.shape[2]):
                for channel in range(channels):
                    largest = maps[image, row - 1, 2 * column, channel]
                    other = maps[image, row - 1, 2 * column + 1, channel]
                    largest = other if _value(other) > _value(largest) else largest
                    other = maps[image, row, 2 * column, channel]
                    largest = other if _value(other) > _value(largest) else largest
                    other = maps[image, row, 2 * column + 1, channel]
                    pooled[image, row // 2, column, channel] = other if _value(other) > _value(largest) else largest
        for channel in range(channels):
            mean = totals[channel] / (height * width)
            means[image, channel] = mean + origin[channel]
            variances[image, channel] = max(total_squares[channel] / (height * width) - mean * mean, 0.0)


@_compiled
def _unpool_on_line(  # noqa: C901 - nothing but loops
    maps: _Array, gradient: _Array, found: _Array, line: _Array
) -> None:  # pragma: no cover
    count, height, width, channels = maps.shape
    _, pooled_height, pooled_width, _ = gradient.shape
    slope, level = line[0], line[1]  # slices with a stride of one; what unpacking gives has any
    winners = np.empty((pooled_width, channels), np.int32)
    nothing = slope[0] * 0
    for image in range(count):
        for row in range(0, 2 * pooled_height, 2):
            for column in range(pooled_width):
                for channel in range(channels):
                    largest, winner = _value(maps[image, row, 2 * column, channel]), np.int32(0)
                    other = _value(maps[image, row, 2 * column + 1, channel])
                    winner = np.int32(1) if other > largest else winner
                    largest = other if other > largest else largest
                    other = _value(maps[image, row + 1, 2 * column, channel])
                    winner = np.int32(2) if other > largest else winner
                    largest = other if other > largest else largest
                    other = _value(maps[image, row + 1, 2 * column + 1, channel])
                    winners[column, channel] = np.int32(3) if other > largest else winner
            for place in range(4):
                for column in range(pooled_width):
                    values = maps[image, row + place // 2, 2 * column + place % 2]
                    to = found[image, row + place // 2, 2 * column + place % 2]
                    own, winner_of = gradient[image, row // 2, column], winners[column]
                    for channel in range(len(to)):
                        pooled = _value(own[channel]) if winner_of[channel] == place else nothing
                        to[channel] = _stored(_value(values[channel]) * slope[channel] + level[channel] + pooled, to)
        for row in range(height):  # a rest at the edge
            for column in range(2 * pooled_width if row < 2 * pooled_height else 0, width):
                values, to = maps[image, row, column], found[image, row, column]
                for channel in range(len(to)):
                    to[channel] = _stored(_value(values[channel]) * slope[channel] + level[channel], to)
