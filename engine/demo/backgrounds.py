"""Places where a character may stand. Units are the picture's height; (0, 0) is the top left and x ends at `wide`."""

import math
from collections.abc import Callable
from random import Random

from engine.demo.pen import Colour, Pen, mix, shade

# Paler and greyer than any outfit, so that the character stands out.
WALLS: tuple[Colour, ...] = (
    (232, 218, 194), (202, 216, 208), (216, 204, 216), (190, 208, 222), (234, 206, 190), (224, 220, 178),
    (190, 170, 160), (150, 168, 176), (210, 156, 138), (142, 156, 136),
)  # fmt: skip
WOODS: tuple[Colour, ...] = ((176, 126, 84), (140, 98, 72), (206, 164, 116), (112, 84, 76))
PAINTS: tuple[Colour, ...] = (
    (198, 122, 112), (218, 190, 132), (148, 174, 132), (108, 138, 128), (124, 172, 172), (156, 190, 212),
    (106, 116, 146), (152, 126, 154), (220, 172, 176), (240, 232, 214), (140, 122, 112), (168, 168, 174),
)  # fmt: skip
SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((112, 178, 226), (216, 236, 244)), ((240, 168, 120), (250, 222, 176)), ((150, 168, 186), (214, 218, 220)),
    ((40, 52, 96), (110, 112, 158)), ((120, 120, 180), (246, 190, 178)),
)  # fmt: skip
GREENS: tuple[Colour, ...] = ((128, 172, 92), (96, 146, 88), (170, 182, 92), (84, 124, 104), (196, 170, 98))
_SKY_BANDS = 24

Place = Callable[[Pen, float, Random], None]


def _sky(pen: Pen, wide: float, rng: Random, horizon: float) -> None:
    top, low = rng.choice(SKIES)
    for i in range(_SKY_BANDS):
        y0, y1 = horizon * i / _SKY_BANDS, horizon * (i + 1) / _SKY_BANDS
        pen.shape([(0, y0), (wide, y0), (wide, y1 + 0.01), (0, y1 + 0.01)], mix(top, low, i / _SKY_BANDS), ink=False)
    if rng.random() < 0.5:  # noqa: PLR2004 - sun or moon in every other sky
        pen.oval(rng.uniform(0, wide), rng.uniform(0.06, horizon * 0.7), 0.08, 0.08, (252, 240, 196), ink=False)
    for _ in range(rng.randrange(4)):
        x, y, size = rng.uniform(0, wide), rng.uniform(0.05, horizon * 0.6), rng.uniform(0.05, 0.11)
        cloud = mix(low, (255, 255, 255), 0.7)
        for dx, dy, grow in ((-1.1, 0.12, 0.6), (0, -0.1, 0.8), (1.0, 0.1, 0.65)):
            pen.oval(x + dx * size, y + dy * size, size * grow * 1.3, size * grow * 0.8, cloud, ink=False)


def _tree(pen: Pen, x: float, ground: float, size: float, rng: Random) -> None:
    pen.rectangle(x - size * 0.09, ground - size * 0.6, size * 0.18, size * 0.6, rng.choice(WOODS))
    leaves = shade(rng.choice(GREENS), rng.uniform(0.75, 1.05))
    if rng.random() < 0.4:  # noqa: PLR2004 - firs are rarer
        for i in range(3):
            half, y = size * (0.42 - 0.1 * i), ground - size * (0.35 + 0.32 * i)
            pen.shape([(x - half, y), (x, y - size * 0.55), (x + half, y)], leaves)
        return
    for dx, dy, radius in ((-0.26, -0.72, 0.28), (0.26, -0.74, 0.28), (0.0, -0.98, 0.34)):
        pen.oval(x + dx * size, ground + dy * size, radius * size, radius * size, leaves)
    pen.oval(x, ground - 0.78 * size, 0.28 * size, 0.24 * size, leaves, ink=False)


