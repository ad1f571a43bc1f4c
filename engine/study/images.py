"""Images of a study, numbered once for all jobs and divided by the protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.config.protocols import DIVIDES_TRAINING_IMAGES
from engine.config.study import StudyConfig
from engine.dataset import CheckedDataset, CheckedImage, Dataset
from engine.dataset.division import Division, Fold, divide, group_numbers
from engine.dataset.identity import test_fingerprint
from engine.reports.audit import AuditReport
from engine.reports.results import Prediction, ProtocolSummary

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StudyImages:
    """The images that take part; a variant's pixel table has its rows in this order.

    Attributes:
        images: N of them.
        labels: (N,) indices into `classes`.
        groups: (N,) number of the group of near copies and of given groups that each is in.
        classes: names in label order.
        folds: rows of the training, validation and test images of each fold.
    """

    images: tuple[CheckedImage, ...]
    labels: Rows
    groups: Rows
    classes: tuple[str, ...]
    folds: tuple[Fold, ...]

    @property
    def test_groups(self) -> dict[str, int]:
        """Group of every test image, by path."""
        return {self.images[row].sample.path: int(self.groups[row]) for fold in self.folds for row in fold.test}

    def predictions(self, rows: Rows, probabilities: npt.NDArray[np.float64]) -> tuple[Prediction, ...]:
        """What a network said of the images `rows`, (len(rows), classes), image by image."""
        return tuple(
            Prediction(self.images[row].sample.path, int(self.labels[row]), int(said.argmax()), tuple(map(float, said)))
            for row, said in zip(rows, probabilities, strict=True)
        )

    @property
    def most_training_images(self) -> int:
        """Of the fold that has most."""
        return max(len(fold.train) for fold in self.folds)


def undivided(checked: CheckedDataset) -> CheckedDataset:
    """As the audit should see it: images for validation are training images that do not train.

    Where the test images are not given, what was set aside so far is no part yet.
    """
    dataset = checked.dataset
    train, test = dataset.train + dataset.validation, dataset.test
    notes = dataset.notes
    if dataset.validation:
        notes += (f"the data's {len(dataset.validation)} validation images are counted with the training images",)
    if not dataset.test_given:
        train, test = dataset.train + dataset.test + dataset.validation, ()
    return replace(checked, dataset=replace(dataset, train=train, test=test, validation=(), notes=notes))


def divide_images(
    checked: CheckedDataset, audit: AuditReport, config: StudyConfig
) -> tuple[StudyImages, ProtocolSummary, Dataset]:
    """Apply the study's protocol.

    Returns the images, what was done, and the data set as it then is: with other test images than before where the
    data gives none of its own.

    Raises:
        DatasetError: the protocol leaves too few images.
    """
    dataset, images = checked.dataset, checked.images
    labels = np.array([image.sample.label for image in images], dtype=np.int64)
    groups = group_numbers([image.sample.path for image in images], audit.kept_together)
    own = len(dataset.train) + len(dataset.test)
    places = np.arange(len(images))
    division = divide(
        config.protocol,
        labels=labels,
        groups=groups,
        is_test=(places >= len(dataset.train)) & (places < own),
        is_validation=places >= own,
        has_box=np.array([image.sample.box is not None for image in images], dtype=np.bool_),
        test_given=dataset.test_given,
        folds=config.folds,
        # With --sample the test images are more of what is left than they were of the whole.
        test_fraction=config.test_fraction if dataset.test_given else len(dataset.test) / own,
        validation_fraction=config.validation_fraction or 0.0,
        validation_apart=bool(audit.given_groups),
        seed=config.seed,
    )
    taking_part = np.unique(np.concatenate([part for fold in division.folds for part in _parts(fold)]))
    study_images = StudyImages(
        images=tuple(images[row] for row in taking_part),
        labels=labels[taking_part],
        groups=groups[taking_part],
        classes=dataset.classes,
        folds=tuple(Fold(*(np.searchsorted(taking_part, part) for part in _parts(fold))) for fold in division.folds),
    )
    return (
        study_images,
        _summary(study_images, division, config, dataset),
        _as_divided(dataset, images, division),
    )


def _parts(fold: Fold) -> tuple[Rows, Rows, Rows]:
    return fold.train, fold.validation, fold.test


def _as_divided(dataset: Dataset, images: Sequence[CheckedImage], division: Division) -> Dataset:
    if dataset.test_given or len(division.folds) > 1:
        return dataset
    fold = division.folds[0]
    own = fold.validation if not dataset.validation else fold.validation[:0]
    train = np.sort(np.concatenate([fold.train, own]))
    return replace(
        dataset, train=tuple(images[row].sample for row in train), test=tuple(images[row].sample for row in fold.test)
    )


def _summary(images: StudyImages, division: Division, config: StudyConfig, dataset: Dataset) -> ProtocolSummary:
    folds = images.folds
    tested = [[images.images[row] for row in fold.test] for fold in folds]
    return ProtocolSummary(
        name=config.protocol,
        sentence=_sentence(division, config, len(dataset.validation), dataset.group_name),
        train_counts=tuple(len(fold.train) for fold in folds),
        validation_counts=tuple(len(fold.validation) for fold in folds),
        test_counts=tuple(len(fold.test) for fold in folds),
        left_out=len(division.left_out),
        set_aside=len(division.set_aside),
        test_fingerprint=test_fingerprint(tested, images.classes),
    )


def _sentence(division: Division, config: StudyConfig, given: int, group: str) -> str:
    """What was done, in words; `given` validation images are the data set's own, `group` is what its groups are."""
    first = division.folds[0]
    counts = f"{len(first.train):,} images train and {len(first.test):,} test"
    if len(division.folds) > 1:
        tested = sum(len(fold.test) for fold in division.folds)
        counts = f"{len(division.folds)} folds test {tested:,} images, each with what the others hold for training"
    if len(first.validation):
        counts += f", {len(first.validation):,} validate the training"
    details = []
    if config.protocol == "clean":
        copies = f"{len(division.left_out):,} training images"
        shared = f", or share a {group} with one" if group else ""
        details.append(f"{copies} that copy a test image, or a copy of one{shared}, are left out")
    if given > len(first.validation):
        shared = f" or share a {group} with others" if group else ""
        gone = given - len(first.validation)
        details.append(f"{gone:,} validation images that copy a test image{shared} are left out")
    if len(division.set_aside):
        details.append(f"the {len(division.set_aside):,} test images of the data set are set aside")
    if config.protocol in DIVIDES_TRAINING_IMAGES:
        details.append(f"near copies and images of one {group} stay together" if group else "near copies stay together")
    if config.protocol == "boxed":
        details.append("only images with a box are tested on")
    return f"{config.protocol}: {counts}" + (f" ({'; '.join(details)})" if details else "")
