"""An audit in the background: how far it is, what it found, and a way to end it."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.config.protocols import Closeness
from engine.config.study import StudyConfig
from engine.errors import SimpsonsError, StudyStopped
from engine.events.control import StudyControl
from engine.reports.audit import AuditReport
from tui.looks import formatting
from tui.session.background import in_background
from tui.session.engine import Engine

if TYPE_CHECKING:
    from engine.events.progress import AuditProgress

_DOING = {"check": "reading images", "audit": "looking for copies"}


class AuditRun:
    """One audit of one data set. Its thread only sets the fields here, so a screen may read them at any time.

    Attributes:
        closeness: what counts as a copy.
        report: what was found, once it is known.
        error: why it could not be done, or "".
        progress: how far it is.
    """

    def __init__(self, closeness: Closeness, report: AuditReport | None = None) -> None:
        self.closeness = closeness
        self.report = report
        self.error = ""
        self.progress: AuditProgress | None = None
        self._control = StudyControl()

    @classmethod
    def finished(cls, report: AuditReport) -> "AuditRun":
        """An audit that was done before."""
        return cls(report.closeness, report)

    @property
    def running(self) -> bool:
        """Whether an answer may still come."""
        return self.report is None and not self.error and not self.stopped

    @property
    def stopped(self) -> bool:
        """Whether it was told to end before it knew anything."""
        return self._control.stop_requested and self.report is None

    def start(self, engine: Engine, config: StudyConfig, ended: Callable[["AuditRun"], None]) -> None:
        """Begin in a thread; `ended` is called there at the end, but not after a stop."""

        def work() -> None:
            try:
                self.report = engine.audit(config, self._control, self._take)
            except StudyStopped:
                return
            except SimpsonsError as failure:
                self.error = str(failure)
            except Exception as failure:  # a mistake of ours must not leave the screen waiting
                self.error = f"the audit failed: {type(failure).__name__}: {failure}"
            # The loop is closed where the user left while the thread worked.
            with suppress(RuntimeError):
                ended(self)

        in_background("audit", work)

    def stop(self) -> None:
        """End after the image under way; what was read is remembered."""
        self._control.stop()

    def progress_words(self) -> str:
        """How far it is, in a few words."""
        progress = self.progress
        if progress is None or not progress.total:
            return "beginning ..."
        share = formatting.percent(progress.done / progress.total).strip()
        done, total = formatting.count(progress.done), formatting.count(progress.total)
        return f"{_DOING[progress.stage]}, {done} of {total} ({share})"

    def _take(self, progress: "AuditProgress") -> None:
        self.progress = progress
