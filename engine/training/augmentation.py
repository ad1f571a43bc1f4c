"""Random augmentation of a batch of training images, as tensors on their device.

All random numbers come from one generator on the CPU, so equal seeds give equal changes on every device and for every
variant. The order is that of an image's way into a camera: geometry, resolution, light, then what hides a part of it.
"""

import math

import torch
from torch import Tensor, nn

from engine.config.recipes import Recipe

Size = tuple[int, int]
"""(height, width) in pixels."""

# What strength 1 of `Recipe.affine` means; zoom and stretch are drawn evenly on a logarithmic scale.
_LARGEST_ANGLE = math.radians(12)
_LARGEST_ZOOM = 0.25
_LARGEST_STRETCH = 0.1
_LARGEST_SHEAR = 0.1
_LARGEST_SHIFT = 0.15
"""Of the image's height and width."""

_SMALLEST_RESOLUTION = 0.3
"""Images whose resolution is lowered keep this share of their side at least: test images can be a third as large."""

_GREY = 0.5


def augment(images: Tensor, recipe: Recipe, size: Size, generator: torch.Generator) -> Tensor:
    """The batch, changed as the recipe says and at `size`.

    Args:
        images: (N, 3, H, W) float32 in [0, 1].
        recipe: how strongly.
        size: (height, width) of the result.
        generator: on the CPU; the same state gives the same changes.

    Returns:
        (N, 3, height, width) float32 in the same memory format; light may take values a little out of [0, 1].
    """
    if recipe.flip or recipe.affine:
        images = _move(images, recipe, size, generator)
    elif size != tuple(images.shape[2:]):
        images = _resize(images, size)
    if recipe.low_resolution:
        images = _lower_resolution(images, recipe.low_resolution, generator)
    if recipe.colour_jitter:
        images = _change_light(images, recipe.colour_jitter, generator)
    if recipe.erase:
        images = _erase(images, recipe.erase, generator)
    return images


def _even(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def _move(images: Tensor, recipe: Recipe, size: Size, generator: torch.Generator) -> Tensor:
    """Mirror, rotate, zoom, stretch, shear and shift; what comes into view is the reflected image."""
    matrices = _matrices(len(images), recipe, images.shape[2] / images.shape[3], generator).to(images.device)
    grid = nn.functional.affine_grid(matrices, [len(images), images.shape[1], *size], align_corners=False)
    moved = nn.functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    return moved.contiguous(memory_format=torch.channels_last) if _is_channels_last(images) else moved


def _matrices(count: int, recipe: Recipe, aspect: float, generator: torch.Generator) -> Tensor:
    """(count, 2, 3) matrices from places in the result to places in the image, both in [-1, 1].

    `aspect` is height over width: angles are those of the picture, not of the square that the places lie in.
    """
    strength = recipe.affine

    def draw(largest: float) -> Tensor:
        return _even(count, -largest, largest, generator)

    zoom, stretch = torch.exp(strength * draw(_LARGEST_ZOOM)), torch.exp(strength * draw(_LARGEST_STRETCH))
    angle, shear = strength * draw(_LARGEST_ANGLE), strength * draw(_LARGEST_SHEAR)
    right, down = 2 * strength * draw(_LARGEST_SHIFT), 2 * strength * draw(_LARGEST_SHIFT)
    mirror = torch.sign(draw(1)) if recipe.flip else torch.ones(count)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    across = torch.stack((mirror * cosine * zoom * stretch, (shear - sine) * zoom * aspect, right), dim=1)
    along = torch.stack((mirror * sine * zoom / aspect, cosine * zoom / stretch, down), dim=1)
    return torch.stack((across, along), dim=1)


def _resize(images: Tensor, size: Size) -> Tensor:
    return nn.functional.interpolate(images, size=size, mode="bilinear", antialias=True, align_corners=False)


def _lower_resolution(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Shrink a share of the images by one factor and enlarge them again."""
    chosen = _even(len(images), 0, 1, generator) < share
    factor = float(_even(1, _SMALLEST_RESOLUTION, 1, generator))
    if not chosen.any():
        return images
    height, width = images.shape[2:]
    small = _resize(images[chosen], (max(1, round(height * factor)), max(1, round(width * factor))))
    images = images.clone(memory_format=torch.preserve_format)
    images[chosen] = _resize(small, (height, width))
    return images


def _change_light(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Scale each channel, then all of them, and add the same to all."""
    count, channels = images.shape[:2]
    balance = 1 + _even(count * channels, -strength, strength, generator).view(count, channels, 1, 1)
    contrast = 1 + _even(count, -strength, strength, generator).view(count, 1, 1, 1)
    brightness = _even(count, -strength / 2, strength / 2, generator).view(count, 1, 1, 1)
    scale = (balance * contrast).to(images.device)
    return images * scale + brightness.to(images.device)


def _erase(images: Tensor, side: float, generator: torch.Generator) -> Tensor:
    """Random erasing: grey a rectangle around a random place (cut-out, DeVries and Taylor 2017)."""
    count, _, height, width = images.shape

    def hidden(length: int) -> Tensor:
        centres = (torch.rand(count, generator=generator) * length).long().view(count, 1)
        return (torch.arange(length) - centres).abs() <= int(length * side) // 2

    rows, columns = hidden(height), hidden(width)
    mask = (rows[:, None, :, None] & columns[:, None, None, :]).to(images.device)
    return images.clone(memory_format=torch.preserve_format).masked_fill_(mask, _GREY)


def _is_channels_last(images: Tensor) -> bool:
    return images.is_contiguous(memory_format=torch.channels_last)
