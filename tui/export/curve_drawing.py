"""Loss curves as SVG: raw values thin, smoothed ones bold, gaps where a loss is not finite."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from tui.export.nodes import drawing, node, number
from tui.looks.axes import thin, tick_label, x_ticks, y_ticks
from tui.looks.palette import variant_style
from tui.state.curves import Limits, VariantCurves

_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 10.0, 36.0
_LEGEND_LINE = 18.0
_LETTER = 7.2  # mean width of a letter of the legend in pixels
_PIXELS_PER_COLUMN, _PIXELS_PER_Y_TICK, _PIXELS_PER_CELL = 1.5, 36.0, 8.0
_PIXELS_BETWEEN_MARKERS = 110.0


@dataclass(frozen=True)
class Axes:
    """Where a step and a loss lie in a drawing; values beyond the limits lie on the edge."""

    left: float
    top: float
    width: float
    height: float
    limits: Limits

    def x(self, step: float) -> float:
        """Pixels from the left."""
        return self.left + self.width * step / (self.limits.steps - 1)

    def y(self, loss: float) -> float:
        """Pixels from above."""
        low, high = self.limits.low, self.limits.high
        share = (min(high, max(low, loss)) - low) / (high - low)
        return self.top + self.height * (1 - share)

    def path(self, values: Sequence[float]) -> str:
        """The d of a path through the finite values; a value between gaps becomes a dot."""
        parts = []
        for piece in thin(values, int(self.width / _PIXELS_PER_COLUMN), self.limits.steps):
            points = [f"{number(self.x(step))} {number(self.y(loss))}" for step, loss in piece]
            parts.append("M" + "L".join(points) + ("h.01" if len(points) == 1 else ""))
        return "".join(parts)


def draw_overlay(
    curves: Sequence[VariantCurves], limits: Limits, variants: Sequence[str], width: float, height: float
) -> Element:
    """The bold curves of all variants on one pair of axes, with signs along them and a legend.

    A variant's colour is that of the CSS class v0, v1, ... by its place in `variants`.
    """
    root = drawing(width, height, "Loss of every variant by batch, smoothed: " + _in_words(curves))
    legend = _legend(root, curves, variants, width)
    axes = _axes(root, limits, width, height, legend)
    for curve in curves:
        node(root, "path", d=axes.path(curve.bold), class_=f"bold v{variants.index(curve.variant)}")
    for offset, curve in enumerate(curves):
        _markers(root, axes, curve, f"v{variants.index(curve.variant)}", offset)
    return root


def draw_single(curve: VariantCurves, limits: Limits, variants: Sequence[str], width: float, height: float) -> Element:
    """One variant's thin and bold curves on the axes that all curves share."""
    kind = "raw and smoothed" if curve.jobs == 1 else f"{curve.jobs} trainings and their mean, smoothed"
    root = drawing(width, height, f"Loss of {curve.variant} by batch, {kind}")
    legend = _legend(root, [curve], variants, width)
    axes = _axes(root, limits, width, height, legend)
    name = f"v{variants.index(curve.variant)}"
    for values in curve.thin:
        node(root, "path", d=axes.path(values), class_=f"thin {name}")
    node(root, "path", d=axes.path(curve.bold), class_=f"bold {name}")
    return root


def _in_words(curves: Sequence[VariantCurves]) -> str:
    ends = [(curve.variant, curve.last) for curve in curves]
    return ", ".join(f"{variant} ends at {last:.3f}" for variant, last in ends if last is not None)


def _legend(root: Element, curves: Sequence[VariantCurves], variants: Sequence[str], width: float) -> float:
    """Sign, name and last value of each curve in as many lines as they need; returns the height taken."""
    x, y = _LEFT, _LEGEND_LINE - 4
    for curve in curves:
        last = "" if curve.last is None else f" {curve.last:.3f}"
        taken = (len(curve.variant) + len(last) + 4) * _LETTER
        if x > _LEFT and x + taken > width - _RIGHT:
            x, y = _LEFT, y + _LEGEND_LINE
        line = node(root, "text", x=x, y=y, class_="legend")
        style = variant_style(curve.variant)
        node(line, "tspan", style.marker, class_=f"sign v{variants.index(curve.variant)}")
        node(line, "tspan", f" {curve.variant}{last}")
        x += taken
    return y + 4


def _axes(root: Element, limits: Limits, width: float, height: float, above: float) -> Axes:
    axes = Axes(_LEFT, above + _TOP, width - _LEFT - _RIGHT, height - above - _TOP - _BOTTOM, limits)
    steps, low, high = limits.steps, limits.low, limits.high
    bottom = axes.top + axes.height
    for loss in y_ticks(low, high, max(2, int(axes.height / _PIXELS_PER_Y_TICK) + 1), log=False):
        y = axes.y(loss)
        node(root, "path", d=f"M{number(axes.left)} {number(y)}h{number(axes.width)}", class_="grid")
        node(root, "text", tick_label(loss, high).strip(), x=axes.left - 6, y=y + 4, class_="tick", text_anchor="end")
    for step in x_ticks(steps, int(axes.width / _PIXELS_PER_CELL)):
        if step >= steps:
            continue
        x = axes.x(step)
        node(root, "path", d=f"M{number(x)} {number(bottom)}v4", class_="axis")
        node(root, "text", str(step), x=x, y=bottom + 16, class_="tick", text_anchor="middle")
    node(root, "path", d=f"M{number(axes.left)} {number(bottom)}h{number(axes.width)}", class_="axis")
    node(root, "text", "batch", x=axes.left + axes.width / 2, y=bottom + 31, class_="tick", text_anchor="middle")
    middle = axes.top + axes.height / 2
    turn = f"rotate(-90 10 {number(middle)})"
    node(root, "text", "loss", x=10.0, y=middle, class_="tick", text_anchor="middle", transform=turn)
    return axes


def _markers(root: Element, axes: Axes, curve: VariantCurves, name: str, offset: int) -> None:
    """The variant's sign at the end of its curve and along it; each curve begins elsewhere, so that none hides."""
    finite = [step for step, value in enumerate(curve.bold) if math.isfinite(value)]
    if not finite:
        return
    gap = max(1.0, axes.limits.steps * _PIXELS_BETWEEN_MARKERS / axes.width)
    wanted = {round(gap * (place + 0.2 * offset + 0.3)) for place in range(int(len(curve.bold) / gap) + 1)}
    along = sorted(wanted & {step for step in finite if step < finite[-1] - gap / 3})
    sign = variant_style(curve.variant).marker
    for step in [*along, finite[-1]]:
        x, y = axes.x(step), axes.y(curve.bold[step])
        node(root, "text", sign, x=x, y=y + 4.5, class_=f"sign {name}", text_anchor="middle")
