"""Opens a data set: which classes, which images train and which test, and the boxes; nothing is decoded yet."""

import difflib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.config.names import join_names, quote_name
from engine.dataset.annotations import Annotation, Annotations, fit_box, read_annotations
from engine.dataset.classes import MIN_CLASSES, drop_untrained_classes, same_letters
from engine.dataset.images import upright_size
from engine.dataset.labelled import named_label_file, read_labelled, recognise_any
from engine.dataset.labels import ColumnNames
from engine.dataset.layouts import MAX_NAMED, Candidate, Layout, open_parts
from engine.dataset.roles import Role
from engine.dataset.sampling import sample_stratified, split_stratified
from engine.dataset.sources import UnreadableImage
from engine.dataset.tree import printable, read_tree
from engine.dataset.values import STUDY_CLASSES, Box, Dataset, ImageSample
from engine.errors import DatasetError
from engine.reports.results import SkippedFile

ALL_CLASSES = "all"
"""Asks for every class that has training images."""

_USUAL_COLUMNS = ColumnNames()
_SUGGESTIONS = 3
_LISTED = 10


@dataclass(frozen=True, slots=True)
class _Header:
    """What is known of an image besides its sample: (width, height) in pixels, and the lines about it."""

    size: tuple[int, int]
    annotations: tuple[Annotation, ...]


