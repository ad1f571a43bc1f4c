"""Reads checked images again through torchvision's data-set class, and notices when one is not what was checked."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.dataset import CheckedImage, UnreadableImage
from engine.dataset.sources import MAX_FILE_BYTES, ImageSource, Stamp
from engine.errors import DatasetError
from engine.preprocess.step import Pixels


@dataclass(frozen=True)
class _VerifiedSource:
    """Gives a file's bytes only while they are those of the digest, under which results are kept."""

    source: ImageSource
    digest: str

    @property
    def key(self) -> str:
        return self.source.key

    @property
    def stamp(self) -> Stamp:
        return self.source.stamp

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        data = self.source.read(limit)
        if hashlib.sha256(data).hexdigest() != self.digest:
            raise UnreadableImage("changed while the study ran: start it again")
        return data


class ImageReader:
    """The images of a study by number; safe for several threads."""

    def __init__(self, images: Sequence[CheckedImage]) -> None:
        from engine.dataset.torch_images import ImageFolderWithPath  # takes seconds

        samples = [replace(image.sample, source=_VerifiedSource(image.sample.source, image.digest)) for image in images]
        # A copy of Pillow's memory, because torch wants memory that may be written to.
        self._folder = ImageFolderWithPath(samples, transform=np.array)

    def read(self, number: int) -> Pixels:
        """The upright RGB picture, (H, W, 3) uint8.

        Raises:
            DatasetError: the file is gone, damaged, or another than the one that was checked.
        """
        try:
            pixels: Pixels
            pixels, _, _ = self._folder[number]
        except UnreadableImage as error:
            raise DatasetError(f"{self._folder.samples[number].path}: {error}") from None
        return pixels
