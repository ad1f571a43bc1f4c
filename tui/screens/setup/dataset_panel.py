"""The data set in words and as bars."""

from pathlib import Path

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from engine.reports.results import DatasetSummary
from tui.looks import formatting
from tui.looks.keys import key
from tui.looks.palette import variant_style
from tui.session.audit import AuditRun
from tui.session.preparation import Preparation
from tui.session.session import Session
from tui.tables.audit import headline, is_grave
from tui.tables.facts import short_names

LABEL_WIDTH = 10
_COUNT_WIDTH = 6
_LONGEST_NAME, _SHORTEST_NAME = 22, 8
_TRAIN_PART = 0.68
"""Share of the bars' room that the training images take."""

_AUDIT_LOOK_SECONDS = 0.5
"""How often a running audit is asked how far it is."""

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


class DatasetPanel(VerticalScroll):
    """Everything that is known of the data set; looks again and again how far its audit is."""

    def __init__(self, session: Session, known: Preparation) -> None:
        super().__init__(id="data", classes="panel")
        self.border_title = "data set"
        self._session, self._known = session, known
        self._audit_drawn = True

    def compose(self) -> ComposeResult:
        """Facts, audit, classes, remarks."""
        yield Static(id="dataset")
        yield Static(id="audit")
        yield ClassBars(id="bars")
        yield Static(id="remarks")

    def on_mount(self) -> None:
        """Look at the audit."""
        self.set_interval(_AUDIT_LOOK_SECONDS, self._look_at_audit)

    def show(self, data: Path | None) -> None:
        """Draw all; `data` is what is being read, where it is not yet."""
        summary, width = self._known.summary, max(20, self.size.width - 2)
        known = dataset_lines(summary, width) if summary else waiting_words(data, self._known.error)
        self.query_one("#dataset", Static).update(known)
        self.show_audit()
        self.query_one(ClassBars).show_summary(summary)
        self.query_one("#remarks", Static).update(remarks(summary) if summary else Text())

    def show_audit(self) -> None:
        """Draw what the audit found, or how far it is."""
        line, run = self.query_one("#audit", Static), self._session.audits.current
        self._audit_drawn = run is None or not run.running  # asked first: what is drawn may be newer
        line.display = self._known.summary is not None
        line.update(audit_words(run) if self._known.summary is not None else "")

    def _look_at_audit(self) -> None:
        if self.screen.is_current and not self._audit_drawn:
            self.show_audit()


class ClassBars(Widget):
    """Images a class: a bar and a number for training, and the same for test."""

    DEFAULT_CSS = "ClassBars { height: auto; width: 100%; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._summary: DatasetSummary | None = None

    def show_summary(self, summary: DatasetSummary | None) -> None:
        """Draw the bars of a data set, or none."""
        if summary != self._summary:
            self._summary = summary
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line a class, and one for the heads."""
        return len(self._summary.classes) + 1 if self._summary else 0

    def render(self) -> Text:
        """The bars, as wide as there is room."""
        if self._summary is None:
            return Text()
        return class_bars(self._summary, self.size.width)


def class_bars(summary: DatasetSummary, width: int) -> Text:
    """Bars of both parts, each scaled to its own largest class."""
    names = short_names(summary.classes)
    longest = max(map(cell_len, names), default=0)
    name_width = max(_SHORTEST_NAME, min(longest, _LONGEST_NAME, width // 3))
    room = max(2, width - name_width - 2 * (_COUNT_WIDTH + 2))
    train_width = max(1, int(room * _TRAIN_PART))
    test_width = max(1, room - train_width)
    train_colour, test_colour = (variant_style(name).colour for name in ("vanilla", "bbox"))
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


def waiting_words(data: Path | None, error: str) -> Text:
    """In place of the data set, until it is read or where it can't be."""
    if not error:
        return Text(f"reading {data or 'the demo set'} ...", "dim")
    name, manual, page = key("setup.data", "d"), key("app.docs", "F1"), key("docs.page3", "3")
    hint = f"\n\nPress {name} to name another folder or archive; {manual}, then {page}, tells the layouts."
    return Text.assemble((error, "red"), hint)


def audit_words(run: AuditRun | None) -> Table:
    """What the audit found or how far it is, and how to see more."""
    audit = key("setup.audit", "u")
    more = Text(f"{audit}: details", "bold")
    if run is None or run.stopped:
        words, style, more = "not yet", "dim", Text(f"{audit}: begin", "dim")
    elif run.failure is not None:
        words, style = run.failure.words, "red"
    elif run.report is None:
        words, style, more = run.progress_words(), "dim", Text()
    else:
        words, style = headline(run.report), "bold yellow" if is_grave(run.report) else ""
    grid = Table.grid(padding=0)
    grid.add_column(width=LABEL_WIDTH, no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_row(Text("audit", "dim"), Text(words, style))
    grid.add_row("", more)
    return grid


def remarks(summary: DatasetSummary) -> Text:
    """Notes on the data set, and what was left out of it."""
    lines = [Text(note) for note in summary.notes]
    if summary.skipped:
        lines.append(Text(f"{len(summary.skipped)} left out:", "yellow"))
        lines += [Text(f"  {item.path}: {item.reason}", "dim") for item in summary.skipped]
    return Text("\n").join([Text(), *lines]) if lines else Text()
