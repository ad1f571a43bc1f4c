"""What the dashboard does with runs that are not of this process: watch one, go on with one, open one, list them."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine import runs_folder
from engine.config.study import StudyConfig
from engine.errors import InputError, SimpsonsError
from engine.events.record import StudyRecord
from engine.reports.run_summary import RunSummary
from tui.session.background import in_background
from tui.session.run_store import RunStore
from tui.session.watching import WatchedStudy

if TYPE_CHECKING:
    from tui.app.app import DashboardApp

T = TypeVar("T")

BUSY = "a study runs here: stop it or leave it with x first"


class RunDesk:
    """The runs folder, as the app's screens need it; whatever waits for the disk is done in threads."""

    def __init__(self, app: "DashboardApp", runs: RunStore, runs_dir: Path | None) -> None:
        self.store = runs
        self.runs_dir = runs_folder(runs_dir)
        self._app = app
        self._turn = 0

    def complain(self, message: str) -> None:
        """Say what could not be done; may be called in any thread."""
        with suppress(RuntimeError):  # the program has ended
            self._app.call_later(partial(self._app.notify, message, severity="error", markup=False))

    def in_thread(self, name: str, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Work in a thread, and go on with what came out in the screen's; a SimpsonsError becomes a message."""

        def whole() -> None:
            try:
                found = work()
            except SimpsonsError as error:
                self.complain(str(error))
            except Exception as error:  # the dashboard lives on and says what happened
                self.complain(f"unexpected error, {type(error).__name__}: {error}")
            else:
                with suppress(RuntimeError):
                    self._app.call_later(then, found)

        in_background(name, whole)

    # ------------------------------------------------------------ one run

    def watch(self, folder: Path) -> None:
        """Follow a run that another process writes."""
        if self._app.studying:
            self.complain(BUSY)
            return
        self.in_thread("configuration", lambda: self.store.load_config(folder), partial(self._watch, folder))

    def _watch(self, folder: Path, config: StudyConfig) -> None:
        if self._app.studying:
            return
        study = WatchedStudy(self.store, folder, self.complain)
        self._app.follow(study, config.variants)
        study.start()

    def resume(self, folder: Path) -> None:
        """Go on with a run in this process."""
        if self._app.studying:
            self.complain(BUSY)
            return
        self.in_thread(
            "configuration",
            lambda: self.store.load_config(folder),
            partial(self._app.resume_study, folder),
        )

    def load_records(
        self, folders: list[Path], then: Callable[[list[StudyRecord]], None], progress: Callable[[int], None]
    ) -> None:
        """Read runs whole; `progress` is told how many are read, and only the last call's answer counts."""
        self._turn += 1
        turn = self._turn

        def work() -> list[StudyRecord]:
            records = []
            for number, folder in enumerate(folders):
                with suppress(RuntimeError):
                    self._app.call_later(progress, number)
                record = self.store.load_record(folder)
                if record.started is None:
                    raise InputError(f"{folder.name} holds no study: its process ended before it began")
                records.append(record)
            return records

        def take(records: list[StudyRecord]) -> None:
            if turn == self._turn:
                then(records)

        self.in_thread("reading runs", work, take)

    def forget_reading(self) -> None:
        """What is being read is of use no more."""
        self._turn += 1

    # ------------------------------------------------------------ all of them

    def look_around(self, then: Callable[[list[RunSummary]], None]) -> None:
        """The runs that others work on or that were interrupted; a courtesy, so that trouble is not told."""

        def work() -> None:
            with suppress(Exception):
                runs = self.store.list_runs(self.runs_dir)
                found = [run for run in runs if run.live or run.state == "interrupted"]
                self._app.call_later(then, found)

        in_background("look for runs", work)
