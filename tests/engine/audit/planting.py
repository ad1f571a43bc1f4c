"""Changes a picture as copies are changed on their way into a test set."""

import io
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Change = Callable[[Image.Image], bytes]


def _encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 90} if kind == "JPEG" else {}) | options)
    return buffer.getvalue()


def _shifted(image: Image.Image, share: float) -> Image.Image:
    """Moved to the right, the left edge repeated."""
    by = round(share * image.width)
    pixels = np.asarray(image)
    edge = np.repeat(pixels[:, :1], by, axis=1)
    return Image.fromarray(np.concatenate((edge, pixels[:, : image.width - by]), axis=1))


def _cropped(image: Image.Image, share: float) -> Image.Image:
    """Without this share of width and height, half of it on each side."""
    x, y = (round(share / 2 * side) for side in image.size)
    return image.crop((x, y, image.width - x, image.height - y))


def _covered(image: Image.Image, top: float, bottom: float) -> Image.Image:
    """With a black bar across its width, from `top` to `bottom` as shares of the height."""
    covered = image.copy()
    area = (0, round(top * image.height), image.width, round(bottom * image.height))
    ImageDraw.Draw(covered).rectangle(area, fill="black")
    return covered


CHANGES: Mapping[str, Change] = {
    "same pixels, saved as PNG": lambda image: _encoded(image, "PNG"),
    "scaled to a third": lambda image: _encoded(ImageOps.scale(image, 1 / 3)),
    "re-encoded at JPEG quality 30": lambda image: _encoded(image, quality=30),
    "grey": lambda image: _encoded(image.convert("L")),
    "brightness +20 %": lambda image: _encoded(ImageEnhance.Brightness(image).enhance(1.2)),
    "shifted by 2 %": lambda image: _encoded(_shifted(image, 0.02)),
    "shifted by 5 %": lambda image: _encoded(_shifted(image, 0.05)),
    "cropped by 5 %": lambda image: _encoded(_cropped(image, 0.05)),
    "cropped by 10 %": lambda image: _encoded(_cropped(image, 0.1)),
    "turned by 3 degrees": lambda image: _encoded(image.rotate(3, Image.Resampling.BILINEAR)),
    "under a caption (12 % of the height)": lambda image: _encoded(_covered(image, 0.84, 0.96)),
    "mirrored": lambda image: _encoded(ImageOps.mirror(image)),
}
"""What is done to a picture, by the words of the README's table."""
