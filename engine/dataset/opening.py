"""Opens a data set: which classes, which images train and which test, and the boxes; nothing is decoded yet."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.dataset.annotations import Annotation, Annotations, fit_box, read_annotations
from engine.dataset.images import upright_size
from engine.dataset.layouts import Candidate, Layout, recognise
from engine.dataset.sampling import sample_stratified, split_stratified
from engine.dataset.sources import UnreadableImage
from engine.dataset.tree import printable, read_tree
from engine.dataset.values import STUDY_CLASSES, Box, Dataset, ImageSample
from engine.errors import DatasetError
from engine.results import SkippedFile

ALL_CLASSES = "all"
"""Asks for every class that has training images."""

MIN_CLASSES = 2
_SUGGESTIONS = 3
_LISTED = 10


@dataclass(frozen=True, slots=True)
class _Found:
    """An image whose header was read."""

    candidate: Candidate
    label: int
    size: tuple[int, int]
    annotation: Annotation | None


def open_dataset(
    path: Path,
    *,
    classes: Sequence[str] | None = None,
    sample: int | None = None,
    test_fraction: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """Recognise the data set at `path` (see `engine.dataset.layouts`) and choose its images.

    Fast: it reads names and image headers. Images in formats that are not read, with damaged headers or too many
    pixels are left out and listed in `skipped`, as are boxes that cannot be used.

    Args:
        path: folder or zip archive, which is read in place.
        classes: class folders in label order, or ("all",); None takes the study's six from the Kaggle layout and
            every class from the others.
        sample: size of a seeded part of the training images that keeps the classes' proportions; None for all.
        test_fraction: share of each class set aside for testing, in (0, 1), where there are no test images.
        seed: of the sample and the split.

    Raises:
        DatasetError: no data set there, or none that a classifier can be trained on.
    """
    if not 0 < test_fraction < 1:
        raise DatasetError(f"--test-fraction {test_fraction}: give a share above 0 and below 1")
    tree = read_tree(path)
    opening = _Opening(tree.location, recognise(tree))
    names = opening.choose_classes(classes)
    train, test = opening.read_headers(names)
    names, train, test = opening.drop_empty_classes(names, train, test, required=classes not in (None, (ALL_CLASSES,)))
    if not test:
        train, test = opening.split(names, train, test_fraction, seed)
    train = opening.sample(train, len(names), sample, seed)
    opening.note_untested_classes(names, test)
    samples = opening.samples(train), opening.samples(test)
    return Dataset(
        name=tree.name,
        location=tree.location,
        layout=opening.layout.kind,
        is_demo=False,
        classes=tuple(map(printable, names)),
        train=samples[0],
        test=samples[1],
        skipped=tuple(opening.skipped),
        notes=tuple(opening.notes),
    )


class _Opening:
    """The steps of `open_dataset`, which share a report of what was left out."""

    def __init__(self, location: str, layout: Layout) -> None:
        self.location = location
        self.layout = layout
        self.notes = list(layout.notes)
        self.annotations = read_annotations(layout.annotations)
        self.skipped = layout.skipped + self.annotations.skipped
        self._paths: set[str] = set()

    def choose_classes(self, wanted: Sequence[str] | None) -> list[str]:
        """Class folders in label order.

        Raises:
            DatasetError: an unknown class, one named twice, or fewer than two.
        """
        available = sorted(self.layout.train)
        if wanted is None:
            names = self._default_classes(available)
        elif list(wanted) == [ALL_CLASSES]:
            names = available
        else:
            names = [self._find_class(name, available) for name in wanted]
            if len(set(names)) != len(names):
                raise DatasetError(f"--classes {','.join(wanted)}: name each class once")
        if len(names) < MIN_CLASSES:
            raise DatasetError(
                f"{self.location}: only one class ({', '.join(map(printable, names))}); a classifier needs at least two"
            )
        return names

    def _default_classes(self, available: list[str]) -> list[str]:
        if self.layout.kind != "kaggle":
            return available
        names = [name for name in STUDY_CLASSES if name in available]
        if len(names) < MIN_CLASSES:
            return available
        if missing := [name for name in STUDY_CLASSES if name not in available]:
            self.notes.append(f"of the study's six classes, {', '.join(missing)} has no images here")
        if others := len(available) - len(names):
            self.notes.append(f"{others} other classes are left out: --classes all takes them in")
        return names

    def _find_class(self, name: str, available: list[str]) -> str:
        by_shown = {printable(known): known for known in available}
        if name in by_shown:
            return by_shown[name]
        lower = name.lower()
        near = [known for known in by_shown if lower and lower in known.lower()]
        near += difflib.get_close_matches(name, by_shown, n=_SUGGESTIONS, cutoff=0.5)
        nearest = list(dict.fromkeys(near))[:_SUGGESTIONS]
        more = ", ..." if len(by_shown) > _LISTED else ""
        hint = f"nearest: {', '.join(nearest)}" if nearest else f"there are {', '.join(list(by_shown)[:_LISTED])}{more}"
        raise DatasetError(f"--classes: no class {printable(name)!r} with images in {self.location}; {hint}")

    def read_headers(self, names: Sequence[str]) -> tuple[list[_Found], list[_Found]]:
        """Training and test images of the classes, those that cannot be read left out."""
        claimed: set[str] = set()
        train = self._read_headers(self.layout.train, names, claimed, test=False)
        return train, self._read_headers(self.layout.test, names, claimed, test=True)

    def _read_headers(
        self, by_class: dict[str, list[Candidate]], names: Sequence[str], claimed: set[str], *, test: bool
    ) -> list[_Found]:
        found = []
        for label, name in enumerate(names):
            for given in by_class.get(name, []):
                candidate = self._with_unique_path(given)
                try:
                    size = upright_size(candidate.source)
                except UnreadableImage as error:
                    self.skipped.append(SkippedFile(candidate.path, str(error)))
                    continue
                annotation = _annotation(self.annotations, name, candidate, test=test)
                # One line describes one image: the training image where both could be meant.
                if annotation is not None and annotation.where in claimed:
                    annotation = None
                if annotation is not None:
                    claimed.add(annotation.where)
                found.append(_Found(candidate, label, size, annotation))
        return found

    def _with_unique_path(self, candidate: Candidate) -> Candidate:
        # Two names can become one where bytes are shown as escapes or the middle is left out.
        path, number = candidate.path, 1
        while path in self._paths:
            number += 1
            path = f"{candidate.path} ({number})"
        self._paths.add(path)
        return candidate if number == 1 else replace(candidate, path=path)

    def drop_empty_classes(
        self, names: list[str], train: list[_Found], test: list[_Found], *, required: bool
    ) -> tuple[list[str], list[_Found], list[_Found]]:
        """Leave out classes none of whose training images can be read.

        Raises:
            DatasetError: it is one that was asked for, or fewer than two are left.
        """
        present = {found.label for found in train}
        empty = [name for label, name in enumerate(names) if label not in present]
        if not empty:
            return names, train, test
        reason = f"class {printable(empty[0])} has no training image that can be read"
        kept = [label for label in range(len(names)) if label in present]
        if required or len(kept) < MIN_CLASSES:
            raise DatasetError(f"{self.location}: {reason}{self._first_reason()}")
        self.notes += [f"class {printable(name)} is left out: no training image can be read" for name in empty]
        new_label = {label: position for position, label in enumerate(kept)}
        train, test = (
            [replace(found, label=new_label[found.label]) for found in images if found.label in new_label]
            for images in (train, test)
        )
        return [names[label] for label in kept], train, test

    def _first_reason(self) -> str:
        return f" (such as {self.skipped[0].path}: {self.skipped[0].reason})" if self.skipped else ""

    def split(
        self, names: Sequence[str], images: list[_Found], fraction: float, seed: int
    ) -> tuple[list[_Found], list[_Found]]:
        """Set test images aside.

        Raises:
            DatasetError: no class has an image to spare, or there are test images that cannot be read.
        """
        if any(name in self.layout.test for name in names):
            raise DatasetError(f"{self.location}: none of its test images can be read{self._first_reason()}")
        # A later version keeps near copies on one side: it replaces `split_stratified` and nothing else.
        is_test = split_stratified([found.label for found in images], fraction, seed)
        train = [found for found, aside in zip(images, is_test, strict=True) if not aside]
        test = [found for found, aside in zip(images, is_test, strict=True) if aside]
        if not test:
            raise DatasetError(f"{self.location}: one image a class leaves nothing to test on; add images")
        self.notes.append(
            f"no test images are given: {len(test)} of {len(images)} images are set aside at random "
            f"({fraction:.0%} of each class, seed {seed}); copies of one image can land on both sides"
        )
        return train, test

    def sample(self, train: list[_Found], n_classes: int, size: int | None, seed: int) -> list[_Found]:
        """The part of the training images that was asked for, in their order.

        Raises:
            DatasetError: too small a part to have an image of each class.
        """
        if size is None:
            return train
        if size < n_classes:
            raise DatasetError(f"--sample {size}: take at least one training image of each of the {n_classes} classes")
        if size >= len(train):
            if size > len(train):
                self.notes.append(f"--sample {size} is more than the {len(train)} training images: all are used")
            return train
        self.notes.append(f"{size} of {len(train)} training images are used (--sample, stratified, seed {seed})")
        chosen = sample_stratified([found.label for found in train], size, seed)
        return [found for found, take in zip(train, chosen, strict=True) if take]

    def note_untested_classes(self, names: Sequence[str], test: Sequence[_Found]) -> None:
        """Name the classes that no test image can tell anything about."""
        tested = {found.label for found in test}
        untested = [printable(name) for label, name in enumerate(names) if label not in tested]
        if untested:
            verb = "has" if len(untested) == 1 else "have"
            self.notes.append(f"{', '.join(untested)} {verb} no test images and stay out of macro averages")

    def samples(self, images: Sequence[_Found]) -> tuple[ImageSample, ...]:
        """The images with their boxes fitted; what was mended or dropped goes into the report."""
        return tuple(
            ImageSample(found.candidate.path, found.label, self._box(found), found.candidate.source) for found in images
        )

    def _box(self, found: _Found) -> Box | None:
        if found.annotation is None:
            return None
        outcome = fit_box(found.annotation.corners, found.size)
        where = found.annotation.where
        if outcome.dropped:
            reason = f"{outcome.dropped}; {found.candidate.path} stays whole"
            self.skipped.append(SkippedFile(where, reason))
        if outcome.mended:
            self.notes.append(f"{where}: {outcome.mended} ({found.candidate.path})")
        return outcome.box


def _annotation(annotations: Annotations, class_name: str, candidate: Candidate, *, test: bool) -> Annotation | None:
    if candidate.loose:
        return annotations.of_loose_image(class_name, candidate.file)
    return annotations.of_image(class_name, candidate.file, test=test)
