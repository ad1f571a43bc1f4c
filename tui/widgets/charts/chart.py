"""A curve chart as a widget: drawn anew only where something changed, with a cursor over it, and the mouse."""

from collections.abc import Callable, Hashable, Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip

from tui.widgets.charts.drawing import LEFT, Window, with_cursor
from tui.widgets.lines import LinesView


class CurveChart(LinesView):
    """Shows curves in a frame.

    Attributes:
        frame: columns and lines of the frame on each side.
        window: what of them is seen; None while there are none.
        drawn: how often they were really drawn, for the tests of what a hidden chart costs.
    """

    frame = 1

    class Pointed(Message):
        """A place on the x axis was clicked, or the mouse was moved there with its button down."""

        def __init__(self, chart: "CurveChart", x: float | None, *, clicked: bool) -> None:
            super().__init__()
            self.chart, self.x, self.clicked = chart, x, clicked

    class Wheeled(Message):
        """The wheel was turned over a place: up for 1, down for -1; with shift or ctrl `on_y`."""

        def __init__(self, x: float, y_share: float, direction: int, *, on_y: bool) -> None:
            super().__init__()
            self.x, self.y_share, self.direction, self.on_y = x, y_share, direction, on_y

    class Resized(Message):
        """What was drawn no longer fits."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.window: Window | None = None
        self.drawn = 0
        self._key: Hashable = None
        self._lines: Sequence[Strip] = ()

    @property
    def room(self) -> tuple[int, int]:
        """Columns and lines within the frame."""
        return self.size.width - 2 * self.frame, self.size.height - 2 * self.frame

    def curve_lines(
        self, key: Hashable, draw: Callable[[int, int], tuple[Window, Sequence[Strip]]], cursor: float | None
    ) -> list[Strip]:
        """What stands within the frame; drawn only where `key` or the size is another than last time."""
        width, height = self.room
        key = (key, width, height)
        if key != self._key:
            self._key = key
            self.window, self._lines = draw(width, height)
            self.drawn += 1
        column = self.window.column(cursor, width) if cursor is not None and self.window is not None else None
        return list(self._lines) if column is None else with_cursor(self._lines, column)

    def on_resize(self, _event: events.Resize) -> None:
        """Ask to be drawn anew."""
        self.post_message(self.Resized())

    def forget(self) -> None:
        """No curves are shown."""
        self.window, self._key = None, None

    def _place(self, event: events.MouseEvent) -> float | None:
        return self.window.place(event.x - self.frame, self.room[0]) if self.window is not None else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the chart, and a place on it."""
        if event.button == 1:
            self.capture_mouse()
            self.post_message(self.Pointed(self, self._place(event), clicked=True))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """With the button down, move the cursor."""
        if event.button == 1 and (x := self._place(event)) is not None:
            self.post_message(self.Pointed(self, x, clicked=False))

    def on_mouse_up(self) -> None:
        """The button was let go."""
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Closer."""
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Farther."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        event.stop()
        if self.window is None:
            return
        on_y = event.shift or event.ctrl or event.x <= LEFT
        x = self._place(event)
        share = 1 - (event.y - 1) / max(1, self.room[1] - 2)
        middle = sum(self.window.x) / 2
        where = middle if x is None else x
        self.post_message(self.Wheeled(where, min(1.0, max(0.0, share)), direction, on_y=on_y))
