"""The first line of every screen of ours: what is studied, on what, and how the machine does."""

from rich.text import Text

from engine.reports.results import DatasetSummary
from tui.widgets.lines import LinesView
from tui.widgets.machine_meter import Load

PROGRAM = "simpsons-tui"
DEMO_NOTE = "demo set - drawings, not the paper's data"
SHORT_DEMO_NOTE = "demo set (drawings)"
_SEPARATOR = (" ─ ", "dim")
_GAP = 2


def dataset_label(dataset: DatasetSummary | None, *, short: bool = False) -> Text:
    """The data set's name; the demo says what it is."""
    if dataset is None:
        return Text("no data set yet", "dim")
    return demo_label(short=short) if dataset.is_demo else Text(dataset.name, "bold")


def demo_label(*, short: bool) -> Text:
    """Says that the pictures are ours."""
    return Text(SHORT_DEMO_NOTE if short else DEMO_NOTE, "bold yellow")


class TopLine(LinesView):
    """One line: parts on the left, figures on the right; what does not fit goes from the left's end."""

    DEFAULT_CSS = "TopLine { height: 1; width: 100%; }"

    def show_parts(self, left: list[Text], right: list[Text]) -> None:
        """Draw the line."""
        shown = list(right)
        line_right = Text("  ").join(shown)
        # The clock (last) matters most: drop from the right part's start where the room is small.
        while len(shown) > 1 and line_right.cell_len > self.size.width // 2:
            shown.pop(0)
            line_right = Text("  ").join(shown)
        line_left = Text.assemble(" ", Text.assemble(_SEPARATOR).join(left))
        room = max(0, self.size.width - line_right.cell_len - _GAP - 1)
        line_left.truncate(room, overflow="ellipsis")
        space = self.size.width - line_left.cell_len - line_right.cell_len - 1
        self.show_lines([Text.assemble(line_left, " " * max(1, space), line_right, " ")])


def load_text(load: Load | None) -> Text:
    """The load, or nothing before it was read."""
    return load.text() if load is not None else Text()
