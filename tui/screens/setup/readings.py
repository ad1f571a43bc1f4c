"""A small window of the set-up: the ways in which the data can be read, one of which is taken."""

from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.config.study import StudyConfig
from engine.reports.results import DatasetReading
from tui.screens.path import CLOSE, leaving
from tui.session.background import Failure
from tui.session.session import Session


class ReadingsScreen(ModalScreen[DatasetReading | None]):
    """Answers with the reading that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [CLOSE]
    AUTO_FOCUS = "#readings"

    def __init__(self, session: Session, config: StudyConfig) -> None:
        super().__init__()
        self._session, self._config = session, config
        self._readings: tuple[DatasetReading, ...] = ()

    def compose(self) -> ComposeResult:
        """A line a reading."""
        with Vertical(classes="dialog") as box:
            box.border_title = "what trains, what tests"
            box.border_subtitle = leaving("use")
            yield OptionList(id="readings", compact=True, markup=False)
            yield Static("looking at the folders ...", id="complaint")

    def on_mount(self) -> None:
        """Look at the folders in a thread: there may be many."""
        readings = partial(self._session.engine.dataset_readings, self._config)
        self._session.background.run(self, "data set's readings", readings, self._show, self._refused)

    def _refused(self, failure: Failure) -> None:
        self.query_one("#complaint", Static).update(Text(failure.words))

    def _show(self, readings: tuple[DatasetReading, ...]) -> None:
        self._readings = readings
        options = self.query_one(OptionList)
        options.add_options([Option(Text(reading.words)) for reading in readings])
        options.highlighted = 0 if readings else None
        alone = "there is one way to read these folders; --train and --test name others"
        self.query_one("#complaint", Static).update(Text(alone if len(readings) == 1 else ""))

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._readings[event.option_index])