def _meadow(pen: Pen, wide: float, rng: Random) -> None:
    horizon = rng.uniform(0.45, 0.7)
    _sky(pen, wide, rng, horizon + 0.26)
    grass = rng.choice(GREENS)
    for i in range(3):
        middle, y = rng.uniform(0, wide), horizon + 0.09 * i
        pen.oval(
            middle, y + 0.5, wide * rng.uniform(0.7, 1.1), 0.56, mix(grass, (170, 196, 214), 0.5 - 0.25 * i), ink=False
        )
    pen.rectangle(0, horizon + 0.22, wide, 1, grass, ink=False)
    for _ in range(rng.randrange(1, 4)):
        _tree(pen, rng.uniform(0, wide), horizon + rng.uniform(0.1, 0.24), rng.uniform(0.25, 0.5), rng)
    petal = rng.choice(PAINTS)
    for _ in range(rng.randrange(14)):
        x, y = rng.uniform(0, wide), rng.uniform(horizon + 0.25, 1)
        for angle in range(0, 360, 72):
            pen.oval(x + 0.014 * math.cos(math.radians(angle)), y + 0.014 * math.sin(math.radians(angle)), 0.01, 0.01,
                     petal, ink=False)  # fmt: skip
        pen.oval(x, y, 0.009, 0.009, (250, 220, 110), ink=False)


def _street(pen: Pen, wide: float, rng: Random) -> None:
    ground = rng.uniform(0.68, 0.84)
    _sky(pen, wide, rng, ground + 0.02)
    x = rng.uniform(-0.3, 0.0)
    while x < wide:
        width, top = rng.uniform(0.3, 0.6), rng.uniform(0.05, 0.35)
        wall = rng.choice(WALLS)
        pen.rectangle(x, top, width, ground - top, wall)
        roof = rng.choice(PAINTS)
        if rng.random() < 0.6:  # noqa: PLR2004 - some roofs are flat
            pen.shape([(x - 0.03, top), (x + width / 2, top - 0.2), (x + width + 0.03, top)], roof)
        lit = (250, 226, 150) if rng.random() < 0.4 else (126, 152, 176)  # noqa: PLR2004 - some windows are lit
        columns = 2 if width < 0.45 else 3  # noqa: PLR2004 - as many as fit
        for row in range(3):
            for column in range(columns):
                left = x + width * (column + 0.28) / columns
                pen.rectangle(left, top + 0.07 + row * 0.19, width * 0.44 / columns, 0.11, lit)
        x += width + rng.choice((0.0, 0.0, 0.08))
    pen.rectangle(0, ground, wide, 0.07, (186, 182, 176))
    pen.rectangle(0, ground + 0.06, wide, 1, (112, 114, 122), ink=False)


def _room(pen: Pen, wide: float, rng: Random) -> None:
    floor = rng.uniform(0.74, 0.9)
    wall = rng.choice(WALLS)
    pen.rectangle(0, 0, wide, 1, wall, ink=False)
    pattern = rng.randrange(3)
    tone = shade(wall, rng.choice((0.92, 1.07)))
    if pattern == 0:
        step = rng.uniform(0.08, 0.16)
        for i in range(int(wide / step) + 1):
            pen.rectangle(i * step, 0, step / 2, 1, tone, ink=False)
    elif pattern == 1:
        for i in range(int(wide / 0.12) + 1):
            for j in range(7):
                pen.oval(i * 0.12 + 0.06 * (j % 2), j * 0.12 + 0.05, 0.016, 0.016, tone, ink=False)
    pen.rectangle(0, floor, wide, 1, rng.choice(WOODS), ink=False)
    pen.rectangle(0, floor - 0.035, wide, 0.035, mix(wall, (255, 255, 255), 0.5))
    for _ in range(rng.randrange(1, 4)):
        rng.choice((_window, _picture, _shelf, _lamp, _sofa))(pen, wide, rng, floor)


def _window(pen: Pen, wide: float, rng: Random, floor: float) -> None:
    x, width, height = rng.uniform(0, wide - 0.3), rng.uniform(0.28, 0.45), floor * 0.6
    pen.rectangle(x, 0.08, width, height, rng.choice(SKIES)[1])
    pen.oval(x + width / 2, 0.08 + height, width * 0.4, height * 0.2, rng.choice(GREENS), ink=False)
    frame = (246, 240, 230)
    for left, top, w, h in ((0, 0, width, 0.025), (0, height / 2, width, 0.02), (width / 2, 0, 0.02, height),
                            (0, height, width, 0.03), (0, 0, 0.025, height), (width, 0, 0.025, height)):  # fmt: skip
        pen.rectangle(x + left, 0.08 + top, w, h, frame, ink=False)
    cloth = rng.choice(PAINTS)
    for left, way in ((x - 0.05, 1), (x + width + 0.07, -1)):
        pen.shape(
            [(left, 0.05), (left + way * 0.13, 0.05), (left + way * 0.05, height * 0.7), (left, height + 0.2)], cloth
        )


