"""The report of an audit: leakage, near-duplicates, conflicting labels, odd files, sizes and boxes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from engine.audit.near_duplicates import LIMITS, NOBODY, Limits, Looks, NearDuplicates, Rows, find_near_duplicates
from engine.audit.sentences import blind_spots, findings
from engine.config.protocols import Closeness
from engine.dataset import CheckedDataset, CheckedImage
from engine.events.control import StudyControl
from engine.reports.audit import AuditedImage, AuditReport, CopyKind, CopyPair, Part, SizeSummary
from engine.reports.results import SkippedFile

_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "BMP": (".bmp", ".dib"),
    "WebP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif",),
}
"""What files of a format are called."""


def audit_images(
    checked: CheckedDataset,
    *,
    closeness: Closeness = "near",
    control: StudyControl,
    progress: Callable[[int, int], None],
) -> AuditReport:
    """What the images of a data set say of how far scores on them can be trusted.

    Args:
        checked: every image that can be used, with its fingerprint.
        closeness: how alike two pictures must be to count as copies, see `engine.audit.near_duplicates.LIMITS`.
        control: lets the user pause and stop.
        progress: called with (images compared with all others, images), in the calling thread.

    Raises:
        StudyStopped: the user asked for it.
    """
    return _Audit(checked, closeness).run(control, progress)


class _Audit:
    """The images as rows of arrays, training images first."""

    def __init__(self, checked: CheckedDataset, closeness: Closeness) -> None:
        self.dataset, self.closeness = checked.dataset, closeness
        self.images = checked.images
        self.labels: Rows = np.array([image.sample.label for image in self.images], dtype=np.int64)
        self.is_test = np.arange(len(self.images)) >= len(checked.dataset.train)
        self.looks = Looks([image.fingerprint for image in self.images])

    def run(self, control: StudyControl, progress: Callable[[int, int], None]) -> AuditReport:
        """Compare the images and write the report."""
        copies = find_near_duplicates(
            self.looks,
            labels=self.labels,
            is_test=self.is_test,
            closeness=self.closeness,
            control=control,
            progress=progress,
        )
        members, given = _groups(copies.groups), self._given_groups()
        report = AuditReport(
            closeness=self.closeness,
            classes=self.dataset.classes,
            train_counts=self._counts("train"),
            test_counts=self._counts("test"),
            boxed_train_counts=self._counts("train", boxed=True),
            boxed_test_counts=self._counts("test", boxed=True),
            unreadable=self.dataset.skipped,
            notes=self.dataset.notes,
            odd=tuple(_odd_files(self.images)),
            sizes=tuple(summary for part in ("train", "test") if (summary := self._sizes(part)) is not None),
            pairs=self._pairs(copies),
            groups=self._paths(members),
            leaking_test=int(np.count_nonzero((copies.across != NOBODY) & self.is_test)),
            leaking_train=self._leaking(members, ~self.is_test),
            copied_train=int(np.count_nonzero((copies.within != NOBODY) & ~self.is_test)),
            copied_test=int(np.count_nonzero((copies.within != NOBODY) & self.is_test)),
            group_name=self.dataset.group_name,
            given_groups=self._paths(given),
            group_leaking_test=self._leaking(given, self.is_test),
            group_leaking_train=self._leaking(given, ~self.is_test),
        )
        return replace(report, sentences=findings(report), blind_spots=blind_spots(self.closeness))

    def _in(self, part: Part) -> npt.NDArray[np.bool_]:
        return self.is_test if part == "test" else ~self.is_test

    def _counts(self, part: Part, *, boxed: bool = False) -> tuple[int, ...]:
        """Images a class, all or those with a box."""
        wanted = self._in(part)
        if boxed:
            wanted = wanted & np.array([image.sample.box is not None for image in self.images], dtype=np.bool_)
        counts = np.bincount(self.labels[wanted], minlength=len(self.dataset.classes))
        return tuple(int(count) for count in counts)

    def _sizes(self, part: Part) -> SizeSummary | None:
        sizes = np.array([image.fingerprint.size for image in self.images])[self._in(part)]
        if not len(sizes):
            return None
        spread = np.percentile(sizes, (0, 50, 100), axis=0, method="lower").astype(int)
        (low_h, low_w), (mid_h, mid_w), (high_h, high_w) = spread.tolist()
        return SizeSummary(part, (low_h, mid_h, high_h), (low_w, mid_w, high_w), len(np.unique(sizes, axis=0)))

    def _given_groups(self) -> list[Rows]:
        """The rows of each group of two or more that the label file gives."""
        rows: dict[str, list[int]] = {}
        for row, image in enumerate(self.images):
            if image.sample.group:
                rows.setdefault(image.sample.group, []).append(row)
        return [np.array(members) for members in rows.values() if len(members) > 1]

    def _paths(self, groups: Iterable[Rows]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(self.images[row].sample.path for row in rows) for rows in groups)

    def _leaking(self, groups: Iterable[Rows], wanted: npt.NDArray[np.bool_]) -> int:
        """Number of the wanted images in groups that hold images of both parts."""
        mixed = [rows for rows in groups if 0 < np.count_nonzero(self.is_test[rows]) < len(rows)]
        return int(sum(np.count_nonzero(wanted[rows]) for rows in mixed))

    # ------------------------------------------------------------------ the evidence

    def _pairs(self, copies: NearDuplicates) -> tuple[CopyPair, ...]:
        """Leaks first, then labels at odds, then copies within a part, each from the nearest pair to the farthest."""
        chosen: dict[tuple[int, int], None] = {}
        for partners, wanted in (
            (copies.across, self.is_test),
            (copies.mislabelled, np.ones_like(self.is_test)),
            (copies.within, np.ones_like(self.is_test)),
        ):
            rows = np.flatnonzero((partners != NOBODY) & wanted)
            found = [self._ordered(int(row), int(partners[row])) for row in rows]
            for pair in self._nearest_first(found):
                chosen.setdefault(pair)
        return self._described(list(chosen))

    def _ordered(self, row: int, partner: int) -> tuple[int, int]:
        """The test image first where a pair crosses the parts, else the image that comes first."""
        if self.is_test[row] != self.is_test[partner]:
            return (row, partner) if self.is_test[row] else (partner, row)
        return min(row, partner), max(row, partner)

    def _nearest_first(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        if not pairs:
            return []
        first, second = np.array(pairs).T
        distances = np.bitwise_count(self.looks.hashes[first] ^ self.looks.hashes[second])
        order = np.lexsort((-self.looks.correlations(first, second), distances))
        return [pairs[place] for place in order]

    def _described(self, pairs: Sequence[tuple[int, int]]) -> tuple[CopyPair, ...]:
        if not pairs:
            return ()
        first, second = np.array(pairs).T
        distances = np.bitwise_count(self.looks.hashes[first] ^ self.looks.hashes[second])
        colours = self.looks.thumbnail_rms(first, second)
        correlations = self.looks.correlations(first, second)
        return tuple(
            CopyPair(
                first=self._image(one),
                second=self._image(other),
                kind=self._kind(one, other, int(distance), float(correlation)),
                hash_distance=int(distance),
                thumbnail_rms=round(float(rms), 2),
                correlation=round(float(correlation), 4),
            )
            for (one, other), distance, rms, correlation in zip(pairs, distances, colours, correlations, strict=True)
        )

    def _kind(self, first: int, second: int, distance: int, correlation: float) -> CopyKind:
        if self.looks.pixels[first] == self.looks.pixels[second]:
            return "exact"
        return "near" if _within(LIMITS["near"], distance, correlation) else "scene"

    def _image(self, row: int) -> AuditedImage:
        image = self.images[row]
        part: Part = "test" if self.is_test[row] else "train"
        return AuditedImage(image.sample.path, self.dataset.classes[image.sample.label], part, image.fingerprint.size)


def _within(limits: Iterable[Limits], distance: int, correlation: float) -> bool:
    return any(distance <= limit.hash_distance and correlation >= limit.correlation for limit in limits)


def _groups(numbers: Rows) -> list[Rows]:
    """The rows of each group of two or more, in the order of their first members."""
    order = np.argsort(numbers, kind="stable")
    borders = np.flatnonzero(np.diff(numbers[order])) + 1
    return [np.sort(rows) for rows in np.split(order, borders) if len(rows) > 1]


def _odd_files(images: Iterable[CheckedImage]) -> Iterable[SkippedFile]:
    """Files whose names say another format than they have."""
    for image in images:
        suffix = PurePosixPath(image.sample.source.key).suffix.lower()
        file_format = image.fingerprint.file_format
        if suffix not in _SUFFIXES.get(file_format, ()):
            yield SkippedFile(image.sample.path, f"a {file_format} file, although it is called {suffix or 'so'}")
