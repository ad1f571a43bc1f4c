"""The cursor over charts, and what part of their x axis is seen: keys and mouse of every screen with curves."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from textual import on
from textual.binding import BindingType
from textual.containers import Vertical

from tui.looks.keys import bind
from tui.state.curves import Values
from tui.widgets.charts.chart import CurveChart
from tui.widgets.charts.view import ZOOM, Range, View

_TENTH = 0.1


@dataclass
class Sight:
    """What part of the curves is seen, and where the cursor is.

    Attributes:
        view: the part.
        cursor: a place on the x axis, in its units; None while it is hidden.
    """

    view: View = field(default_factory=View)
    cursor: float | None = None


class CursorBoard(Vertical, can_focus=True):
    """Charts that share an x axis and a cursor; what lies on them is the subclass's."""

    BINDING_GROUP_TITLE = "Charts"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("charts.right", "right", "cursor(1)", "Cursor", "Cursor a step on; it reads every curve", display="→"),
        bind("charts.left", "left", "cursor(-1)", "Back", "Cursor a step back", show=False),
        bind("charts.right_far", "shift+right", "cursor(1, True)", "Far on", "Cursor a tenth on", show=False),
        bind("charts.left_far", "shift+left", "cursor(-1, True)", "Far back", "Cursor a tenth back", show=False),
        bind("charts.first", "home", "cursor_end(-1)", "First", "Cursor to the first value", show=False),
        bind("charts.last", "end", "cursor_end(1)", "Last", "Cursor to the last value", show=False),
        bind("charts.cursor", "space", "toggle_cursor", "Cursor", "Show or hide the cursor", show=False),
        bind("charts.zoom_in", "plus,equals_sign", "zoom(1)", "Zoom", "Zoom into x, about the cursor", display="+"),
        bind("charts.zoom_out", "minus", "zoom(-1)", "Wider", "Zoom out of x", show=False, display="-"),
        bind("charts.pan_left", "less_than_sign,ctrl+left", "pan(-1)", "Earlier", "Earlier part", show=False),
        bind("charts.pan_right", "greater_than_sign,ctrl+right", "pan(1)", "Later", "Later part", show=False),
        bind("charts.view", "v", "view", "View", "All, follow the tail, or freeze what is seen", show=False),
    ]

    sight: Sight

    # ------------------------------------------------------------ what a subclass says

    def places(self) -> Values:
        """Where on the x axis the values stand that the cursor steps through, rising."""
        raise NotImplementedError

    def extent(self) -> tuple[float, float]:
        """Where the x axis ends, and where the newest value stands on it."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw what changed."""
        raise NotImplementedError

    def seen(self) -> Range:
        """What is seen of the x axis."""
        low, high = self.sight.view.x_range(*self.extent())
        return low, high if high > low else low + 1.0

    # ------------------------------------------------------------ keys

    def action_cursor(self, direction: int, far: bool = False) -> None:
        """The next value, or a tenth of what is seen; it begins at the newest."""
        places, sight = self.places(), self.sight
        if not len(places):
            return
        low, high = self.seen()
        if sight.cursor is None:
            wanted = min(float(places[-1]), high)
        elif far:
            wanted = sight.cursor + direction * _TENTH * (high - low)
        else:
            index = int(np.argmin(np.abs(places - sight.cursor))) + direction
            wanted = float(places[min(max(index, 0), len(places) - 1)])
        self._put_cursor(min(max(wanted, float(places[0])), float(places[-1])))

    def action_cursor_end(self, direction: int) -> None:
        """The first value, or the last."""
        if len(places := self.places()):
            self._put_cursor(float(places[-1 if direction > 0 else 0]))

    def _put_cursor(self, x: float) -> None:
        self.sight.cursor = x
        self.see(self.sight.view.including(x, *self.extent()))

    def action_toggle_cursor(self) -> None:
        """Show or hide the cursor."""
        if self.sight.cursor is None:
            self.action_cursor(1)
        else:
            self.sight.cursor = None
            self.redraw()

    def action_zoom(self, direction: int, about: float | None = None) -> None:
        """Closer or farther, about the cursor, else the middle."""
        low, high = self.seen()
        centre = self.sight.cursor if about is None else about
        if centre is None or not low <= centre <= high:
            centre = (low + high) / 2
        self.see(self.sight.view.zoom_x(ZOOM**direction, centre, *self.extent()))

    def action_pan(self, direction: int) -> None:
        """The part beside what is seen."""
        self.see(self.sight.view.pan_x(direction, *self.extent()))

    def action_view(self) -> None:
        """All, the tail, frozen."""
        self.see(self.sight.view.next_mode(*self.extent()))

    def see(self, view: View) -> None:
        """Show another part."""
        self.sight.view = view
        self.redraw()

    # ------------------------------------------------------------ mouse

    @on(CurveChart.Resized)
    def _resized(self, event: CurveChart.Resized) -> None:
        event.stop()
        self.call_after_refresh(self.redraw)

    @on(CurveChart.Pointed)
    def _pointed(self, event: CurveChart.Pointed) -> None:
        if event.x is not None:
            self.sight.cursor = event.x
            self.redraw()

    @on(CurveChart.Wheeled)
    def _wheeled(self, event: CurveChart.Wheeled) -> None:
        event.stop()
        self.wheel(event)

    def wheel(self, event: CurveChart.Wheeled) -> None:
        """Zoom about the mouse."""
        self.action_zoom(event.direction, event.x)
