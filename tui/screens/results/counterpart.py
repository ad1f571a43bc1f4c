"""The base of the screens that set a study beside the same one under the other protocol."""

from typing import ClassVar

from textual.binding import BindingType

from engine.events.record import StudyRecord
from tui.looks.keys import bind
from tui.screens.results.reading import ReadingScreen
from tui.session.session import Session


class CounterpartScreen(ReadingScreen):
    """Finds the counterpart in a thread; `c` trains it where there is none."""

    BINDING_GROUP_TITLE = "Claims and leak"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("counterpart.clean", "c", "run_clean", "Run clean", "Train the same under the clean protocol"),
    ]

    def __init__(self, session: Session, record: StudyRecord) -> None:
        super().__init__(session)
        self.record = record

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        if action == "run_clean":
            return self.session.can_run_clean(self.record)
        return super().check_action(action, parameters)

    def action_run_clean(self) -> None:
        """Train the same study without the copies."""
        self.session.run_clean(self.record)
