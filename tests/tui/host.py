"""An app around one screen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.screen import Screen

from engine.config.study import StudyConfig
from tests.tui.fake_engine import FakeEngine
from tui.pictures.service import Pictures
from tui.session.messages import Complaint
from tui.session.session import Session


class Host(App[None]):
    """Just enough of an app around a screen; `complaints` are what the session had to say."""

    def __init__(
        self,
        screen: Callable[[Session], Screen[Any]],
        runs_dir: Path,
        engine: FakeEngine | None = None,
        pictures: Pictures | None = None,
    ) -> None:
        super().__init__()
        self.engine = engine if engine is not None else FakeEngine()
        self.session = Session(StudyConfig(runs_dir=runs_dir), self, engine=self.engine, pictures=pictures)
        self._make = screen
        self.complaints: list[str] = []

    def on_mount(self) -> None:
        self.push_screen(self._make(self.session))

    def on_complaint(self, message: Complaint) -> None:
        self.complaints.append(message.text)

    def action_back(self) -> None:
        self.pop_screen()
