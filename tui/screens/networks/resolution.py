"""How accuracy falls when the images are shrunk: a chart, a table, the answers in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.text import Text
from textual.binding import BindingType
from textual.strip import Strip, StripRenderable
from textual.widgets import Static

from engine.events.control import StudyControl
from engine.events.progress import Tell
from engine.events.record import StudyRecord, evaluated_results
from engine.reports.resolution import Ladder, ResolutionReport
from tui.looks.keys import bind, key
from tui.looks.palette import ground_colour, variant_style
from tui.looks.size_axes import SizeCurve, ladder_curve
from tui.looks.variant_names import MANY
from tui.screens.networks.measurement import MeasurementScreen
from tui.session.session import Session
from tui.tables.data import to_plain
from tui.tables.explanation import answers_and_notes
from tui.tables.resolution import PART_WORDS, ladder_data, native_data, native_words, overview_data
from tui.widgets.lines import framed
from tui.widgets.size_chart import draw_sizes

if TYPE_CHECKING:
    from engine import FinishedRun

_FRAME, _MARGIN = 2, 3
_LOWEST_CHART, _TALLEST_CHART = 10, 20
_ROWS_BESIDE_CHART = 18
"""Of the heading, the words, the table of the sizes of small images, and the keys."""
_ROOMY = 100
"""Columns from which a variant's table has all its columns."""

_HELD_OUT_MARKER = "+"
_CAPTION = "share recognised by longer side in pixels; rightmost: as they are"


class ResolutionScreen(MeasurementScreen[ResolutionReport]):
    """All variants on the test images, or one variant with all its figures; Tab goes on."""

    DEFAULT_CSS = """
    ResolutionScreen {
        #answers { margin-top: 1; }
    }
    """
    BINDING_GROUP_TITLE = "Resolution"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("resolution.start", "enter", "start", "Measure", "Measure what is not known yet", priority=True),
        bind(
            "resolution.next",
            "tab",
            "view(1)",
            "Variant",
            "All variants, or the next one with all its figures",
            priority=True,
        ),
        bind("resolution.before", "shift+tab", "view(-1)", "Previous", "The variant before", show=False, priority=True),
        bind("resolution.leave", "escape", "leave", "Back", "Stop measuring and go back", display="esc"),
    ]
    START = "resolution.start"
    HEADING = "Accuracy against resolution"
    PARTS = ("state", "chart", "table", "answers")
    QUESTION = (
        "How much of their accuracy do the networks keep when the images are shrunk, from their original pixels, "
        "until their longer side has 192, 128, ... 16 pixels? Nothing is trained again. Variants with "
        "super-resolution take longest; each variant is kept as soon as it is measured."
    )

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__(session, record)
        self._view = 0

    def on_mount(self) -> None:
        """Show what was measured before, and anew for other colours."""
        super().on_mount()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "view":
            return self._report is not None and len(self._views(self._report)) > 1
        return super().check_action(action, parameters)

    def stored(self, run: "FinishedRun") -> ResolutionReport | None:
        """What was measured before."""
        return self._session.engine.stored_resolution(run)

    def measure(self, run: "FinishedRun", tell: Tell, control: StudyControl) -> ResolutionReport:
        """Measure the variants that are not known yet."""
        return self._session.engine.measure_resolution(run, progress=tell, control=control)

    def complete(self, report: ResolutionReport) -> bool:
        """Whether every variant is known."""
        return not self._missing(report)

    def _missing(self, report: ResolutionReport) -> list[str]:
        evaluated = [result.variant for result in evaluated_results(self._record)]
        return [variant for variant in evaluated if variant not in report.variants]

    # ------------------------------------------------------------ drawing

    def _views(self, report: ResolutionReport) -> tuple[str, ...]:
        """The variant that each view is of; "" for all of them together, where there are several."""
        return report.variants if len(report.variants) == 1 else ("", *report.variants)

    def _variant(self, report: ResolutionReport) -> str:
        views = self._views(report)
        return views[self._view % len(views)]

    def show_report(self, report: ResolutionReport | None) -> None:
        """The chart and the table of the view, and the answers."""
        parts = [self.query_one(part, Static) for part in ("#chart", "#table", "#answers")]
        for part in parts:
            part.display = report is not None
        if report is None:
            return
        chart, table, words = parts
        variant = self._variant(report)
        width = self.size.width - _MARGIN
        chart.update(Group(*self._chart(report, variant, width)))
        if variant:
            left_out = ("variant", *(("shrunk", "lost", "won") if self.size.width < _ROOMY else ()))
            data = ladder_data(report.of((variant,))).without(*left_out)
        else:
            data = overview_data(report, width=width)
        table.update(to_plain(data))
        words.update(Group(to_plain(native_data(report)), Text(), answers_and_notes(report)))

    def _chart(self, report: ResolutionReport, variant: str, width: int) -> list[Text | StripRenderable]:
        shown = [one for one in report.ladders if (one.variant == variant if variant else one.part == "test")]
        every = len(shown)
        if every > MANY and not variant:
            shown = _first_best_worst(shown)
        curves = [_curve(ladder, alone=bool(variant)) for ladder in shown]
        title = Text()
        for ladder, curve in zip(shown, curves, strict=True):
            title.append(f"{curve.marker} ", curve.colour)
            title.append(f"{PART_WORDS[ladder.part]} images  " if variant else f"{ladder.variant}  ")
        title.rstrip()
        if len(shown) < every:
            tab = key("resolution.next", "tab")
            title.append(f"  first, best and worst of {every} at full size; {tab}: one by one", "dim")
        height = max(_LOWEST_CHART, min(_TALLEST_CHART, self.size.height - _ROWS_BESIDE_CHART))
        lines = draw_sizes(curves, width - _FRAME, height - _FRAME, ground_colour(self.app.current_theme))
        rows = framed(lines, width, height, title=title, caption=_CAPTION)
        return [StripRenderable([row]) if isinstance(row, Strip) else row for row in rows]

    def words(self, report: ResolutionReport) -> Text:
        """How large the images are, whose figures these are, and what is missing."""
        variant = self._variant(report)
        fold = f", fold {report.fold}" if report.fold else ""
        view = f"{variant}: all its figures" if variant else "all variants on the test images"
        if len(self._views(report)) > 1:
            view += f", {key('resolution.next', 'tab')}: " + ("one variant" if not variant else "the next")
        lines = Text(f"{native_words(report)}\n", "dim").append(f"seed {report.seed}{fold}; {view}")
        if missing := self._missing(report):
            which = ", ".join(missing) if len(missing) <= MANY else f"{len(missing)} variants"
            lines.append(f"\nnot measured yet: {which}; press {key('resolution.start', 'Enter')} to measure", "bold")
        return lines

    # ------------------------------------------------------------ keys

    def action_view(self, step: int) -> None:
        """The next or previous view."""
        if self._report is not None:
            self._view = (self._view + step) % len(self._views(self._report))
            self.show()


def _first_best_worst(ladders: Sequence[Ladder]) -> list[Ladder]:
    """Of many, those that a chart can tell apart; the first of a study is what the others are compared with."""
    ordered = sorted(ladders, key=lambda ladder: ladder.accuracy)
    return list({one.variant: one for one in (ladders[0], ordered[-1], ordered[0])}.values())


def _curve(ladder: Ladder, *, alone: bool) -> SizeCurve:
    """In the variant's colour; the intervals of the test images are drawn where its lines are alone."""
    style, tested = variant_style(ladder.variant), ladder.part == "test"
    marker = style.marker if tested else _HELD_OUT_MARKER
    return ladder_curve(ladder, style.colour, marker, with_intervals=alone and tested)
