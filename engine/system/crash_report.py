"""Keeps the traceback of an unexpected error as a file."""

import time
from pathlib import Path


def write_report(details: str, folder: Path) -> Path | None:
    """Keep a traceback for a bug report; None where the folder cannot be written."""
    path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(details, encoding="utf-8")
    except OSError:
        return None
    return path
