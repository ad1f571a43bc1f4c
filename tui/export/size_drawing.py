"""Accuracy against the size of images as SVG: sizes on a logarithmic axis, a line a variant, whiskers for intervals."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from engine.reports.resolution import Ladder, Part
from tui.export.nodes import drawing, node, number
from tui.looks.axes import tick_label
from tui.looks.palette import variant_style
from tui.looks.size_axes import SizeCurve, ladder_curve, share_limits, share_ticks, size_ticks
from tui.tables.resolution import PART_WORDS

_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 10.0, 36.0
_LEGEND_LINE = 18.0
_LETTER = 7.2  # mean width of a letter of the legend in pixels
_PIXELS_PER_Y_TICK, _PIXELS_PER_COLUMN = 36.0, 8.0
_EDGE = 0.05  # of the powers of two, beside the first and the last size


def draw_ladders(
    ladders: Sequence[Ladder], part: Part, variants: Sequence[str], width: float, height: float
) -> Element:
    """The lines of every variant on the images of one part.

    A variant's colour is that of the CSS class v0, v1, ... by its place in `variants`.
    """
    shown = [ladder for ladder in ladders if ladder.part == part]
    curves = [ladder_curve(one, "", variant_style(one.variant).marker, with_intervals=True) for one in shown]
    names = [f"v{variants.index(ladder.variant)}" for ladder in shown]
    words = ", ".join(f"{ladder.variant} {ladder.accuracy:.3f} as they are" for ladder in shown)
    root = drawing(width, height, f"Share recognised of {PART_WORDS[part]} images by size: {words}")
    axes = _Axes(root, curves, width, height, _legend(root, shown, names, width))
    for offset, (curve, name) in enumerate(zip(curves, names, strict=True)):
        axes.whiskers(curve, name, 2.0 * offset - len(curves) + 1)
    for curve, name in zip(curves, names, strict=True):
        axes.line(curve, name)
    return root


def _legend(root: Element, ladders: Sequence[Ladder], names: Sequence[str], width: float) -> float:
    """Sign and name of each line in as many lines as they need; returns the height taken."""
    x, y = _LEFT, _LEGEND_LINE - 4
    for ladder, name in zip(ladders, names, strict=True):
        taken = (len(ladder.variant) + 4) * _LETTER
        if x > _LEFT and x + taken > width - _RIGHT:
            x, y = _LEFT, y + _LEGEND_LINE
        line = node(root, "text", x=x, y=y, class_="legend")
        node(line, "tspan", variant_style(ladder.variant).marker, class_=f"sign {name}")
        node(line, "tspan", f" {ladder.variant}")
        x += taken
    return y + 4


class _Axes:
    """Where a size and a share lie in a drawing."""

    def __init__(self, root: Element, curves: Sequence[SizeCurve], width: float, height: float, above: float) -> None:
        self._root = root
        sizes = [point.size for curve in curves for point in curve.points]
        self._smallest, self._largest = min(sizes), max(sizes)
        self._low, self._high = share_limits(curves)
        self._width, self._height = width - _LEFT - _RIGHT, height - above - _TOP - _BOTTOM
        self._bottom = above + _TOP + self._height
        self._draw()

    def _x(self, size: int) -> float:
        first, last = math.log2(self._smallest) - _EDGE, math.log2(self._largest) + _EDGE
        return _LEFT + self._width * (math.log2(size) - first) / (last - first)

    def _y(self, share: float) -> float:
        return self._bottom - self._height * (share - self._low) / (self._high - self._low)

    def _draw(self) -> None:
        root, bottom = self._root, self._bottom
        for share in share_ticks(self._low, self._high, max(2, int(self._height / _PIXELS_PER_Y_TICK) + 1)):
            y = self._y(share)
            node(root, "path", d=f"M{number(_LEFT)} {number(y)}h{number(self._width)}", class_="grid")
            label = tick_label(share, self._high).strip()
            node(root, "text", label, x=_LEFT - 6, y=y + 4, class_="tick", text_anchor="end")
        for size in size_ticks(self._smallest, self._largest, int(self._width / _PIXELS_PER_COLUMN)):
            x = self._x(size)
            node(root, "path", d=f"M{number(x)} {number(bottom)}v4", class_="axis")
            node(root, "text", str(size), x=x, y=bottom + 16, class_="tick", text_anchor="middle")
        node(root, "path", d=f"M{number(_LEFT)} {number(bottom)}h{number(self._width)}", class_="axis")
        words = "longer side in pixels; rightmost: as they are"
        node(root, "text", words, x=_LEFT + self._width / 2, y=bottom + 31, class_="tick", text_anchor="middle")

    def whiskers(self, curve: SizeCurve, name: str, beside: float) -> None:
        """The intervals, so many pixels beside the points that those of other lines do not hide them."""
        for point in curve.points:
            x, low, high = self._x(point.size) + beside, self._y(point.low), self._y(point.high)
            node(self._root, "path", d=f"M{number(x)} {number(low)}V{number(high)}", class_=f"thin {name}")

    def line(self, curve: SizeCurve, name: str) -> None:
        """The line and its signs."""
        places = [(self._x(point.size), self._y(point.share)) for point in curve.points]
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in places)
        node(self._root, "path", d=path, class_=f"bold {name}")
        for x, y in places:
            node(self._root, "text", curve.marker, x=x, y=y + 4.5, class_=f"sign {name}", text_anchor="middle")
