"""What the threads behind the set-up tell it."""

from typing import TYPE_CHECKING

from textual.message import Message

from engine.reports.results import DatasetSummary
from tui.session.audit import AuditRun

if TYPE_CHECKING:
    from engine.reports.estimate import Estimate


class DatasetRead(Message):
    """The data set was read, or can't be."""

    def __init__(self, turn: int, summary: DatasetSummary | None, error: str) -> None:
        super().__init__()
        self.turn, self.summary, self.error = turn, summary, error


class Estimated(Message):
    """The time is known."""

    def __init__(self, turn: int, estimate: "Estimate | None") -> None:
        super().__init__()
        self.turn, self.estimate = turn, estimate


class AuditEnded(Message):
    """The images were looked at, or can't be."""

    def __init__(self, run: AuditRun) -> None:
        super().__init__()
        self.run = run
