"""Training a study again under the clean protocol, with what it was asked for otherwise."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.study import StudyConfig
from engine.errors import SimpsonsError
from engine.events.record import StudyRecord
from tui.session.background import in_background
from tui.session.work import LocalStudy

if TYPE_CHECKING:
    from tui.app.app import DashboardApp


class CleanRun:
    """Finds the configuration of a study and starts it anew, without what leaks."""

    def __init__(self, app: "DashboardApp") -> None:
        self._app = app

    def possible(self, record: StudyRecord) -> bool:
        """Whether the same study can be trained under the clean protocol now."""
        return record.started is not None and record.started.protocol == "official" and not self._app.studying

    def begin(self, record: StudyRecord) -> None:
        """Train it: as this process was asked for it, else as its folder says."""
        app, started = self._app, record.started
        if started is None or not self.possible(record):
            return
        if isinstance(app.source, LocalStudy) and app.state is not None and app.state.record is record:
            self._start(app.source.config)
            return

        def work() -> None:
            try:
                config = app.engine.load_config(Path(started.folder))
            except SimpsonsError as error:
                complaint = f"{error}: start it from the set-up, with the protocol clean"
                later = partial(app.notify, complaint, severity="error", markup=False)
            else:
                later = partial(self._start, config)
            with suppress(RuntimeError):
                app.call_later(later)

        in_background("configuration", work)

    def _start(self, config: StudyConfig) -> None:
        self._app.action_new_study()
        self._app.start_study(replace(config, protocol="clean"))
