"""The runs of a folder, of which only what may have changed is read again."""

import time
from contextlib import suppress
from pathlib import Path

from engine.reports.run_summary import RunSummary
from tui.session.engine import Engine

_SETTLING_NANOSECONDS = 5_000_000_000  # until a folder is taken to be whole: a run comes before its files


class RunList:
    """The list, read by one thread at a time."""

    def __init__(self, engine: Engine, runs_dir: Path) -> None:
        self._engine, self._runs_dir = engine, runs_dir
        self._runs: list[RunSummary] = []
        self._seen: int | None = None

    def forget(self) -> None:
        """Read all of it the next time."""
        self._seen = None

    def read(self) -> list[RunSummary]:
        """The runs, the newest first: all anew where runs came or went, else those under way.

        Raises:
            StorageError: the folder cannot be read.
        """
        changed = self._changed()
        if changed is None or changed != self._seen:
            self._seen = None
            self._runs = self._engine.list_runs(self._runs_dir)
            self._seen = changed
        else:
            self._runs = [self._engine.summary_of(run.folder) if run.live else run for run in self._runs]
        return self._runs

    def _changed(self) -> int | None:
        """When runs came or went, in nanoseconds; None where that is not known or was a moment ago."""
        with suppress(OSError):
            at = self._runs_dir.stat().st_mtime_ns
            return at if time.time_ns() - at > _SETTLING_NANOSECONDS else None
        return None
