"""A new folder for a run: its name says when it began, its number in which order, whatever the clock says."""

import json
import secrets
import time
from pathlib import Path

from filelock import FileLock

from engine.errors import StorageError
from engine.files import replace_json, sync_folder
from engine.runs.layout import STUDY_FILE, read_header

_COUNTER_FILE, _LOCK_FILE = ".sequence", ".lock"


def new_run(runs_dir: Path) -> tuple[Path, int]:
    """Make an empty folder with a name that no other run has; returns it with its sequence number.

    Raises:
        OSError: it cannot be made.
    """
    runs_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(runs_dir / _LOCK_FILE):
        sequence = 1 + _last_sequence(runs_dir)
        replace_json(runs_dir / _COUNTER_FILE, sequence)
        folder = runs_dir / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
        folder.mkdir()
    sync_folder(runs_dir)
    return folder, sequence


def _last_sequence(runs_dir: Path) -> int:
    try:
        counter = json.loads((runs_dir / _COUNTER_FILE).read_bytes())
    except (OSError, ValueError):
        counter = None
    return counter if isinstance(counter, int) else max(map(_sequence, runs_dir.iterdir()), default=0)


def _sequence(folder: Path) -> int:
    if not (folder / STUDY_FILE).is_file():
        return 0
    try:
        return read_header(folder).sequence
    except StorageError:
        return 0
