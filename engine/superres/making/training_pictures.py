"""The pictures that the shipped super-resolution weights are trained on, all free of other people's rights.

Two kinds: scikit-image's sample photographs that are public domain or CC0 and lie in its wheel, and cartoon-like
scenes of flat colours and dark outlines that this module draws.
"""

import io
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from engine.superres.making.quality import crop_to_even, halve

PUBLIC_PHOTOS = ("astronaut", "brick", "camera", "clock", "grass", "gravel", "hubble_deep_field", "retina", "rocket")
"""scikit-image samples that its documentation calls CC0 or public domain."""

HELD_OUT_PHOTOS = ("chelsea", "coffee")
"""Likewise CC0, never trained on: they measure."""

SUPERSAMPLING = 2
"""Scenes are drawn larger and scaled down, which smooths their edges as a camera or an animator's software does."""

_SKINS = ((255, 217, 15), (240, 200, 60), (222, 160, 110), (150, 95, 55))
_BRIGHT = ((220, 60, 50), (240, 130, 40), (110, 200, 90), (60, 130, 70), (70, 160, 220), (40, 70, 160), (110, 60, 140))
_MUTED = (
    (245, 245, 240),
    (200, 200, 205),
    (120, 120, 125),
    (60, 55, 60),
    (235, 170, 190),
    (160, 215, 235),
    (190, 170, 120),
)
_PALETTE = (*_SKINS, *_BRIGHT, *_MUTED)
_JPEG_QUALITY = (60, 95)
_SCALE = (0.6, 1.15)
_BLURRED, _BLUR_RADIUS = 0.7, (0.2, 1.0)
_SHARPENED, _SHARPENING_PERCENT = 0.25, (30, 120)
_FLAT_BACKGROUND, _DARK_STROKES = 0.5, 0.7
"""Shares of the pictures, and the ranges that the strength is drawn from."""

_FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class _Pen:
    """What the shapes of one scene share."""

    draw: ImageDraw.ImageDraw
    rng: random.Random
    outline: Colour
    line: int


@dataclass(frozen=True)
class TrainingPair:
    """A picture (2H, 2W, 3) uint8 and the same at half its size, (H, W, 3) uint8."""

    large: npt.NDArray[np.uint8]
    small: npt.NDArray[np.uint8]


def load_photo(name: str) -> Image.Image:
    """One of scikit-image's sample photographs, as RGB."""
    import skimage.data

    return Image.fromarray(getattr(skimage.data, name)()).convert("RGB")


def draw_scene(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Draw a scene of flat or shaded shapes with dark outlines.

    Args:
        rng: decides everything about the scene.
        size: (width, height) in pixels.
    """
    width, height = size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING
    scene = _background(rng, (width, height))
    outline = (rng.randint(0, 45), rng.randint(0, 45), rng.randint(0, 45))
    pen = _Pen(ImageDraw.Draw(scene), rng, outline, line=rng.randint(2, 6) * SUPERSAMPLING // 2)
    for _ in range(rng.randint(10, 30)):
        centre = (rng.uniform(0, width), rng.uniform(0, height))
        radius = rng.uniform(0.04, 0.3) * height
        rng.choice((_blob, _blob, _box, _spikes, _eye, _strokes))(pen, centre, radius)
    return scene.resize(size, Image.Resampling.BOX)


def degrade(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Give a clean picture what a television frame from the web has: another scale, some blur, JPEG noise."""
    scale = rng.uniform(*_SCALE)
    size = (max(2, round(picture.width * scale)), max(2, round(picture.height * scale)))
    picture = picture.resize(size, rng.choice(_FILTERS))
    if rng.random() < _BLURRED:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(*_BLUR_RADIUS)))
    if rng.random() < _SHARPENED:
        picture = picture.filter(ImageFilter.UnsharpMask(1.0, rng.randint(*_SHARPENING_PERCENT), 0))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=rng.randint(*_JPEG_QUALITY))
    return Image.open(data).convert("RGB")


def make_pair(picture: Image.Image, rng: random.Random) -> TrainingPair:
    """Degrade a picture, then halve it as the measure does: the network learns to undo the halving alone."""
    large = crop_to_even(degrade(picture, rng))
    return TrainingPair(np.asarray(large), np.asarray(halve(large)))


