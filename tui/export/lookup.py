"""Finding and opening the run that is to be exported."""

from pathlib import Path

from engine.errors import InputError, StorageError
from engine.locations import runs_folder
from engine.record import StudyRecord
from tui.export.values import Exported

_LISTED = 5
_EVENTS_FILE = "events.jsonl"


def find_run(name: str | None, runs_dir: Path | None = None) -> Path:
    """The folder of a run: a path, its name in the runs folder or a unique beginning of it; the newest for None.

    Raises:
        InputError: there is none, or several begin so.
    """
    if name is not None and (Path(name).expanduser() / _EVENTS_FILE).is_file():
        return Path(name).expanduser()
    folder = runs_folder(runs_dir)
    # A run's name begins with the time (UTC), so that names sort by age.
    runs = sorted(path.parent for path in folder.glob(f"*/{_EVENTS_FILE}"))
    if not runs:
        raise InputError(f"there is no run in {folder}: name its folder, or the folder of runs with --runs-dir")
    if name is None:
        return runs[-1]
    found = [run for run in runs if run.name == name] or [run for run in runs if run.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(run.name for run in (found or runs)[-_LISTED:])
    if found:
        raise InputError(f"{name!r} begins the names of {len(found)} runs in {folder} ({names}): give more of the name")
    raise InputError(f"there is no run {name!r} in {folder}; the newest are {names}")


def open_run(folder: Path) -> Exported:
    """A run as it stands now, finished or not.

    Raises:
        StorageError: the folder is no run folder or is damaged.
    """
    from engine.study import load_record

    record = load_record(folder)
    return with_config(record, folder)


def with_config(record: StudyRecord, folder: Path) -> Exported:
    """A record with the configuration from its run folder, where that can be read."""
    from engine.study import read_config

    try:
        return Exported(record, read_config(folder))
    except StorageError:
        return Exported(record)
