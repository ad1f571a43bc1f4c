"""Near-duplicates: images that show the same picture, found by comparing the fingerprints of all with all.

Two looks must agree, and neither alone is enough: the perceptual hash (which frequencies are strong, whatever the
contrast) and the correlation of the thumbnails (how bright each place is). The looser limits ask a third, the colours.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from engine.config.protocols import Closeness
from engine.dataset import THUMBNAIL_SIZE, Fingerprint
from engine.events.control import StudyControl

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

FEATURELESS = 4.0
"""Standard deviation of the thumbnail's brightness, in levels of 255, below which there is nothing to compare but the
pixels themselves: an empty or almost empty picture."""

NOBODY = -1
"""Stands for an image without a partner."""

_BRIGHTNESS = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Weights of red, green and blue (ITU-R BT.601)."""

_BLOCK_PAIRS = 2_000_000
"""Pairs that are looked at in one go; about 60 MB, whatever the number of images."""

_COLOUR_PAIRS = 2_000
"""Pairs whose colours are compared in one go."""


@dataclass(frozen=True)
class Limits:
    """How alike two pictures must be.

    Attributes:
        hash_distance: most bits of the 64-bit perceptual hashes that may differ.
        correlation: least correlation of the thumbnails' brightness.
        thumbnail_rms: largest root mean square difference of the thumbnails' colours, in levels of 255.
    """

    hash_distance: int
    correlation: float
    thumbnail_rms: float = np.inf


LIMITS: MappingProxyType[Closeness, tuple[Limits, ...]] = MappingProxyType(
    {"near": (Limits(10, 0.90),), "scene": (Limits(10, 0.90), Limits(22, 0.70, 30.0))}
)
"""One of the alternatives must hold.

Measured on 3,280 frames of the study's data: "near" pairs all of the 112 test images whose original is there (their
hashes differ in 4 bits at most, their thumbnails correlate by 0.98 at least) and frames of one shot a moment apart;
"scene" 40 % more images. No pair of either that was looked at was of two scenes, and none at all of two classes; at 20
bits and a correlation of 0.7, without the colours, one pair in eight was of two classes. On the drawn demo set, whose
pictures are all different, neither pairs any. What becomes of copies that were changed in known ways is measured by
`tests/benchmarks/planted_copies.py`.
"""


@dataclass(frozen=True)
class NearDuplicates:
    """What `find_near_duplicates` found among N images; a row of -1 has no partner.

    Attributes:
        groups: number of each image's group (N,): the row of its first member, so an image without a copy has its own.
        across: nearest image of the other part (N,).
        within: nearest image of the same part (N,).
        mislabelled: nearest image with another label (N,).
    """

    groups: Rows
    across: Rows
    within: Rows
    mislabelled: Rows


class Looks:
    """The fingerprints of N images as arrays."""

    def __init__(self, fingerprints: Sequence[Fingerprint]) -> None:
        n = len(fingerprints)
        height, width = THUMBNAIL_SIZE
        self.pixels = np.unique([taken.pixels for taken in fingerprints], return_inverse=True)[1].astype(np.int32)
        self.hashes = np.array([taken.perceptual_hash for taken in fingerprints], dtype=np.uint64)
        joined = np.frombuffer(b"".join(taken.thumbnail for taken in fingerprints), dtype=np.uint8)
        self.thumbnails = joined.reshape(n, height * width, 3)
        self.brightness = _normalised(self.thumbnails)

    def __len__(self) -> int:
        return len(self.hashes)

    def hash_distances(self, first: Rows, second: Rows | slice) -> npt.NDArray[np.uint8]:
        """Bits that differ, (F, S)."""
        distances: npt.NDArray[np.uint8] = np.bitwise_count(self.hashes[first, None] ^ self.hashes[None, second])
        return distances

    def thumbnail_rms(self, first: Rows, second: Rows) -> Floats:
        """Root mean square difference of the colours of thumbnails, pair by pair, in levels of 255: (P,)."""
        difference = self.thumbnails[first].astype(np.float32) - self.thumbnails[second]
        rms: Floats = np.sqrt(np.mean(np.square(difference), axis=(1, 2)))
        return rms

    def correlations(self, first: Rows, second: Rows) -> Floats:
        """Correlation of the brightness of thumbnails, pair by pair; 0 where one is featureless: (P,)."""
        products: Floats = np.einsum("ij,ij->i", self.brightness[first], self.brightness[second])
        return products


