"""The study's JSON object, the same that `simpsons-tui run --json` prints."""

import json

from engine.record import StudyRecord
from tui.export.values import Exported


def json_text(record: StudyRecord) -> str:
    """Strict JSON in one line, with a line break at its end."""
    return json.dumps(record.to_json(), allow_nan=False) + "\n"


def render(exported: Exported) -> bytes:
    """One file."""
    return json_text(exported.record).encode()
