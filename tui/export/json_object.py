"""The study's JSON object, the same that `simpsons-tui run --json` prints, with what was measured of it since."""

from typing import TYPE_CHECKING

from engine.events.codec import to_jsonable
from engine.events.record import StudyRecord
from engine.events.study_json import study_to_json
from tui.looks.formatting import json_line

if TYPE_CHECKING:
    from engine import Exported


def json_text(record: StudyRecord) -> str:
    """The object of a study without what was measured since."""
    return json_line(study_to_json(record))


def render(exported: "Exported") -> bytes:
    """One file; "explanation" and "resolution" are in it where they were measured (see `simpsons-tui explain`)."""
    data = study_to_json(exported.record)
    data |= {name: to_jsonable(found) for name in ("explanation", "resolution") if (found := getattr(exported, name))}
    return json_line(data).encode()
