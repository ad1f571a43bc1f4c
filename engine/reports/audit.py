"""Report of an audit: odd files, near-duplicates, leakage, balance, sizes and boxes."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from engine.config.protocols import Closeness
from engine.reports.results import SkippedFile

Part = Literal["train", "test"]
CopyKind = Literal["exact", "near", "scene"]


@dataclass(frozen=True)
class AuditedImage:
    """One side of a pair; `size` is (height, width) in pixels of the upright picture."""

    path: str
    class_name: str
    part: Part
    size: tuple[int, int]


@dataclass(frozen=True)
class CopyPair:
    """Two images that show the same picture.

    Attributes:
        first: the test image where the pair crosses the parts.
        second: the other image.
        kind: "exact" where the decoded pixels are equal, else how close they had to be.
        hash_distance: bits of the 64-bit perceptual hashes that differ.
        thumbnail_rms: root mean square difference of the thumbnails' colours, in levels of 255.
        correlation: of the thumbnails' brightness, from -1 to 1; 0 where one of them is featureless.
    """

    first: AuditedImage
    second: AuditedImage
    kind: CopyKind
    hash_distance: int
    thumbnail_rms: float
    correlation: float = 0.0

    @property
    def crosses_parts(self) -> bool:
        """Whether one is a training and the other a test image: a leak."""
        return self.first.part != self.second.part

    @property
    def crosses_classes(self) -> bool:
        """Whether the labels disagree: one of them is wrong, or the picture shows both."""
        return self.first.class_name != self.second.class_name


@dataclass(frozen=True)
class SizeSummary:
    """Sizes of one part's images in pixels; medians where the middle is asked for.

    `height` and `width` are (smallest, median, largest); `distinct` counts different (height, width).
    """

    part: Part
    height: tuple[int, int, int]
    width: tuple[int, int, int]
    distinct: int


@dataclass(frozen=True)
class AuditReport:
    """What the images themselves say of how far the scores on them can be trusted.

    Attributes:
        closeness: what counted as a copy.
        classes: class names in label order.
        train_counts, test_counts: readable images a class.
        boxed_train_counts, boxed_test_counts: how many of those have a bounding box, a class.
        unreadable: files that were left out, with the reason.
        odd: files that are used although something about them is not as it should be (a PNG called .jpg).
        sizes: a summary a part that has images.
        pairs: the evidence, the nearest partner of each image and no more: every test image that copies a training
            image beside the nearest one; then images beside the nearest copy with another label; then images beside the
            nearest copy in their own part. Each pair stands once, nearest first.
        groups: paths of the images of each group of two or more that are copies of each other, directly or through
            others, training and test images together.
        leaking_test: number of test images with a copy among the training images.
        leaking_train: number of training images in a group that holds a test image.
        copied_train: number of training images with a copy among the other training images.
        copied_test: number of test images with a copy among the other test images.
        sentences: the findings in words, the gravest first.
        blind_spots: in words, what this audit cannot see.
        notes: what was read as what, and what was passed over.
        group_name: what the label file calls the groups that it gives ("patient"), or "".
        given_groups: paths of the images of each of those groups of two or more.
        group_leaking_test: number of test images that share such a group with a training image.
        group_leaking_train: number of training images that share one with a test image.
    """

    closeness: Closeness
    classes: tuple[str, ...]
    train_counts: tuple[int, ...]
    test_counts: tuple[int, ...]
    boxed_train_counts: tuple[int, ...]
    boxed_test_counts: tuple[int, ...]
    unreadable: tuple[SkippedFile, ...]
    odd: tuple[SkippedFile, ...]
    sizes: tuple[SizeSummary, ...]
    pairs: tuple[CopyPair, ...]
    groups: tuple[tuple[str, ...], ...]
    leaking_test: int
    leaking_train: int
    copied_train: int
    copied_test: int
    sentences: tuple[str, ...] = ()
    blind_spots: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    group_name: str = ""
    given_groups: tuple[tuple[str, ...], ...] = ()
    group_leaking_test: int = 0
    group_leaking_train: int = 0

    @cached_property
    def kept_together(self) -> tuple[tuple[str, ...], ...]:
        """Paths of the images that belong on one side and are one piece of evidence: groups of copies and given ones.

        Groups with an image in common are one.
        """
        return join_groups((*self.groups, *self.given_groups)) if self.given_groups else self.groups

    @property
    def train(self) -> int:
        """Number of readable training images."""
        return sum(self.train_counts)

    @property
    def test(self) -> int:
        """Number of readable test images."""
        return sum(self.test_counts)

    @property
    def leaks(self) -> bool:
        """Whether any test image copies a training image or shares a given group with one."""
        return self.leaking_test > 0 or self.group_leaking_test > 0

    @property
    def leak_sentence(self) -> str:
        """The warning that stands beside every figure, or "" where there is no leak."""
        return "; ".join(filter(None, (self.copy_sentence, self.group_sentence)))

    @property
    def group_sentence(self) -> str:
        """How many test images share a given group with training images, or ""."""
        count = self.group_leaking_test
        if not count:
            return ""
        verb = "shares" if count == 1 else "share"
        share = 100 * count / self.test
        return f"{count} of {self.test} test images ({share:.1f} %) {verb} a {self.group_name} with training images"

    @property
    def copy_sentence(self) -> str:
        """How many test images copy training images, or ""."""
        if not self.leaking_test:
            return ""
        verb = "is a copy" if self.leaking_test == 1 else "are copies"
        share = 100 * self.leaking_test / self.test
        shot = " or of the same shots" if self.closeness == "scene" else ""
        return f"{self.leaking_test} of {self.test} test images ({share:.1f} %) {verb} of training images{shot}"


def join_groups(groups: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Groups with a member in common as one, in the order of their first members."""
    above: dict[str, str] = {}

    def first_of(name: str) -> str:
        while (parent := above.setdefault(name, name)) != name:
            above[name] = name = above[parent]
        return name

    for first, *others in groups:
        for other in others:
            above[first_of(other)] = first_of(first)
    joined: dict[str, list[str]] = {}
    for name in list(above):
        joined.setdefault(first_of(name), []).append(name)
    return tuple(map(tuple, joined.values()))
