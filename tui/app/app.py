"""The dashboard: a set-up screen, a training screen that draws the engine's events, and a results screen."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from engine import runs_folder
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.events.record import StudyRecord
from tui.app.command_palette import StudyCommands
from tui.app.too_small import LEAST_HEIGHT, LEAST_WIDTH, TooSmallScreen
from tui.looks.keys import EVERYWHERE
from tui.looks.refresh_rate import seconds_between_draws
from tui.pictures.service import Pictures
from tui.screens.setup.screen import SetupScreen
from tui.session.background import in_background
from tui.session.clean_run import CleanRun
from tui.session.engine import Engine, LocalEngine
from tui.session.leaving import Leaving, spawn_worker
from tui.session.run_store import LocalRuns, RunStore
from tui.session.runs import RunDesk
from tui.session.search import TuningRun, TuningWish
from tui.session.shown_study import ShownStudy
from tui.session.watching import EVENTS_A_DRAW, WatchedStudy
from tui.session.work import Failure, LocalStudy, Source
from tui.state.study import ViewState
from tui.widgets.machine_meter import Load, Meter, ProcessMeter
from tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from tui.screens.training.screen import TrainingScreen

METER_SECONDS = 1.0
_FEW_COLOURS = ("standard", "windows")
TEXTUAL_THEME = "TEXTUAL_THEME"


class DashboardApp(ShownStudy, App[int]):
    """Runs a study in a thread and draws what it reports.

    After `run()`, `exit_record` holds the last study (None where none began) and `engine_running` says whether its
    thread is still in a batch, which the caller gives up by ending the process.
    """

    TITLE = "simpsons-tui"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = list(EVERYWHERE)
    COMMANDS = App.COMMANDS | {StudyCommands}

    def __init__(
        self,
        config: StudyConfig,
        *,
        refresh_rate: float | None = None,
        engine: Engine | None = None,
        meter: Meter | None = None,
        now: Callable[[], float] = time.time,
        pictures: Pictures | None = None,
        runs: RunStore | None = None,
        resume: Path | None = None,
        watch: Path | None = None,
        tuning: TuningWish | None = None,
        spawn_worker: Callable[[Path], int] = spawn_worker,
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        super().__init__()
        self.pictures = pictures if pictures is not None else Pictures()
        self.engine: Engine = engine if engine is not None else LocalEngine()
        self.now = now
        self.load: Load | None = None
        self.warm = False
        self.seconds_between_draws = seconds_between_draws(refresh_rate, os.environ)
        self._meter: Meter = meter if meter is not None else ProcessMeter()
        self._config = config
        self._setup = SetupScreen(config)
        self._announced = False
        self._too_small = False
        self.desk = RunDesk(self, runs if runs is not None else LocalRuns(), config.runs_dir)
        self._resume, self._watch, self._tuning = resume, watch, tuning
        self.search: TuningRun | None = None
        self._clean = CleanRun(self)
        self.leaving = Leaving(self, spawn_worker, leave)
        self._could_detach = False
        # Moving pictures cost bytes and say nothing.
        self.animation_level = "none"

    @property
    def cache_dir(self) -> Path | None:
        """Where this program was told to keep what can be made again."""
        return self._config.cache_dir

    @property
    def config(self) -> StudyConfig:
        """What the command line asked for."""
        return self._config

    # ------------------------------------------------------------------ for the command line

    @property
    def going_on(self) -> str:
        """What becomes of a study that has not ended when this program does."""
        if self.worker is not None:
            return f"goes on in process {self.worker}"
        if self.watched is None:
            return "left while it ran"
        return "was interrupted: 'simpsons-tui resume' goes on with it" if self.watched.interrupted else "goes on"

    # ------------------------------------------------------------------ life

    def get_default_screen(self) -> Screen[None]:
        """The set-up is the first frame; the study's own screens are imported when they are needed."""
        return self._setup

    def on_mount(self) -> None:
        """Begin to import what the work needs once the first frame is out."""
        if self.console.color_system in _FEW_COLOURS and TEXTUAL_THEME not in os.environ:
            # Sixteen colours: the terminal's own ground and text, rather than the nearest grey.
            self.theme = "ansi-dark"
        self.set_interval(self.seconds_between_draws, self._pump)
        self.set_interval(METER_SECONDS, self.show_load)
        self.call_after_refresh(self._warm_up)
        if not self.is_headless:
            self.leaving.obey_signals()
        if self._resume is not None:
            self.call_after_refresh(self.resume_study, self._resume, self._config)
        elif self._watch is not None:
            watched = WatchedStudy(self.desk.store, self._watch, self.desk.complain)
            self.follow(watched, self._config.variants)
            watched.start()
        elif self._tuning is not None:
            self.call_after_refresh(self.open_tuning, self._tuning)

    def _warm_up(self) -> None:
        def work() -> None:
            # What fails here fails again, with a message, when the study starts.
            with suppress(Exception):
                self.engine.warm_up()
            with suppress(RuntimeError):
                self.call_later(self._warmed_up)

        in_background("warm-up", work)

    def _warmed_up(self) -> None:
        self.warm = True
        self._setup.show()
        self._setup.begin_audit()

    def on_resize(self, event: events.Resize) -> None:
        """One clear line where the screens would be cut to pieces."""
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        if small and not self._too_small:
            self.push_screen(TooSmallScreen())
        elif not small and self._too_small and isinstance(self.screen, TooSmallScreen):
            self.pop_screen()
        self._too_small = small

    def show_load(self) -> None:
        """Read the meter and draw the first line of the screen that is seen, where it has one."""
        self.load = self._meter.read()
        show_top = getattr(self.screen, "show_top", None)
        if show_top is not None and self.screen.query(TopLine):
            show_top()

    # ------------------------------------------------------------------ the study

    def start_study(self, config: StudyConfig) -> None:
        """Run a study of this process."""
        if self.working:
            return
        self._setup.stop_audit()  # the study makes its own
        study = LocalStudy(self.engine, config)
        self.follow(study, config.variants)
        study.start()

    def resume_study(self, folder: Path, config: StudyConfig) -> None:
        """Go on with a run in this process; `config` is what it was asked for."""
        if self.working:
            return
        self._to_setup("")
        self._setup.stop_audit()
        study = LocalStudy(self.engine, config, folder)
        self.follow(study, config.variants)
        study.start()

    # ------------------------------------------------------------------ the search

    @property
    def searching(self) -> bool:
        """Whether this process's own engine searches for a recipe's numbers."""
        return self.search is not None and self.search.running

    @property
    def working(self) -> bool:
        """Whether this process's own engine works, on a study or a search."""
        return self.studying or self.searching

    @property
    def exit_failure(self) -> Failure | None:
        """Why the last study or search ended, if it did not end well."""
        return super().exit_failure or (self.search.failure if self.search is not None else None)

    def open_tuning(self, wish: TuningWish) -> None:
        """The screen of a search; what it found can be taken to the set-up."""
        from tui.screens.tuning.screen import TuningScreen

        if not self.studying:
            self._setup.stop_audit()  # the search makes its own
            self.push_screen(TuningScreen(wish), self._setup.take_recipe)

    def begin_search(self, run: TuningRun) -> None:
        """Search in a thread; the screen draws what it reports."""
        if not self.working:
            self.search = run
            run.start()

    def search_ended(self, run: TuningRun) -> None:
        """A search that the command line asked for and that could not begin ends the program."""
        failure = run.failure
        if self._tuning is not None and failure is not None and failure.expected and run.record.started is None:
            self.exit(return_code=InputError.exit_status)  # the command line says why

    def resume_shown(self) -> None:
        """Go on, in this process, with the study that is shown."""
        if self.resumable is not None:
            self.desk.resume(self.resumable)

    def can_run_clean(self, record: StudyRecord) -> bool:
        """Whether the same study can be trained under the clean protocol now."""
        return self._clean.possible(record)

    def run_clean(self, record: StudyRecord) -> None:
        """Train the same study under the clean protocol."""
        self._clean.begin(record)

    def runs_dir_of(self, record: StudyRecord) -> Path:
        """The folder of runs that a study lies in, where its counterpart is looked for."""
        folder = record.started.folder if record.started else ""
        return Path(folder).parent if folder else runs_folder(self._config.runs_dir)

    def follow(self, source: Source, variants: tuple[str, ...]) -> None:
        """Draw the events of a source: a study of this process, or one of another process."""
        from tui.screens.training.screen import TrainingScreen

        self._stop_watching()
        while any(isinstance(screen, TrainingScreen) for screen in self.screen_stack):
            self.pop_screen()
        self.source, self.state, self._announced = source, ViewState(), False
        self.push_screen(TrainingScreen(self.state, variants))

    def _pump(self) -> None:
        """Take the engine's events, in our own time, and draw what they changed."""
        source, state = self.source, self.state
        if source is None or state is None:
            return
        running = source.running
        news = source.drain()
        for event in news:
            state.apply(event)
        if news:
            self._redraw()
        if len(news) >= EVENTS_A_DRAW:  # there is more: as soon as keys are answered
            self.call_later(self._pump)
        if self._could_detach != self.can_detach:
            self._could_detach = self.can_detach
            self.refresh_bindings()
        if running:
            self._announced = False  # also where another process goes on with what was interrupted
        elif not self._announced and (self.leaving.begun or self._training_screen is not None):
            self._announced = True
            self._study_ended()

    @property
    def _training_screen(self) -> "TrainingScreen | None":
        """The screen of the curves, where it is on top; a window or another screen keeps its place."""
        from tui.screens.training.screen import TrainingScreen

        return self.screen if isinstance(self.screen, TrainingScreen) else None

    def _redraw(self) -> None:
        if (screen := self._training_screen) is not None:
            screen.show_state()

    def _stop_watching(self) -> None:
        """Look no more at a study of another process, which goes on."""
        if self.watched is not None:
            self.watched.close()
            self.source = self.state = None

    def _study_ended(self) -> None:
        source, state = self.source, self.state
        if source is None or state is None:
            return
        if self.leaving.begun:
            self.exit(return_code=self.leaving.exit_status)
            return
        failure = source.failure
        if failure is not None and failure.expected and state.record.started is None:
            if self._resume is not None or self._watch is not None:
                self.exit(return_code=InputError.exit_status)  # the command line says why
                return
            self._to_setup(failure.message)
            return
        if self.has_results and failure is None:
            self.show_results()
        else:
            self._redraw()
        self.refresh_bindings()

    def show_results(self) -> None:
        """The tables of the study that ended."""
        if self.state is None or not self.has_results:
            return
        from tui.screens.results.results import ResultsScreen

        if not isinstance(self.screen, ResultsScreen):
            self.push_screen(ResultsScreen(self.state.record))

    # ------------------------------------------------------------------ pause and stop

    def ask_stop(self) -> None:
        """Ask once, then have the engine end after this batch."""
        from tui.screens.confirm import STOP_DETAIL, STOP_QUESTION, STOP_WATCHED_DETAIL, ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes and self.source is not None:
                self.source.control.stop()
                self.show_load()

        detail = STOP_DETAIL if self.watched is None else STOP_WATCHED_DETAIL
        self.push_screen(ConfirmScreen(STOP_QUESTION, detail), answered)

    # ------------------------------------------------------------------ leaving a study that goes on

    @property
    def worker(self) -> int | None:
        """The process that the study was handed to."""
        return self.leaving.worker

    def detach(self) -> None:
        """Hand the study to a process of its own."""
        self.leaving.detach()

    def finish_hand_over(self) -> None:
        """Wait until a study that is handed over has saved its place."""
        self.leaving.finish()

    # ------------------------------------------------------------------ keys of every screen

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "new_study":
            return not self.working and self.screen is not self._setup
        if action == "back":
            curves = self.studying and self._training_screen is not None
            return not self.screen.is_modal and len(self.screen_stack) > 1 and not curves and not self.searching
        if action == "history":
            return not self.searching and not self.screen.is_modal and not isinstance(self.screen, TooSmallScreen)
        return super().check_action(action, parameters)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Of Textual's own commands those that our keys do not have."""
        ours = ("Keys", "Quit")
        yield from (command for command in super().get_system_commands(screen) if command.title not in ours)

    def action_keys(self) -> None:
        """List every key."""
        from tui.app.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(type(self.screen)))

    def action_docs(self) -> None:
        """The manual."""
        from tui.screens.docs import DocsScreen

        self.push_screen(DocsScreen())

    def action_new_study(self) -> None:
        """Back to the set-up."""
        self._to_setup("")

    async def action_back(self) -> None:
        """The screen before."""
        if self._training_screen is not None:
            self._stop_watching()
        await self.pop_screen()

    def action_history(self) -> None:
        """The list of runs: the one that was opened before, where nothing of this process would be lost on the way."""
        from tui.screens.history.history import HistoryScreen

        if not self.studying and any(isinstance(screen, HistoryScreen) for screen in self.screen_stack):
            while not isinstance(self.screen, HistoryScreen):
                if self._training_screen is not None:
                    self._stop_watching()
                self.pop_screen()
        elif not isinstance(self.screen, HistoryScreen):
            self.push_screen(HistoryScreen(self.desk))

    def _to_setup(self, problem: str) -> None:
        self._stop_watching()
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self._setup.problem = problem
        self._setup.show()

    async def action_quit(self) -> None:
        """Leave; asks first while a study or a search of this process runs. A study that is watched goes on."""
        if not self.working:
            self.exit(1 if self.exit_failure is not None else 0)
            return
        from tui.screens.confirm import (
            QUIT_DETAIL,
            QUIT_QUESTION,
            QUIT_SEARCH_DETAIL,
            QUIT_SEARCH_QUESTION,
            ConfirmScreen,
        )

        if isinstance(self.screen, ConfirmScreen):
            return

        def answered(yes: bool | None) -> None:
            if yes:
                for work in (self.source, self.search):
                    if work is not None:
                        work.control.stop()
                self.exit(0)

        words = (QUIT_SEARCH_QUESTION, QUIT_SEARCH_DETAIL) if self.searching else (QUIT_QUESTION, QUIT_DETAIL)
        self.push_screen(ConfirmScreen(*words), answered)

    # ------------------------------------------------------------------ colours

    @property
    def dark_ground(self) -> bool:
        """Whether the background is dark."""
        return self.current_theme.dark

    @property
    def ground_colour(self) -> str:
        """The background as #rrggbb; a guess where the terminal's own is used."""
        background = self.current_theme.background or ("#121212" if self.dark_ground else "#ffffff")
        return background if background.startswith("#") else ("#121212" if self.dark_ground else "#ffffff")
