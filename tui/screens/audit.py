"""What the audit found: sentences, counts, and the pairs of copies side by side."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import DataTable, Static

from engine.config.protocols import Closeness
from engine.reports.audit import AuditedImage, AuditReport, CopyPair
from tui.looks import formatting
from tui.looks.keys import bind, key
from tui.pictures.pair import PairPictures
from tui.session.audit import AuditRun
from tui.session.session import Session
from tui.tables.audit import DETAILS, class_data, closeness_words, group_words, is_grave, pair_data, size_data
from tui.tables.data import to_rich
from tui.widgets.key_line import KeyLine
from tui.widgets.machine_meter import LoadRead
from tui.widgets.metrics_table import SortableTable
from tui.widgets.top_line import PROGRAM, TopLine, load_text

if TYPE_CHECKING:
    from engine import Gallery

WIDE = 110
"""Columns from which the pairs stand beside the findings instead of below them."""

LOW = 36
"""Lines below which the pictures of a pair show only in place of the findings."""

_ROOMY = 190
"""Columns from which the pairs' whole paths fit."""

_LEAST_PATH = 20

_LOOK_SECONDS = 0.25
"""How often a running audit is asked how far it is."""

AuditAgain = Callable[[Closeness], AuditRun]
"""Begins another audit of the same images, or gives the one that is known."""


class AuditScreen(Screen[None]):
    """The report of an audit that is running or done; `again`, where given, begins one with the other limits."""

    DEFAULT_CSS = """
    AuditScreen {
        & > #audit-parts { height: 1fr; layout: vertical; }
        & #audit-findings { height: 2fr; width: 100%; }
        & #audit-words, & #audit-tables, & #audit-blind { height: auto; width: 100%; }
        & #audit-tables { margin-top: 1; }
        & #audit-pairs-panel { height: 3fr; width: 100%; }
        & #audit-pairs-panel.-none { height: auto; }
        & #audit-pairs { height: 1fr; }
        & #audit-none { height: auto; }
        & #pair-pictures { height: auto; width: 100%; }
        &.-low PairPictures { display: none; }
        &.-pictures { & #audit-findings { display: none; } & PairPictures { display: block; } }
        &.-low.-pictures PairPictures { height: 9; }
        & #pair-words { text-wrap: nowrap; text-overflow: ellipsis; }
        &.-wide > #audit-parts { layout: horizontal; }
        &.-wide #audit-findings { width: 2fr; height: 100%; }
        &.-wide #audit-pairs-panel { width: 3fr; height: 100%; }
    }
    """

    BINDING_GROUP_TITLE = "Audit"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("audit.back", "escape", "app.pop_screen", "Back", "Back to the screen before"),
        bind("audit.closeness", "s", "closeness", "Near/scene", "Copies alone, or frames of one shot too"),
        bind("audit.next", "tab", "app.focus_next", "Next part", "The findings, then the pairs"),
        bind("audit.pictures", "v", "pictures", "Pictures", "Room for the pairs, or the findings again"),
        bind("audit.sort", "o", "sort(1)", "Sort", "Sort the pairs by the next column"),
    ]
    AUTO_FOCUS = "#audit-pairs"

    def __init__(
        self,
        session: Session,
        run: AuditRun,
        name: str,
        open_images: "Callable[[], Gallery]",
        *,
        is_demo: bool = False,
        again: AuditAgain | None = None,
    ) -> None:
        """`open_images` is called in a thread when the first pair is shown."""
        super().__init__()
        self._session, self._open_images, self._asked = session, open_images, False
        self.run_shown = run
        self._data_name, self._is_demo, self._again = name, is_demo, again
        self._drawn: AuditReport | None = None
        self._filled: tuple[AuditReport, bool] | None = None

    # ------------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        """The findings and the pairs, side by side where there is room."""
        yield TopLine(id="top")
        with Container(id="audit-parts"):
            with VerticalScroll(id="audit-findings", classes="panel") as findings:
                findings.border_title = "findings"
                yield Static(id="audit-words")
                yield Static(id="audit-tables")
                yield Static(id="audit-blind")
            with Vertical(id="audit-pairs-panel", classes="panel") as panel:
                panel.border_title = "copies"
                yield Static(id="audit-none")
                yield SortableTable(id="audit-pairs")
                with Container(id="pair-pictures"):
                    yield PairPictures(self._session.pictures)
                    yield Static(id="pair-words")
        yield KeyLine()

    def on_mount(self) -> None:
        """Draw what is known, and look again while more may come."""
        self.show()
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_resize(self) -> None:
        """Side by side or below each other."""
        self.set_class(self.size.width >= WIDE, "-wide")
        self.set_class(self.size.height < LOW, "-low")
        self.show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Other limits only where the images can be looked at again."""
        if action == "closeness":
            return self._again is not None
        return super().check_action(action, parameters)

    # ------------------------------------------------------------------ drawing

    def _look(self) -> None:
        if self._drawn is not self.run_shown.report or self._drawn is None:
            self.show()

    @on(LoadRead)
    def show_top(self) -> None:
        """The first line, with the load of the machine."""
        name = Text(self._data_name, "bold yellow" if self._is_demo else "bold")
        left = [Text(PROGRAM, "bold"), name, Text(f"audit, {self.run_shown.closeness}", "dim")]
        self.query_one(TopLine).show_parts(left, [load_text(self._session.load)])

    def show(self) -> None:
        """Draw the report, or how far it is."""
        run = self.run_shown
        self.show_top()
        report = self._drawn = run.report
        words = self.query_one("#audit-words", Static)
        if report is None:
            words.update(_waiting(run))
            self.query_one("#audit-tables", Static).update("")
            self.query_one("#audit-blind", Static).update("")
        else:
            words.update(findings_text(report))
            self.query_one("#audit-tables", Static).update(_tables(report))
            self.query_one("#audit-blind", Static).update(_blind_text(report))
        self._show_pairs(report)

    def _show_pairs(self, report: AuditReport | None) -> None:
        table, nothing = self.query_one("#audit-pairs", SortableTable), self.query_one("#audit-none", Static)
        pairs = report.pairs if report is not None else ()
        table.display = self.query_one("#pair-pictures").display = bool(pairs)
        nothing.display = not pairs
        nothing.update("" if report is None else _no_pairs(report))
        panel = self.query_one("#audit-pairs-panel")
        panel.set_class(report is not None and not pairs, "-none")
        panel.border_title = "copies" if report is None else f"copies: {group_words(report)}"
        if report is not None and pairs:
            short = self.size.width < _ROOMY
            if self._filled is None or self._filled[0] is not report or self._filled[1] != short:
                self._filled = report, short
                table.show_data(pair_data(report, short=short).without(*DETAILS), narrow=short)
            self._show_pair(int(table.row_key_at(table.cursor_row) or 0))

    @on(DataTable.RowHighlighted, "#audit-pairs")
    def _marked(self, event: DataTable.RowHighlighted) -> None:
        self._show_pair(int(event.row_key.value or 0))

    def _show_pair(self, number: int) -> None:
        report = self.run_shown.report
        pairs = report.pairs if report is not None else ()
        words = pair_text(pairs[number], self.query_one("#pair-pictures").size.width) if number < len(pairs) else Text()
        self.query_one("#pair-words", Static).update(words)
        pictures = self.query_one(PairPictures)
        if number >= len(pairs):
            pictures.show()
            return
        pictures.show(pairs[number].first.path, pairs[number].second.path)
        if not self._asked:
            self._asked = True
            self._session.background.run(
                self,
                "open images",
                self._open_images,
                lambda images: pictures.use(images, ""),
                lambda failure: pictures.use(None, failure.words),
            )

    # ------------------------------------------------------------------ keys

    def action_closeness(self) -> None:
        """The other limits."""
        if self._again is not None:
            self.run_shown = self._again("scene" if self.run_shown.closeness == "near" else "near")
            self.show()

    def action_pictures(self) -> None:
        """Give the pairs the whole screen, or the findings their part again."""
        self.toggle_class("-pictures")
        if self.has_class("-pictures"):
            self.query_one("#audit-pairs", SortableTable).focus()

    def action_sort(self, step: int) -> None:
        """Sort the pairs by the next column."""
        self.query_one("#audit-pairs", SortableTable).sort_next(step)


def _waiting(run: AuditRun) -> Text:
    if run.failure is not None:
        return Text(run.failure.words, "red")
    if run.stopped:
        return Text(f"stopped; go back and press {key('setup.audit', 'u')} to begin again", "dim")
    return Text(f"{run.progress_words()}\n\nEvery image is read once; the next audit takes seconds.", "dim")


def findings_text(report: AuditReport) -> Table:
    """The sentences, the gravest marked."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for number, sentence in enumerate(report.sentences):
        grave = number == 0 and is_grave(report)
        grid.add_row(
            Text("!" if grave else "-", "bold red" if grave else "dim"), Text(sentence, "bold" if grave else "")
        )
    return grid


