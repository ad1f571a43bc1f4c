"""A small window of the set-up: the ways in which the data can be read, one of which is taken."""

from contextlib import suppress
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.config.study import StudyConfig
from engine.errors import SimpsonsError
from engine.reports.results import DatasetReading


class ReadingsScreen(ModalScreen[DatasetReading | None]):
    """Answers with the reading that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", tooltip="Close and change nothing", key_display="esc")
    ]
    AUTO_FOCUS = "#readings"

    def __init__(self, config: StudyConfig) -> None:
        super().__init__()
        self._config = config
        self._readings: tuple[DatasetReading, ...] = ()

    def compose(self) -> ComposeResult:
        """A line a reading."""
        with Vertical(classes="dialog") as box:
            box.border_title = "what trains, what tests"
            box.border_subtitle = "enter: read so   esc: leave"
            yield OptionList(id="readings", compact=True, markup=False)
            yield Static("looking at the folders ...", id="complaint")

    def on_mount(self) -> None:
        """Look at the folders in a thread: there may be many."""
        self.run_worker(self._look, thread=True)

    def _look(self) -> None:
        from engine import dataset_readings

        found: tuple[DatasetReading, ...] = ()
        words = ""
        try:
            found = dataset_readings(self._config)
        except SimpsonsError as error:
            words = str(error)
        if len(found) == 1:
            words = "there is one way to read these folders; --train and --test name others"
        with suppress(RuntimeError):  # the loop is closed where the user left meanwhile
            self.app.call_from_thread(self._show, found, words)

    def _show(self, readings: tuple[DatasetReading, ...], words: str) -> None:
        if not self.is_mounted:
            return
        self._readings = readings
        options = self.query_one(OptionList)
        options.add_options([Option(Text(reading.words)) for reading in readings])
        options.highlighted = 0 if readings else None
        self.query_one("#complaint", Static).update(Text(words))

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._readings[event.option_index])
