"""The dashboard: composes the session and the screens, draws the engine's events in its own time, and is left here."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.terminal_theme import TerminalTheme
from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.filter import ANSIToTruecolor, LineFilter
from textual.screen import ModalScreen, Screen
from textual.timer import Timer
from textual.widgets import Static

from engine import settings_file as the_file
from engine.config.study import StudyConfig
from engine.errors import InputError
from tui.app.command_palette import StudyCommands
from tui.looks.keys import bind, use_keys
from tui.looks.themes import COLOUR_BLIND, OnLight, ReadableColours, readable_variables, terminal_colours
from tui.screens.setup.screen import SetupScreen
from tui.session.leaving import obey_signals
from tui.session.messages import Complaint
from tui.session.search import TuningWish
from tui.session.session import Session
from tui.settings.values import AUTO, USUAL, Settings
from tui.widgets.machine_meter import LoadRead, Meter, ProcessMeter

if TYPE_CHECKING:
    from tui.screens.training.screen import TrainingScreen

METER_SECONDS = 1.0
_FEW_COLOURS = ("standard", "windows")
TEXTUAL_THEME = "TEXTUAL_THEME"


LEAST_WIDTH, LEAST_HEIGHT = 60, 16
"""Columns and lines that the screens need."""


class TooSmallScreen(ModalScreen[None]):
    """One line that says what to do; goes by itself when the terminal grows."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("small.quit", "q,ctrl+c,ctrl+q", "app.quit", "Quit", "Leave")]

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static(f"Enlarge the terminal to {LEAST_WIDTH}x{LEAST_HEIGHT} (q quits)")


