"""Which classes of a data set can be trained on, once it is known which of its images can be read."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace

from engine.dataset.values import Dataset
from engine.errors import DatasetError

MIN_CLASSES = 2


def same_letters(name: str) -> str:
    """The name with composed accents: what a Mac calls a folder looks the same and has other characters."""
    return unicodedata.normalize("NFC", name)


def drop_untrained_classes(dataset: Dataset, unread: Mapping[str, str]) -> Dataset:
    """Leave out the classes that have no training image, with a note; the labels of the others close up.

    Args:
        dataset: without the images that cannot be read.
        unread: by class, "path: reason" of one of those; for the message.

    Raises:
        DatasetError: such a class was asked for by name, or fewer than two are left.
    """
    present = {sample.label for sample in dataset.train}
    empty = [name for label, name in enumerate(dataset.classes) if label not in present]
    if not empty:
        return dataset
    kept = sorted(present)
    enough = len(kept) >= MIN_CLASSES
    if dataset.classes_required or not enough:
        example = f" (such as {unread[empty[0]]})" if empty[0] in unread else ""
        advice = "mend the files or leave the class out with --classes" if enough else "mend the files"
        raise DatasetError(
            f"{dataset.location}: class {empty[0]} has no training image that can be read{example}; {advice}"
        )
    new_label = {label: position for position, label in enumerate(kept)}
    train, test, validation = (
        tuple(replace(sample, label=new_label[sample.label]) for sample in samples if sample.label in new_label)
        for samples in (dataset.train, dataset.test, dataset.validation)
    )
    notes = tuple(f"class {name} is left out: no training image can be read" for name in empty)
    classes = tuple(dataset.classes[label] for label in kept)
    return replace(dataset, classes=classes, train=train, test=test, validation=validation, notes=dataset.notes + notes)
