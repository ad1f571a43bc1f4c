"""What the networks lose without colour, background or box: measured once, with progress, and read ever after."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.control import StudyControl
from engine.errors import SimpsonsError, StudyStopped
from engine.explanation_report import ExplanationReport
from engine.record import StudyRecord
from tui import formatting
from tui.bindings import MEASURED
from tui.engine_port import engine_of
from tui.feed import in_background
from tui.run_folders import run_folder
from tui.tables.explanation import ablation_table, class_table, explanation_words, legend

if TYPE_CHECKING:
    from engine.study.explaining import ExplanationProgress

_BAR = 24
_ROOMY = 100
"""Columns from which counts of every class fit."""

_QUESTION = (
    "How much of their accuracy do the networks keep when colour is removed, when everything outside the character's\n"
    "box is greyed, when the box is greyed, and when its top third (the hair) is? Nothing is trained again."
)


class MeasuredScreen(Screen[None]):
    """A table, the answers in words; Enter measures what is not known yet."""

    DEFAULT_CSS = """
    MeasuredScreen {
        & > #heading { height: 1; padding: 0 1; text-style: bold; }
        & > #page { height: 1fr; padding: 0 1; scrollbar-size: 1 1; }
        #state, #table, #legend, #answers { height: auto; }
        #table { margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = list(MEASURED)
    AUTO_FOCUS = "#page"

    class Progressed(Message):
        """The measurement goes on."""

        def __init__(self, progress: "ExplanationProgress") -> None:
            super().__init__()
            self.progress = progress

    class Measured(Message):
        """The figures are known, or cannot be had."""

        def __init__(self, report: ExplanationReport | None, error: str) -> None:
            super().__init__()
            self.report, self.error = report, error

    def __init__(self, record: StudyRecord) -> None:
        super().__init__()
        self._record = record
        self._control: StudyControl | None = None
        self._progress: ExplanationProgress | None = None
        self._report: ExplanationReport | None = None
        self._error = ""
        self._by_class = False

    def compose(self) -> ComposeResult:
        """What is known, as a page that scrolls."""
        yield Static("Colour, background, box", id="heading")
        with VerticalScroll(id="page"):
            yield Static(id="state")
            yield Static(id="table")
            yield Static(id="legend")
            yield Static(id="answers")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Show what was measured before."""
        try:
            self._report = engine_of(self.app).stored_explanation(run_folder(self._record))
        except Exception as failure:  # then it is measured again
            self._error = f"{type(failure).__name__}: {failure}"
        self._show()

    def on_unmount(self) -> None:
        """Nobody waits for the figures any more."""
        if self._control is not None:
            self._control.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "start":
            return self._report is None and self._control is None
        if action == "classes":
            return self._report is not None
        return super().check_action(action, parameters)

    # ------------------------------------------------------------ work

    def action_start(self) -> None:
        """Measure in a thread."""
        engine, folder, control = engine_of(self.app), run_folder(self._record), StudyControl()
        cache_dir: Path | None = getattr(self.app, "cache_dir", None)
        self._control, self._error = control, ""
        self._show()

        def work() -> None:
            from engine.process import lower_priority

            lower_priority()
            report, error = None, ""
            try:
                report = engine.measure_explanation(
                    folder, cache_dir, lambda progress: self._tell(self.Progressed(progress)), control
                )
            except StudyStopped:
                return
            except SimpsonsError as failure:
                error = str(failure)
            except Exception as failure:  # a mistake of ours must not leave the screen waiting
                error = f"{type(failure).__name__}: {failure}"
            self._tell(self.Measured(report, error))

        in_background("measure", work)

    def _tell(self, message: Message) -> None:
        with suppress(RuntimeError):
            self.post_message(message)

    @on(Progressed)
    def _progressed(self, message: Progressed) -> None:
        self._progress = message.progress
        self.query_one("#state", Static).update(self._state())

    @on(Measured)
    def _measured(self, message: Measured) -> None:
        self._control, self._progress = None, None
        self._report, self._error = message.report, message.error
        self._show()

    # ------------------------------------------------------------ drawing

    @property
    def _narrow(self) -> bool:
        return self.size.width < _ROOMY

    def on_resize(self) -> None:
        """Another width, another table."""
        self._show()

    def _show(self) -> None:
        self.query_one("#state", Static).update(self._state())
        report, dark = self._report, self.app.current_theme.dark
        table, words, signs = (self.query_one(part, Static) for part in ("#table", "#answers", "#legend"))
        for part in (table, words, signs):
            part.display = report is not None
        if report is not None:
            by_class, narrow = self._by_class, self._narrow
            table.update(
                class_table(report, dark=dark, narrow=narrow) if by_class else ablation_table(report, dark=dark)
            )
            signs.update(legend(report).append("\n"))
            words.update(explanation_words(report))
        self.refresh_bindings()

    def _state(self) -> Text:
        if self._error:
            return Text(self._error, "bold red")
        if self._report is not None:
            report = self._report
            fold = f", fold {report.fold}" if report.fold else ""
            how = "shares of images that are recognised"
            if self._by_class:
                how = "recognised before → after, " + ("per cent" if self._narrow else "of")
            return Text(f"seed {report.seed}{fold}; {how}", "dim")
        if self._control is None:
            return Text.assemble(_QUESTION, "\n\n", ("Press Enter to measure it.", "bold"))
        progress = self._progress
        if progress is None:
            return Text("getting ready ...", "dim")
        share = progress.done / progress.total if progress.total else 0.0
        counts = f"{formatting.count(progress.done)} of {formatting.count(progress.total)}"
        return Text(f"{formatting.bar(share, _BAR)} {formatting.percent(share)}  {counts}   {progress.words}")

    # ------------------------------------------------------------ keys

    def action_classes(self) -> None:
        """Every class, or all together."""
        self._by_class = not self._by_class
        self._show()

    def action_leave(self) -> None:
        """Stop and go back."""
        self.app.pop_screen()
