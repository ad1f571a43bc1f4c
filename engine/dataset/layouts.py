"""Recognises how a data set is laid out, without being told.

- "kaggle": `simpsons_dataset/<class>/*` and, flat, `kaggle_simpson_testset/<class>_<number>.*`; both folders may be
  doubled (`simpsons_dataset/simpsons_dataset/...`), as the archive has them.
- "split": `train/<class>/*` and `test/<class>/*`.
- "flat": `<class>/*` alone.

Each may lie inside further folders that hold nothing else, as archives often do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.dataset.annotations import TEST_FOLDERS, TRAIN_FOLDERS
from engine.dataset.sources import ImageSource
from engine.dataset.tree import MAX_DEPTH, Folder, Tree, printable
from engine.errors import DatasetError
from engine.reports.results import SkippedFile

KAGGLE_TRAIN = "simpsons_dataset"
KAGGLE_TEST = "kaggle_simpson_testset"

_TEST_NAME = re.compile(r"(?P<class_name>.+)_\d+\.[^.]+")

_LAYOUTS = (
    f"{KAGGLE_TRAIN}/<class>/ with {KAGGLE_TEST}/, train/<class>/ with test/<class>/, or <class>/ folders of images"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that is an image by its name. `loose` ones lie outside class folders."""

    path: str
    file: str
    source: ImageSource
    loose: bool = False


@dataclass
class Layout:
    """The files of a data set by class, none of them opened yet; class names as on disk."""

    kind: str
    train: dict[str, list[Candidate]]
    test: dict[str, list[Candidate]] = field(default_factory=dict)
    annotations: list[tuple[str, ImageSource]] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def recognise(tree: Tree) -> Layout:
    """The data set in a tree.

    Raises:
        DatasetError: the tree has none of the layouts.
    """
    folder = tree.root
    for _ in range(MAX_DEPTH):
        layout = _kaggle(tree, folder) or _split(tree, folder) or _flat(tree, folder)
        if layout is not None:
            layout.skipped[:0] = tree.skipped
            return layout
        if len(folder.folders) != 1 or folder.images:
            break
        folder = next(iter(folder.folders.values()))
    raise DatasetError(f"{tree.location}: {_why_none(tree)}; expected {_LAYOUTS}")


def _why_none(tree: Tree) -> str:
    root = tree.root
    if root.images:
        return "its images do not lie in class folders"
    if tree.skipped:
        first = tree.skipped[0]
        return f"no images that can be used (such as {first.path}: {first.reason})"
    if not root.folders:
        return "no images in it" if root.others or root.annotations else "it is empty"
    return "no class folders with images in it"


def _kaggle(tree: Tree, folder: Folder) -> Layout | None:
    outer = folder.folders.get(KAGGLE_TRAIN)
    if outer is None:
        return None
    train = _inner(outer)
    classes = _class_folders(train)
    if not classes:
        return None
    layout = Layout("kaggle", {}, annotations=_annotation_files(tree, folder, outer, train))
    layout.train = _images_by_class(tree, train, classes, layout)
    if KAGGLE_TEST in folder.folders:
        _kaggle_test(tree, _inner(folder.folders[KAGGLE_TEST]), layout)
    return layout


def _kaggle_test(tree: Tree, folder: Folder, layout: Layout) -> None:
    _skip_others(tree, folder, layout)
    for file, source in folder.images.items():
        match = _TEST_NAME.fullmatch(file)
        if match is None:
            reason = "the class cannot be told from the name: expected <class>_<number>"
        elif match["class_name"] not in layout.train:
            reason = f"no training images of its class {printable(match['class_name'])!r}"
        else:
            candidate = Candidate(tree.shown(folder, file), file, source, loose=True)
            layout.test.setdefault(match["class_name"], []).append(candidate)
            continue
        layout.skipped.append(SkippedFile(tree.shown(folder, file), reason))


def _split(tree: Tree, folder: Folder) -> Layout | None:
    by_name = {name.lower(): sub for name, sub in folder.folders.items()}
    outer = next((by_name[name] for name in sorted(TRAIN_FOLDERS, key=len) if name in by_name), None)
    if outer is None:
        return None
    train = _inner(outer)
    classes = _class_folders(train)
    if not classes:
        if train.images:
            raise DatasetError(f"{tree.location}: the images in {printable(train.path)}/ do not lie in class folders")
        return None
    layout = Layout("split", {}, annotations=_annotation_files(tree, folder, outer, train))
    layout.train = _images_by_class(tree, train, classes, layout)
    tests = [_inner(by_name[name]) for name in TEST_FOLDERS if name in by_name]
    if tests:
        _split_test(tree, tests[0], layout)
    for unused in tests[1:]:
        layout.notes.append(f"{printable(unused.path)}/ is not used: the test images are those in {tests[0].path}/")
    return layout


def _split_test(tree: Tree, folder: Folder, layout: Layout) -> None:
    layout.annotations += _annotation_files(tree, folder)
    for class_name, images in _images_by_class(tree, folder, _class_folders(folder), layout).items():
        if class_name in layout.train:
            layout.test[class_name] = images
        else:
            layout.notes.append(
                f"class {printable(class_name)} has no training images: its {len(images)} test images are left out"
            )
    if folder.images:
        layout.notes.append(
            f"{len(folder.images)} images in {printable(folder.path)}/ lie outside class folders and are left out"
        )


def _flat(tree: Tree, folder: Folder) -> Layout | None:
    classes = _class_folders(folder)
    if not classes:
        return None
    layout = Layout("flat", {}, annotations=_annotation_files(tree, folder))
    layout.train = _images_by_class(tree, folder, classes, layout)
    if folder.images:
        layout.notes.append(f"{len(folder.images)} images lie outside class folders and are left out")
    return layout


def _inner(folder: Folder) -> Folder:
    """Undo doubling: the folder of the same name inside, unless it only repeats what is around it."""
    inner = folder.folders.get(folder.name)
    if inner is None:
        return folder
    rest = {name: sub for name, sub in folder.folders.items() if name != folder.name}
    if folder.images or any(sub.images for sub in rest.values()):
        return Folder(folder.name, folder.path, rest, folder.images, folder.annotations, folder.others)
    return _inner(inner)


def _class_folders(folder: Folder) -> Mapping[str, Folder]:
    return {name: sub for name, sub in folder.folders.items() if sub.images}


def _images_by_class(
    tree: Tree, parent: Folder, classes: Mapping[str, Folder], layout: Layout
) -> dict[str, list[Candidate]]:
    for name, sub in parent.folders.items():
        if name not in classes:
            layout.notes.append(f"folder {printable(sub.path)}/ holds no images and is left out")
        elif any(below.images for below in sub.folders.values()):
            layout.notes.append(
                f"folders inside {printable(sub.path)}/ are left out: images lie directly in class folders"
            )
    for sub in classes.values():
        _skip_others(tree, sub, layout)
    return {
        name: [Candidate(tree.shown(sub, file), file, source) for file, source in sub.images.items()]
        for name, sub in classes.items()
    }


def _skip_others(tree: Tree, folder: Folder, layout: Layout) -> None:
    layout.skipped += [
        SkippedFile(tree.shown(folder, file), "not a JPEG, PNG, BMP or WebP image by its name")
        for file in folder.others
    ]


def _annotation_files(tree: Tree, *folders: Folder) -> list[tuple[str, ImageSource]]:
    found = {folder.path: folder for folder in folders if folder.annotations is not None}
    return [
        (tree.shown(folder, "annotation.txt"), folder.annotations)
        for folder in found.values()
        if folder.annotations is not None
    ]
