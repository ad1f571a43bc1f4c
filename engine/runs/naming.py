"""New run folders, named by the time and numbered in order, whatever the clock says."""

import secrets
import shutil
import time
from pathlib import Path

from engine.errors import StorageError
from engine.runs.layout import STUDY_FILE, read_header
from engine.system.files import sync_folder

REMOVED = "-removed"
"""Ends the name of a run that is on its way out."""


def new_run(runs_dir: Path) -> tuple[Path, int]:
    """Make an empty folder with a name that no other run has; returns it with its sequence number.

    Runs that begin in the same moment may get the same number; their names then decide.

    Raises:
        OSError: it cannot be made.
    """
    runs_dir.mkdir(parents=True, exist_ok=True)
    for path in runs_dir.glob(f".*{REMOVED}"):  # a kill kept it from going altogether
        shutil.rmtree(path, ignore_errors=True)
    sequence = 1 + max(map(_sequence, runs_dir.iterdir()), default=0)
    folder = runs_dir / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
    folder.mkdir()
    sync_folder(runs_dir)
    return folder, sequence


def _sequence(folder: Path) -> int:
    if not (folder / STUDY_FILE).is_file():
        return 0
    try:
        return read_header(folder).sequence
    except StorageError:
        return 0
