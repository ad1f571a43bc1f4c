"""The runs of a folder: listing, finding and removing them."""

import shutil
from dataclasses import replace
from pathlib import Path

from engine.errors import InputError, StorageError
from engine.reports.run_summary import RunSummary
from engine.runs import layout
from engine.runs.lock import WriterLock, describe_writer, is_live
from engine.runs.naming import REMOVED
from engine.runs.reader import has_ended, load_record
from engine.runs.summary import read_summary, summarise
from engine.system.locations import runs_folder


def list_runs(runs_dir: Path | None = None) -> list[RunSummary]:
    """All runs of a folder, the newest first; those that cannot be read are among them, with the reason.

    Reads a small file a run. A folder that is not there holds none.

    Raises:
        StorageError: the folder cannot be read.
    """
    runs_dir = runs_folder(runs_dir)
    try:
        folders = [path for path in runs_dir.iterdir() if not path.name.startswith(".") and layout.is_run(path)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{runs_dir} cannot be read: {error.strerror or error}") from None
    return sorted(map(summary_of, folders), key=lambda run: (run.sequence, run.folder.name), reverse=True)


def summary_of(folder: Path) -> RunSummary:
    """One run as the list shows it; never fails for what is in the folder."""
    try:
        return _summary_now(folder)
    except layout.NewerVersionError as error:
        return RunSummary(folder, folder.name, "newer", message=str(error))
    except StorageError as error:
        return RunSummary(folder, folder.name, "damaged", message=str(error))


def _summary_now(folder: Path) -> RunSummary:
    summary = _stored_summary(folder)
    if not summary.live:
        return summary
    if is_live(folder):
        return replace(summary, writer=describe_writer(folder))
    if has_ended(folder):  # killed between its last event and its last summary
        return _folded_summary(folder)
    return replace(summary, state="interrupted", message="its process ended before the study did")


def _stored_summary(folder: Path) -> RunSummary:
    if (folder / layout.SUMMARY_FILE).is_file():
        return read_summary(folder)
    return _folded_summary(folder)  # version 1, or killed in its first moment


def _folded_summary(folder: Path) -> RunSummary:
    return summarise(load_record(folder), folder, sequence=layout.read_header(folder).sequence)


def remove_run(folder: Path) -> None:
    """Remove a run for good.

    Raises:
        InputError: that is no run folder.
        StorageError: a process writes it, or it cannot be removed.
    """
    if not layout.is_run(folder):
        raise InputError(f"{folder} is no run folder")
    lock = WriterLock(folder)
    try:
        lock.acquire(0)
        # The name goes first: a run is there whole or not at all.
        gone = folder.rename(folder.with_name(f".{folder.name}{REMOVED}"))
        lock.release()
        shutil.rmtree(gone)
    except OSError as error:
        raise StorageError(f"{folder} cannot be removed: {error.strerror or error}") from None
