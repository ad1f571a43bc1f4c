"""Loss curves as SVG: raw values thin, smoothed ones bold, gaps where a loss is not finite."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from tui.export.chart_frame import ChartFrame
from tui.export.nodes import drawing, node, number
from tui.looks.axes import thin, x_ticks, y_ticks
from tui.state.curves import Limits, VariantCurves

_PIXELS_PER_COLUMN = 1.5
_PIXELS_BETWEEN_MARKERS = 110.0


class _Axes(ChartFrame):
    """Where a step and a loss lie in a drawing; values beyond the limits lie on the edge."""

    def __init__(
        self,
        root: Element,
        curves: Sequence[VariantCurves],
        limits: Limits,
        variants: Sequence[str],
        size: tuple[float, float],
    ) -> None:
        legend = [(curve.variant, "" if curve.last is None else f" {curve.last:.3f}") for curve in curves]
        super().__init__(root, legend, variants, *size)
        self.limits = limits
        losses = y_ticks(limits.low, limits.high, self.y_labels, log=False)
        steps = (step for step in x_ticks(limits.steps, self.x_cells) if step < limits.steps)
        self.draw_y_axis([(loss, self.y(loss)) for loss in losses], limits.high)
        self.draw_x_axis([(step, self.x(step)) for step in steps], "batch")
        middle = self.top + self.height / 2
        turn = f"rotate(-90 10 {number(middle)})"
        node(root, "text", "loss", x=10.0, y=middle, class_="tick", text_anchor="middle", transform=turn)

    def x(self, step: float) -> float:
        """Pixels from the left."""
        return self.left + self.width * step / (self.limits.steps - 1)

    def y(self, loss: float) -> float:
        """Pixels from above."""
        low, high = self.limits.low, self.limits.high
        share = (min(high, max(low, loss)) - low) / (high - low)
        return self.top + self.height * (1 - share)

    def path(self, values: Sequence[float], kind: str, variant: str) -> None:
        """A line through the finite values; a value between gaps becomes a dot."""
        parts = []
        for piece in thin(values, int(self.width / _PIXELS_PER_COLUMN), self.limits.steps):
            points = [f"{number(self.x(step))} {number(self.y(loss))}" for step, loss in piece]
            parts.append("M" + "L".join(points) + ("h.01" if len(points) == 1 else ""))
        node(self.root, "path", d="".join(parts), class_=f"{kind} {self.colour(variant)}")

    def markers(self, curve: VariantCurves, offset: int) -> None:
        """The variant's sign at the end of its curve and along it; each curve begins elsewhere, so that none hides."""
        finite = [step for step, value in enumerate(curve.bold) if math.isfinite(value)]
        if not finite:
            return
        gap = max(1.0, self.limits.steps * _PIXELS_BETWEEN_MARKERS / self.width)
        wanted = {round(gap * (place + 0.2 * offset + 0.3)) for place in range(int(len(curve.bold) / gap) + 1)}
        along = sorted(wanted & {step for step in finite if step < finite[-1] - gap / 3})
        for step in [*along, finite[-1]]:
            self.sign(curve.variant, self.x(step), self.y(curve.bold[step]))


def draw_overlay(
    curves: Sequence[VariantCurves], limits: Limits, variants: Sequence[str], width: float, height: float
) -> Element:
    """The bold curves of all variants on one pair of axes, with signs along them and a legend."""
    ends = [(curve.variant, curve.last) for curve in curves]
    words = ", ".join(f"{variant} ends at {last:.3f}" for variant, last in ends if last is not None)
    root = drawing(width, height, f"Loss of every variant by batch, smoothed: {words}")
    axes = _Axes(root, curves, limits, variants, (width, height))
    for curve in curves:
        axes.path(curve.bold, "bold", curve.variant)
    for offset, curve in enumerate(curves):
        axes.markers(curve, offset)
    return root


def draw_single(curve: VariantCurves, limits: Limits, variants: Sequence[str], width: float, height: float) -> Element:
    """One variant's thin and bold curves on the axes that all curves share."""
    kind = "raw and smoothed" if curve.jobs == 1 else f"{curve.jobs} trainings and their mean, smoothed"
    root = drawing(width, height, f"Loss of {curve.variant} by batch, {kind}")
    axes = _Axes(root, [curve], limits, variants, (width, height))
    for values in curve.thin:
        axes.path(values, "thin", curve.variant)
    axes.path(curve.bold, "bold", curve.variant)
    return root
