"""What is on the set-up screen, and the background work that it needs: data set, audit, estimate, warm-up."""

from abc import abstractmethod
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.screen import Screen

from engine.config.protocols import Closeness
from engine.config.study import StudyConfig
from engine.reports.results import DatasetSummary
from tui.screens.setup.choices import VariantChoice
from tui.session.audit import AuditRun
from tui.session.session import Session

if TYPE_CHECKING:
    from engine.reports.estimate import Estimate


class SetupWork(Screen[None]):
    """The study that is put together, and what is known of its images; a subclass draws it.

    Attributes:
        config: the study but for its variants.
        choice: the variants.
        summary: the data set, once it is read.
        dataset_error: why it could not be read.
        problem: what keeps the study from starting.
        start_asked: whether the study starts as soon as the data set is read.
        estimate: what the study will cost, once that is known.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.config = session.config
        self.choice = VariantChoice(session.config.variants)
        self.summary: DatasetSummary | None = None
        self.dataset_error = ""
        self.start_asked = False
        self.problem = ""
        self.estimate: Estimate | None = None
        self.audit_drawn = True
        """Whether what the audit found so far is on the screen."""

    @property
    def chosen(self) -> set[str]:
        """The variants that are ticked."""
        return self.choice.chosen

    def study_config(self) -> StudyConfig:
        """What stands on the screen; at least one variant must be chosen."""
        return replace(self.config, variants=self.choice.names)

    @abstractmethod
    def show(self) -> None:
        """Draw all parts."""

    @abstractmethod
    def show_plan(self) -> None:
        """Draw what the study will cost."""

    @abstractmethod
    def action_start(self) -> None:
        """Begin the study, or say what is missing."""

    def warm_up(self) -> None:
        """Import what the work needs once the first frame is out."""

        def work() -> None:
            with suppress(Exception):  # what fails here fails again, with a message, when the study starts
                self.session.engine.warm_up()

        self.session.background.run(self, "warm-up", work, self._warmed_up)

    def _warmed_up(self, _: None) -> None:
        self.session.warm = True
        self.show()
        self.begin_audit()

    def read_dataset(self) -> None:
        """Count the images in a thread."""
        session, config = self.session, self.config
        self.summary, self.dataset_error, self.estimate = None, "", None
        session.audits.forget()
        self.show()
        session.background.run(
            self,
            "read data set",
            lambda: session.engine.inspect_dataset(config),
            lambda summary: self._dataset_read(summary, ""),
            lambda failure: self._dataset_read(None, failure.words),
        )

    def _dataset_read(self, summary: DatasetSummary | None, error: str) -> None:
        self.summary, self.dataset_error = summary, error
        self.problem = ""
        self.begin_audit()
        self.show()
        self.ask_estimate()
        asked, self.start_asked = self.start_asked, False
        if asked:
            self.action_start()

    def ask_estimate(self) -> None:
        """Work out what the study will cost, in a thread."""
        session, summary = self.session, self.summary
        self.estimate = None
        if summary is None or not self.chosen:
            session.background.forget(self, "estimate")
            self.show_plan()
            return
        config = self.study_config()
        # Without an estimate the study can start all the same.
        session.background.run(
            self, "estimate", lambda: session.engine.estimate(config, summary), self._estimated, courtesy=True
        )

    def _estimated(self, estimate: "Estimate") -> None:
        self.estimate = estimate
        self.show_plan()

    def begin_audit(self) -> None:
        """Look at the images, once it is known which they are and the libraries no longer need the processor."""
        if self.summary is not None and self.session.warm and self.app.screen is self:
            self.audit_with(self.config.closeness)

    def audit_with(self, closeness: Closeness) -> AuditRun:
        """The audit of these images with these limits, which the study that is started from here uses too."""
        self.config = replace(self.config, closeness=closeness)
        self.audit_drawn = False
        return self.session.audits.of(self.config)