def _background(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    top, bottom = (np.array(rng.choice(_PALETTE), dtype=np.float64) for _ in range(2))
    if rng.random() < _FLAT_BACKGROUND:
        bottom = top
    ramp = np.linspace(0, 1, size[1])[:, None, None]
    rows = np.broadcast_to(top * (1 - ramp) + bottom * ramp, (size[1], size[0], 3))
    return Image.fromarray(np.ascontiguousarray(rows.astype(np.uint8)))


def _colour(rng: random.Random) -> Colour:
    red, green, blue = (min(255, max(0, part + rng.randint(-25, 25))) for part in rng.choice(_PALETTE))
    return red, green, blue


def _closed(pen: _Pen, points: list[Point], fill: Colour, line: int) -> None:
    pen.draw.polygon(points, fill=fill)
    pen.draw.line([*points, points[0], points[1]], fill=pen.outline, width=line, joint="curve")


def _turned(points: Iterable[Point], angle: float, centre: Point) -> list[Point]:
    """Points around the origin, turned by an angle in radians and moved to `centre`."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return [(centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine) for x, y in points]


def _blob(pen: _Pen, centre: Point, radius: float) -> None:
    """A smooth closed curve: a head, a belly, a cloud."""
    rng = pen.rng
    waves = [(k, rng.uniform(-0.25, 0.25) / k, rng.uniform(0, math.tau)) for k in (2, 3, 5)]
    stretch = rng.uniform(0.5, 1.6)
    points = []
    for angle in np.linspace(0, math.tau, 72, endpoint=False):
        r = radius * (1 + sum(a * math.sin(k * angle + phase) for k, a, phase in waves))
        points.append((centre[0] + r * math.cos(angle) * stretch, centre[1] + r * math.sin(angle)))
    _closed(pen, points, _colour(pen.rng), pen.line)


def _box(pen: _Pen, centre: Point, radius: float) -> None:
    """A rectangle, upright or turned: furniture, a house, a sign."""
    angle, aspect = pen.rng.choice((0.0, pen.rng.uniform(0, math.pi))), pen.rng.uniform(0.3, 2.5)
    corners = ((x * radius * aspect, y * radius) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)))
    _closed(pen, _turned(corners, angle, centre), _colour(pen.rng), pen.rng.choice((pen.line, 1)))


def _spikes(pen: _Pen, centre: Point, radius: float) -> None:
    """A star with uneven points: hair, leaves."""
    count = pen.rng.randint(5, 14)
    points = []
    for i in range(2 * count):
        r = radius * (pen.rng.uniform(0.8, 1.1) if i % 2 else pen.rng.uniform(0.4, 0.7))
        points.append((centre[0] + r * math.cos(math.pi * i / count), centre[1] + r * math.sin(math.pi * i / count)))
    _closed(pen, points, _colour(pen.rng), pen.line)


def _eye(pen: _Pen, centre: Point, radius: float) -> None:
    """A white disc with a dark pupil."""
    r, pupil = radius * 0.5, radius * pen.rng.uniform(0.06, 0.14)
    x, y = centre
    pen.draw.ellipse((x - r, y - r, x + r, y + r), fill=(252, 252, 250), outline=pen.outline, width=pen.line)
    x += pen.rng.uniform(-0.5, 0.5) * r
    pen.draw.ellipse((x - pupil, y - pupil, x + pupil, y + pupil), fill=pen.outline)


def _strokes(pen: _Pen, centre: Point, radius: float) -> None:
    """A few open curves: mouths, folds, stripes, wires."""
    rng = pen.rng
    colour = pen.outline if rng.random() < _DARK_STROKES else _colour(rng)
    width, bend, angle = rng.randint(1, max(1, pen.line)), rng.uniform(-1, 1), rng.uniform(0, math.tau)
    for k in range(rng.randint(1, 6)):
        curve = ((t * radius, bend * radius * t * t + k * 3.5 * pen.line) for t in np.linspace(-1, 1, 20))
        pen.draw.line(_turned(curve, angle, centre), fill=colour, width=width, joint="curve")
