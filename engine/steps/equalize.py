"""Histogram equalisation."""

from typing import TYPE_CHECKING

from engine.steps.levels import to_picture, to_pixels
from engine.steps.spec import Parameter, step

if TYPE_CHECKING:
    from engine.steps.spec import Pixels


@step(
    "histogram equalised",
    Parameter("on", "luma", choices=("luma", "rgb"), meaning="what is equalised, the luma or each channel by itself"),
    libraries=["pillow"],
    seconds_per_megapixel=0.015,
)
def equalize(pixels: "Pixels", *, on: str) -> "Pixels":
    """Over the whole image: Pillow's `equalize`. On the luma, the Y of YCbCr, colours keep their hue."""
    from PIL import Image, ImageOps

    picture = to_picture(pixels)
    if on == "rgb":
        return to_pixels(ImageOps.equalize(picture))
    luma, blue, red = picture.convert("YCbCr").split()
    return to_pixels(Image.merge("YCbCr", (ImageOps.equalize(luma), blue, red)).convert("RGB"))
