"""Hair, hats and beards: each style is up to three layers around a head.

Units are half a head's height; the middle of the head is (0, 0) and y points down. `turn` is where the face looks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from engine.demo.characters import Face
from engine.demo.pen import Colour, Pen, Point, shade


@dataclass(frozen=True)
class HeadWear:
    """What a layer needs to know: the head below it, its colours and where the face looks (-1 to 1)."""

    face: Face
    hair: Colour
    accent: Colour
    turn: float


Layer = Callable[[Pen, HeadWear], None]


@dataclass(frozen=True)
class Style:
    """The layers of a style: behind the head, on the skin below the features, and in front of all."""

    behind: Layer | None = None
    on_skin: Layer | None = None
    front: Layer | None = None


def head_outline(face: Face, grow: float = 1.0, start: float = 0.0, end: float = 360.0, count: int = 28) -> list[Point]:
    """Points on the head's outline from `start` to `end` degrees (0 right, 90 chin, 180 left, 270 crown)."""
    points = []
    power = 2 / face.squareness
    for i in range(count):
        angle = math.radians(start + (end - start) * i / (count - (end - start < 360)))  # noqa: PLR2004 - full turn
        cos, sin = math.cos(angle), math.sin(angle)
        x = math.copysign(abs(cos) ** power, cos) * face.width * (1 + face.jaw * sin)
        y = math.copysign(abs(sin) ** power, sin)
        points.append((x * grow, y * grow))
    return points


def _cap(wear: HeadWear, grow: float, start: float, end: float, fringe: list[Point]) -> list[Point]:
    """A cap of hair: along the head's outline over the crown, and back along the fringe."""
    return head_outline(wear.face, grow, start, end, 14) + fringe


def _strands(pen: Pen, colour: Colour, lines: list[list[Point]]) -> None:
    for line in lines:
        pen.stroke(line, 0.035, shade(colour, 0.72))


# --- two buns ------------------------------------------------------------------------------------------------------


def _buns_behind(pen: Pen, wear: HeadWear) -> None:
    for side in (-1, 1):
        x, y = side * wear.face.width * 0.84 - wear.turn * 0.08, -0.86
        pen.oval(x, y, 0.44, 0.42, wear.hair)
        pen.stroke([(x - 0.2, y + 0.05), (x, y - 0.16), (x + 0.2, y + 0.02)], 0.05, shade(wear.hair, 0.72))
        pen.oval(x - side * 0.26, y + 0.28, 0.17, 0.11, wear.accent, degrees=side * 45)


def _buns_front(pen: Pen, wear: HeadWear) -> None:
    width, part = wear.face.width, wear.turn * 0.3
    fringe = [
        (width * 0.93, -0.12),
        (width * 0.62, -0.42),
        (part, -0.72),
        (-width * 0.62, -0.42),
        (-width * 0.93, -0.12),
    ]
    pen.blob(_cap(wear, 1.06, 187, 353, fringe), wear.hair)
    _strands(
        pen, wear.hair, [[(part, -0.72), (part * 0.8, -1.0)], [(width * 0.6, -0.5), (part + 0.28, -0.88)],
                         [(-width * 0.6, -0.5), (part - 0.28, -0.88)]]
    )  # fmt: skip


# --- bob -----------------------------------------------------------------------------------------------------------


def _bob_behind(pen: Pen, wear: HeadWear) -> None:
    width = wear.face.width
    pen.blob(
        [(-width * 1.02, -0.7), (0, -1.16), (width * 1.02, -0.7), (width * 1.26, 0.1), (width * 1.3, 0.82),
         (width * 0.7, 0.96), (0, 0.8), (-width * 0.7, 0.96), (-width * 1.3, 0.82), (-width * 1.26, 0.1)],
        wear.hair,
    )  # fmt: skip


