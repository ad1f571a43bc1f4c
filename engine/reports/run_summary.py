"""A run in a list of runs, as a plain value."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.reports.statistics import Interval

RunState = Literal["running", "paused", "done", "stopped", "failed", "interrupted", "damaged", "newer"]
"""How a run stands. "interrupted": its process ended before the study did; "newer": a later version's folder."""


@dataclass(frozen=True)
class RunSummary:
    """What a list shows of one run; a damaged run or a newer one has a folder, a state and a message only.

    Attributes:
        folder: the run folder.
        study: the study's ID.
        state: how it stands.
        message: why it failed, was stopped or cannot be read; what it waits for.
        sequence: grows with every run, whatever the clock says.
        started: when, in seconds since the Unix epoch; 0 where that is not known.
        finished: when it ended; None while it has not.
        dataset: its name.
        fingerprint: of the data set's contents; runs with equal ones used the same images.
        protocol, recipe: their names.
        test_fingerprint: of the test images; scores compare where it is equal.
        variants, seeds, folds: what was to be trained.
        jobs_done: of the jobs, how many have ended well.
        jobs: all of them.
        accuracies: accuracy by variant, over all its jobs so far.
        best_variant: the one with the highest; empty where there is none yet.
        accuracy: its accuracy.
        interval: of that, once the statistics were computed.
        writer: who writes it now, for people; empty where nobody does.
    """

    folder: Path
    study: str
    state: RunState
    message: str = ""
    sequence: int = 0
    started: float = 0.0
    finished: float | None = None
    dataset: str = ""
    fingerprint: str = ""
    protocol: str = ""
    recipe: str = ""
    test_fingerprint: str = ""
    variants: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    folds: int = 1
    jobs_done: int = 0
    jobs: int = 0
    accuracies: tuple[tuple[str, float], ...] = ()
    best_variant: str = ""
    accuracy: float | None = None
    interval: Interval | None = None
    writer: str = ""

    @property
    def live(self) -> bool:
        """Whether a process works on it."""
        return self.state in ("running", "paused")

    @property
    def resumable(self) -> bool:
        """Whether it can be resumed: it did not end, was stopped, or has variants that failed."""
        return self.state in ("interrupted", "stopped", "failed")
