"""Runs that belong together: the official and the clean one of the same study, found in the runs folder."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.codec import from_jsonable, to_jsonable
from engine.config import Protocol, Recipe, StudyConfig
from engine.errors import InputError, SimpsonsError, StorageError
from engine.record import StudyRecord
from engine.runs import FORMAT_VERSION

if TYPE_CHECKING:
    from engine.claims_report import ClaimsReport
    from engine.leak_report import LeakReport

OTHER_PROTOCOL: dict[Protocol, Protocol] = {"official": "clean", "clean": "official"}
"""The protocols that are each other's counterpart: the others have test images of their own."""

_STUDY_FILE, _EVENTS_FILE = "study.json", "events.jsonl"
_NAMED = 5


@dataclass(frozen=True)
class _Wanted:
    """What a counterpart must have been asked for, as far as `study.json` tells."""

    study: str
    protocol: Protocol
    recipe: Recipe
    variants: frozenset[str]
    seeds: tuple[int, ...]

    def fits(self, study: str, config: StudyConfig) -> bool:
        return (
            study != self.study
            and config.protocol == self.protocol
            and config.recipe == self.recipe
            and config.seeds == self.seeds
            and self.variants <= set(config.variants)
        )


def find_counterpart(record: StudyRecord, runs_dir: Path) -> StudyRecord | None:
    """The newest finished run that is the same study under the other protocol; None where there is none.

    The same images (by the data set's fingerprint, which must be known), recipe, seeds and super-resolution weights,
    and at least the same variants. Folders that are damaged or cannot be read are passed over.
    """
    started, dataset = record.started, record.dataset
    if started is None or dataset is None or not dataset.fingerprint or started.protocol not in OTHER_PROTOCOL:
        return None
    wanted = _Wanted(
        started.study,
        OTHER_PROTOCOL[started.protocol],
        started.recipe,
        frozenset(started.variants),
        started.seeds,
    )
    for folder in run_folders(runs_dir):
        # The description is small, the events may be long: most runs are told apart by the first alone.
        with suppress(SimpsonsError, OSError):
            if wanted.fits(folder.name, load_config(folder)) and (found := _same(record, folder)) is not None:
                return found
    return None


def _same(record: StudyRecord, folder: Path) -> StudyRecord | None:
    from engine.study import load_record

    found = load_record(folder)
    done = found.finished is not None and found.finished.status == "done"
    same_images = (
        found.dataset is not None
        and record.dataset is not None
        and found.dataset.fingerprint == record.dataset.fingerprint
    )
    same_weights = _weights(record) in ("", _weights(found))
    return found if done and same_images and same_weights else None


def _weights(record: StudyRecord) -> str:
    return record.superres_weights.sha256 if record.superres_weights else ""


# ---------------------------------------------------------------- what both together say


def is_of_the_study(record: StudyRecord) -> bool:
    """Whether the images are of the study's six characters, so that its claims say something of them."""
    from engine.dataset.values import STUDY_CLASSES

    dataset = record.dataset
    return dataset is not None and not dataset.is_demo and set(dataset.classes) == set(STUDY_CLASSES)


def judge_study(record: StudyRecord, runs_dir: Path | None = None, second: StudyRecord | None = None) -> "ClaimsReport":
    """The study's claims against a run and its counterpart.

    Args:
        record: a run under the official or the clean protocol.
        runs_dir: where to look for its counterpart; None to look nowhere.
        second: the counterpart, or a run under the same protocol on another amount of data.

    Raises:
        InputError: a run is of another protocol.
    """
    from engine.claims import judge_claims

    own = _protocol(record)
    others = () if second is None or _protocol(second) != own else (second,)
    counterpart = second if not others else None
    if counterpart is None and runs_dir is not None:
        counterpart = find_counterpart(record, runs_dir)
    official, clean = (record, counterpart) if own == "official" else (counterpart, record)
    return judge_claims(official, clean, others)


def leak_of_study(
    record: StudyRecord, runs_dir: Path | None = None, second: StudyRecord | None = None
) -> "LeakReport | None":
    """A run and its counterpart side by side; None where there is no counterpart.

    Raises:
        InputError: the run is of another protocol, or the two cannot be set side by side.
    """
    from engine.claims import leak_gap

    counterpart = second
    own = _protocol(record)
    if counterpart is None and runs_dir is not None:
        counterpart = find_counterpart(record, runs_dir)
    if counterpart is None:
        return None
    return leak_gap(record, counterpart) if own == "official" else leak_gap(counterpart, record)


def _protocol(record: StudyRecord) -> Protocol:
    """The protocol, which has a counterpart.

    Raises:
        InputError: it has none.
    """
    if record.started is None:
        raise InputError("the study has not begun")
    protocol = record.started.protocol
    if protocol not in OTHER_PROTOCOL:
        raise InputError(
            f"study {record.started.study} is of the {protocol} protocol, which has test images of its own: "
            "name a run of the official or the clean one"
        )
    return protocol


# ---------------------------------------------------------------- folders


def run_folders(runs_dir: Path) -> Iterator[Path]:
    """The folders of runs, the newest first: their names begin with the time."""
    with suppress(OSError):
        yield from sorted((folder for folder in runs_dir.iterdir() if is_run(folder)), reverse=True)


def is_run(folder: Path) -> bool:
    """Whether this looks like a run folder, whole or not."""
    return (folder / _STUDY_FILE).is_file() or (folder / _EVENTS_FILE).is_file()


def find_run(name: str, runs_dir: Path) -> Path:
    """The run folder that a user means: a path, a run's name or the beginning of one; "" is the newest.

    Raises:
        InputError: there is none, or several.
    """
    known = list(run_folders(runs_dir))
    if not name:
        if not known:
            raise InputError(f"there is no run in {runs_dir} yet: train one with 'simpsons-tui run'")
        return known[0]
    for folder in (runs_dir / name, Path(name)):
        if is_run(folder):
            return folder
    matches = [folder.name for folder in known if folder.name.startswith(name)]
    if len(matches) == 1:
        return runs_dir / matches[0]
    if matches:
        raise InputError(f"{name!r} fits {len(matches)} runs: {_names(matches)}")
    raise InputError(f"there is no run {name!r} in {runs_dir}; there are: {_names([run.name for run in known])}")


def _names(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return (", ".join(names[:_NAMED]) or "none") + (f" and {rest} more" if rest > 0 else "")


def load_config(folder: Path) -> StudyConfig:
    """What a run's study was asked to do, with the runs folder that it lies in now.

    Raises:
        StorageError: the folder is no run folder, is damaged, or was written by a version that this one can't read.
    """
    path = folder / _STUDY_FILE
    data = _read_json(path)
    match data:
        case {"version": int(version), "config": dict(config)} if version <= FORMAT_VERSION:
            asked = {**config, "runs_dir": to_jsonable(folder.parent)}
        case {"version": int(version)} if version > FORMAT_VERSION:
            raise StorageError(
                f"{folder} was written by a newer version of simpsons-tui: update the program to open it"
            )
        case _:
            raise StorageError(f"{path} is damaged: not the description of a study")
    try:
        found = from_jsonable(StudyConfig, asked)
    except (ValueError, InputError) as error:
        raise StorageError(f"{path}: a configuration that this version cannot use: {error}") from None
    assert isinstance(found, StudyConfig)
    return found


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise StorageError(f"{path.parent} is no run folder: {path.name}: {error.strerror or error}") from None
    except ValueError as error:
        raise StorageError(f"{path} is damaged: {error}") from None
