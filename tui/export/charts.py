"""Charts as SVG: loss curves (raw values thin, smoothed ones bold), and accuracy against the size of images.

A variant's colour is that of the CSS class v0, v1, ... by its place among the study's variants.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from engine.reports.resolution import Ladder, Part
from tui.export.nodes import drawing, node, number
from tui.looks.axes import thin, tick_label, x_ticks, y_ticks
from tui.looks.palette import variant_style
from tui.looks.size_axes import ladder_curve, share_limits, share_ticks, size_ticks
from tui.looks.variant_names import MANY
from tui.state.curves import Limits, VariantCurves
from tui.tables.resolution import PART_WORDS

_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 10.0, 36.0
_LEGEND_LINE = 18.0
_LETTER = 7.2  # mean width of a letter of the legend in pixels
_PIXELS_PER_COLUMN, _PIXELS_PER_Y_TICK, _PIXELS_PER_CELL = 1.5, 36.0, 8.0
_PIXELS_BETWEEN_MARKERS = 110.0
_EDGE = 0.05  # of the powers of two, beside the first and the last size


@dataclass(frozen=True)
class _Plot:
    """The part of a drawing between its axes; x and y are shares of it, from the left and from below."""

    root: Element
    top: float
    width: float
    height: float

    @classmethod
    def below_legend(
        cls, root: Element, names: Iterable[tuple[str, str]], variants: Sequence[str], width: float, height: float
    ) -> "_Plot":
        """Draw the sign of each variant, its name and some words, in as many lines as they need; the rest is free.

        Many names would leave no room for the plot, and are left out.
        """
        names = list(names)
        if len(names) > MANY:
            return cls(root, _TOP, width - _LEFT - _RIGHT, height - _TOP - _BOTTOM)
        x, y = _LEFT, _LEGEND_LINE - 4
        for variant, words in names:
            taken = (len(variant) + len(words) + 4) * _LETTER
            if x > _LEFT and x + taken > width - _RIGHT:
                x, y = _LEFT, y + _LEGEND_LINE
            line = node(root, "text", x=x, y=y, class_="legend")
            node(line, "tspan", variant_style(variant).marker, class_=f"sign v{variants.index(variant)}")
            node(line, "tspan", f" {variant}{words}")
            x += taken
        top = y + 4 + _TOP
        return cls(root, top, width - _LEFT - _RIGHT, height - top - _BOTTOM)

    @property
    def bottom(self) -> float:
        """Pixels from above."""
        return self.top + self.height

    @property
    def most_y_ticks(self) -> int:
        """How many labels stand clear of each other."""
        return max(2, int(self.height / _PIXELS_PER_Y_TICK) + 1)

    def x(self, share: float) -> float:
        """Pixels from the left."""
        return _LEFT + self.width * share

    def y(self, share: float) -> float:
        """Pixels from above."""
        return self.bottom - self.height * share

    def axes(self, up: Iterable[tuple[float, str]], across: Iterable[tuple[float, str]], words: str) -> None:
        """Both axes with their labels at these places; `words` say what lies across."""
        for share, label in up:
            y = self.y(share)
            node(self.root, "path", d=f"M{number(_LEFT)} {number(y)}h{number(self.width)}", class_="grid")
            node(self.root, "text", label.strip(), x=_LEFT - 6, y=y + 4, class_="tick", text_anchor="end")
        for share, label in across:
            x = self.x(share)
            node(self.root, "path", d=f"M{number(x)} {number(self.bottom)}v4", class_="axis")
            self.text(label, x, self.bottom + 16)
        node(self.root, "path", d=f"M{number(_LEFT)} {number(self.bottom)}h{number(self.width)}", class_="axis")
        self.text(words, self.x(0.5), self.bottom + 31)

    def text(self, text: str, x: float, y: float, style: str = "tick", **more: str) -> None:
        """A text around a place in pixels."""
        node(self.root, "text", text, x=x, y=y, class_=style, text_anchor="middle", **more)


# ---------------------------------------------------------------- losses


class _LossPlot:
    """Losses by batch; values beyond the limits lie on the edge."""

    def __init__(
        self,
        root: Element,
        curves: Sequence[VariantCurves],
        limits: Limits,
        variants: Sequence[str],
        size: tuple[float, float],
    ) -> None:
        names = [(curve.variant, "" if curve.last is None else f" {curve.last:.3f}") for curve in curves]
        self._plot, self._limits = _Plot.below_legend(root, names, variants, *size), limits
        plot, low, high = self._plot, limits.low, limits.high
        losses = y_ticks(low, high, plot.most_y_ticks, log=False)
        batches = [step for step in x_ticks(limits.steps, int(plot.width / _PIXELS_PER_CELL)) if step < limits.steps]
        plot.axes(
            [(self._up(loss), tick_label(loss, high)) for loss in losses],
            [(self._across(step), str(step)) for step in batches],
            "batch",
        )
        middle = plot.y(0.5)
        plot.text("loss", 10.0, middle, transform=f"rotate(-90 10 {number(middle)})")

    def _across(self, step: float) -> float:
        return step / (self._limits.steps - 1)

    def _up(self, loss: float) -> float:
        low, high = self._limits.low, self._limits.high
        return (min(high, max(low, loss)) - low) / (high - low)

    def line(self, values: Sequence[float], style: str, title: str = "") -> None:
        """A path through the finite values, with a title for the mouse; a value between gaps becomes a dot."""
        plot, parts = self._plot, []
        for piece in thin(values, int(plot.width / _PIXELS_PER_COLUMN), self._limits.steps):
            points = [f"{number(plot.x(self._across(step)))} {number(plot.y(self._up(loss)))}" for step, loss in piece]
            parts.append("M" + "L".join(points) + ("h.01" if len(points) == 1 else ""))
        path = node(plot.root, "path", d="".join(parts), class_=style)
        if title:
            node(path, "title", title)

    def markers(self, curve: VariantCurves, style: str, offset: int) -> None:
        """The variant's sign at the end of its curve and along it; each begins elsewhere, so that none hides."""
        finite = [step for step, value in enumerate(curve.bold) if math.isfinite(value)]
        if not finite:
            return
        plot = self._plot
        gap = max(1.0, self._limits.steps * _PIXELS_BETWEEN_MARKERS / plot.width)
        wanted = {round(gap * (place + 0.2 * offset + 0.3)) for place in range(int(len(curve.bold) / gap) + 1)}
        along = sorted(wanted & {step for step in finite if step < finite[-1] - gap / 3})
        for step in [*along, finite[-1]]:
            x, y = plot.x(self._across(step)), plot.y(self._up(curve.bold[step]))
            plot.text(variant_style(curve.variant).marker, x, y + 4.5, style)


