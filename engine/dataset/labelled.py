"""Puts label files and the images of a tree together into a data set, and names what fits no other.

Without a word of the user's, label files called as in `LABEL_FILES` are taken where folders give no classes: among
them the `metadata.csv` and `metadata.jsonl` of Hugging Face's ImageFolder, one for all images or one in each folder.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.dataset.annotations import Annotation
from engine.dataset.classes import same_letters
from engine.dataset.labels import ColumnNames, LabelRow, LabelTable, Tally, read_labels
from engine.dataset.layouts import Candidate, Layout, recognise
from engine.dataset.readings import ENOUGH_CLASSES, Reading, find_readings
from engine.dataset.roles import Role, role_of
from engine.dataset.sources import FileSource, ImageSource
from engine.dataset.tree import Folder, Tree, printable, walk
from engine.errors import DatasetError

LABEL_FILES = tuple(
    f"{name}{suffix}" for name in ("metadata", "labels", "annotations") for suffix in (".csv", ".jsonl", ".tsv")
)

_DRIVE = re.compile(r"[A-Za-z]:/")


@dataclass(frozen=True)
class LabelFile:
    """A label file: its path as people see it and from the root on, and the folder that its paths start from."""

    shown: str
    path: str
    folder: str
    source: ImageSource


def recognise_any(tree: Tree, names: ColumnNames) -> Layout:
    """The data set in a tree: by its folders where they give classes, else by its label files.

    Raises:
        DatasetError: the tree has none of the layouts, or its label files cannot be used.
    """
    files = find_label_files(tree)
    if takes_labels(find_readings(tree), files):
        return read_labelled(tree, files, names)
    layout = recognise(tree)
    layout.notes += [
        f"{file.shown} is not read: the folders give the classes; --labels {printable(file.path)} reads it"
        for file in files
    ]
    return layout


def takes_labels(readings: Sequence[Reading], files: Sequence[LabelFile]) -> bool:
    """Whether the label files are the likeliest reading: there are some, and the folders give no classes."""
    return bool(files) and not any(len(reading.train.classes) >= ENOUGH_CLASSES for reading in readings)


def find_label_files(tree: Tree) -> list[LabelFile]:
    """The label files nearest to the root, one a folder."""
    level = [tree.root]
    while level:
        found = [file for folder in level if (file := _label_file_in(tree, folder)) is not None]
        if found:
            return found
        level = [sub for folder in level for sub in folder.folders.values()]
    return []


def _label_file_in(tree: Tree, folder: Folder) -> LabelFile | None:
    by_name = {name.lower(): name for name in folder.others}
    known = next((by_name[name] for name in LABEL_FILES if name in by_name), None)
    return None if known is None else _label_file(tree, folder, known)


def _label_file(tree: Tree, folder: Folder, name: str) -> LabelFile:
    path = posixpath.join(folder.path, name)
    return LabelFile(tree.shown(folder, name), path, folder.path, folder.others[name])


def named_label_file(tree: Tree, data: Path, labels: Path) -> LabelFile:
    """The label file that the user named: inside the data, by its path from there on, or anywhere else.

    Raises:
        DatasetError: it is not there.
    """
    if not labels.is_absolute():
        folder: Folder | None = tree.root
        for part in labels.parts[:-1]:
            folder = folder.folders.get(part) if folder is not None else None
        if folder is not None and labels.name in folder.others:
            return _label_file(tree, folder, labels.name)
    place = labels if data.is_file() else data / labels
    if not place.is_file():
        raise DatasetError(f"--labels {printable(str(labels))}: no such file, in {tree.location} or here")
    return LabelFile(printable(place.name), str(place), "", FileSource(str(place.absolute())))


@dataclass
class _Labelled:
    """An image of the tree with what its rows say."""

    folder: Folder
    file: str
    rows: list[LabelRow] = field(default_factory=list)


def read_labelled(tree: Tree, files: Sequence[LabelFile], names: ColumnNames, *, classes_needed: bool = True) -> Layout:
    """The images of a tree as label files have them; without `classes_needed` the folders may give the classes.

    Raises:
        DatasetError: a label file cannot be used, two rows contradict each other, or nothing is left to train on.
    """
    layout = Layout("labels", tree.name, tree.location, skipped=list(tree.skipped))
    shown = files[0].shown if len(files) == 1 else "label files"
    images = _Images(tree)
    labelled: dict[str, _Labelled] = {}
    left = Tally()
    tables = []
    for file in files:
        table = read_labels(file.shown, file.source, names, classes_needed=classes_needed)
        tables.append(table)
        layout.notes += [f"{file.shown}: {table.columns.words()}", *table.notes]
        _match_rows(table, file.folder, images, labelled, left)
    layout.annotations += [
        (tree.shown(folder, "annotation.txt"), folder.annotations)
        for folder in walk(tree.root)
        if folder.annotations is not None
    ]
    layout.group_name = next((table.columns.group for table in tables if table.columns.group), "")
    roles = _roles(labelled, layout, left, split=any(table.columns.split for table in tables))
    _sort(tree, labelled, roles, layout)
    _say_groups(layout)
    layout.notes += left.sentences(shown)
    if without := images.without_row():
        one = (
            "image has no row and is left out:" if len(without) == 1 else "images have no row and are left out, such as"
        )
        layout.notes.append(f"{shown}: {len(without):,} {one} {printable(without[0])}")
    if not layout.train:
        raise DatasetError(f"{tree.location}: {shown}: no row gives a training image" + _why(left, shown))
    return layout


def _why(left: Tally, shown: str) -> str:
    reasons = left.sentences(shown)
    return f" ({reasons[0].removeprefix(f'{shown}: ')})" if reasons else ""


class _Images:
    """The images of a tree, found by what a label file calls them."""

    def __init__(self, tree: Tree) -> None:
        self.by_path: dict[str, tuple[Folder, str]] = {}
        self._by_name: dict[str, list[str]] = {}
        self._met: set[str] = set()
        for folder in walk(tree.root):
            for file in folder.images:
                path = same_letters(posixpath.join(folder.path, file))
                self.by_path[path] = folder, file
                name = posixpath.basename(path)
                for key in {name, posixpath.splitext(name)[0]}:
                    self._by_name.setdefault(key, []).append(path)

    def find(self, text: str, base: str) -> list[str]:
        """The images that a path in a label file in the folder `base` can mean: one, if all is well.

        It is taken from that folder on, or from the root on; else the folders in it must be the last ones of the
        image's (or of an absolute path the image's the last of those in it). The file's ending may be missing.
        """
        path = same_letters(text.replace("\\", "/"))
        inside = posixpath.normpath(posixpath.join(same_letters(base), path.lstrip("/")))
        found = next((exact for exact in (inside, posixpath.normpath(path.lstrip("/"))) if exact in self.by_path), None)
        if found is None:
            *folders, name = [part for part in path.split("/") if part not in ("", ".")] or [""]
            absolute = path.startswith("/") or _DRIVE.match(path) is not None
            fits = [near for near in self._by_name.get(name, ()) if _ends_alike(near, folders, absolute=absolute)]
        else:
            fits = [found]
        self._met.update(fits)
        return fits

    def without_row(self) -> list[str]:
        """The images that no row was about."""
        return [path for path in self.by_path if path not in self._met]


def _ends_alike(image: str, folders: Sequence[str], *, absolute: bool) -> bool:
    own = image.split("/")[:-1]
    if len(folders) <= len(own):
        return own[len(own) - len(folders) :] == list(folders)
    return absolute and folders[len(folders) - len(own) :] == own


def _match_rows(table: LabelTable, base: str, images: _Images, labelled: dict[str, _Labelled], left: Tally) -> None:
    """Give each image its rows; what fits none is counted.

    Raises:
        DatasetError: two rows contradict each other.
    """
    for row in table.rows:
        found = images.find(row.path, base) if row.path else []
        named = f"{row.where}: {printable(row.path)!r}"
        if len(found) != 1:
            what = "several images" if found else "no image that is there"
            left.add(f"row names {what}", f"rows name {what}", named)
            continue
        folder, file = images.by_path[found[0]]
        if table.columns.label and not row.label:
            left.add("row has no label and is left out", "rows have no label and are left out", row.where)
            continue
        held = labelled.setdefault(found[0], _Labelled(folder, file))
        if held.rows:
            _require_agreement(held.rows[0], row, found[0])
            if row.corners is None or any(row.corners == before.corners for before in held.rows):
                left.add("row repeats another and counts once", "rows repeat another and count once", row.where)
                continue
        held.rows.append(row)


def _require_agreement(first: LabelRow, row: LabelRow, path: str) -> None:
    for what in ("label", "split", "group"):
        here, there = getattr(row, what), getattr(first, what)
        if here != there:
            raise DatasetError(
                f"{row.where}: {printable(path)} has the {what} {printable(here)!r} here and {printable(there)!r} in "
                f"{first.where}: mend one of them"
            )


def _roles(labelled: Mapping[str, _Labelled], layout: Layout, left: Tally, *, split: bool) -> dict[str, Role]:
    """Whether each image trains, tests or follows the training, by its split or else its folders' names."""
    said: dict[str, Role | None]
    if split:
        said = {path: role_of(held.rows[0].split) for path, held in labelled.items()}
        for path, role in said.items():
            if role is None:
                row = labelled[path].rows[0]
                known = "neither train, validation nor test"
                left.add(
                    f"row's split is {known}", f"rows' splits are {known}", f"{row.where}: {printable(row.split)!r}"
                )
    else:
        said = {path: _role_of_folders(held.folder) for path, held in labelled.items()}
        if "train" in said.values() and {*said.values()} - {"train", None}:
            layout.notes.append("the names of the images' folders say which train and which test")
            said = {path: role or "train" for path, role in said.items()}
        else:
            said = dict.fromkeys(said, "train")
    roles = {path: role for path, role in said.items() if role is not None}
    held_out = next((role for role in ("validation", "evaluation") if role in roles.values()), None)
    if held_out is not None and "test" not in roles.values():
        layout.notes.append(f"no image is for testing: those for {held_out} are the test images")
        roles = {path: "test" if role == held_out else role for path, role in roles.items()}
    return roles


