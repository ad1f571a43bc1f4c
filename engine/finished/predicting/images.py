"""The images that a user names: files, and whatever lies in folders and archives."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.dataset.images import decode_rgb
from engine.dataset.sources import IMAGE_KINDS, MAX_FILE_BYTES, FileSource, ImageSource, UnreadableImage
from engine.dataset.tree import ARCHIVE_SUFFIXES, MAX_DEPTH, printable, read_tree, walk
from engine.errors import DatasetError
from engine.reports.results import SkippedFile


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image that was named or found; `path` is what people see."""

    path: str
    source: ImageSource


def find_images(paths: Sequence[Path]) -> Iterator[NewImage | SkippedFile]:
    """The images at these paths in their order; what cannot be looked into is given with the reason.

    A file counts whatever its name. Of a folder or archive the images directly in it come first, by name, then
    those of the folders in it (as deep as `MAX_DEPTH`); files that are no images by their name do not count.
    """
    for path in paths:
        if path.is_dir() or (path.suffix.lower() in ARCHIVE_SUFFIXES and path.is_file()):
            yield from _below(path)
        elif path.is_file():
            yield NewImage(printable(str(path)), FileSource(str(path)))
        else:
            reason = "not a regular file" if path.exists() else "there is no such file or folder"
            yield SkippedFile(printable(str(path)), reason)


def read_image(paths: Sequence[Path], shown: str) -> npt.NDArray[np.uint8]:
    """The upright picture, (H, W, 3) uint8, that `find_images(paths)` gives this path.

    Raises:
        DatasetError: it is not among them any more, or cannot be decoded.
    """
    for image in find_images(paths):
        if isinstance(image, NewImage) and image.path == shown:
            return decode(image.source)
    raise UnreadableImage("it is no longer there")


def decode(source: ImageSource) -> npt.NDArray[np.uint8]:
    """The upright picture, (H, W, 3) uint8.

    Raises:
        UnreadableImage: with the reason, without the file's name.
        MemoryError: there is not enough memory now.
    """
    data = source.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableImage(f"more than {MAX_FILE_BYTES} bytes")
    # A copy of Pillow's memory, because torch wants memory that may be written to.
    return np.array(decode_rgb(data))


def _below(path: Path) -> Iterator[NewImage | SkippedFile]:
    shown = printable(str(path))
    try:
        tree = read_tree(path)
    except DatasetError as error:
        yield SkippedFile(shown, str(error).removeprefix(f"{printable(str(path.resolve()))}: "))
        return
    found = False
    for folder in walk(tree.root):
        for name, source in folder.images.items():
            found = True
            yield NewImage(printable(os.path.join(path, folder.path, name)), source)  # noqa: PTH118 - once an image
    for skipped in tree.skipped:
        yield SkippedFile(f"{shown}/{skipped.path.removeprefix(tree.prefix)}", skipped.reason)
    if not found:
        yield SkippedFile(shown, f"no {IMAGE_KINDS} image in it or in the {MAX_DEPTH} levels of folders below")
