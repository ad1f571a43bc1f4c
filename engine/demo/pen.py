"""Draws smooth, outlined cartoon shapes onto a Pillow image, in the figure's own units rather than pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]
Matrix = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x' = a x + b y + c, y' = d x + e y + f."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
INK_SHADE = 0.52
"""An outline is its own shape's colour, darkened by this factor."""

_CIRCLE = tuple((math.cos(math.tau * i / 36), math.sin(math.tau * i / 36)) for i in range(36))
_STEPS_A_SEGMENT = 6


def _catmull_rom_weights(t: float) -> tuple[float, float, float, float]:
    return (
        (-(t**3) + 2 * t**2 - t) / 2,
        (3 * t**3 - 5 * t**2 + 2) / 2,
        (-3 * t**3 + 4 * t**2 + t) / 2,
        (t**3 - t**2) / 2,
    )


_WEIGHTS = tuple(_catmull_rom_weights(i / _STEPS_A_SEGMENT) for i in range(_STEPS_A_SEGMENT))


def smooth(points: Sequence[Point], *, closed: bool) -> list[Point]:
    """Points on the Catmull-Rom curve through `points`."""
    count = len(points)
    if closed:
        ring = [points[-1], *points, points[0], points[1]]
        segments = count
    else:
        ring = [points[0], *points, points[-1]]
        segments = count - 1
    curve = []
    for i in range(segments):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = ring[i : i + 4]
        curve += [(a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3) for a, b, c, d in _WEIGHTS]
    if not closed:
        curve.append(points[-1])
    return curve


def shade(colour: Colour, factor: float) -> Colour:
    """A darker (factor < 1) or lighter (factor > 1) tone of a colour."""
    red, green, blue = (min(255, round(channel * factor)) for channel in colour)
    return red, green, blue


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with a share in [0, 1] of `second` mixed in."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


@dataclass(frozen=True)
class Pen:
    """A place to draw: a Pillow drawing and where its unit lies on it.

    Attributes:
        draw: the drawing, in pixels.
        matrix: takes this pen's units to pixels.
        ink: width of outlines in this pen's units; 0 draws none.
        silhouette: paint everything in this colour, outlines too (to see what a figure covers).
    """

    draw: ImageDraw.ImageDraw
    matrix: Matrix = IDENTITY
    ink: float = 0.0
    silhouette: Colour | None = None

    def moved(self, x: float, y: float, *, scale: float = 1.0, degrees: float = 0.0, flip: bool = False) -> "Pen":
        """A pen whose origin is at (x, y), turned clockwise, scaled and perhaps mirrored; outlines stay as wide."""
        a, b, c, d, e, f = self.matrix
        cos, sin = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
        mirror = -1.0 if flip else 1.0
        matrix = (
            (a * cos + b * sin) * mirror,
            -a * sin + b * cos,
            a * x + b * y + c,
            (d * cos + e * sin) * mirror,
            -d * sin + e * cos,
            d * x + e * y + f,
        )
        return replace(self, matrix=matrix, ink=self.ink / scale)

    def with_ink(self, width: float) -> "Pen":
        """The same pen with another outline width."""
        return replace(self, ink=width)

    def blob(self, points: Sequence[Point], fill: Colour) -> None:
        """A closed smooth shape through the points."""
        self._polygon(smooth(points, closed=True), fill, ink=True)

    def shape(self, points: Sequence[Point], fill: Colour, *, ink: bool = True) -> None:
        """A polygon with the points as its corners."""
        self._polygon(points, fill, ink=ink, corners=True)

    def rectangle(self, x: float, y: float, width: float, height: float, fill: Colour, *, ink: bool = True) -> None:
        """A rectangle with (x, y) as its top left corner."""
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        self._polygon(corners, fill, ink=ink, corners=True)

    def oval(
        self, x: float, y: float, rx: float, ry: float, fill: Colour, *, degrees: float = 0.0, ink: bool = True
    ) -> None:
        """An ellipse around (x, y)."""
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        points = [(x + rx * u * cos - ry * v * sin, y + rx * u * sin + ry * v * cos) for u, v in _CIRCLE]
        self._polygon(points, fill, ink=ink)

    def stroke(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A smooth line with round ends."""
        placed = self._place(smooth(points, closed=False))
        self._line(placed, width * self._scale, colour)

    def limb(self, points: Sequence[Point], widths: tuple[float, float], fill: Colour) -> None:
        """A tapering tube through the points, round at both ends."""
        centre = smooth(points, closed=False)
        last = len(centre) - 1
        radii = [(widths[0] + (widths[1] - widths[0]) * i / last) / 2 for i in range(last + 1)]
        sides: tuple[list[Point], list[Point]] = ([], [])
        for i, (x, y) in enumerate(centre):
            (x0, y0), (x1, y1) = centre[max(i - 1, 0)], centre[min(i + 1, last)]
            length = math.hypot(x1 - x0, y1 - y0) or 1.0
            nx, ny = (y0 - y1) / length * radii[i], (x1 - x0) / length * radii[i]
            sides[0].append((x + nx, y + ny))
            sides[1].append((x - nx, y - ny))
        tube = sides[0] + sides[1][::-1]
        ends = ((*centre[0], radii[0]), (*centre[-1], radii[-1]))
        if self.ink:  # the ends' outlines first, so that none crosses the tube
            for x, y, radius in ends:
                self.oval(x, y, radius, radius, fill)
        self._polygon(tube, fill, ink=True)
        for x, y, radius in ends:
            inner = radius - self.ink / 2
            self.oval(x, y, inner, inner, fill, ink=False)

    @property
    def _scale(self) -> float:
        return math.hypot(self.matrix[0], self.matrix[3])

    def _place(self, points: Sequence[Point]) -> list[Point]:
        a, b, c, d, e, f = self.matrix
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]

    def _polygon(self, points: Sequence[Point], fill: Colour, *, ink: bool, corners: bool = False) -> None:
        placed = self._place(points)
        self.draw.polygon(placed, fill=self.silhouette or fill)
        if ink and self.ink:
            closed = [*placed, placed[0], placed[1]]
            self._line(closed, self.ink * self._scale, shade(fill, INK_SHADE), corners=corners)

    def _line(self, placed: list[Point], width: float, colour: Colour, *, corners: bool = False) -> None:
        paint = self.silhouette or colour
        self.draw.line(placed, fill=paint, width=max(1, round(width)), joint="curve" if corners else None)
        radius = width / 2
        if radius > 1:
            for x, y in (placed[0], placed[-1]):
                self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=paint)
