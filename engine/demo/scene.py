"""Composes one picture: a place, a character somewhere in it, perhaps something in front, and light."""

from dataclasses import dataclass, replace
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from engine.demo.backgrounds import draw_background, draw_foreground
from engine.demo.characters import CHARACTERS, Character, Outfit
from engine.demo.figure import draw_figure
from engine.demo.hair import HeadWear
from engine.demo.pen import Colour, Pen, mix
from engine.demo.pose import Pose, random_pose

SUPERSAMPLING = 2
"""A picture is drawn this many times larger and averaged down, for smooth edges."""

FOREGROUND_SHARE = 0.25
"""Share of the pictures with something in front of the figure."""


@dataclass(frozen=True)
class Framing:
    """Where a figure is: the middle of its head in picture heights, half its head's height, and mirrored or not."""

    x: float
    y: float
    half_head: float
    flip: bool


def _random_framing(rng: Random, wide: float, character: Character) -> Framing:
    """From a face that fills the picture to a whole figure at a distance; may reach out of the picture."""
    body = character.build
    tall = 1.0 + body.trunk + body.leg + 0.15
    half_head = rng.choice((rng.uniform(0.46, 0.64) / tall, rng.uniform(0.15, 0.22), rng.uniform(0.22, 0.32)))
    margin = half_head * rng.uniform(0.5, 2.0)
    lowest = max(half_head * 1.5, min(0.75, 1.05 - half_head * (2 * tall - 1)))
    return Framing(
        x=rng.uniform(min(margin, wide / 2), max(wide - margin, wide / 2)),
        y=rng.uniform(half_head * 0.9, max(lowest, half_head * 1.4)),
        half_head=half_head,
        flip=rng.random() < 0.5,  # noqa: PLR2004 - a coin
    )


@dataclass(frozen=True)
class _Figure:
    """Who is drawn, dressed and posed how, and where."""

    character: Character
    outfit: Outfit
    wear: HeadWear
    pose: Pose
    framing: Framing

    @classmethod
    def random(cls, character: Character, wide: float, rng: Random) -> "_Figure":
        pose = random_pose(rng)
        wear = HeadWear(character.face, rng.choice(character.hair_colours), rng.choice(character.accents), pose.turn)
        return cls(character, rng.choice(character.wardrobe), wear, pose, _random_framing(rng, wide, character))

    def draw(self, page: Pen) -> None:
        framing = self.framing
        placed = page.moved(framing.x, framing.y, scale=framing.half_head, flip=framing.flip)
        draw_figure(placed, self.character, self.outfit, self.wear, self.pose)


def draw_picture(character: str, seed: int | str, size: tuple[int, int]) -> Image.Image:
    """Draw a character in a random place, pose, outfit, crop and light, without JPEG noise.

    Args:
        character: one of `DEMO_CLASSES`.
        seed: the same seed draws the same picture, to the pixel, at the same size.
        size: (width, height) in pixels.

    Returns:
        The picture, mode RGB.
    """
    rng, wide, figure = _begin(character, seed, size)
    canvas, page = _blank_page(size)
    draw_background(page, wide, rng)
    figure.draw(page)
    if rng.random() < FOREGROUND_SHARE:
        draw_foreground(page, wide, rng)
    return cast_light(canvas.reduce(SUPERSAMPLING), rng)


def draw_box(character: str, seed: int | str, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where the figure of `draw_picture` with the same arguments is, as far as it lies inside the picture.

    Returns:
        (left, top, right, bottom) in pixels, half open.
    """
    _, _, figure = _begin(character, seed, size)
    canvas, page = _blank_page(size)
    figure.draw(replace(page, silhouette=(255, 255, 255)))
    box = canvas.reduce(SUPERSAMPLING).getbbox()
    assert box is not None, "framing keeps a part of the head inside the picture"
    return box


def _begin(character: str, seed: int | str, size: tuple[int, int]) -> tuple[Random, float, _Figure]:
    """The picture's generator, its width in heights, and its figure, drawn from the generator before all else."""
    rng = Random(f"{character}/{seed}")
    wide = size[0] / size[1]
    return rng, wide, _Figure.random(CHARACTERS[character], wide, rng)


def _blank_page(size: tuple[int, int]) -> tuple[Image.Image, Pen]:
    """An enlarged canvas and the pen whose unit is its height."""
    canvas = Image.new("RGB", (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING))
    return canvas, Pen(ImageDraw.Draw(canvas)).moved(0, 0, scale=size[1] * SUPERSAMPLING)


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
