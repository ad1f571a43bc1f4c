"""Layout of a run folder: its files and its version.

    study.json                     what was asked for: version, sequence, configuration, fingerprint, environment
    events.jsonl                   the stream, one event a line, appended as it happens
    summary.json                   what a list of runs shows
    result.json                    the study as one JSON object, at the end
    predictions/JOB.json           what a job's network said of each test image, column by column
    metrics/JOB.json               a job's scores
    weights/JOB.safetensors        its weights
    checkpoints/JOB.safetensors    where an unfinished job is
    trackers/NAME/                 what a tracker wrote (see `engine.tracking`)
    control/NUMBER-REQUEST         what watchers ask of the writer
    attempts/JOB/NUMBER/           a process's at a job (see `engine.executing.attempts`)
    writer.lock, writer.json       who writes (see `engine.runs.lock`)
    heartbeat                      changes while the writer lives (see `engine.runs.heartbeat`)
    errors.txt                     tracebacks, for a bug report

JOB is VARIANT-seedS-foldF, with the variant as `file_name` spells it. Version 1 had no summary, and the predictions
in the events; up to version 2 some events had other names (see `engine.events.codec`); up to
version 3 nobody measured the machine.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.study import StudyConfig
from engine.errors import InputError, StorageError
from engine.events.codec import from_jsonable
from engine.events.record import JobKey
from engine.system.files import file_name, parse_json

FORMAT_VERSION = 4

STUDY_FILE = "study.json"
EVENTS_FILE = "events.jsonl"
SUMMARY_FILE = "summary.json"
RESULT_FILE = "result.json"
ERRORS_FILE = "errors.txt"
LOCK_FILE = "writer.lock"
WRITER_FILE = "writer.json"
HEARTBEAT_FILE = "heartbeat"
LOG_FILE = "worker.log"
PREDICTIONS, METRICS, WEIGHTS, CHECKPOINTS, CONTROL = "predictions", "metrics", "weights", "checkpoints", "control"
ATTEMPTS = "attempts"


class NewerVersionError(StorageError):
    """A run folder that a later version of this program wrote."""


@dataclass(frozen=True)
class RunHeader:
    """What `study.json` holds.

    Attributes:
        version: of the folder's layout.
        study: the study's ID.
        sequence: grows with every run of a runs folder, whatever the clock says; 0 in version 1.
        config: what was asked for, as JSON.
        fingerprint: of the data set; empty until the images were read.
        environment: what the program ran on.
    """

    version: int
    study: str
    config: dict[str, Any]
    sequence: int = 0
    fingerprint: str = ""
    environment: dict[str, Any] | None = None


def job_name(key: JobKey) -> str:
    """How a job's files are named."""
    return f"{file_name(key.variant)}-seed{key.seed}-fold{key.fold}"


def is_run(folder: Path) -> bool:
    """Whether this looks like a run folder, whole or not."""
    return (folder / STUDY_FILE).is_file() or (folder / EVENTS_FILE).is_file()


def read_header(folder: Path) -> RunHeader:
    """What a folder says of itself.

    Raises:
        NewerVersionError: only a later version of this program can read it.
        StorageError: it is no run folder or its `study.json` is damaged.
    """
    data = read_json(folder / STUDY_FILE)
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise NewerVersionError(
            f"{folder} was written by a newer version of simpsons-tui (format {version}, this one reads up to "
            f"{FORMAT_VERSION}): update the program to open it"
        )
    try:
        return from_jsonable(RunHeader, {"study": folder.name, **data})
    except (ValueError, TypeError):
        raise StorageError(f"{folder / STUDY_FILE} is damaged: not the description of a study") from None


def load_config(folder: Path) -> StudyConfig:
    """The configuration of a run's study, with the runs folder that it lies in now.

    Raises:
        StorageError: as `read_header`, or the configuration is not one of this version.
    """
    header = read_header(folder)
    try:
        return from_jsonable(StudyConfig, {**header.config, "runs_dir": str(folder.parent)})
    except (ValueError, InputError) as error:
        raise StorageError(f"{folder / STUDY_FILE}: a configuration that this version cannot use: {error}") from None


def read_json(path: Path) -> Any:
    """What a JSON file of a run folder holds.

    Raises:
        StorageError: it is missing, cannot be read or is damaged.
    """
    try:
        return parse_json(path.read_bytes())
    except OSError as error:
        raise StorageError(f"{path.parent} is no run folder: {path.name}: {error.strerror or error}") from None
    except ValueError as error:
        raise StorageError(f"{path} is damaged: {error}") from None


def weights_path(folder: Path, job: JobKey) -> Path:
    """Where a run keeps the weights of a job."""
    return folder / WEIGHTS / f"{job_name(job)}.safetensors"
