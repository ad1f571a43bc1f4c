"""Where the run of a record lies."""

from pathlib import Path

from engine.record import StudyRecord


def run_folder(record: StudyRecord) -> Path:
    """The folder that holds the study's run."""
    finished = record.finished.folder if record.finished is not None else ""
    return Path(finished or (record.started.folder if record.started is not None else ""))
