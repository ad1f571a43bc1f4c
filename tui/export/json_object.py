"""The study's JSON object, the same that `simpsons-tui run --json` prints, with what was measured of it since."""

import json

from engine import Exported
from engine.events.codec import to_jsonable
from engine.events.record import StudyRecord
from engine.events.study_json import study_to_json


def json_text(record: StudyRecord) -> str:
    """Strict JSON in one line, with a line break at its end."""
    return json.dumps(study_to_json(record), allow_nan=False) + "\n"


def render(exported: Exported) -> bytes:
    """One file; "explanation" and "resolution" are in it where they were measured (see `simpsons-tui explain`)."""
    data = study_to_json(exported.record)
    data |= {name: to_jsonable(found) for name in ("explanation", "resolution") if (found := getattr(exported, name))}
    return (json.dumps(data, allow_nan=False) + "\n").encode()
