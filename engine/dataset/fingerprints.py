"""What tells a picture from others, taken from its decoded pixels: equal pixels, and two ways to look alike."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL.Image import Image, Resampling

THUMBNAIL_SIZE = (24, 32)
"""(height, width) of the thumbnail in pixels, whatever the picture's shape."""

THUMBNAIL_BYTES = 3 * THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1]

_HASHED_SIDE, _FREQUENCIES = 32, 8
"""The hash keeps the sign of the lowest 8 x 8 of 32 x 32 frequencies."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a decoded picture.

    Attributes:
        pixels: SHA-256 in hex of the size and the decoded RGB pixels; equal for a JPEG and a PNG of the same pixels.
        perceptual_hash: 64 bits; pictures that look alike differ in few (see `perceptual_hash`).
        thumbnail: RGB bytes of a 24 x 32 (height x width) thumbnail, each pixel the mean of its area.
        size: (height, width) in pixels of the upright picture.
        file_format: what the file is, whatever its name, as "JPEG" (see `engine.dataset.images.file_format`).
        note: what was left of the file to have this picture, as "scaled from 16 bits to 8"; or "".
    """

    pixels: str
    perceptual_hash: int
    thumbnail: bytes
    size: tuple[int, int]
    file_format: str
    note: str = ""


def take_fingerprint(image: Image, file_format: str, note: str = "") -> Fingerprint:
    """The fingerprint of an upright RGB picture that was read from a file of `file_format`, with a `note` about it."""
    digest = hashlib.sha256(f"{image.width} {image.height} ".encode())
    digest.update(image.tobytes())
    height, width = THUMBNAIL_SIZE
    return Fingerprint(
        pixels=digest.hexdigest(),
        perceptual_hash=perceptual_hash(image),
        thumbnail=image.resize((width, height), Resampling.BOX).tobytes(),
        size=(image.height, image.width),
        file_format=file_format,
        note=note,
    )


def perceptual_hash(image: Image) -> int:
    """A 64-bit hash of how brightness is spread over a picture.

    A bit says whether one of the 64 lowest frequencies of the discrete cosine transform of the 32 x 32 grey picture is
    above their median (C. Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010, section
    3.2.1). The first bit is the highest; it belongs to the mean, rows of frequencies follow from top to bottom.

    It is computed here because the libraries that offer it bring two more with them (wavelets) and hash one picture
    after the other through a general transform; two products with a constant matrix take microseconds.
    """
    side = _HASHED_SIDE
    grey = np.asarray(image.convert("L").resize((side, side), Resampling.LANCZOS), dtype=np.float64)
    low = _COSINES @ grey @ _COSINES.T
    bits = low > np.median(low)
    return int.from_bytes(np.packbits(bits.ravel()).tobytes(), "big")


def _cosines() -> npt.NDArray[np.float64]:
    """The lowest rows of the orthonormal DCT-II matrix, (8, 32)."""
    places = np.arange(_HASHED_SIDE) + 0.5
    rows: npt.NDArray[np.float64] = np.cos(np.pi / _HASHED_SIDE * np.outer(np.arange(_FREQUENCIES), places))
    rows *= np.sqrt(2 / _HASHED_SIDE)
    rows[0] /= np.sqrt(2)
    return rows


_COSINES = _cosines()
