"""Following a study that runs in another process, by the events in its run folder."""

import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import StorageError
from engine.events.study import BatchTrained, Event, StageFinished
from engine.runs import read_events

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 600.0


def events_of(runs_dir: Path) -> list[Event]:
    """All events of the newest run so far."""
    folders = sorted(runs_dir.iterdir()) if runs_dir.is_dir() else []
    try:
        return list(read_events(folders[-1])) if folders else []
    except StorageError:  # the file is not there yet
        return []


def batches_of(runs_dir: Path) -> list[BatchTrained]:
    """The batches of the newest run so far."""
    return [event for event in events_of(runs_dir) if isinstance(event, BatchTrained)]


def training_ended(runs_dir: Path) -> bool:
    """Whether one variant's training is over."""
    return any(isinstance(event, StageFinished) and event.stage == "train" for event in events_of(runs_dir))


def wait_until(condition: Callable[[], bool], alive: Callable[[], bool]) -> None:
    """Wait for what another process does.

    Raises:
        RuntimeError: the process ended, or it took too long.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if not alive() and not condition():
            raise RuntimeError("the study ended too early")
        if time.monotonic() > deadline:
            raise RuntimeError(f"the study did not come so far in {PATIENCE_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