def _picture(pen: Pen, wide: float, rng: Random, floor: float) -> None:
    x, y, width, height = rng.uniform(0, wide - 0.2), rng.uniform(0.06, floor * 0.4), rng.uniform(0.14, 0.3), 0.2
    pen.rectangle(x, y, width, height, rng.choice(WOODS))
    pen.rectangle(x + 0.02, y + 0.02, width - 0.04, height - 0.04, rng.choice(SKIES)[1], ink=False)
    pen.oval(x + width / 2, y + height * 0.62, width * 0.26, height * 0.2, rng.choice(PAINTS), ink=False)


def _shelf(pen: Pen, wide: float, rng: Random, floor: float) -> None:
    x, width, wood = rng.uniform(-0.1, wide - 0.3), rng.uniform(0.35, 0.6), rng.choice(WOODS)
    top = rng.uniform(0.08, 0.3)
    pen.rectangle(x, top, width, floor - top, shade(wood, 0.6))
    rows = 3
    height = (floor - top) / rows
    for row in range(rows):
        base = top + (row + 1) * height
        left = x + 0.02
        while left < x + width - 0.06:
            thick, tall = rng.uniform(0.02, 0.05), height * rng.uniform(0.5, 0.82)
            pen.rectangle(left, base - tall, thick, tall, rng.choice(PAINTS))
            left += thick + rng.choice((0.0, 0.004, 0.05))
        pen.rectangle(x, base - 0.015, width, 0.03, wood)


def _lamp(pen: Pen, wide: float, rng: Random, floor: float) -> None:
    x, top = rng.uniform(0.05, wide), rng.uniform(0.2, 0.4)
    pen.rectangle(x - 0.008, top, 0.016, floor - top + 0.05, (80, 72, 70), ink=False)
    pen.oval(x, floor + 0.05, 0.07, 0.018, (80, 72, 70))
    pen.shape(
        [(x - 0.05, top - 0.1), (x + 0.05, top - 0.1), (x + 0.1, top + 0.06), (x - 0.1, top + 0.06)], rng.choice(PAINTS)
    )


def _sofa(pen: Pen, wide: float, rng: Random, floor: float) -> None:
    x, width, cloth = rng.uniform(-0.2, wide - 0.3), rng.uniform(0.6, 0.9), rng.choice(PAINTS)
    low = floor + 0.06
    pen.blob([(x, low - 0.34), (x + width, low - 0.34), (x + width, low), (x, low)], shade(cloth, 0.9))
    pen.rectangle(x, low - 0.18, width, 0.16, cloth)
    for left in (x - 0.05, x + width - 0.06):
        pen.blob([(left, low - 0.24), (left + 0.11, low - 0.24), (left + 0.11, low), (left, low)], cloth)


def _beach(pen: Pen, wide: float, rng: Random) -> None:
    horizon = rng.uniform(0.35, 0.55)
    _sky(pen, wide, rng, horizon + 0.02)
    sea = rng.choice(((58, 134, 168), (84, 168, 172), (60, 92, 140)))
    pen.rectangle(0, horizon, wide, 1, sea, ink=False)
    for _ in range(8):
        x, y = rng.uniform(0, wide), horizon + rng.uniform(0.03, 0.18)
        pen.stroke([(x, y), (x + 0.05, y - 0.01), (x + 0.1, y)], 0.008, shade(sea, 1.25))
    if rng.random() < 0.5:  # noqa: PLR2004 - a boat on every other beach
        x = rng.uniform(0, wide)
        pen.shape(
            [(x - 0.09, horizon), (x + 0.09, horizon), (x + 0.06, horizon + 0.04), (x - 0.06, horizon + 0.04)],
            rng.choice(WOODS),
        )
        pen.shape([(x, horizon - 0.16), (x + 0.07, horizon - 0.02), (x, horizon - 0.02)], rng.choice(PAINTS))
    sand = rng.choice(((236, 212, 160), (222, 190, 140), (206, 186, 158)))
    shore = horizon + 0.2
    pen.blob(
        [
            (-0.2, shore + 0.02),
            (wide * 0.3, shore - 0.02),
            (wide * 0.7, shore + 0.04),
            (wide + 0.2, shore),
            (wide + 0.2, 1.3),
            (-0.2, 1.3),
        ],
        sand,
    )
    if rng.random() < 0.6:  # noqa: PLR2004 - a parasol on most beaches
        x, y, first, second = rng.uniform(0, wide), shore - 0.2, rng.choice(PAINTS), (246, 240, 226)
        pen.rectangle(x - 0.008, y, 0.016, 0.45, (120, 100, 90), ink=False)
        for i in range(5):
            a, b = math.pi * (1 + i / 5), math.pi * (1 + (i + 1) / 5)
            pen.shape([(x, y - 0.14), (x + 0.25 * math.cos(a), y + 0.06 * math.sin(a) + 0.02),
                       (x + 0.25 * math.cos(b), y + 0.06 * math.sin(b) + 0.02)],
                      first if i % 2 else second)  # fmt: skip