def _tables(report: AuditReport) -> RenderableType:
    parts: list[RenderableType] = []
    for title, data in (("images", class_data(report, short=True)), ("sizes in pixels", size_data(report))):
        table = to_rich(data)
        table.box, table.padding, table.pad_edge = None, (0, 2, 0, 0), False
        parts += [Text(title, "bold"), table, Text()]
    for title, files in (("left out", report.unreadable), ("odd files", report.odd)):
        if files:
            parts.append(Text(f"{title}: {formatting.count(len(files))}", "bold"))
            parts += [Text(f"  {file.path}: {file.reason}", "dim") for file in files]
            parts.append(Text())
    return Group(*parts)


def _blind_text(report: AuditReport) -> Text:
    lines = [Text(f"counted as copies, {closeness_words(report)}", "dim"), Text("\nwhat this audit cannot see", "bold")]
    return Text("\n").join([*lines, *(Text(f"- {sentence}", "dim") for sentence in report.blind_spots)])


def _no_pairs(report: AuditReport) -> Text:
    images = formatting.count(report.train + report.test)
    scene = key("audit.closeness", "s")
    more = f" {scene} asks for frames of the same shot as well." if report.closeness == "near" else ""
    return Text(f"No two of the {images} images are copies of each other.{more}")


def pair_text(pair: CopyPair, width: int) -> Text:
    """Both images of a pair with their sizes, and how alike they are; `width` in cells."""
    measured = (
        f"{pair.kind}: {pair.hash_distance} of 64 bits differ, thumbnails correlate by {pair.correlation:.3f}, "
        f"RMS {pair.thumbnail_rms:.0f} of 255"
    )
    lines = [_image_line(image, width) for image in (pair.first, pair.second)]
    lines.append(Text(measured, "dim"))
    if pair.crosses_classes:
        lines.append(Text("the labels differ: one is wrong, or the picture shows both", "bold red"))
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


def _image_line(image: AuditedImage, width: int) -> Text:
    height, across = image.size
    facts = f"{image.part:<5} {f'{height} x {across}':>11}  {image.class_name}  "
    return Text.assemble((facts, "dim"), formatting.fit_start(image.path, max(_LEAST_PATH, width - len(facts))))
