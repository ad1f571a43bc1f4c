"""The session of a dashboard: the study that is shown, the search, the runs, and the work behind the screens."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from engine import runs_folder
from engine.config.study import StudyConfig
from engine.errors import SIGNAL_STATUS, InputError
from engine.events.record import StudyRecord, run_folder
from engine.reports.run_summary import RunSummary
from tui.looks.refresh_rate import seconds_between_draws
from tui.pictures.service import Pictures
from tui.session.audit import Audits
from tui.session.background import Background, Failure, Work, tell
from tui.session.engine import REAL_ENGINE, Engine
from tui.session.leaving import spawn_worker
from tui.session.messages import Complaint, SessionChanged, StudyShown
from tui.session.search import TuningRun, TuningWish
from tui.session.watching import EVENTS_A_DRAW, WatchedStudy
from tui.session.work import EngineWork, LocalStudy
from tui.settings.values import USUAL, Settings
from tui.state.view_state import ViewState
from tui.widgets.machine_meter import Load

if TYPE_CHECKING:
    from engine import FinishedRun

BUSY = "a study runs here: stop it or leave it with x first"

Source = LocalStudy | WatchedStudy
"""Where a study's events come from: this process, or the run folder that another one writes."""


class Session:
    """What the screens of a dashboard work on. It knows no screen: what the app must do, it posts as messages.

    Attributes:
        config: what the command line asked for.
        engine: does the work.
        pictures: draws images.
        settings: what the user set for every start.
        background: asks the engine in threads.
        audits: of the data set that is set up.
        source: brings the events of the study that is shown; None before the first.
        state: what they were folded into.
        variants: those of the study that is shown, as it was asked for.
        search: the last one that was begun here.
        worker: the process that the study was handed to.
        load: of the machine, once it was read.
        warm: whether the libraries that the work needs are imported.
    """

    def __init__(
        self,
        config: StudyConfig,
        owner: MessagePump,
        *,
        engine: Engine = REAL_ENGINE,
        pictures: Pictures | None = None,
        settings: Settings = USUAL,
        refresh_rate: float | None = None,
        now: Callable[[], float] = time.time,
        spawn_worker: Callable[[Path], int] = spawn_worker,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        """`owner`, the app, gets the messages; `end` ends the process where the screen cannot be put in order."""
        self.config, self.engine, self.now = config, engine, now
        self.pictures = pictures if pictures is not None else Pictures()
        self.settings, self._asked_rate = settings, refresh_rate
        self.runs_dir = runs_folder(config.runs_dir)
        self.background = Background(config.runs_dir, self.complain)
        self.audits = Audits(engine)
        self.source: Source | None = None
        self.state: ViewState | None = None
        self.variants: tuple[str, ...] = ()
        self.search: TuningRun | None = None
        self.worker: int | None = None
        self.load: Load | None = None
        self.warm = False
        self._owner, self._spawn_worker, self._end = owner, spawn_worker, end
        self._signal = 0
        self._run: tuple[StudyRecord, FinishedRun] | None = None

    @property
    def seconds_between_draws(self) -> float:
        """At least, as the command line or else the settings say."""
        rate = self._asked_rate if self._asked_rate is not None else self.settings.refresh_rate
        return seconds_between_draws(rate, os.environ)

    def _post(self, message: Message) -> None:
        with suppress(RuntimeError):  # the program has ended
            self._owner.post_message(message)

    def complain(self, text: str) -> None:
        """Say what could not be done; may be called in any thread."""
        self._post(Complaint(text))

    # ------------------------------------------------------------------ the study that is shown

    def start_study(self, config: StudyConfig) -> None:
        """Run a study in this process."""
        self._show_own(LocalStudy(self.engine, config))

    def resume(self, folder: Path, config: StudyConfig | None = None) -> None:
        """Resume a run in this process; `config` is what it was asked for, read from the folder where it is None."""
        if config is None:
            self._with_config_of(folder, partial(self.resume, folder))
        else:
            self._show_own(LocalStudy(self.engine, config, folder))

    def watch(self, folder: Path, config: StudyConfig | None = None) -> None:
        """Follow a run that another process writes; `config` as in `resume`."""
        if config is None:
            self._with_config_of(folder, partial(self.watch, folder))
        elif not self.studying:
            self._show(WatchedStudy(self.engine, folder, self.complain, self.config.runs_dir), config)

    def _with_config_of(self, folder: Path, then: Callable[[StudyConfig], object]) -> None:
        if self.studying:
            self.complain(BUSY)
        else:
            self.background.run(self._owner, "configuration", lambda: self.engine.load_config(folder), then)

    def _show_own(self, study: LocalStudy) -> None:
        if not self.working:
            self.audits.stop()  # the study makes its own
            self._show(study, study.config)

    def _show(self, source: Source, config: StudyConfig) -> None:
        self.stop_watching()
        self.source, self.state, self.variants = source, ViewState(), config.variants
        self._post(StudyShown())
        source.start()

    def stop_watching(self) -> None:
        """Look no more at a study of another process, which keeps running."""
        if self.watched is not None:
            self.watched.close()
            self.source = self.state = None

    def update(self) -> tuple[bool, bool]:
        """Take in the events that came; whether there were any, and whether there are more at once."""
        if self.source is None or self.state is None:
            return False, False
        events = self.source.drain()
        for event in events:
            self.state.apply(event)
        return bool(events), len(events) >= EVENTS_A_DRAW

    @property
    def watched(self) -> WatchedStudy | None:
        """The study that is shown, where it is one of another process."""
        return self.source if isinstance(self.source, WatchedStudy) else None

    @property
    def engine_running(self) -> bool:
        """Whether an engine works on the study that is shown, here or in another process."""
        return self.source is not None and self.source.running

    @property
    def studying(self) -> bool:
        """Whether this process's own engine works on a study."""
        return self.watched is None and self.engine_running

    @property
    def searching(self) -> bool:
        """Whether this process's own engine searches for a recipe's numbers."""
        return self.search is not None and self.search.running

    @property
    def working(self) -> bool:
        """Whether this process's own engine works, on a study or a search."""
        return self.studying or self.searching

    @property
    def run_folder(self) -> Path | None:
        """Where the study that is shown is kept; None where it is not, or not yet."""
        started = self.state.record.started if self.state is not None else None
        folder = started.folder if started is not None else ""
        return Path(folder) if folder and Path(folder).is_dir() else None

    @property
    def resumable(self) -> Path | None:
        """The folder of the study that is shown, where nobody works on it and it can be resumed."""
        source, state = self.source, self.state
        if source is None or state is None or source.running or self.run_folder is None:
            return None
        if self.watched is not None and self.watched.interrupted:
            return self.run_folder
        return self.run_folder if state.finished is not None and state.finished.status != "done" else None

    @property
    def has_results(self) -> bool:
        """Whether there is anything for the results screen."""
        return (
            self.state is not None
            and not self.engine_running
            and any(result.metrics is not None for result in self.state.record.results.values())
        )

    def toggle_pause(self) -> None:
        """Ask the engine to pause, or to unpause."""
        if self.source is not None:
            control = self.source.control
            (control.unpause if control.paused else control.pause)()

    # ------------------------------------------------------------------ the same study under the clean protocol

    def can_run_clean(self, record: StudyRecord) -> bool:
        """Whether the same study can be trained under the clean protocol now."""
        return record.started is not None and record.started.protocol == "official" and not self.studying

    def run_clean(self, record: StudyRecord) -> None:
        """Train it: as this process was asked for it, else as its folder says."""
        if record.started is None or not self.can_run_clean(record):
            return

        def start(config: StudyConfig) -> None:
            self.start_study(replace(config, protocol="clean"))

        def failed(failure: Failure) -> None:
            self.complain(f"{failure.words}: start it from the set-up, with the protocol clean")

        if isinstance(self.source, LocalStudy) and self.state is not None and self.state.record is record:
            start(self.source.config)
            return
        folder = Path(record.started.folder)
        self.background.run(self._owner, "configuration", lambda: self.engine.load_config(folder), start, failed)

    def runs_dir_of(self, record: StudyRecord) -> Path:
        """The folder of runs that a study lies in, where its counterpart is looked for."""
        folder = record.started.folder if record.started else ""
        return Path(folder).parent if folder else self.runs_dir

    # ------------------------------------------------------------------ the search

    def begin_search(self, wish: TuningWish) -> TuningRun | None:
        """Search in a thread; None where the engine works already."""
        if self.working:
            return None
        self.audits.stop()  # the search makes its own
        self.search = TuningRun(self.engine, wish)
        self.search.start()
        return self.search

    # ------------------------------------------------------------------ the runs

    def load_records(
        self,
        owner: MessagePump,
        folders: list[Path],
        then: Callable[[list[StudyRecord]], object],
        progress: Callable[[int], object],
    ) -> None:
        """Read runs whole; `progress` is told how many are read."""

        def read() -> list[StudyRecord]:
            records = []
            for number, folder in enumerate(folders):
                tell(owner, progress, number)
                record = self.engine.load_record(folder)
                if record.started is None:
                    raise InputError(f"{folder.name} holds no study: its process ended before it began")
                records.append(record)
            return records

        self.background.run(owner, "reading runs", read, then)

    def open_run(self, record: StudyRecord) -> "FinishedRun":
        """A finished study's run, opened once for all screens that ask for it; reads nothing."""
        if self._run is None or self._run[0] is not record:
            run = self.engine.open_run(run_folder(record), self.config.cache_dir, record, self.runs_dir_of(record))
            self._run = record, run
        return self._run[1]

    def look_around(self, owner: MessagePump, then: Callable[[list[RunSummary]], object]) -> None:
        """The runs that others work on or that were interrupted; a courtesy, so that trouble is not told."""

        def found() -> list[RunSummary]:
            runs = self.engine.list_runs(self.runs_dir)
            return [run for run in runs if run.live or run.state == "interrupted"]

        self.background.run(owner, "look for runs", found, then, courtesy=True)

    # ------------------------------------------------------------------ leaving

    @property
    def leaving(self) -> bool:
        """Whether the program ends as soon as the study has saved its place."""
        return self.worker is not None or bool(self._signal)

    @property
    def exit_status(self) -> int:
        """That of a program that was handed over, or told by a signal to end."""
        return SIGNAL_STATUS + self._signal if self._signal else 0

    @property
    def exit_record(self) -> StudyRecord | None:
        """The last study as far as it came."""
        while self.update()[1]:
            pass
        return self.state.record if self.state is not None and self.state.record.started else None

    @property
    def exit_failure(self) -> Failure | None:
        """Why the last study or search ended, if it did not end well.

        What became of a study of another process is no failure of this one, unless it could not be read.
        """
        source = self.source if self.watched is None or not self.watched.interrupted else None
        failures = [work.failure for work in (source, self.search) if work is not None]
        return next((failure for failure in failures if failure is not None), None)

    @property
    def going_on(self) -> str:
        """What becomes of a study that has not ended when this program does."""
        if self.worker is not None:
            return f"resumes in process {self.worker}"
        if self.watched is None:
            return "left while it ran"
        return "was interrupted: 'simpsons-tui resume' resumes it" if self.watched.interrupted else "keeps running"

    @property
    def can_detach(self) -> bool:
        """Whether a study of this process runs that another process could resume."""
        source = self.source if isinstance(self.source, LocalStudy) else None
        if source is None or not source.running or source.control.stop_requested:
            return False
        return self.run_folder is not None

    def detach(self) -> None:
        """Hand the study to a process of its own; this one ends when the batch under way is saved."""
        folder, source = self.run_folder, self.source
        if not self.can_detach or folder is None or not isinstance(source, LocalStudy):
            return
        try:
            self.worker = self._spawn_worker(folder)
        except OSError as error:
            self.complain(f"no process for the study: {error.strerror or error}")
        else:
            source.control.hand_over()

    def finish_hand_over(self) -> None:
        """Wait until a study that is handed over has saved its place; what a closed terminal ended is not over yet."""
        if self.worker is not None and isinstance(self.source, LocalStudy):
            self.source.wait()

    def hang_up(self) -> None:
        """The terminal was closed or the connection lost: the study keeps running without it."""
        self.detach()

        def leave() -> None:
            self.finish_hand_over()
            # Nothing of the screen can be put in order: whatever writes to a terminal that is gone, waits for ever.
            self._end(SIGNAL_STATUS + signal.SIGHUP)

        Work("leaving", leave, self.config.runs_dir).start()

    def terminate(self, number: int) -> None:
        """Stop after the batch, save, and leave; `number` is the signal that asks for it."""
        self._signal = number
        if self.source is not None and self.studying:
            self.source.control.stop()
        self._post(SessionChanged())

    def stop_working(self) -> None:
        """Have the study and the search of this process end after their batch; nobody waits for them."""
        for work in (self.source, self.search):
            if isinstance(work, EngineWork):
                work.control.stop()
