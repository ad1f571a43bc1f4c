"""How well a picture is enlarged: luma PSNR against the original after halving it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

BORDER = 2
"""Pixels at each edge that the measure leaves out, as the field does at x2."""

LUMA_BT601 = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luma of ITU-R BT.601."""


def crop_to_even(picture: Image.Image) -> Image.Image:
    """The picture without its last row or column where a side is odd."""
    width, height = picture.size
    return picture.crop((0, 0, width - width % 2, height - height % 2))


def halve(picture: Image.Image) -> Image.Image:
    """The picture at half its (even) size, by Pillow's bicubic filter."""
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BICUBIC)


def enlarge_bicubic(pixels: Pixels) -> Pixels:
    """Enlarge one picture (H, W, 3) uint8 to (2H, 2W, 3) by Pillow's bicubic filter."""
    picture = Image.fromarray(pixels)
    return np.asarray(picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.BICUBIC))


def luma_psnr(picture: Pixels, reference: Pixels, border: int = BORDER) -> float:
    """Peak signal-to-noise ratio in dB of the BT.601 luma of two (H, W, 3) uint8 pictures, less a border.

    Returns:
        dB for a peak of 255; infinity for equal pictures.
    """
    inside = slice(border, -border or None)
    difference = (picture.astype(np.float64) - reference.astype(np.float64))[inside, inside] @ np.array(LUMA_BT601)
    error = float(np.mean(difference**2))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def psnr_after_halving(picture: Image.Image, enlarge: Callable[[Pixels], Pixels]) -> tuple[float, float]:
    """Halve an RGB picture, enlarge it again, and compare it with itself.

    Args:
        picture: an RGB picture; cut to even size first.
        enlarge: takes (H, W, 3) uint8 to (2H, 2W, 3).

    Returns:
        PSNR in dB of Pillow's bicubic and of `enlarge`.
    """
    original = crop_to_even(picture)
    small = np.asarray(halve(original))
    reference = np.asarray(original)
    return luma_psnr(enlarge_bicubic(small), reference), luma_psnr(enlarge(small), reference)
