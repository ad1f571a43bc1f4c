"""The base of the screens that set a study beside the same one under the other protocol."""

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from engine.events.record import StudyRecord
from tui.screens.results.reading import ReadingScreen
from tui.session.engine import Engine, StudyHost


class CounterpartScreen(ReadingScreen):
    """Finds the counterpart in a thread; `c` trains it where there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "c", "run_clean", "Run clean", id="counterpart.clean", tooltip="Train the same under the clean protocol"
        ),
    ]

    def __init__(self, record: StudyRecord, engine: Engine, runs_dir: Path) -> None:
        super().__init__()
        self.record, self.engine, self.runs_dir = record, engine, runs_dir

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "run_clean":
            return isinstance(self.app, StudyHost) and self.app.can_run_clean(self.record)
        return super().check_action(action, parameters)

    def action_run_clean(self) -> None:
        """Train the same study without the copies."""
        if isinstance(self.app, StudyHost):
            self.app.run_clean(self.record)