def _normalised(thumbnails: npt.NDArray[np.uint8]) -> Floats:
    """Brightness (N, P) with mean 0 and length 1, so that a product is a correlation; 0 where it is featureless."""
    n, pixels, _ = thumbnails.shape
    grey = np.empty((n, pixels), dtype=np.float32)
    for row, thumbnail in enumerate(thumbnails):  # one by one: in floats all would be four times as large
        grey[row] = thumbnail @ _BRIGHTNESS
    grey -= grey.mean(axis=1, keepdims=True)
    length = np.linalg.norm(grey, axis=1, keepdims=True)
    featureless = length < FEATURELESS * np.sqrt(pixels)
    normalised: Floats = np.divide(grey, length, out=np.zeros_like(grey), where=~featureless)
    return normalised


def find_near_duplicates(
    looks: Looks,
    *,
    labels: Rows,
    is_test: Flags,
    closeness: Closeness,
    control: StudyControl,
    progress: Callable[[int, int], None],
) -> NearDuplicates:
    """Compare N images with each other, in blocks so that memory stays flat.

    Args:
        looks: the images' fingerprints.
        labels: class of each image (N,).
        is_test: which are test images (N,).
        closeness: how alike copies must be, see `LIMITS`.
        control: lets the user pause and stop between two blocks.
        progress: called with (images that were compared with all others, N).

    Raises:
        StudyStopped: the user asked for it.
    """
    n = len(looks)
    copies = NearDuplicates(np.arange(n), *(np.full(n, NOBODY, dtype=np.int64) for _ in range(3)))
    progress(0, n)
    for rows in _blocks(n):
        control.checkpoint()
        alike, nearness = _compare(looks, rows, LIMITS[closeness])
        alike[np.arange(len(rows)), rows] = False
        _merge(copies.groups, rows, alike)
        other_part = is_test[rows, None] != is_test[None, :]
        copies.across[rows] = _nearest(alike & other_part, nearness)
        copies.within[rows] = _nearest(alike & ~other_part, nearness)
        copies.mislabelled[rows] = _nearest(alike & (labels[rows, None] != labels[None, :]), nearness)
        progress(int(rows[-1]) + 1, n)
    return copies


def _blocks(n: int) -> Iterator[Rows]:
    step = max(1, _BLOCK_PAIRS // max(1, n))
    for start in range(0, n, step):
        yield np.arange(start, min(start + step, n))


def _compare(looks: Looks, rows: Rows, limits: Sequence[Limits]) -> tuple[Flags, Floats]:
    """Whether each of B images is a copy of each of N, and how near it is: lower is nearer, equal pixels first.

    Both (B, N).
    """
    equal = looks.pixels[rows, None] == looks.pixels[None, :]
    distances = looks.hash_distances(rows, slice(None))
    nearness = np.where(equal, np.float32(-1), distances.astype(np.float32))
    alike = equal
    # Most images have no near hash but their own, so most rows need no second look.
    asked = np.flatnonzero(np.count_nonzero(distances <= max(limit.hash_distance for limit in limits), axis=1) > 1)
    if len(asked):
        correlation = looks.brightness[rows[asked]] @ looks.brightness.T
        for limit in limits:
            passed = (distances[asked] <= limit.hash_distance) & (correlation >= limit.correlation) & ~alike[asked]
            if limit.thumbnail_rms < np.inf:
                passed = _of_like_colours(looks, rows[asked], passed, limit.thumbnail_rms)
            alike[asked] |= passed
        # Among equal distances the one of the higher correlation; it moves a value by less than one bit.
        nearness[asked] -= correlation / 4
    return alike, nearness


def _of_like_colours(looks: Looks, rows: Rows, passed: Flags, limit: float) -> Flags:
    """Those of the pairs (B, N) that passed so far whose colours are alike as well."""
    first, second = np.nonzero(passed)
    kept = np.zeros_like(passed)
    for start in range(0, len(first), _COLOUR_PAIRS):
        some = slice(start, start + _COLOUR_PAIRS)
        kept[first[some], second[some]] = looks.thumbnail_rms(rows[first[some]], second[some]) <= limit
    return kept


def _nearest(candidates: Flags, nearness: Floats) -> Rows:
    """For each of B rows the nearest candidate's column, or -1."""
    found = np.full(len(candidates), NOBODY, dtype=np.int64)
    rows = np.flatnonzero(candidates.any(axis=1))
    found[rows] = np.argmin(np.where(candidates[rows], nearness[rows], np.inf), axis=1)
    return found


def _merge(groups: Rows, rows: Rows, alike: Flags) -> None:
    """Join the groups of images that are alike; `groups` stays the row of each group's first member."""
    first, second = np.nonzero(alike)
    if not len(first):
        return
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(groups)
    # Each image hangs on its group's first member, and these on each other.
    ends = np.concatenate((np.arange(n), rows[first])), np.concatenate((groups, second))
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(n, n))
    numbers = connected_components(graph, directed=False)[1]
    groups[:] = np.unique(numbers, return_index=True)[1][numbers]