def _kitchen(pen: Pen, wide: float, rng: Random) -> None:
    wall, tile = rng.choice(WALLS), rng.uniform(0.09, 0.15)
    pen.rectangle(0, 0, wide, 1, shade(wall, 0.86), ink=False)
    for i in range(int(wide / tile) + 1):
        for j in range(int(0.8 / tile) + 1):
            tone = wall if rng.random() < 0.85 else shade(wall, 1.08)  # noqa: PLR2004 - a few tiles differ
            pen.rectangle(i * tile + 0.004, j * tile + 0.004, tile - 0.008, tile - 0.008, tone, ink=False)
    front, top = rng.choice(PAINTS), rng.uniform(0.62, 0.74)
    pen.rectangle(0, top, wide, 1, front)
    pen.rectangle(0, top - 0.03, wide, 0.05, rng.choice(WOODS))
    for i in range(int(wide / 0.35) + 1):
        pen.rectangle(i * 0.35 + 0.03, top + 0.06, 0.29, 0.5, shade(front, 1.1))
        pen.oval(i * 0.35 + 0.27, top + 0.14, 0.014, 0.014, (240, 220, 160))
    for _ in range(rng.randrange(1, 5)):
        x, colour, size = rng.uniform(0, wide), rng.choice(PAINTS), rng.uniform(0.06, 0.1)
        pen.blob([(x - size, top - 0.03 - size * 1.2), (x + size, top - 0.03 - size * 1.2),
                  (x + size * 0.8, top - 0.03), (x - size * 0.8, top - 0.03)], colour)  # fmt: skip


def _stage(pen: Pen, wide: float, rng: Random) -> None:
    first = rng.choice(PAINTS)
    second = mix(first, rng.choice(PAINTS), 0.5)
    pen.rectangle(0, 0, wide, 1, first, ink=False)
    x, y, rays = rng.uniform(0, wide), rng.uniform(0.2, 0.9), rng.randrange(7, 12)
    for i in range(rays):
        a, b = math.tau * i / rays, math.tau * (i + 0.5) / rays
        pen.shape([(x, y), (x + 3 * math.cos(a), y + 3 * math.sin(a)), (x + 3 * math.cos(b), y + 3 * math.sin(b))],
                  second, ink=False)  # fmt: skip
    for _ in range(rng.randrange(12)):
        size = rng.uniform(0.02, 0.07)
        pen.oval(rng.uniform(0, wide), rng.uniform(0, 1), size, size, rng.choice(PAINTS), ink=False)


_PLACES: tuple[Place, ...] = (_meadow, _street, _room, _room, _beach, _kitchen, _stage)


def draw_background(pen: Pen, wide: float, rng: Random) -> None:
    """Draw a place drawn from the generator.

    Args:
        pen: origin at the picture's top left, unit the picture's height.
        wide: the picture's width in that unit.
        rng: chooses the place and everything in it.
    """
    rng.choice(_PLACES)(pen.with_ink(0.006), wide, rng)


def draw_foreground(pen: Pen, wide: float, rng: Random) -> None:
    """Draw something between the character and the eye, along the picture's lower edge."""
    pen = pen.with_ink(0.006)
    top = rng.uniform(0.82, 0.94)
    match rng.randrange(3):
        case 0:
            pen.rectangle(-0.1, top, wide + 0.2, 0.4, rng.choice(WOODS))
        case 1:
            for _ in range(7):
                pen.oval(rng.uniform(0, wide), top + 0.16, 0.2, rng.uniform(0.12, 0.2), shade(rng.choice(GREENS), 0.8))
        case _:
            paint, step = rng.choice(((244, 238, 226), *WOODS)), 0.13
            for i in range(int(wide / step) + 1):
                x = i * step + 0.02
                pen.shape(
                    [(x, top + 0.03), (x + 0.04, top - 0.02), (x + 0.08, top + 0.03), (x + 0.08, 1.1), (x, 1.1)], paint
                )
