"""What the screens of measurements share: measured once, in a thread, with progress, and read ever after."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from engine.events.control import StudyControl
from engine.events.progress import ExplanationProgress, Tell
from engine.events.record import StudyRecord
from tui.looks import formatting
from tui.looks.keys import key
from tui.session.background import Failure, tell
from tui.session.session import Session
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from engine import FinishedRun

_BAR = 24

Report = TypeVar("Report")


class MeasurementScreen(Screen[None], Generic[Report]):
    """Shows a report of a finished run; Enter measures what is not known yet."""

    DEFAULT_CSS = """
    MeasurementScreen {
        & > #heading { height: 1; padding: 0 1; text-style: bold; }
        & > #page { height: 1fr; padding: 0 1; scrollbar-size: 1 1; }
        & > #page > Static { height: auto; }
    }
    """
    AUTO_FOCUS = "#page"
    HEADING: ClassVar[str]
    START: ClassVar[str]
    """The id of the binding that begins."""
    PARTS: ClassVar[tuple[str, ...]]
    """Of the page, by id, from its top; the first is "state"."""
    QUESTION: ClassVar[str]
    """What is asked, and that nothing is trained for it."""

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__()
        self._session, self._record = session, record
        self._control: StudyControl | None = None
        self._progress: ExplanationProgress | None = None
        self._report: Report | None = None
        self._error = ""

    def compose(self) -> ComposeResult:
        """What is known, as a page that scrolls."""
        yield Static(self.HEADING, id="heading")
        with VerticalScroll(id="page"):
            for part in self.PARTS:
                yield Static(id=part)
        yield KeyLine()

    # ------------------------------------------------------------ what each of them says

    def stored(self, run: "FinishedRun") -> Report | None:
        """What was measured before."""
        raise NotImplementedError

    def measure(self, run: "FinishedRun", tell: Tell, control: StudyControl) -> Report:
        """Measure it, in a thread; raises SimpsonsError, StudyStopped."""
        raise NotImplementedError

    def show_report(self, report: Report | None) -> None:
        """Draw the figures, or hide where they belong."""
        raise NotImplementedError

    def words(self, report: Report) -> Text:
        """What is said over the figures."""
        raise NotImplementedError

    def complete(self, report: Report) -> bool:
        """Whether there is nothing left to measure."""
        return True

    # ------------------------------------------------------------ work

    def on_mount(self) -> None:
        """Show what was measured before."""
        self._report = self.stored(self._session.open_run(self._record))
        self.show()

    def on_unmount(self) -> None:
        """Nobody waits for the figures any more."""
        if self._control is not None:
            self._control.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "start":
            return self._control is None and (self._report is None or not self.complete(self._report))
        return super().check_action(action, parameters)

    def action_start(self) -> None:
        """Measure in a thread."""
        run, control = self._session.open_run(self._record), StudyControl()
        self._control, self._error = control, ""
        self.show()

        def work() -> Report:
            from engine import lower_priority

            lower_priority()
            return self.measure(run, partial(tell, self, self._progressed), control)

        self._session.background.run(self, "measure", work, self._measured, self._refused)

    def _progressed(self, progress: ExplanationProgress) -> None:
        self._progress = progress
        self.query_one("#state", Static).update(self._state())

    def _measured(self, report: Report) -> None:
        self._control, self._progress, self._report = None, None, report
        self.show()

    def _refused(self, failure: Failure) -> None:
        self._control, self._progress, self._error = None, None, failure.words
        self.show()

    # ------------------------------------------------------------ drawing

    def on_resize(self) -> None:
        """Another width, other figures."""
        self.show()

    def show(self) -> None:
        """Draw all."""
        self.query_one("#state", Static).update(self._state())
        self.show_report(self._report)
        self.refresh_bindings()

    def _state(self) -> Text:
        if self._error:
            return Text(self._error, "bold red")
        if self._control is not None:
            return self._under_way()
        if self._report is None:
            return Text.assemble(self.QUESTION, "\n\n", (f"Press {key(self.START, 'Enter')} to measure it.", "bold"))
        return self.words(self._report)

    def _under_way(self) -> Text:
        progress = self._progress
        if progress is None:
            return Text("getting ready ...", "dim")
        share = progress.done / progress.total if progress.total else 0.0
        counts = f"{formatting.count(progress.done)} of {formatting.count(progress.total)}"
        return Text(f"{formatting.bar(share, _BAR)} {formatting.percent(share)}  {counts}   {progress.words}")

    # ------------------------------------------------------------ keys

    def action_leave(self) -> None:
        """Stop and go back."""
        self.app.pop_screen()