def _role_of_folders(folder: Folder) -> Role | None:
    return next((role for part in folder.path.split("/") if (role := role_of(part)) is not None), None)


def _sort(tree: Tree, labelled: Mapping[str, _Labelled], roles: Mapping[str, Role], layout: Layout) -> None:
    """Put the images into the layout's parts."""
    parts = {"train": layout.train, "test": layout.test}
    for path in sorted(roles):
        held = labelled[path]
        row = held.rows[0]
        part = parts.get(roles[path], layout.validation)
        lines = [Annotation(one.where, frozenset(), one.corners) for one in held.rows if one.corners is not None]
        part.setdefault(row.label or held.folder.name, []).append(
            Candidate(
                tree.shown(held.folder, held.file),
                held.file,
                held.folder.name,
                held.folder.images[held.file],
                lines=tuple(lines),
                group=row.group,
            )
        )
    for part, what in ((layout.test, "test"), (layout.validation, "validation")):
        for name in [name for name in part if name not in layout.train]:
            gone = len(part.pop(name))
            layout.notes.append(
                f"class {printable(name)} has no training images: its {gone} {what} images are left out"
            )


def _say_groups(layout: Layout) -> None:
    if not layout.group_name:
        return
    groups = [image.group for image in _candidates(layout)]
    alone = groups.count("")
    rest = f"; {alone:,} images have none and are alone" if alone else ""
    layout.notes.append(f"{len({*groups} - {''}):,} groups given ({layout.group_name}){rest}")


def _candidates(layout: Layout) -> Iterator[Candidate]:
    for part in (layout.train, layout.test, layout.validation):
        for held in part.values():
            yield from held
