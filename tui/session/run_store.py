"""What the dashboard asks of the runs folder; each call may wait for the disk, so it is made in a thread."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from engine.events.study import Event
from engine.reports.run_summary import RunSummary

if TYPE_CHECKING:
    from engine.events.control import Request


class Follower(Protocol):
    """Reads the events of a run as they come (see `engine.runs.EventFollower`)."""

    @property
    def live(self) -> bool:
        """Whether a process writes the run now."""

    def drain(self, most_bytes: int | None = None) -> list[Event]:
        """The events since the last call; raises SimpsonsError."""


class RunStore(Protocol):
    """The runs: listing, reading, asking something of their writers, removing."""

    def list_runs(self, runs_dir: Path) -> list[RunSummary]:
        """All of a folder, the newest first; raises SimpsonsError."""

    def summary_of(self, folder: Path) -> RunSummary:
        """One of them."""

    def load_record(self, folder: Path) -> StudyRecord:
        """What a run has come to; raises SimpsonsError."""

    def load_config(self, folder: Path) -> StudyConfig:
        """What it was asked for; raises SimpsonsError."""

    def follow(self, folder: Path) -> Follower:
        """Read it as it grows; raises SimpsonsError."""

    def send_request(self, folder: Path, request: "Request") -> None:
        """Ask its writer to pause, to go on or to stop; raises SimpsonsError where nobody writes it."""

    def remove_run(self, folder: Path) -> None:
        """Remove it for good; raises SimpsonsError where a process writes it."""


class LocalRuns:
    """The runs of this machine's disk. The engine is imported by the first call."""

    def list_runs(self, runs_dir: Path) -> list[RunSummary]:
        """See `engine.runs.finding.list_runs`."""
        from engine import list_runs

        return list_runs(runs_dir)

    def summary_of(self, folder: Path) -> RunSummary:
        """See `engine.runs.summary_of`."""
        from engine import summary_of

        return summary_of(folder)

    def load_record(self, folder: Path) -> StudyRecord:
        """See `engine.runs.load_record`."""
        from engine import load_record

        return load_record(folder)

    def load_config(self, folder: Path) -> StudyConfig:
        """See `engine.runs.load_config`."""
        from engine import load_config

        return load_config(folder)

    def follow(self, folder: Path) -> Follower:
        """See `engine.EventFollower`."""
        from engine import EventFollower

        return EventFollower(folder)

    def send_request(self, folder: Path, request: "Request") -> None:
        """See `engine.runs.send_request`."""
        from engine import send_request

        send_request(folder, request)

    def remove_run(self, folder: Path) -> None:
        """See `engine.runs.remove_run`."""
        from engine import remove_run

        remove_run(folder)