def draw_overlay(
    curves: Sequence[VariantCurves], limits: Limits, variants: Sequence[str], width: float, height: float
) -> Element:
    """The bold curves of all variants on one pair of axes, with signs along them and a legend."""
    ends = [f"{curve.variant} ends at {curve.last:.3f}" for curve in curves if curve.last is not None]
    root = drawing(width, height, "Loss of every variant by batch, smoothed: " + ", ".join(ends))
    plot = _LossPlot(root, curves, limits, variants, (width, height))
    for curve in curves:
        plot.line(curve.bold, f"bold v{variants.index(curve.variant)}", curve.variant if len(curves) > MANY else "")
    for offset, curve in enumerate(curves):
        plot.markers(curve, f"sign v{variants.index(curve.variant)}", offset)
    return root


def draw_single(curve: VariantCurves, limits: Limits, variants: Sequence[str], width: float, height: float) -> Element:
    """One variant's thin and bold curves on the axes that all curves share."""
    kind = "raw and smoothed" if curve.jobs == 1 else f"{curve.jobs} trainings and their mean, smoothed"
    root = drawing(width, height, f"Loss of {curve.variant} by batch, {kind}")
    plot, name = _LossPlot(root, [curve], limits, variants, (width, height)), f"v{variants.index(curve.variant)}"
    for values in curve.thin:
        plot.line(values, f"thin {name}")
    plot.line(curve.bold, f"bold {name}")
    return root


# ---------------------------------------------------------------- accuracy against size


def draw_ladders(
    ladders: Sequence[Ladder], part: Part, variants: Sequence[str], width: float, height: float
) -> Element:
    """The lines of every variant on the images of one part, with whiskers for the intervals.

    Sizes lie on a logarithmic axis.
    """
    shown = [ladder for ladder in ladders if ladder.part == part]
    curves = [ladder_curve(one, "", variant_style(one.variant).marker, with_intervals=True) for one in shown]
    names = [f"v{variants.index(ladder.variant)}" for ladder in shown]
    words = ", ".join(f"{ladder.variant} {ladder.accuracy:.3f} as they are" for ladder in shown)
    root = drawing(width, height, f"Share recognised of {PART_WORDS[part]} images by size: {words}")
    plot = _Plot.below_legend(root, [(ladder.variant, "") for ladder in shown], variants, width, height)
    sizes = [point.size for curve in curves for point in curve.points]
    smallest, largest = min(sizes), max(sizes)
    low, high = share_limits(curves)

    def across(size: int) -> float:
        first, last = math.log2(smallest) - _EDGE, math.log2(largest) + _EDGE
        return (math.log2(size) - first) / (last - first)

    def up(share: float) -> float:
        return (share - low) / (high - low)

    plot.axes(
        [(up(share), tick_label(share, high)) for share in share_ticks(low, high, plot.most_y_ticks)],
        [(across(size), str(size)) for size in size_ticks(smallest, largest, int(plot.width / _PIXELS_PER_CELL))],
        "longer side in pixels; rightmost: as they are",
    )
    for offset, (curve, name) in enumerate(zip(curves, names, strict=True)):
        for point in curve.points:  # beside the points, so that those of other lines do not hide them
            x = plot.x(across(point.size)) + 2.0 * offset - len(curves) + 1
            ends = f"M{number(x)} {number(plot.y(up(point.low)))}V{number(plot.y(up(point.high)))}"
            node(root, "path", d=ends, class_=f"thin {name}")
    for curve, name in zip(curves, names, strict=True):
        places = [(plot.x(across(point.size)), plot.y(up(point.share))) for point in curve.points]
        node(root, "path", d="M" + "L".join(f"{number(x)} {number(y)}" for x, y in places), class_=f"bold {name}")
        for x, y in places:
            plot.text(curve.marker, x, y + 4.5, f"sign {name}")
    return root
