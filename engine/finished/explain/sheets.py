"""Numbers as pictures: heat over an image, maps in a grid, and sheets of pictures with names."""

import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_RAMP = np.array([(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)], np.float32)
"""Five colours from dark to bright whose brightness rises evenly, so that they read without hue too (as "inferno")."""

_HEAT_SHARE = 0.65
"""How much of the heat covers the picture where the evidence is strongest."""

_PNG_LEVEL = 4

_GAP, _MARGIN, _TEXT = 6, 8, 14
_PAPER, _INK = (255, 255, 255), (20, 20, 20)


def overlay(pixels: Pixels, evidence: Floats) -> Pixels:
    """Evidence (h, w) in [0, 1] as heat over a picture (H, W, 3), enlarged smoothly to its size."""
    height, width = pixels.shape[:2]
    heat = Image.fromarray(np.rint(evidence * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
    strength = np.asarray(heat, np.float32)[..., None] / np.float32(255)
    grey = pixels.mean(axis=2, keepdims=True)
    mixed = grey * (1 - _HEAT_SHARE * strength) + coloured(strength[..., 0]) * (_HEAT_SHARE * strength)
    laid_over: Pixels = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return laid_over


def coloured(values: Floats) -> Floats:
    """Values in [0, 1] of any shape as colours (..., 3) from 0 to 255."""
    places = np.clip(values, 0, 1) * (len(_RAMP) - 1)
    lower = np.minimum(places.astype(np.int64), len(_RAMP) - 2)
    share = (places - lower)[..., None]
    colours: Floats = (_RAMP[lower] * (1 - share) + _RAMP[lower + 1] * share).astype(np.float32)
    return colours


def maps_picture(maps: Floats) -> Pixels:
    """Feature maps (C, h, w) side by side in a grid, each from its own least to its own greatest value."""
    channels, height, width = maps.shape
    least = maps.min(axis=(1, 2), keepdims=True)
    span = maps.max(axis=(1, 2), keepdims=True) - least
    scaled = np.divide(maps - least, span, out=np.zeros_like(maps), where=span > 0)
    tiles = coloured(scaled).astype(np.uint8)
    return tiled(tiles, square(channels, height, width))


def square(count: int, height: int, width: int) -> int:
    """How many columns make a grid of `count` tiles of this size about as high as wide."""
    return max(1, round(math.sqrt(count * height / width)))


def tiled(tiles: Pixels, columns: int) -> Pixels:
    """Small pictures (n, h, w, 3) in a grid with a line between them."""
    count, height, width, _ = tiles.shape
    rows = -(-count // columns)
    grid = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), 60, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * (height + 1), number % columns * (width + 1)
        grid[top : top + height, left : left + width] = tile
    return grid


def sheet(
    rows: Sequence[Sequence[Pixels | None]],
    column_names: Sequence[str],
    row_names: Sequence[str],
    *,
    cell: tuple[int, int] = (240, 180),
    sharp: bool = False,
) -> Pixels:
    """Pictures in rows and columns on white, each as large as `cell` (width, height) allows, with their names.

    `sharp` keeps the pixels' edges where pictures are enlarged.
    """
    font = ImageFont.load_default(size=_TEXT)
    width, height = cell
    left = _MARGIN + (max((int(font.getlength(name)) for name in row_names), default=0) + _GAP)
    columns = max((len(row) for row in rows), default=0)
    line = 2 * _TEXT
    paper = Image.new(
        "RGB", (left + columns * (width + _GAP) + _MARGIN, _MARGIN + line + len(rows) * (height + _GAP)), _PAPER
    )
    pen = ImageDraw.Draw(paper)
    for column, name in enumerate(column_names):
        pen.text((left + column * (width + _GAP), _MARGIN), name, _INK, font)
    for number, (row, name) in enumerate(zip(rows, row_names, strict=True)):
        top = _MARGIN + line + number * (height + _GAP)
        pen.text((_MARGIN, top + height // 2 - _TEXT // 2), name, _INK, font)
        for column, pixels in enumerate(row):
            if pixels is not None:
                paper.paste(_fit(pixels, cell, sharp=sharp), (left + column * (width + _GAP), top))
    return np.asarray(paper)


def fitted(pixels: Pixels, cell: tuple[int, int]) -> Pixels:
    """A picture as large as `cell` (width, height) allows, for those who keep many of them for a sheet."""
    return np.asarray(_fit(pixels, cell, sharp=False))


def _fit(pixels: Pixels, cell: tuple[int, int], *, sharp: bool) -> Image.Image:
    height, width = pixels.shape[:2]
    scale = min(cell[0] / width, cell[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = Image.Resampling.NEAREST if sharp and scale > 1 else Image.Resampling.LANCZOS
    return Image.fromarray(pixels).resize(size, how)


def png_bytes(pixels: Pixels) -> bytes:
    """A picture (H, W, 3) as a PNG file; a higher level would take several times as long for a few per cent."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=_PNG_LEVEL)
    return stream.getvalue()
