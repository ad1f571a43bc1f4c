"""Baselines: majority class and nearest thumbnail, scored on the same test images.

The majority class says what guessing gives; the nearest training thumbnail says how far looking alike goes, which on
test images that copy training images is very far.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from engine.evaluation.metrics import Labels, compute_metrics
from engine.reports.results import Baseline

Pixels = npt.NDArray[np.uint8]

THUMBNAIL_SIZE = (16, 12)
"""Width and height of the thumbnails that are compared, in pixels."""

GATHER_BATCH = 64
"""Images read at a time, so that memory stays flat."""


class PixelSource(Protocol):
    """Pre-processed images that can be read by row."""

    def gather(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """The images of `rows` as (len(rows), H, W, 3) uint8."""
        ...


def majority_baseline(train_labels: Labels, test_labels: Labels, classes: Sequence[str]) -> Baseline:
    """Predict the commonest training class for every test image (the first in label order where classes tie)."""
    commonest = int(np.bincount(train_labels, minlength=len(classes)).argmax())
    return Baseline("majority", compute_metrics(test_labels, np.full_like(test_labels, commonest), classes))


def thumbnail_baseline(
    pixels: PixelSource,
    *,
    train_rows: npt.NDArray[np.int64],
    train_labels: Labels,
    test_rows: npt.NDArray[np.int64],
    test_labels: Labels,
    classes: Sequence[str],
    checkpoint: Callable[[], None] = lambda: None,
) -> Baseline:
    """Predict the class of the training image whose thumbnail is nearest (Euclidean distance of RGB pixels).

    `checkpoint` is called often; what it raises ends the work.
    """
    train = np.concatenate(list(_thumbnails(pixels, train_rows, checkpoint)))
    test = np.concatenate(list(_thumbnails(pixels, test_rows, checkpoint)))
    index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(train)
    nearest = index.kneighbors(test, return_distance=False)[:, 0]
    return Baseline("thumbnail_1nn", compute_metrics(test_labels, train_labels[nearest], classes))


def _thumbnails(
    pixels: PixelSource, rows: npt.NDArray[np.int64], checkpoint: Callable[[], None]
) -> Iterator[npt.NDArray[np.float32]]:
    """Flattened thumbnails, a batch at a time: (n, 16 * 12 * 3) float32."""
    for start in range(0, len(rows), GATHER_BATCH):
        checkpoint()
        batch = pixels.gather(rows[start : start + GATHER_BATCH])
        small = [np.asarray(Image.fromarray(image).resize(THUMBNAIL_SIZE, Image.Resampling.BOX)) for image in batch]
        yield np.stack(small).reshape(len(small), -1).astype(np.float32)
