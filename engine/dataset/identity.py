"""Recognising a data set by its content, whatever its files are called."""

import hashlib
from collections.abc import Iterable

from engine.dataset.checking import CheckedDataset, CheckedImage

_DIGITS = 24


def content_fingerprint(checked: CheckedDataset) -> str:
    """The same for the same files' contents, classes, boxes, groups and parts, in whatever order."""
    dataset = checked.dataset
    parts = (
        [("train", dataset.train), ("test", dataset.test)]
        if dataset.test_given
        else [("", dataset.train + dataset.test)]
    )
    parts.append(("validation", dataset.validation))
    lines = [
        f"{part}|{dataset.classes[sample.label]}|{sample.box}|{checked.digests[sample.path]}"
        + (f"|{sample.group}" if sample.group else "")  # older studies knew no groups
        for part, samples in parts
        for sample in samples
    ]
    return _digest(lines)


def test_fingerprint(folds: Iterable[Iterable[CheckedImage]], classes: tuple[str, ...]) -> str:
    """The same for the same test images with the same classes in the same folds."""
    return _digest(
        f"{number}|{classes[image.sample.label]}|{image.digest}" for number, fold in enumerate(folds) for image in fold
    )


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in sorted(lines):
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()[:_DIGITS]
