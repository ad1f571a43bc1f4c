"""Run folders: writing, reading, listing and finding them.

`engine.runs.layout` says what lies where.
"""

from engine.runs.finding import find_run
from engine.runs.layout import FORMAT_VERSION, NewerVersionError, load_config, read_header
from engine.runs.listing import list_runs, remove_run, summary_of
from engine.runs.lock import is_live
from engine.runs.reader import EventFollower, load_record, read_events
from engine.runs.requests import send_request
from engine.runs.writer import RunFolder

__all__ = [
    "FORMAT_VERSION",
    "EventFollower",
    "NewerVersionError",
    "RunFolder",
    "find_run",
    "is_live",
    "list_runs",
    "load_config",
    "load_record",
    "read_events",
    "read_header",
    "remove_run",
    "send_request",
    "summary_of",
]
