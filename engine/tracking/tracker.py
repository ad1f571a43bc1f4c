"""What a tracker has to offer.

A tracker is a module with a function `open_tracker(study: TrackedStudy) -> Tracker`, which imports what it needs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.events.record import JobKey
from engine.reports.results import JobResult
from engine.tracking.points import Point

PROJECT = "simpsons-tui"
"""What trackers call the program's studies together, unless the user says otherwise by the tracker's own means."""

Parameter = str | int | float | bool


@dataclass(frozen=True)
class TrackedStudy:
    """A study that is tracked.

    Attributes:
        study: its ID; the jobs are grouped by it.
        folder: where the tracker may write, and does unless the user told it another place.
        parameters: what all jobs have in common.
        jobs_per_variant: seeds times folds.
        offline: never touch the network, whatever the user configured.
    """

    study: str
    folder: Path
    parameters: Mapping[str, Parameter]
    jobs_per_variant: int = 1
    offline: bool = False


@dataclass(frozen=True)
class TrackedJob:
    """A job, which is a run to the tracker; `name` is of use as a folder's."""

    key: JobKey
    name: str
    parameters: Mapping[str, Parameter]


class JobLog(ABC):
    """A job's run, open for writing."""

    @abstractmethod
    def log(self, point: Point) -> None:
        """Take values; `flush` brings them to where viewers look."""

    def go_back(self, step: int) -> None:  # noqa: B027 - most trackers keep what they have
        """Training is resumed after so many batches: what was told of later ones comes again."""

    @abstractmethod
    def finish(self, result: JobResult, last: Point) -> None:
        """Take the outcome, whose scores are `last`, and close."""

    def flush(self) -> None:  # noqa: B027 - most trackers send by themselves
        """Bring what was told to where viewers look."""

    @abstractmethod
    def close(self) -> None:
        """Let go of a job that has not ended: it may be resumed."""


class Tracker(ABC):
    """Opens a run a job. Everything may raise; the study goes on without the tracker then."""

    @abstractmethod
    def open(self, job: TrackedJob) -> JobLog:
        """Begin a job's run, or go on with it where it was begun before."""

    def close(self, *, done: bool) -> None:  # noqa: B027 - most trackers know no study
        """The study has ended; `done` says whether it was trained to its end."""
