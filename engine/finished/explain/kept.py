"""Reports that are kept beside a run's events, so that what was measured is measured once."""

import contextlib
from pathlib import Path
from typing import TypeVar

from engine.errors import SimpsonsError
from engine.events.codec import from_jsonable, to_jsonable
from engine.system.files import parse_json, replace_json

REPORT_VERSION = 1
"""Raised when an older report says something else by the same names."""

Report = TypeVar("Report")


def read_report(path: Path, kind: type[Report]) -> Report | None:
    """The report in a file; None where there is none, or it cannot be read any more."""
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
        if data["version"] != REPORT_VERSION:
            return None
        return from_jsonable(kind, data["report"])
    except (OSError, ValueError, KeyError, TypeError, SimpsonsError):
        return None


def keep_report(path: Path, report: object) -> None:
    """Write a report; a folder that cannot be written costs another measurement, no more."""
    with contextlib.suppress(OSError):
        replace_json(path, {"version": REPORT_VERSION, "report": to_jsonable(report)})
