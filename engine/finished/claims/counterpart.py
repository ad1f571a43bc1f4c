"""Runs that belong together: the official and the clean one of the same study, found in the runs folder."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.config.protocols import Protocol
from engine.config.recipes import Recipe
from engine.config.study import StudyConfig
from engine.errors import InputError, SimpsonsError
from engine.events.record import StudyRecord
from engine.finished.claims.file import load_claims
from engine.finished.claims.judge import judge_claims
from engine.finished.claims.leak import leak_gap
from engine.reports.claims import ClaimsReport
from engine.reports.leak import LeakReport
from engine.runs import list_runs, load_config, load_record

OTHER_PROTOCOL: dict[Protocol, Protocol] = {"official": "clean", "clean": "official"}
"""The protocols that are each other's counterpart: the others have test images of their own."""

_WATCHED_TOLERANCE = 0.02
"""Validation images come in groups, so their share differs a little between two protocols."""


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

    The same images (by the data set's fingerprint, which must be known), recipe, seeds, super-resolution weights, share
    of validation images and notion of a copy, and at least the same variants. Folders that are damaged or cannot be
    read are passed over.
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
    for run in list_runs(runs_dir):
        folder = run.folder
        # The description is small, the events may be long: most runs are told apart by the first alone.
        with suppress(SimpsonsError, OSError):
            if wanted.fits(folder.name, load_config(folder)) and (found := _same(record, folder)) is not None:
                return found
    return None


def _same(record: StudyRecord, folder: Path) -> StudyRecord | None:
    found = load_record(folder)
    done = found.finished is not None and found.finished.status == "done"
    same_images = (
        found.dataset is not None
        and record.dataset is not None
        and found.dataset.fingerprint == record.dataset.fingerprint
    )
    same_weights = _weights(record) in ("", _weights(found))
    return found if done and same_images and same_weights and _trained_alike(record, found) else None


def _trained_alike(record: StudyRecord, found: StudyRecord) -> bool:
    """Whether the same counted as a copy and about as many of the training images were kept out of training."""
    closeness = [one.audit.closeness if one.audit else "near" for one in (record, found)]
    watched = [_watched_share(one) for one in (record, found)]
    return closeness[0] == closeness[1] and abs(watched[0] - watched[1]) <= _WATCHED_TOLERANCE


def _watched_share(record: StudyRecord) -> float:
    if record.protocol is None or not record.protocol.train_counts:
        return 0.0
    train, watched = record.protocol.train_counts[0], record.protocol.validation_counts[0]
    return watched / max(1, train + watched)


def _weights(record: StudyRecord) -> str:
    return record.superres_weights.sha256 if record.superres_weights else ""


# ---------------------------------------------------------------- what both together say


def is_of_the_study(record: StudyRecord) -> bool:
    """Whether the images are of the classes of the study that the program repeats, so that its claims say something."""
    dataset = record.dataset
    return dataset is not None and not dataset.is_demo and set(dataset.classes) == set(load_claims().classes)


def judge_study(
    record: StudyRecord, runs_dir: Path | None = None, second: StudyRecord | None = None, file: Path | None = None
) -> ClaimsReport:
    """A paper's claims against a run and its counterpart.

    Args:
        record: a run under the official or the clean protocol.
        runs_dir: where to look for its counterpart; None to look nowhere.
        second: the counterpart, or a run under the same protocol on another amount of data.
        file: the paper's claims; None for those of the study that the program repeats.

    Raises:
        InputError: a run is of another protocol, or the file cannot be used.
    """
    own = _protocol(record)
    others = () if second is None or _protocol(second) != own else (second,)
    counterpart = second if not others else None
    if counterpart is None and runs_dir is not None:
        counterpart = find_counterpart(record, runs_dir)
    official, clean = (record, counterpart) if own == "official" else (counterpart, record)
    return judge_claims(official, clean, others, file)


def leak_of_study(
    record: StudyRecord, runs_dir: Path | None = None, second: StudyRecord | None = None
) -> LeakReport | None:
    """A run and its counterpart side by side; None where there is no counterpart.

    Raises:
        InputError: the run is of another protocol, or the two cannot be set side by side.
    """
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
