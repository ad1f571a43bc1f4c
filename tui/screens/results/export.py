"""A small window that writes a study's results as a file."""

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from engine import Exported, gather
from engine.events.record import StudyRecord
from tui.export.formats import FORMATS, WITH_PICTURES, ExportFormat
from tui.export.saving import ExistsError, default_name, export_to
from tui.looks.keys import bind, key
from tui.session.background import Failure
from tui.session.session import Session

_NAME_WIDTH = 13


class ExportScreen(ModalScreen[None]):
    """Format and path; Enter writes, Escape closes. The work is done in a thread."""

    DEFAULT_CSS = """
    ExportScreen {
        .dialog { width: 76; }
        OptionList, OptionList:focus { height: auto; border: none; padding: 0; background: $surface; }
        OptionList > .option-list--option-highlighted {
            background: $primary 35%; color: $foreground; text-style: none;
        }
        #to { margin-top: 1; color: $foreground 70%; }
        #target { width: 1fr; }
        #said { height: auto; min-height: 1; }
        #said.-failed { color: $error; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("export.close", "escape", "dismiss(None)", "Close", "Close the window", display="esc"),
    ]

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__()
        self._session = session
        self._exported = Exported(record)
        self._confirmed: Path | None = None
        self._working = False

    def compose(self) -> ComposeResult:
        """The formats over the path and what became of it."""
        with Vertical(classes="dialog") as box:
            box.border_title = "export"
            box.border_subtitle = f"enter: write   tab: path   {key('export.close', 'esc')}: close"
            yield OptionList(
                *(Option(f"{form.name:<{_NAME_WIDTH}}{form.words}", id=form.name) for form in FORMATS.values()),
                id="formats",
            )
            yield Label("to", id="to")
            field = Input(id="target", compact=True)
            field.cursor_blink = False
            yield field
            yield Static(id="said")

    def on_mount(self) -> None:
        """The first format is chosen."""
        self.query_one(OptionList).focus()

    @property
    def form(self) -> ExportFormat:
        """The format that is marked."""
        place = self.query_one(OptionList).highlighted
        return list(FORMATS.values())[place or 0]

    @on(OptionList.OptionHighlighted)
    def _offer_name(self) -> None:
        self.query_one(Input).value = default_name(self._exported, self.form)
        self._say("")

    @on(Input.Changed)
    def _forget(self) -> None:
        self._confirmed = None

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _write(self) -> None:
        text = self.query_one(Input).value.strip()
        if self._working or not text:
            return
        out, form = Path(text).expanduser(), self.form
        force = self._confirmed == out
        self._working, self._confirmed = True, None
        self._say("writing ...")
        session, exported = self._session, self._exported
        started = exported.record.started

        def write() -> Path | None:
            whole = exported
            if started is not None and started.folder:
                whole = gather(session.open_run(exported.record), pictures=form.name in WITH_PICTURES)
            try:
                return export_to(whole, form, out, force=force).absolute()
            except ExistsError:
                if out.is_dir():
                    raise
                return None

        def refused(failure: Failure) -> None:
            self._working = False
            self._say(failure.words, failed=True)

        def written(path: Path | None) -> None:
            self._working, self._confirmed = False, out if path is None else None
            self._say(f"written: {path}" if path is not None else f"{out} exists: Enter once more replaces it")

        self._session.background.run(self, "export", write, written, refused)

    def _say(self, words: str, *, failed: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.set_class(failed, "-failed")
        said.update(Text(words))  # a path is no markup
