"""What the networks lose without colour, background or box."""

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widgets import Static

from engine.events.control import StudyControl
from engine.events.progress import Tell
from engine.events.record import StudyRecord
from engine.reports.explanation import ExplanationReport
from tui.looks.keys import bind
from tui.screens.networks.measurement import MeasurementScreen
from tui.session.session import Session
from tui.tables.data import to_plain
from tui.tables.explanation import ablation_data, answers_and_notes, class_change_data, legend

if TYPE_CHECKING:
    from engine import FinishedRun

_ROOMY = 100
"""Columns from which counts of every class fit."""


class MeasuredScreen(MeasurementScreen[ExplanationReport]):
    """A table and the answers in words."""

    DEFAULT_CSS = """
    MeasuredScreen {
        #table { margin-top: 1; }
    }
    """
    BINDING_GROUP_TITLE = "Colour and box"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("measured.start", "enter", "start", "Measure", "Measure it now", priority=True),
        bind("measured.classes", "v", "classes", "Classes", "Every class, or all classes together"),
        bind("measured.leave", "escape", "leave", "Back", "Stop measuring and go back", display="esc"),
    ]
    START = "measured.start"
    HEADING = "Colour, background, box"
    PARTS = ("state", "table", "legend", "answers")
    QUESTION = (
        "How much of their accuracy do the networks keep when colour is removed, when everything outside the "
        "character's box is greyed, when the box is greyed, and when its top third (the hair) is? Nothing is "
        "trained again."
    )

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__(session, record)
        self._by_class = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "classes":
            return self._report is not None
        return super().check_action(action, parameters)

    def stored(self, run: "FinishedRun") -> ExplanationReport | None:
        """What was measured before."""
        return self._session.engine.stored_explanation(run)

    def measure(self, run: "FinishedRun", tell: Tell, control: StudyControl) -> ExplanationReport:
        """Measure every variant."""
        return self._session.engine.measure_explanation(run, progress=tell, control=control)

    # ------------------------------------------------------------ drawing

    @property
    def _narrow(self) -> bool:
        return self.size.width < _ROOMY

    def show_report(self, report: ExplanationReport | None) -> None:
        """The table of changes or of classes, and the answers."""
        table, words, signs = (self.query_one(part, Static) for part in ("#table", "#answers", "#legend"))
        for part in (table, words, signs):
            part.display = report is not None
        if report is not None:
            by_class, narrow = self._by_class, self._narrow
            data = class_change_data(report, narrow=narrow) if by_class else ablation_data(report)
            table.update(to_plain(data))
            signs.update(legend(report).append("\n"))
            words.update(answers_and_notes(report))

    def words(self, report: ExplanationReport) -> Text:
        """Whose figures these are, and what they count."""
        fold = f", fold {report.fold}" if report.fold else ""
        how = "shares of images that are recognised"
        if self._by_class:
            how = "recognised before → after, " + ("per cent" if self._narrow else "of")
        return Text(f"seed {report.seed}{fold}; {how}", "dim")

    # ------------------------------------------------------------ keys

    def action_classes(self) -> None:
        """Every class, or all together."""
        self._by_class = not self._by_class
        self.show()
