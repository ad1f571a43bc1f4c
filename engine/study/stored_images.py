"""A study's images as a file in its run, for the processes that work on its jobs: they neither audit nor divide."""

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from engine.dataset import Box, CheckedImage, Fingerprint, ImageSample, UnreadableImage
from engine.dataset.division import Fold
from engine.dataset.sources import MAX_FILE_BYTES, FileSource, ImageSource, Stamp, ZipArchive, ZipMember
from engine.dataset.tars import TarArchive, open_tar
from engine.errors import DatasetError, StorageError
from engine.events.codec import from_jsonable, to_jsonable
from engine.runs.layout import read_json
from engine.study.images import Rows, StudyImages
from engine.system.files import replacing

Kind = Literal["file", "zip", "tar"]

_NO_FINGERPRINT = Fingerprint(pixels="", perceptual_hash=0, thumbnail=b"", size=(0, 0), file_format="")
"""What only the audit asks for is not stored."""


@dataclass(frozen=True)
class _Image:
    path: str
    label: int
    box: Box | None
    kind: Kind
    place: str
    name: str
    digest: str


@dataclass(frozen=True)
class _Fold:
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


@dataclass(frozen=True)
class _Stored:
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    groups: tuple[int, ...]
    folds: tuple[_Fold, ...]
    images: tuple[_Image, ...]


@dataclass(frozen=True, slots=True)
class _StoredSource:
    """Where an image lies; an archive is opened when an image of it is first read, which may never be."""

    kind: Kind
    place: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.place}::{self.name}" if self.name else self.place

    @property
    def stamp(self) -> Stamp:
        return FileSource(self.place).stamp

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        if self.kind == "file":
            return FileSource(self.place).read(limit)
        try:
            return _open_archive(self.kind, self.place).read(self.name, limit)
        except OSError as error:
            raise UnreadableImage(f"{self.place} cannot be read: {error.strerror or error}") from None


@functools.cache
def _open_archive(kind: Kind, place: str) -> ZipArchive | TarArchive:
    return ZipArchive(place) if kind == "zip" else open_tar(place)


def store_images(images: StudyImages, path: Path) -> None:
    """Write the file.

    Raises:
        OSError: it cannot be written.
    """
    stored = _Stored(
        classes=images.classes,
        labels=_plain(images.labels),
        groups=_plain(images.groups),
        folds=tuple(_Fold(_plain(fold.train), _plain(fold.validation), _plain(fold.test)) for fold in images.folds),
        images=tuple(map(_stored, images.images)),
    )
    with replacing(path) as stream:
        stream.write(json.dumps(to_jsonable(stored), separators=(",", ":"), allow_nan=False).encode())


def read_images(path: Path) -> StudyImages:
    """What was written; without what only the audit needs of the images.

    Raises:
        StorageError: the file is not there, or damaged.
    """
    try:
        stored = from_jsonable(_Stored, read_json(path))
    except ValueError as error:
        raise StorageError(f"{path} is damaged: {error}") from None
    return StudyImages(
        images=tuple(map(_restored, stored.images)),
        labels=_rows(stored.labels),
        groups=_rows(stored.groups),
        classes=stored.classes,
        folds=tuple(Fold(_rows(fold.train), _rows(fold.validation), _rows(fold.test)) for fold in stored.folds),
    )


def require_images(images: StudyImages) -> None:
    """Make sure that the images are seen here, by the first and the last.

    Raises:
        DatasetError: they are not, or are others; the message names one.
    """
    for image in (images.images[0], images.images[-1]):
        try:
            seen = hashlib.sha256(image.sample.source.read()).hexdigest() == image.digest
        except DatasetError as error:
            raise DatasetError(f"does not see the data: {image.sample.path}: {error}") from None
        if not seen:
            raise DatasetError(f"sees other data: {image.sample.path} is not the image that the study began with")


def _stored(image: CheckedImage) -> _Image:
    sample, source = image.sample, image.sample.source
    kind, place, name = _place(source)
    return _Image(sample.path, sample.label, sample.box, kind, place, name, image.digest)


def _place(source: ImageSource) -> tuple[Kind, str, str]:
    if isinstance(source, FileSource):
        return "file", str(Path(source.path).absolute()), ""
    assert hasattr(source, "archive")
    assert hasattr(source, "name")
    return "zip" if isinstance(source, ZipMember) else "tar", str(Path(source.archive.path).absolute()), source.name


def _restored(image: _Image) -> CheckedImage:
    sample = ImageSample(
        path=image.path,
        label=image.label,
        box=image.box,
        source=_StoredSource(image.kind, image.place, image.name),
    )
    return CheckedImage(sample, image.digest, _NO_FINGERPRINT)


def _plain(rows: Rows) -> tuple[int, ...]:
    return tuple(rows.tolist())


def _rows(numbers: tuple[int, ...]) -> Rows:
    return np.array(numbers, dtype=np.int64)