def _bob_front(pen: Pen, wear: HeadWear) -> None:
    width, shift = wear.face.width, wear.turn * 0.12
    fringe = [
        (width * 1.12, 0.3), (width * 1.05, 0.66), (width * 0.84, 0.5), (width * 0.78, -0.1),
        (width * 0.6 + shift, -0.32), (shift, -0.26), (-width * 0.6 + shift, -0.32), (-width * 0.78, -0.1),
        (-width * 0.84, 0.5),
        (-width * 1.05, 0.66), (-width * 1.12, 0.3),
    ]  # fmt: skip
    pen.blob(_cap(wear, 1.09, 190, 350, fringe), wear.hair)
    band = [(-width * 1.0, -0.52), (-width * 0.6, -0.86), (0, -0.99), (width * 0.6, -0.86), (width * 1.0, -0.52)]
    pen.stroke(band, 0.17, shade(wear.accent, 0.6))
    pen.stroke(band, 0.12, wear.accent)
    pen.oval(width * 0.72, -0.86, 0.2, 0.13, wear.accent, degrees=-20)
    pen.oval(width * 0.98, -0.66, 0.2, 0.13, wear.accent, degrees=75)
    _strands(pen, wear.hair, [[(shift + x, -0.3), (shift + x * 1.1, -0.52)] for x in (-0.36, 0.02, 0.4)])


# --- straw hat -----------------------------------------------------------------------------------------------------


def _straw_behind(pen: Pen, wear: HeadWear) -> None:
    width = wear.face.width
    pen.blob(
        [(-width * 1.1, -0.5), (width * 1.1, -0.5), (width * 1.32, 0.1), (width * 1.16, 0.42), (width * 0.8, 0.2),
         (-width * 0.8, 0.2), (-width * 1.16, 0.42), (-width * 1.32, 0.1)],
        wear.hair,
    )  # fmt: skip


def _straw_front(pen: Pen, wear: HeadWear) -> None:
    width, straw = wear.face.width, wear.accent
    for side in (-1, 1):
        pen.blob(
            [(side * width * 1.08, -0.52), (side * width * 1.16, -0.1), (side * width * 1.0, 0.16),
             (side * width * 0.9, -0.1), (side * width * 0.66, -0.34)],
            wear.hair,
        )  # fmt: skip
    lean = wear.turn * 0.10
    pen.blob(
        [(-width * 1.0, -0.6), (-width * 0.92, -1.12), (lean - 0.3, -1.34), (lean + 0.3, -1.34), (width * 0.92, -1.12),
         (width * 1.0, -0.6), (0, -0.46)],
        straw,
    )  # fmt: skip
    ribbon = [(-width * 1.0, -0.72), (0, -0.60), (width * 1.0, -0.72)]
    brim = [(-width * 1.95, -0.5), (-width * 1.1, -0.7), (0, -0.6), (width * 1.1, -0.7), (width * 1.95, -0.5),
            (width * 1.1, -0.36), (0, -0.28), (-width * 1.1, -0.36)]  # fmt: skip
    pen.stroke([(x, y - 0.06) for x, y in ribbon], 0.24, shade(wear.hair, 0.62))
    pen.blob(brim, straw)
    _strands(pen, straw, [[(-width * 1.5, -0.5), (-0.3, -0.42)], [(0.1, -0.4), (width * 1.5, -0.5)],
                          [(-0.4, -1.1), (0.0, -1.16)], [(0.1, -1.02), (0.42, -1.06)]])  # fmt: skip


# --- cloud of curls ------------------------------------------------------------------------------------------------


def _cloud_behind(pen: Pen, wear: HeadWear) -> None:
    width = wear.face.width
    curls = [(math.radians(135 + 27 * i), 0.50 + 0.05 * (i % 2)) for i in range(11)]
    for angle, size in curls:
        pen.oval(width * 1.16 * math.cos(angle), -0.18 + 0.98 * math.sin(angle), size, size, wear.hair)
    pen.oval(0, -0.18, width * 1.25, 1.05, wear.hair, ink=False)
    for angle, size in curls[1:-1]:
        x, y = width * 1.2 * math.cos(angle), -0.18 + 1.02 * math.sin(angle)
        pen.stroke([(x - size / 3, y), (x, y - size / 3), (x + size / 3, y)], 0.05, shade(wear.hair, 1.45))


def _cloud_front(pen: Pen, wear: HeadWear) -> None:
    width = wear.face.width
    for i in range(6):
        angle = math.radians(200 + 28 * i)
        pen.oval(width * 0.92 * math.cos(angle) + wear.turn * 0.06, 0.94 * math.sin(angle), 0.27, 0.24, wear.hair)
    pen.oval(wear.turn * 0.06, -0.98, width * 0.72, 0.26, wear.hair, ink=False)
    for side in (-1, 1):
        if side * wear.turn < 0.5:  # noqa: PLR2004 - the far ear is out of sight
            pen.oval(side * width * 1.0 - wear.turn * 0.1, 0.52, 0.12, 0.15, wear.accent)
    pen.stroke([(-width * 0.98, -0.62), (0, -0.92), (width * 0.98, -0.62)], 0.2, shade(wear.accent, 0.6))
    pen.stroke([(-width * 0.98, -0.62), (0, -0.92), (width * 0.98, -0.62)], 0.15, wear.accent)