class DashboardApp(App[int]):
    """Shows a session. After `run()`, the session says what became of its study and its search."""

    TITLE = "simpsons-tui"
    CSS_PATH = "app.tcss"
    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("app.help", "question_mark", "keys", "Keys", "List every key", display="?"),
        bind("app.docs", "f1", "docs", "Manual", "The manual, page by page", show=False, display="F1"),
        bind(
            "app.palette", "ctrl+p", "command_palette", "Commands", "Find a command by name", show=False, display="^p"
        ),
        bind("app.settings", "comma", "settings", "Settings", "Theme, charts, keys", show=False, display=","),
        bind("app.back", "escape", "back", "Back", "Go back to the screen before", show=False, display="esc"),
        bind("app.new", "n", "new_study", "New study", "Back to the set-up, for another study"),
        bind("app.quit", "q", "quit", "Quit", "Leave; asks first while a study runs"),
        bind("app.interrupt", "ctrl+c,ctrl+q", "quit", "Quit", "Leave, as q does", show=False, priority=True),
    ]
    _colours: tuple[str, TerminalTheme, list[LineFilter]] | None = None
    COMMANDS = App.COMMANDS | {StudyCommands}

    def __init__(
        self,
        config: StudyConfig,
        *,
        settings: Settings = USUAL,
        settings_file: Path | None = None,
        problems: Sequence[str] = (),
        meter: Meter | None = None,
        resume: Path | None = None,
        watch: Path | None = None,
        tuning: TuningWish | None = None,
        **session: Any,
    ) -> None:
        """It begins with the run to resume or to watch, or the search, where one is given.

        Args:
            config: what the command line asked for.
            settings: what the user set for every start.
            settings_file: where that is written; None for the usual place.
            problems: what in it could not be used.
            meter: reads the load of the machine.
            resume: the run.
            watch: the run.
            tuning: the search.
            session: keywords of `Session`.
        """
        super().__init__()
        self.session = Session(config, self, settings=settings, **session)
        self._meter: Meter = meter if meter is not None else ProcessMeter()
        self._setup = SetupScreen(self.session)
        self._resume, self._watch, self._tuning = resume, watch, tuning
        self._announced = self._too_small = self._could_detach = False
        self._settings_file = settings_file if settings_file is not None else the_file()
        self._problems = tuple(problems)
        self._pumping: Timer | None = None
        for theme in COLOUR_BLIND:
            self.register_theme(theme)
        # Moving pictures cost bytes and say nothing.
        self.animation_level = "none"

    # ------------------------------------------------------------------ life

    def get_default_screen(self) -> Screen[None]:
        """The set-up is the first frame; the study's own screens are imported when they are needed."""
        return self._setup

    def on_mount(self) -> None:
        """Begin what the command line asked for once the first frame is out."""
        session = self.session
        self._own_theme = self.theme
        if self.console.color_system in _FEW_COLOURS and TEXTUAL_THEME not in os.environ:
            # Sixteen colours: the terminal's own ground and text, rather than the nearest grey.
            self._own_theme = "ansi-dark"
        self.use_settings()
        self.set_interval(METER_SECONDS, self._read_meter)
        if not self.is_headless:
            obey_signals(session.terminate, session.hang_up)
        if self._resume is not None:
            self.call_after_refresh(session.resume, self._resume, session.config)
        elif self._watch is not None:
            session.watch(self._watch, session.config)
        elif self._tuning is not None:
            self.call_after_refresh(self._setup.open_tuning, self._tuning)
        self.call_after_refresh(self._tell_of_settings)

    def use_settings(self) -> None:
        """Look and answer as the settings say."""
        session, settings = self.session, self.session.settings
        theme = settings.theme if settings.theme != AUTO else self._own_theme
        if theme != self.theme:
            self.theme = theme
        self.set_keymap(settings.keys)
        if use_keys(settings.keys):
            self._draw_anew()
        if self._pumping is not None:
            self._pumping.stop()
        self._pumping = self.set_interval(session.seconds_between_draws, self._pump)

    def _draw_anew(self) -> None:
        """Have every view draw itself as after a change of its size: words on it name keys."""
        for screen in self.screen_stack:
            for part in (screen, *screen.query()):
                part.post_message(events.Resize(part.size, part.virtual_size, part.container_size))

    def _tell_of_settings(self) -> None:
        """What of the settings cannot be used; which keys there are is known once all screens are loaded."""
        for problem in self._problems:
            self.notify(problem, severity="warning", markup=False)
        if keys := self.session.settings.keys:
            from tui.app.key_table import usable

            def checked(found: tuple[dict[str, str], list[str]]) -> None:
                self.session.settings = replace(self.session.settings, keys=found[0])
                self.use_settings()
                for problem in found[1]:
                    self.notify(problem, severity="warning", markup=False)

            self.session.background.run(self, "keys", lambda: usable(keys), checked, courtesy=True)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        if (watched := self.session.watched) is not None:
            watched.close()

    def on_resize(self, event: events.Resize) -> None:
        """One clear line where the screens would be cut to pieces."""
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        if small and not self._too_small:
            self.push_screen(TooSmallScreen())
        elif not small and self._too_small and isinstance(self.screen, TooSmallScreen):
            self.pop_screen()
        self._too_small = small

    @property
    def ansi_theme(self) -> TerminalTheme:
        """What the terminal's colour names, in which our words are written, are in the present theme."""
        return super().ansi_theme if self.current_theme.ansi else self._named_colours[1]

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, with dim words that can be read, and the theme's own colours of variants."""
        _, _, (readable, *others) = self._named_colours
        filters = super().get_line_filters()
        return [*others, *(readable if isinstance(one, ANSIToTruecolor) else one for one in filters)]

    def get_css_variables(self) -> dict[str, str]:
        """Textual's own, with words that can be read in every theme."""
        return readable_variables(super().get_css_variables())

    @property
    def _named_colours(self) -> tuple[str, TerminalTheme, list[LineFilter]]:
        """By the theme's name: its terminal colours, the filter that uses them, and on a light ground one more."""
        theme = self.current_theme
        if self._colours is None or self._colours[0] != theme.name:
            colours = terminal_colours(theme)
            filters: list[LineFilter] = [ReadableColours(colours), *([] if theme.dark else [OnLight(own=theme.ansi)])]
            self._colours = theme.name, colours, filters
        return self._colours

    def _read_meter(self) -> None:
        self.session.load = self._meter.read()
        if self.screen_stack:
            self.screen.post_message(LoadRead())

    # ------------------------------------------------------------------ what the session tells

    def on_complaint(self, message: Complaint) -> None:
        """Say what could not be done."""
        self.notify(message.text, severity="error", markup=False)

    def on_study_shown(self) -> None:
        """The curves of a study: over the set-up for one of this process, else over where it was chosen."""
        from tui.screens.training.screen import TrainingScreen

        if self.session.watched is None:
            self._to_setup()
        while any(isinstance(screen, TrainingScreen) for screen in self.screen_stack):
            self.pop_screen()
        self._announced = False
        if self.session.state is not None:
            self.push_screen(TrainingScreen(self.session, self.session.state, self.session.variants))

    def on_session_changed(self) -> None:
        """Look at once."""
        self._pump()

    def _pump(self) -> None:
        """Take the engine's events, in our own time, and draw what they changed."""
        session = self.session
        if session.leaving and not session.studying:
            self.exit(return_code=session.exit_status)
        if session.source is None or not self.screen_stack:
            return
        screen, running = self._training_screen, session.engine_running
        news, more = session.update()
        if screen is not None:
            screen.show_news(news=news)
        if more:  # as soon as keys are answered
            self.call_later(self._pump)
        if self._could_detach != session.can_detach:
            self._could_detach = session.can_detach
            self.refresh_bindings()
        if running:
            self._announced = False  # also where another process resumes what was interrupted
        elif screen is not None and not self._announced and not session.leaving:
            self._announced = True
            self._study_ended(screen)

    @property
    def _training_screen(self) -> "TrainingScreen | None":
        """The screen of the curves, where it is on top; a window or another screen keeps its place."""
        from tui.screens.training.screen import TrainingScreen

        return self.screen if isinstance(self.screen, TrainingScreen) else None

    def _study_ended(self, screen: "TrainingScreen") -> None:
        source = self.session.source
        failure = source.failure if source is not None else None
        if failure is not None and failure.expected and screen.state.record.started is None:
            if self._resume is not None or self._watch is not None:
                self.exit(return_code=InputError.exit_status)  # the command line says why
            else:
                self._to_setup(failure.message)
            return
        if failure is None:
            screen.action_results()
        screen.show_state()
        self.refresh_bindings()

    def on_tuning_screen_ended(self) -> None:
        """A search that the command line asked for and that could not begin ends the program."""
        search = self.session.search
        failure = search.failure if search is not None else None
        unbegun = search is not None and search.record.started is None
        if self._tuning is not None and failure is not None and failure.expected and unbegun:
            self.exit(return_code=InputError.exit_status)  # the command line says why

    # ------------------------------------------------------------------ keys of every screen

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        session = self.session
        if action == "new_study":
            return not session.working and self.screen is not self._setup
        if action == "back":
            curves = session.studying and self._training_screen is not None
            return not self.screen.is_modal and len(self.screen_stack) > 1 and not curves and not session.searching
        if action == "history":
            return not session.searching and not self.screen.is_modal
        return super().check_action(action, parameters)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Of Textual's own commands those that our keys do not have."""
        ours = ("Keys", "Quit")
        yield from (command for command in super().get_system_commands(screen) if command.title not in ours)

    def action_keys(self) -> None:
        """List every key."""
        from tui.app.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(type(self.screen), type(self), self.session.settings.keys))

    def action_docs(self) -> None:
        """The manual."""
        from tui.screens.docs import DocsScreen

        self.push_screen(DocsScreen())

    def action_settings(self) -> None:
        """Theme, charts, keys."""
        from tui.app.settings import SettingsScreen

        if not isinstance(self.screen, SettingsScreen):
            self.push_screen(SettingsScreen(self.session, self._settings_file, self.use_settings))

    def action_new_study(self) -> None:
        """Back to the set-up."""
        self.session.stop_watching()
        self._to_setup()

    async def action_back(self) -> None:
        """The screen before."""
        self._leave_curves()
        await self.pop_screen()

    def _leave_curves(self) -> None:
        if self._training_screen is not None:
            self.session.stop_watching()

    def action_history(self) -> None:
        """The list of runs: the one that was opened before, where nothing of this process would be lost on the way."""
        from tui.screens.history.history import HistoryScreen

        opened = any(isinstance(screen, HistoryScreen) for screen in self.screen_stack)
        if opened and not self.session.studying:
            while not isinstance(self.screen, HistoryScreen):
                self._leave_curves()
                self.pop_screen()
        elif not isinstance(self.screen, HistoryScreen):
            self.push_screen(HistoryScreen(self.session))

    def _to_setup(self, problem: str = "") -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self._setup.problem = problem
        self._setup.show()

    async def action_quit(self) -> None:
        """Leave; asks first while a study or a search of this process runs. A study that is watched keeps running."""
        session = self.session
        if not session.working:
            self.exit(1 if session.exit_failure is not None else 0)
            return
        from tui.screens.confirm import ConfirmScreen

        if isinstance(self.screen, ConfirmScreen):
            return

        def answered(yes: bool | None) -> None:
            if yes:
                session.stop_working()
                self.exit(0)

        question = "A study is running. Leave?"
        detail = "What is done is kept; 'simpsons-tui resume' does the rest."
        if session.searching:
            question = "A search is running. Leave?"
            detail = "Trials that ended are kept; 'simpsons-tui tune --resume' does the rest."
        self.push_screen(ConfirmScreen(question, detail), answered)
