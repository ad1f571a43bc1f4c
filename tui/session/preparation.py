"""What is known of a study that is being set up: its data set, and what it will cost."""

import gc
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.message_pump import MessagePump

from engine.config.study import StudyConfig
from engine.reports.results import DatasetSummary
from tui.session.background import Failure
from tui.session.session import Session

if TYPE_CHECKING:
    from engine.reports.estimate import Estimate

Then = Callable[[], object]
"""Called in the screen's thread when there is news."""


class Preparation:
    """Asks the engine for the screen `owner`.

    Attributes:
        summary: the data set, once it is read.
        error: why it cannot be read, or "".
        estimate: time and disk space, once they are known.
        trouble: why there is no estimate, or "".
    """

    def __init__(self, session: Session, owner: MessagePump) -> None:
        self.summary: DatasetSummary | None = None
        self.error = ""
        self.estimate: Estimate | None = None
        self.trouble = ""
        self._session, self._owner = session, owner

    def warm_up(self, then: Then) -> None:
        """Import what the work needs; what fails here fails again, with a message, when the study starts."""

        def work() -> None:
            with suppress(Exception):
                self._session.engine.warm_up()
            gc.freeze()  # what was imported stays: a pass over it held a key up for 0.4 s

        def warm(_: None) -> None:
            self._session.warm = True
            then()

        self._session.background.run(self._owner, "warm-up", work, warm)

    def read(self, config: StudyConfig, then: Then) -> None:
        """Count the images of another data set."""
        session = self._session
        self.summary, self.error, self.estimate = None, "", None
        session.audits.forget()

        def found(summary: DatasetSummary) -> None:
            self.summary = summary
            then()

        def refused(failure: Failure) -> None:
            self.error = failure.words
            then()

        session.background.run(
            self._owner, "read data set", lambda: session.engine.inspect_dataset(config), found, refused
        )

    def reckon(self, config: StudyConfig | None, then: Then) -> None:
        """What the study costs, where there is one; without an estimate it can start all the same."""
        session, summary = self._session, self.summary
        self.estimate, self.trouble = None, ""
        if summary is None or config is None:
            session.background.forget(self._owner, "estimate")
            return

        def found(estimate: "Estimate") -> None:
            self.estimate = estimate
            then()

        def refused(failure: Failure) -> None:
            self.trouble = failure.words
            then()

        session.background.run(
            self._owner, "estimate", lambda: session.engine.estimate(config, summary), found, refused, courtesy=True
        )
