"""What part of the curves is seen: all, the tail, or a part that stands still."""

from dataclasses import dataclass, replace
from typing import Literal

Mode = Literal["all", "tail", "frozen"]

ZOOM = 1.6
"""Factor of one step of zoom."""

_TAIL = 0.2
"""Share of the x axis that the tail is at first."""

_PAN = 0.25
"""Share of what is seen that one step moves it."""

_NARROWEST = 1e-4
"""Share of the axis, at least, that is seen."""

Range = tuple[float, float]


@dataclass(frozen=True)
class View:
    """A part of the x axis, and of each chart's own y range.

    Attributes:
        mode: all of the x axis; its end, which moves on while training runs; or what `x` says.
        x: shares of the axis' whole length, or with the tail of the part that has been trained.
        y: shares of the y range that a chart has by itself, from below.
    """

    mode: Mode = "all"
    x: Range = (0.0, 1.0)
    y: Range = (0.0, 1.0)

    def x_range(self, end: float, newest: float) -> Range:
        """What is seen of an axis from 0 to `end`, whose newest value stands at `newest`."""
        if self.mode == "all" or end <= 0:
            return 0.0, end
        low, high = (share * end for share in self.x)
        if self.mode == "tail":
            width = high - low
            high = max(newest, width)
            low = high - width
        return low, high

    def y_range(self, low: float, high: float) -> Range:
        """What is seen of a chart's own y range."""
        return low + self.y[0] * (high - low), low + self.y[1] * (high - low)

    def seen(self, end: float, newest: float) -> "View":
        """The same part of the x axis, standing still."""
        low, high = self.x_range(end, newest)
        return replace(self, mode="frozen", x=(low / end, high / end)) if end > 0 else self

    def zoom_x(self, factor: float, about: float, end: float, newest: float) -> "View":
        """A narrower part (factor above 1) or a wider one, in which the place `about` stays where it is."""
        low, high = self.x_range(end, newest)
        width = max(_NARROWEST * end, (high - low) / factor)
        if width >= end:
            return replace(self, mode="all", x=(0.0, 1.0))
        if self.mode == "tail":
            return replace(self, x=(0.0, width / end))
        left = about - (about - low) * width / (high - low)
        left = min(max(0.0, left), end - width)
        return replace(self, mode="frozen", x=(left / end, (left + width) / end))

    def pan_x(self, direction: float, end: float, newest: float) -> "View":
        """The part beside it; nothing where all is seen."""
        if self.mode == "all":
            return self
        low, high = self.x_range(end, newest)
        return self.show(low + direction * _PAN * (high - low), high - low, end)

    def show(self, left: float, width: float, end: float) -> "View":
        """The part of this width from `left` on, as far as the axis reaches."""
        left = min(max(0.0, left), end - width)
        return replace(self, mode="frozen", x=(left / end, (left + width) / end))

    def including(self, x: float, end: float, newest: float) -> "View":
        """The least moved part that holds a place."""
        low, high = self.x_range(end, newest)
        if low <= x <= high or self.mode == "all":
            return self
        return self.show(x if x < low else x - (high - low), high - low, end)

    def zoom_y(self, factor: float, about: float = 0.5) -> "View":
        """A narrower or wider part of the y range; `about`, a share of what is seen, stays where it is."""
        low, high = self.y
        width = max(_NARROWEST, (high - low) / factor)
        if width >= 1:
            return replace(self, y=(0.0, 1.0))
        left = low + about * (high - low - width)
        return replace(self, y=(left, left + width))

    def pan_y(self, direction: float) -> "View":
        """The part above or below."""
        step = direction * _PAN * (self.y[1] - self.y[0])
        return replace(self, y=(self.y[0] + step, self.y[1] + step)) if self.y != (0.0, 1.0) else self

    def next_mode(self, end: float, newest: float) -> "View":
        """All, the tail, and what is then seen of it, frozen."""
        if self.mode == "all":
            return replace(self, mode="tail", x=(0.0, _TAIL))
        return self.seen(end, newest) if self.mode == "tail" else View()
