"""Finds the run folder that a user means."""

from collections.abc import Callable
from pathlib import Path

from engine.errors import InputError
from engine.reports.run_summary import RunSummary
from engine.runs import layout
from engine.runs.listing import list_runs
from engine.system.locations import runs_folder

LATEST = "latest"
"""How a user names the newest run."""

_LISTED = 5


def find_run(name: str = "", runs_dir: Path | None = None) -> Path:
    """The run folder that a user means: a path, a run's name or a unique beginning of one.

    "" and "latest" are the newest.

    Raises:
        InputError: there is none, or several.
        StorageError: the folder of runs cannot be read.
    """
    runs_dir = runs_folder(runs_dir)
    if name in ("", LATEST):
        runs = list_runs(runs_dir)
        if not runs:
            raise InputError(f"there is no run in {runs_dir} yet: train one with 'simpsons-tui run'")
        return runs[0].folder
    given = Path(name).expanduser()
    for folder in (runs_dir / name, given):
        if layout.is_run(folder):
            return folder
    if given.is_dir():
        raise InputError(f"{given} is no run folder: it holds neither {layout.STUDY_FILE} nor {layout.EVENTS_FILE}")
    known = [run.folder for run in list_runs(runs_dir)]
    matches = [folder for folder in known if folder.name.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise InputError(f"{name!r} fits {len(matches)} runs: {_names(matches)}")
    raise InputError(f"there is no run {name!r} in {runs_dir}; there are: {_names(known)}")


def find_watchable(name: str = "", runs_dir: Path | None = None) -> Path:
    """As `find_run`; for "" the newest that a process works on, else the newest."""
    return _newest(lambda run: run.live, name, runs_dir) or find_run(name, runs_dir)


def find_finished(name: str = "", runs_dir: Path | None = None) -> Path:
    """As `find_run`; for "" the newest that is done, else the newest."""
    return _newest(lambda run: run.state == "done", name, runs_dir) or find_run(name, runs_dir)


def find_resumable(name: str, runs_dir: Path | None = None) -> Path:
    """As `find_run`; for "" the newest that can be resumed.

    Raises:
        InputError: there is none.
    """
    found = find_run(name, runs_dir) if name else _newest(lambda run: run.resumable, name, runs_dir)
    if found is None:
        raise InputError(f"no run in {runs_folder(runs_dir)} is unfinished: there is nothing to resume")
    return found


def _newest(fits: Callable[[RunSummary], bool], name: str, runs_dir: Path | None) -> Path | None:
    """The newest run that fits, where the user named none."""
    return None if name else next((run.folder for run in list_runs(runs_dir) if fits(run)), None)


def _names(folders: list[Path]) -> str:
    rest = len(folders) - _LISTED
    return (", ".join(folder.name for folder in folders[:_LISTED]) or "none") + (
        f" and {rest} more" if rest > 0 else ""
    )
