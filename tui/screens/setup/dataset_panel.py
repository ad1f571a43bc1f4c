"""The data set in words and as bars."""

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from engine.reports.results import DatasetSummary
from tui.looks import formatting
from tui.looks.palette import variant_style
from tui.tables.facts import short_names

LABEL_WIDTH = 10
_COUNT_WIDTH = 6
_LONGEST_NAME, _SHORTEST_NAME = 22, 8
_TRAIN_PART = 0.68
"""Share of the bars' room that the training images take."""

LAYOUTS = {
    "kaggle": "Kaggle archive",
    "split": "train and test folders",
    "flat": "class folders, split here",
    "demo": "drawn by this program",
}


def dataset_lines(summary: DatasetSummary, width: int) -> Text:
    """Name, place, layout and counts; `width` in cells."""
    boxed = f"{_share(summary.boxed_train, summary.train)} train, {_share(summary.boxed_test, summary.test)} test"
    images = f"{formatting.count(summary.train)} train, {formatting.count(summary.test)} test"
    if summary.validation:
        images += f", {formatting.count(summary.validation)} validation"
    rows = [
        ("name", "demo set (drawings)" if summary.is_demo else summary.name),
        ("from", formatting.fit_start(formatting.place(summary.location), max(10, width - LABEL_WIDTH))),
        ("layout", f"{LAYOUTS.get(summary.layout, summary.layout)}, {len(summary.classes)} classes"),
        ("images", images),
        ("boxes", boxed),
    ]
    lines = []
    for label, value in rows:
        style = "bold yellow" if label == "name" and summary.is_demo else ""
        lines.append(
            Text.assemble(
                (label.ljust(LABEL_WIDTH), "dim"), (formatting.fit(value, max(8, width - LABEL_WIDTH)), style)
            )
        )
    return Text("\n").join(lines)


def _share(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else "–"


class ClassBars(Widget):
    """Images a class: a bar and a number for training, and the same for test."""

    DEFAULT_CSS = "ClassBars { height: auto; width: 100%; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._summary: DatasetSummary | None = None
        self._dark = True

    def show_summary(self, summary: DatasetSummary | None, *, dark: bool) -> None:
        """Draw the bars of a data set, or none."""
        if (summary, dark) != (self._summary, self._dark):
            self._summary, self._dark = summary, dark
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line a class, and one for the heads."""
        return len(self._summary.classes) + 1 if self._summary else 0

    def render(self) -> Text:
        """The bars, as wide as there is room."""
        if self._summary is None:
            return Text()
        return class_bars(self._summary, self.size.width, dark=self._dark)


def class_bars(summary: DatasetSummary, width: int, *, dark: bool = True) -> Text:
    """Bars of both parts, each scaled to its own largest class."""
    names = short_names(summary.classes)
    longest = max(map(cell_len, names), default=0)
    name_width = max(_SHORTEST_NAME, min(longest, _LONGEST_NAME, width // 3))
    room = max(2, width - name_width - 2 * (_COUNT_WIDTH + 2))
    train_width = max(1, int(room * _TRAIN_PART))
    test_width = max(1, room - train_width)
    train_colour, test_colour = (variant_style(name).colour(dark=dark) for name in ("vanilla", "bbox"))
    most_train, most_test = (max((*counts, 1)) for counts in (summary.train_counts, summary.test_counts))
    head = f"{'':{name_width}} {'train':>{train_width + _COUNT_WIDTH}}  {'test':>{test_width + _COUNT_WIDTH}}"
    lines = [Text(head, "dim")]
    for name, train, test in zip(names, summary.train_counts, summary.test_counts, strict=True):
        lines.append(
            Text.assemble(
                formatting.left(formatting.fit(name, name_width), name_width),
                " ",
                (formatting.bar(train / most_train, train_width), train_colour),
                formatting.count(train).rjust(_COUNT_WIDTH),
                "  ",
                (formatting.bar(test / most_test, test_width), test_colour),
                formatting.count(test).rjust(_COUNT_WIDTH),
            )
        )
    return Text("\n", no_wrap=True).join(lines)
