"""Light on a finished drawing: a colour cast, brighter and darker sides, contrast.

By Pillow's integer arithmetic only.
"""

from random import Random

from PIL import Image, ImageChops, ImageEnhance

from engine.demo.pen import Colour, mix

WHITE: Colour = (255, 255, 255)

# What white becomes under each light.
CASTS: tuple[Colour, ...] = (
    WHITE,  # day
    (255, 250, 240),  # afternoon
    (255, 216, 172),  # evening
    (164, 178, 228),  # night
    (214, 232, 216),  # under trees
    (255, 206, 210),  # dusk
)
_DARKEST_SIDE = 0.6


def cast_light(picture: Image.Image, rng: Random) -> Image.Image:
    """Put a picture into a light drawn from the generator; same size and mode RGB."""
    cast = mix(rng.choice(CASTS), WHITE, rng.uniform(0.0, 0.5))
    low = rng.uniform(_DARKEST_SIDE, 1.0)
    ramp = (
        Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize(picture.size, Image.Resampling.BILINEAR)
    )
    bands = [ramp.point([round(white * (low + (1 - low) * level / 255)) for level in range(256)]) for white in cast]
    lit = ImageChops.multiply(picture, Image.merge("RGB", bands))
    lit = ImageEnhance.Brightness(lit).enhance(rng.uniform(0.85, 1.2))
    lit = ImageEnhance.Contrast(lit).enhance(rng.uniform(0.8, 1.15))
    return ImageEnhance.Color(lit).enhance(rng.uniform(0.6, 1.2))