def open_dataset(
    path: Path,
    *,
    train: Path | None = None,
    test: Path | None = None,
    validation: Path | None = None,
    labels: Path | None = None,
    columns: ColumnNames = _USUAL_COLUMNS,
    classes: Sequence[str] | None = None,
    sample: int | None = None,
    test_fraction: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """Recognise the data set at `path` (see `engine.dataset.layouts`) and choose its images.

    Fast: it reads names and image headers. Images in formats that are not read, with damaged headers or too many
    pixels are left out and listed in `skipped`, as are boxes that cannot be used.

    Args:
        path: folder or archive, which is read in place.
        train: the folder of the training images, from `path` on or inside the archive, or an archive; None for what
            `path` is recognised to hold.
        test: the same for the test images, where `train` is named.
        validation: the same for the validation images, where `train` is named.
        labels: a label file (see `engine.dataset.labels`), from `path` on or anywhere; None for one that `path` holds,
            where folders give no classes.
        columns: of the label file.
        classes: class folders in label order, named as in `Dataset.classes`, or ("all",); None takes the study's six
            from the Kaggle layout and every class from the others.
        sample: size of a seeded part of the training images that keeps the classes' proportions; None for all.
        test_fraction: share of each class set aside for testing, in (0, 1), where there are no test images.
        seed: of the sample and the split.

    Raises:
        DatasetError: no data set there, or none that a classifier can be trained on.
    """
    if not 0 < test_fraction < 1:
        raise DatasetError(f"--test-fraction {test_fraction}: give a share above 0 and below 1")
    if train is not None:
        layout = open_parts(path, train, test, validation)
    elif labels is not None:
        tree = read_tree(path)
        layout = read_labelled(tree, [named_label_file(tree, path, labels)], columns, classes_needed=False)
    else:
        layout = recognise_any(read_tree(path), columns)
    opening = _Opening(layout)
    names = opening.choose_classes(classes)
    asked_for = classes is not None and list(classes) != [ALL_CLASSES]
    dataset = drop_untrained_classes(opening.read_headers(names, required=asked_for), opening.unread)
    if not dataset.test:
        dataset = opening.split(dataset, test_fraction, seed)
    dataset = opening.fit_boxes(opening.sample(dataset, sample, seed))
    return replace(dataset, skipped=tuple(opening.skipped), notes=tuple(opening.notes) + dataset.notes)


@dataclass(frozen=True)
class _Part:
    """The files of one part by class folder, and the roles that annotations may call it by."""

    candidates: Mapping[str, Sequence[Candidate]]
    roles: frozenset[Role]


def _parts(layout: Layout) -> tuple[_Part, _Part, _Part]:
    held_out: set[Role] = {"validation", "evaluation"}
    test: set[Role] = {"test"} if layout.validation else {"test", *held_out}
    return (
        _Part(layout.train, frozenset({"train"})),
        _Part(layout.test, frozenset(test)),
        _Part(layout.validation, frozenset(held_out)),
    )


class _Opening:
    """The steps of `open_dataset`, which share a report of what was left out.

    Attributes:
        folders: class folders as on disk, by the unique, printable names that stand for them everywhere else.
        unread: by class, "path: reason" of its first training image that cannot be read.
    """

    def __init__(self, layout: Layout) -> None:
        self.location = layout.location
        self.layout = layout
        self.notes = list(layout.notes)
        self.annotations = read_annotations(layout.annotations)
        self.skipped = layout.skipped + self.annotations.skipped
        self.folders: dict[str, str] = {}
        for folder in sorted(layout.train):
            self.folders[_unique(printable(folder), self.folders)] = folder
        self.unread: dict[str, str] = {}
        self._unread_test = ""
        self._headers: dict[str, _Header] = {}
        self._paths: set[str] = set()

    def choose_classes(self, wanted: Sequence[str] | None) -> list[str]:
        """Classes in label order.

        Raises:
            DatasetError: an unknown class, one named twice, or fewer than two.
        """
        available = list(self.folders)
        if wanted is None:
            names = self._default_classes(available)
        elif list(wanted) == [ALL_CLASSES]:
            names = available
        elif not wanted:
            raise DatasetError("name at least two classes with --classes")
        else:
            names = [self._find_class(name, available) for name in wanted]
            if len(set(names)) != len(names):
                raise DatasetError(f"--classes {join_names(wanted)}: name each class once")
        if len(names) < MIN_CLASSES:
            raise DatasetError(f"{self.location}: only one class ({', '.join(names)}); a classifier needs at least two")
        return names

    def _default_classes(self, available: list[str]) -> list[str]:
        if self.layout.kind != "kaggle":
            return available
        names = [name for name in STUDY_CLASSES if name in available]
        if len(names) < MIN_CLASSES:
            return available
        if missing := [name for name in STUDY_CLASSES if name not in available]:
            verb = "has" if len(missing) == 1 else "have"
            self.notes.append(f"of the paper's six classes, {', '.join(missing)} {verb} no images here")
        if others := len(available) - len(names):
            left_out = "1 other class is" if others == 1 else f"{others} other classes are"
            self.notes.append(f"{left_out} left out: --classes all takes in every class")
        return names

    def _find_class(self, name: str, available: list[str]) -> str:
        if name in available:
            return name
        same = [known for known in available if same_letters(known) == same_letters(name)]
        if len(same) == 1:  # composed or not, an accent looks the same
            return same[0]
        lower = name.lower()
        near = [known for known in available if lower and lower in known.lower()]
        near += difflib.get_close_matches(name, available, n=_SUGGESTIONS, cutoff=0.5)
        nearest = list(dict.fromkeys(near))[:_SUGGESTIONS]
        more = ", ..." if len(available) > _LISTED else ""
        shown = list(map(quote_name, nearest or available[:_LISTED]))
        hint = f"nearest: {', '.join(shown)}" if nearest else f"there are {', '.join(shown)}{more}"
        if any(name not in available for name in shown):
            hint += ' (give the quotes too: --classes \'"A, B"," C"\')'
        raise DatasetError(f"--classes: no class {printable(name)!r} with images in {self.location}; {hint}")

    def read_headers(self, names: Sequence[str], *, required: bool) -> Dataset:
        """Training and test images of the classes, those that cannot be read left out; no boxes yet."""
        claimed: set[str] = set()
        # In this order: a line that could be meant for several images is the first one's.
        train, test, validation = (self._read_headers(part, names, claimed) for part in _parts(self.layout))
        return Dataset(
            name=self.layout.name,
            location=self.location,
            layout=self.layout.kind,
            is_demo=False,
            classes=tuple(names),
            train=train,
            test=test,
            validation=validation,
            classes_required=required,
            group_name=self.layout.group_name,
        )

    def _read_headers(self, part: "_Part", names: Sequence[str], claimed: set[str]) -> tuple[ImageSample, ...]:
        found = []
        for label, name in enumerate(names):
            for candidate in part.candidates.get(self.folders[name], []):
                # Two names can become one where bytes are shown as escapes or the middle is left out.
                path = _unique(candidate.path, self._paths)
                self._paths.add(path)
                try:
                    size = upright_size(candidate.source)
                except (UnreadableImage, MemoryError) as error:
                    self._leave_out(path, name, part, str(error) or "not enough memory to read it")
                    continue
                # One line describes one image: the training image where both could be meant.
                lines = candidate.lines or _lines(self.annotations, self.folders[name], candidate, part.roles)
                lines = [line for line in lines if line.where not in claimed]
                claimed.update(line.where for line in lines)
                self._headers[path] = _Header(size, tuple(lines))
                found.append(ImageSample(path, label, None, candidate.source, candidate.group))
        return tuple(found)

    def _leave_out(self, path: str, name: str, part: "_Part", reason: str) -> None:
        self.skipped.append(SkippedFile(path, reason))
        if "train" in part.roles:
            self.unread.setdefault(name, f"{path}: {reason}")
        elif "test" in part.roles:
            self._unread_test = self._unread_test or f"{path}: {reason}"

    def split(self, dataset: Dataset, fraction: float, seed: int) -> Dataset:
        """Set test images aside.

        Raises:
            DatasetError: no class has an image to spare, or there are test images that cannot be read.
        """
        if any(self.folders[name] in self.layout.test for name in dataset.classes):
            raise DatasetError(f"{self.location}: none of its test images can be read (such as {self._unread_test})")
        images = dataset.train
        is_test = split_stratified([image.label for image in images], fraction, seed)
        train = tuple(image for image, aside in zip(images, is_test, strict=True) if not aside)
        test = tuple(image for image, aside in zip(images, is_test, strict=True) if aside)
        if not test:
            raise DatasetError(f"{self.location}: one image a class leaves nothing to test on; add images")
        groups = f"and groups ({dataset.group_name}) " if dataset.group_name else ""
        self.notes.append(
            f"no test images are given: {len(test)} of {len(images)} images are set aside at random "
            f"({fraction:.0%} of each class, seed {seed}; near copies {groups}stay on one side)"
        )
        return replace(dataset, train=train, test=test, test_given=False)

    def sample(self, dataset: Dataset, size: int | None, seed: int) -> Dataset:
        """With the part of the training images that was asked for, in their order.

        Raises:
            DatasetError: too small a part to have an image of each class.
        """
        if size is None:
            return dataset
        train, n_classes = dataset.train, len(dataset.classes)
        if size < n_classes:
            raise DatasetError(f"--sample {size}: take at least one training image of each of the {n_classes} classes")
        if size >= len(train):
            if size > len(train):
                self.notes.append(f"--sample {size} is more than the {len(train)} training images: all are used")
            return dataset
        self.notes.append(f"{size} of {len(train)} training images are used (--sample, stratified, seed {seed})")
        chosen = sample_stratified([image.label for image in train], size, seed)
        return replace(dataset, train=tuple(image for image, take in zip(train, chosen, strict=True) if take))

    def fit_boxes(self, dataset: Dataset) -> Dataset:
        """The images with their boxes; what was mended or dropped goes into the report."""
        before = len(self.notes)
        train, test, validation = (
            tuple(replace(image, box=self._box(image.path)) for image in images)
            for images in (dataset.train, dataset.test, dataset.validation)
        )
        if more := len(self.notes[before + MAX_NAMED :]):
            self.notes[before + MAX_NAMED :] = [f"{more:,} more boxes are mended"]
        return replace(dataset, train=train, test=test, validation=validation)

    def _box(self, path: str) -> Box | None:
        """The box of the first line about an image that gives one; what the other lines say is listed."""
        header = self._headers[path]
        lines: dict[tuple[int, int, int, int], Annotation] = {}
        for line in header.annotations:
            lines.setdefault(line.corners, line)  # one that is there twice counts once
        fitted = [(line, fit_box(line.corners, header.size)) for line in lines.values()]
        used, chosen = next(((line, outcome) for line, outcome in fitted if outcome.box is not None), (None, None))
        instead = f"{path} stays whole" if used is None else f"{used.where} is used for {path}"
        for line, outcome in fitted:
            if outcome.box is None:
                self.skipped.append(SkippedFile(line.where, f"{outcome.dropped}; {instead}"))
            elif chosen is not None and outcome.box != chosen.box:
                self.skipped.append(SkippedFile(line.where, f"a second box: {instead}"))
        if used is None or chosen is None:
            return None
        if chosen.mended:
            self.notes.append(f"{used.where}: {chosen.mended} ({path})")
        return chosen.box


def _unique(name: str, taken: Container[str]) -> str:
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name} ({number})"
    return unique


def _lines(annotations: Annotations, name: str, candidate: Candidate, roles: frozenset[Role]) -> list[Annotation]:
    """The lines about an image of the class that the training folder `name` holds."""
    if candidate.loose:
        return annotations.of_loose_image(name, candidate.file)
    return annotations.of_image(candidate.folder, candidate.file, roles)
