"""The message log: the last lines, wrapped, with older ones a page back."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text
from textual import events

from tui.state.view_state import LogLine
from tui.widgets.lines import LinesView, framed

_STAMP_WIDTH = 9
_FRAME = 4
_STYLES = {"info": "", "warning": "yellow", "error": "bold red"}
_SIGNS = {"info": "", "warning": "! ", "error": "✗ "}


class LogView(LinesView):
    """Shows what fits; `page` scrolls."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lines: Sequence[LogLine] = ()
        self._back = 0
        """Rows between the last one and the lowest one shown."""

    def show_log(self, lines: Sequence[LogLine]) -> None:
        """Draw the end of the log, or the part that was scrolled to."""
        self._lines = lines
        self._draw()

    def page(self, direction: int, rows: int | None = None) -> None:
        """Scroll by a page, or by some rows: -1 to older lines, 1 to newer ones."""
        step = rows if rows is not None else max(1, self.size.height - _FRAME // 2)
        self._back = max(0, self._back - direction * step)
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap anew."""
        self._draw()

    def on_mouse_scroll_up(self) -> None:
        """Older lines."""
        self.page(-1, rows=1)

    def on_mouse_scroll_down(self) -> None:
        """Newer lines."""
        self.page(1, rows=1)

    def _draw(self) -> None:
        width, height = self.size
        room = height - 2
        if room < 1 or width <= _STAMP_WIDTH + _FRAME:
            return
        rows: list[Text] = []
        needed = room + self._back
        for line in reversed(self._lines):
            rows[:0] = log_rows(line, width - _FRAME, self.app.console)
            if len(rows) >= needed:
                break
        self._back = max(0, min(self._back, len(rows) - room))
        end = len(rows) - self._back
        shown = rows[max(0, end - room) : end]
        caption = f"{self._back} newer, pagedown" if self._back else ""
        padded = [Text.assemble(" ", row) for row in shown]
        self.show_lines(framed(padded, width, height, title=Text("log"), caption=caption))


def log_rows(line: LogLine, width: int, console: Console) -> list[Text]:
    """One message as rows: time of day, sign and words; what does not fit goes on below the words."""
    stamp = time.strftime("%H:%M:%S ", time.localtime(line.time))
    words = Text(_SIGNS[line.level] + line.text, _STYLES[line.level])
    parts = words.wrap(console, max(1, width - _STAMP_WIDTH))
    return [
        Text.assemble((stamp if index == 0 else " " * _STAMP_WIDTH, "dim"), part) for index, part in enumerate(parts)
    ]
