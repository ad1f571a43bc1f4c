"""JPEG compression."""

import io
from typing import TYPE_CHECKING

from engine.steps.levels import to_picture, to_pixels
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "compressed as JPEG and read again",
    Parameter("quality", 75, 1, 100, "quality that the encoder is asked for"),
    libraries=["pillow"],
    seconds_per_megapixel=0.0125,
)
def jpeg(pixels: "Pixels", *, quality: int) -> "Pixels":
    """Pillow's encoder and decoder, chroma at half the resolution (4:2:0)."""
    from PIL import Image

    buffer = io.BytesIO()
    to_picture(pixels).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(buffer) as picture:
        return to_pixels(picture)
