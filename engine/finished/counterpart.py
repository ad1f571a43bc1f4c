"""Runs that belong together: the official and the clean one of the same study, found in the runs folder."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.config.protocols import Protocol
from engine.config.recipes import Recipe, same_training
from engine.config.study import StudyConfig
from engine.errors import SimpsonsError
from engine.events.record import StudyRecord
from engine.runs import list_runs, load_config, load_record

OTHER_PROTOCOL: dict[Protocol, Protocol] = {"official": "clean", "clean": "official"}
"""The protocols that are each other's counterpart: the others have test images of their own."""

_WATCHED_TOLERANCE = 0.02
"""Validation images come in groups, so their share differs a little between two protocols."""


@dataclass(frozen=True)
class _Wanted:
    """What a counterpart must have been asked for, as far as `study.json` tells."""

    protocol: Protocol
    recipe: Recipe
    variants: frozenset[str]
    seeds: tuple[int, ...]

    def fits(self, config: StudyConfig) -> bool:
        return (
            config.protocol == self.protocol
            and same_training(config.recipe, self.recipe)
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
    wanted = _Wanted(OTHER_PROTOCOL[started.protocol], started.recipe, frozenset(started.variants), started.seeds)
    for folder in (run.folder for run in list_runs(runs_dir) if run.folder.name != started.study):
        # The description is small, the events may be long: most runs are told apart by the first alone.
        with suppress(SimpsonsError, OSError):
            if wanted.fits(load_config(folder)) and (found := _same(record, folder)) is not None:
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
    kept_out = [_kept_out_share(one) for one in (record, found)]
    return closeness[0] == closeness[1] and abs(kept_out[0] - kept_out[1]) <= _WATCHED_TOLERANCE


def _kept_out_share(record: StudyRecord) -> float:
    if record.protocol is None or not record.protocol.train_counts:
        return 0.0
    train, kept_out = record.protocol.train_counts[0], record.protocol.validation_counts[0]
    return kept_out / max(1, train + kept_out)


def _weights(record: StudyRecord) -> str:
    return record.superres_weights.sha256 if record.superres_weights else ""
