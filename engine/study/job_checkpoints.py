"""Checkpoints of a job in its run folder."""

import hashlib
from dataclasses import replace

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.dataset.division import Fold
from engine.events.record import JobKey
from engine.runs.event_folder import EventFolder
from engine.study.images import StudyImages
from engine.study.reporting import Reporter, Stopwatch
from engine.training import Checkpoint, CheckpointError, checkpoint_to_bytes, job_identity, read_checkpoint


class JobCheckpoints:
    """The checkpoints of one job in its run folder."""

    def __init__(
        self,
        key: JobKey,
        reporter: Reporter[EventFolder],
        images: StudyImages,
        *,
        recipe: Recipe,
        machine: MachineSettings,
        image_size: tuple[int, int],
    ) -> None:
        self._key, self._reporter = key, reporter
        self._seconds = 0.0
        self._identity = job_identity(
            **key._asdict(),
            recipe=recipe,
            machine=machine,
            image_size=image_size,
            n_classes=len(images.classes),
            images=_digest(images, images.folds[key.fold]),
        )

    def load(self) -> Checkpoint | None:
        """Where to go on; None where the job has to begin at its start, which is told if something was lost by it."""
        path = self._reporter.folder.checkpoint_file(self._key)
        if not path.exists():
            return None
        try:
            checkpoint = read_checkpoint(path, self._identity)
        except CheckpointError as error:
            self.reject(error)
            return None
        told = len(self._reporter.record.losses.get(self._key, ()))
        if told < checkpoint.position.steps_done:
            self.reject(CheckpointError(f"{path} is ahead of the {told} batches in the event stream"))
            return None
        self._seconds = checkpoint.seconds
        return checkpoint

    def reject(self, error: CheckpointError) -> None:
        """Tell why the job begins at its start."""
        self._seconds = 0.0
        self._reporter.notice(f"training begins at its start: {error}", "warning", self._key.variant)

    def keep(self, checkpoint: Checkpoint, watch: Stopwatch) -> None:
        """Write a checkpoint; `watch` has timed training since it went on."""
        timed = replace(checkpoint, seconds=self._seconds + watch.seconds)
        self._reporter.folder.write_checkpoint(self._key, checkpoint_to_bytes(timed, self._identity))

    @property
    def seconds_before(self) -> float:
        """What training took before it went on here."""
        return self._seconds


def _digest(images: StudyImages, fold: Fold) -> str:
    """The same for the same training images with the same labels in the same order."""
    digest = hashlib.sha256()
    for row in fold.train:
        digest.update(f"{images.images[row].digest}|{images.labels[row]}\n".encode())
    return digest.hexdigest()
