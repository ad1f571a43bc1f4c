"""Audits in the background: how far one is, what it found, and a way to end it."""

from typing import TYPE_CHECKING

from engine.config.protocols import Closeness
from engine.config.study import StudyConfig
from engine.events.control import StudyControl
from engine.reports.audit import AuditReport
from tui.looks import formatting
from tui.session.background import Failure, Work
from tui.session.engine import Engine
from tui.state.jobs import STAGE_WORDS

if TYPE_CHECKING:
    from engine.events.progress import AuditProgress


class AuditRun:
    """One audit of one data set, done or under way. Its thread only sets fields, so it may be read at any time.

    Attributes:
        closeness: what counts as a copy.
        report: what was found, once it is known.
        failure: why it could not be done.
        progress: how far it is.
    """

    def __init__(self, closeness: Closeness, report: AuditReport | None = None) -> None:
        """With `report` it was done before."""
        self.closeness = closeness
        self.report = report
        self.failure: Failure | None = None
        self.progress: AuditProgress | None = None
        self._control = StudyControl()

    @property
    def running(self) -> bool:
        """Whether an answer may still come."""
        return self.report is None and self.failure is None and not self.stopped

    @property
    def stopped(self) -> bool:
        """Whether it was told to end before it knew anything."""
        return self._control.stop_requested and self.report is None

    def start(self, engine: Engine, config: StudyConfig) -> None:
        """Begin in a thread."""

        def take(progress: "AuditProgress") -> None:
            self.progress = progress

        def audit() -> None:
            self.report = engine.audit_dataset(config, self._control, take)

        def failed(failure: Failure) -> None:
            self.failure = failure

        Work("audit", audit, config.runs_dir, failed).start()

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
        return f"{STAGE_WORDS[progress.stage]}, {done} of {total} ({share})"


class Audits:
    """The audits of the data set that is set up, one for each meaning of a copy; one at most is under way.

    Attributes:
        current: the one that was asked for last.
    """

    def __init__(self, engine: Engine) -> None:
        self.current: AuditRun | None = None
        self._engine = engine
        self._known: dict[Closeness, AuditRun] = {}

    def of(self, config: StudyConfig) -> AuditRun:
        """The audit of these images: the known one, the one under way, or a new one."""
        run = self._known.get(config.closeness)
        if run is None or run.stopped:
            self.stop()
            run = self._known[config.closeness] = AuditRun(config.closeness)
            run.start(self._engine, config)
        self.current = run
        return run

    def stop(self) -> None:
        """End one that is under way."""
        if self.current is not None and self.current.running:
            self.current.stop()

    def forget(self) -> None:
        """The data set is another one."""
        self.stop()
        self.current = None
        self._known.clear()
