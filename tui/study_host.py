"""What the screens of a finished study ask of the app around them."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from engine.record import StudyRecord
from tui.engine_port import Engine


@runtime_checkable
class StudyHost(Protocol):
    """An app that can start studies and knows where the others lie."""

    engine: Engine

    def can_run_clean(self, record: StudyRecord) -> bool:
        """Whether the same study can be trained under the clean protocol now."""

    def run_clean(self, record: StudyRecord) -> None:
        """Train the same study under the clean protocol."""

    def runs_dir_of(self, record: StudyRecord) -> Path:
        """The folder of runs that a study lies in."""
