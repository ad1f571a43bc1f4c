"""Accuracy against the size of images as SVG: sizes on a logarithmic axis, a line a variant, whiskers for intervals."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from engine.reports.resolution import Ladder, Part
from tui.export.chart_frame import ChartFrame
from tui.export.nodes import drawing, node, number
from tui.looks.size_axes import EDGE, SizeCurve, ladder_curve, share_limits, share_ticks, size_ticks
from tui.tables.resolution import PART_WORDS


def draw_ladders(
    ladders: Sequence[Ladder], part: Part, variants: Sequence[str], width: float, height: float
) -> Element:
    """The lines of every variant on the images of one part."""
    shown = [ladder for ladder in ladders if ladder.part == part]
    curves = {ladder.variant: ladder_curve(ladder, "", "", with_intervals=True) for ladder in shown}
    words = ", ".join(f"{ladder.variant} {ladder.accuracy:.3f} as they are" for ladder in shown)
    root = drawing(width, height, f"Share recognised of {PART_WORDS[part]} images by size: {words}")
    axes = _Axes(root, curves, variants, width, height)
    for offset, (variant, curve) in enumerate(curves.items()):
        axes.whiskers(variant, curve, 2.0 * offset - len(curves) + 1)
    for variant, curve in curves.items():
        axes.line(variant, curve)
    return root


class _Axes(ChartFrame):
    """Where a size and a share lie in a drawing."""

    def __init__(
        self, root: Element, curves: dict[str, SizeCurve], variants: Sequence[str], width: float, height: float
    ) -> None:
        super().__init__(root, [(variant, "") for variant in curves], variants, width, height)
        sizes = [point.size for curve in curves.values() for point in curve.points]
        self._smallest, self._largest = min(sizes), max(sizes)
        self._low, self._high = share_limits(list(curves.values()))
        shares = share_ticks(self._low, self._high, self.y_labels)
        ticks = size_ticks(self._smallest, self._largest, self.x_cells)
        self.draw_y_axis([(share, self._y(share)) for share in shares], self._high)
        self.draw_x_axis([(size, self._x(size)) for size in ticks], "longer side in pixels; rightmost: as they are")

    def _x(self, size: int) -> float:
        first, last = math.log2(self._smallest) - EDGE, math.log2(self._largest) + EDGE
        return self.left + self.width * (math.log2(size) - first) / (last - first)

    def _y(self, share: float) -> float:
        return self.bottom - self.height * (share - self._low) / (self._high - self._low)

    def whiskers(self, variant: str, curve: SizeCurve, beside: float) -> None:
        """The intervals, so many pixels beside the points that those of other lines do not hide them."""
        for point in curve.points:
            x, low, high = self._x(point.size) + beside, self._y(point.low), self._y(point.high)
            node(
                self.root, "path", d=f"M{number(x)} {number(low)}V{number(high)}", class_=f"thin {self.colour(variant)}"
            )

    def line(self, variant: str, curve: SizeCurve) -> None:
        """The line and its signs."""
        places = [(self._x(point.size), self._y(point.share)) for point in curve.points]
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in places)
        node(self.root, "path", d=path, class_=f"bold {self.colour(variant)}")
        for x, y in places:
            self.sign(variant, x, y)