# --- top bun -------------------------------------------------------------------------------------------------------


def _bun_behind(pen: Pen, wear: HeadWear) -> None:
    x = -wear.turn * 0.12
    pen.stroke([(x - 0.62, -1.62), (x + 0.62, -1.18)], 0.09, wear.accent)
    pen.oval(x - 0.62, -1.62, 0.1, 0.1, wear.accent)
    pen.oval(x, -1.32, 0.46, 0.38, wear.hair)
    pen.stroke([(x - 0.24, -1.3), (x, -1.5), (x + 0.24, -1.32)], 0.05, shade(wear.hair, 0.72))
    pen.blob(head_outline(wear.face, 1.1, 160, 380, 16), wear.hair)


def _bun_front(pen: Pen, wear: HeadWear) -> None:
    width, part = wear.face.width, -0.3 + wear.turn * 0.2
    fringe = [
        (width * 1.0, 0.12), (width * 0.86, -0.2), (width * 0.5, -0.5), (part, -0.62), (-width * 0.8, -0.34),
        (-width * 1.0, 0.12),
    ]  # fmt: skip
    pen.blob(_cap(wear, 1.07, 184, 356, fringe), wear.hair)
    _strands(
        pen, wear.hair, [[(part, -0.62), (part * 0.5, -1.0)], [(width * 0.5, -0.52), (0.15, -0.98)],
                         [(width * 0.84, -0.24), (width * 0.5, -0.8)], [(-width * 0.8, -0.4), (-width * 0.4, -0.9)]]
    )  # fmt: skip


# --- bobble hat and beard ------------------------------------------------------------------------------------------


def _beard(pen: Pen, wear: HeadWear) -> None:
    width, shift = wear.face.width, wear.turn * 0.16
    pen.blob(
        [(-width * 1.05, -0.12), (-width * 0.74, 0.16), (shift - 0.3, 0.30), (shift, 0.24), (shift + 0.3, 0.30),
         (width * 0.74, 0.16), (width * 1.05, -0.12), (width * 1.12, 0.5), (width * 0.82, 1.02), (shift * 0.5, 1.28),
         (-width * 0.82, 1.02), (-width * 1.12, 0.5)],
        wear.hair,
    )  # fmt: skip
    _strands(
        pen, wear.hair, [[(x + shift * 0.5, 0.86), (x * 0.9 + shift * 0.5, 1.08)] for x in (-0.5, -0.18, 0.18, 0.5)]
    )


def _bobble_behind(pen: Pen, wear: HeadWear) -> None:
    pen.oval(-wear.turn * 0.1, -1.42, 0.28, 0.27, shade(wear.accent, 1.5))


def _bobble_front(pen: Pen, wear: HeadWear) -> None:
    width = wear.face.width
    pen.blob(
        [
            (-width * 1.1, -0.46),
            (-width * 0.98, -1.0),
            (0, -1.32),
            (width * 0.98, -1.0),
            (width * 1.1, -0.46),
            (0, -0.5),
        ],
        wear.accent,
    )
    for x in (-0.5, 0.0, 0.5):
        pen.stroke([(x, -0.66), (x * 0.8, -1.12)], 0.05, shade(wear.accent, 0.72))
    pen.blob(
        [
            (-width * 1.16, -0.52),
            (0, -0.66),
            (width * 1.16, -0.52),
            (width * 1.14, -0.24),
            (0, -0.38),
            (-width * 1.14, -0.24),
        ],
        shade(wear.accent, 1.25),
    )


STYLES = MappingProxyType(
    {
        "two buns": Style(behind=_buns_behind, front=_buns_front),
        "bob": Style(behind=_bob_behind, front=_bob_front),
        "straw hat": Style(behind=_straw_behind, front=_straw_front),
        "cloud": Style(behind=_cloud_behind, front=_cloud_front),
        "top bun": Style(behind=_bun_behind, front=_bun_front),
        "bobble hat": Style(behind=_bobble_behind, on_skin=_beard, front=_bobble_front),
    }
)
