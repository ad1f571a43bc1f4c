"""The ways in which a tree of folders can be read as a data set, the likeliest first.

- "kaggle": `simpsons_dataset/<class>/*` and, flat, `kaggle_simpson_testset/<class>_<number>.*`.
- "split": folders whose names hold train, test, val, eval or dev as a word, each with class folders.
- "flat": class folders alone.

Each may lie inside further folders, beside others, and be doubled (`seg_train/seg_train/<class>/*`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from engine.dataset.classes import same_letters
from engine.dataset.roles import Role, role_of
from engine.dataset.tree import MAX_DEPTH, Folder, Tree

KAGGLE_TRAIN = "simpsons_dataset"
KAGGLE_TEST = "kaggle_simpson_testset"

TEST_NAME = re.compile(r"(?P<class_name>.+)_\d+\.[^.]+")
"""How a test image outside class folders says its class."""

_CONTAINERS = frozenset({"data", "dataset", "datasets", "image", "images", "img", "imgs", "photos", "pictures", "raw"})
"""Names of folders that hold class folders rather than the images of a class."""

MOST_FOLDERS = 500
"""Folders that are tried as the data set's own, from the outermost on."""

ENOUGH_CLASSES = 2
"""Class folders that make a data set."""

Kind = Literal["kaggle", "split", "flat", "labels"]


@dataclass(frozen=True, eq=False)
class Part:
    """A folder whose images train, test or follow the training.

    Attributes:
        tree: that it is in.
        named: the folder whose name says so.
        parent: the folder in it that the class folders lie in.
        classes: for each class, as its folder is called, the folders that hold its images.
    """

    tree: Tree
    named: Folder
    parent: Folder
    classes: dict[str, list[Folder]]

    @property
    def images(self) -> int:
        """Number of images in class folders, or without any class folder, in the folder itself."""
        folders = [folder for held in self.classes.values() for folder in held] or [self.parent]
        return sum(len(folder.images) for folder in folders)


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read a tree."""

    kind: Kind
    train: Part
    test: Part | None = None
    validation: Part | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """Those that there are."""
        return tuple(part for part in (self.train, self.test, self.validation) if part is not None)


def find_readings(tree: Tree) -> list[Reading]:
    """All ways to read a tree, the likeliest first; one with a single class only where there is no other."""
    ranked: list[tuple[tuple[float, ...], Reading]] = []
    seen: set[tuple[int, ...]] = set()
    for depth, folder in islice(_folders_with_folders(tree.root), MOST_FOLDERS):
        for tier, reading in _readings_of(tree, folder):
            key = tuple(id(part.parent) for part in reading.parts)
            if key not in seen:
                seen.add(key)
                few = len(reading.train.classes) < ENOUGH_CLASSES
                ranked.append(((few, tier, depth, -_direct_images(reading.train)), reading))
    ranked.sort(key=lambda entry: entry[0])
    enough = [reading for rank, reading in ranked if not rank[0]]
    return enough or [reading for _, reading in ranked]


def named_part(tree: Tree, folder: Folder) -> Part:
    """A folder that was named by the user: its class folders, or those of the one folder that holds some."""
    here = _without_repeat(folder)
    if not any(sub.images for sub in here.values()) and not folder.images:
        return _part(tree, folder)
    return Part(tree, folder, folder, _classes(here))


def repeats(parent: Folder) -> Folder | None:
    """The folder inside of the same name that only repeats what is around it, as unpacking twice leaves it."""
    inner = parent.folders.get(parent.name)
    if inner is None:
        return None
    beside = {name for name, sub in parent.folders.items() if sub is not inner and sub.total_images}
    shared = beside & {name for name, sub in inner.folders.items() if sub.total_images}
    return inner if shared or parent.images.keys() & inner.images.keys() else None


def _folders_with_folders(root: Folder) -> Iterator[tuple[int, Folder]]:
    """Folders that hold folders with images, from the outermost on."""
    level = [root]
    for depth in range(MAX_DEPTH + 1):
        yield from ((depth, folder) for folder in level)
        level = [
            sub
            for folder in level
            for sub in folder.folders.values()
            if any(below.total_images for below in sub.folders.values())
        ]


def _readings_of(tree: Tree, folder: Folder) -> Iterator[tuple[int, Reading]]:
    """The ways to read one folder, each with its tier: 0 is surest."""
    if (kaggle := _kaggle(tree, folder)) is not None:
        yield 0, kaggle
    if (split := _split(tree, folder)) is not None:
        yield (1 if len(split.parts) > 1 else 2), split
    if (flat := _flat(tree, folder)) is not None:
        yield 2, flat


def _direct_images(part: Part) -> int:
    """Images that lie directly in class folders: what vouches for a reading."""
    return sum(len(held[0].images) for name, held in part.classes.items() if held[0] is part.parent.folders[name])


def _kaggle(tree: Tree, folder: Folder) -> Reading | None:
    if KAGGLE_TRAIN not in folder.folders:
        return None
    train = _part(tree, folder.folders[KAGGLE_TRAIN])
    if not train.classes:
        return None
    test = folder.folders.get(KAGGLE_TEST)
    return Reading("kaggle", train, _part(tree, test) if test is not None and test.total_images else None)


def _split(tree: Tree, folder: Folder) -> Reading | None:
    named: dict[Role, list[Folder]] = {}
    for sub in sorted(folder.folders.values(), key=lambda sub: (len(sub.name), sub.name)):
        if sub.total_images and (role := role_of(sub.name)) is not None:
            named.setdefault(role, []).append(sub)
    trains = [part for part in (_part(tree, sub) for sub in named.get("train", ())) if part.classes]
    if not trains:
        return None
    train = trains[0]
    others = [(role, _part(tree, sub)) for role in ("test", "validation", "evaluation") for sub in named.get(role, ())]
    useful = [(role, part) for role, part in others if _fits(part, train)]
    test = useful[0][1] if useful else others[0][1] if others else None
    validation = next((part for role, part in useful if part is not test and role != "test"), None)
    return Reading("split", train, test, validation)


def _fits(part: Part, train: Part) -> bool:
    """Whether the part has images of the classes that are trained on."""
    known = {same_letters(name).casefold() for name in train.classes}
    if part.classes:
        return any(same_letters(name).casefold() in known for name in part.classes)
    matches = (TEST_NAME.fullmatch(file) for file in part.parent.images)
    return any(same_letters(match["class_name"]).casefold() in known for match in matches if match is not None)


def _flat(tree: Tree, folder: Folder) -> Reading | None:
    part = _part(tree, folder)
    roles = {role_of(name) for name in part.classes}
    if not part.classes or ("train" in roles and None not in roles):
        return None  # images that lie in train/ and test/ themselves are no classes
    return Reading("flat", part)


def _part(tree: Tree, named: Folder) -> Part:
    parent = named
    for _ in range(MAX_DEPTH):
        below = _holder(parent)
        if below is None:
            break
        parent = below
    return Part(tree, named, parent, _classes(_without_repeat(parent)))


def _without_repeat(parent: Folder) -> dict[str, Folder]:
    """The folders inside that hold images."""
    repeated = repeats(parent)
    return {name: sub for name, sub in parent.folders.items() if sub.total_images and sub is not repeated}


def _classes(folders: dict[str, Folder]) -> dict[str, list[Folder]]:
    """For each class the folders that hold its images: its own, or where that has none, those inside."""
    return {name: [sub] if sub.images else list(_holding_images(sub)) for name, sub in folders.items()}


def _holding_images(folder: Folder) -> Iterator[Folder]:
    for sub in folder.folders.values():
        if sub.images:
            yield sub
        yield from _holding_images(sub)


def _holder(parent: Folder) -> Folder | None:
    """The folder inside that the class folders lie in, where it is not this one."""
    subs = _without_repeat(parent)
    doubled = subs.get(parent.name)
    if doubled is not None and len(subs) == 1 and not parent.images:
        return doubled
    direct = [sub for sub in subs.values() if sub.images]
    nested = [sub for sub in subs.values() if not sub.images]
    if len(subs) == 1 and nested and not parent.images:
        return nested[0]
    # Beside pictures that are no classes (docs/, figures/), or other folders.
    better = [sub for sub in nested if _holds_classes(sub, direct)]
    return better[0] if len(better) == 1 else None


def _holds_classes(sub: Folder, beside: list[Folder]) -> bool:
    inside = [below for below in sub.folders.values() if below.total_images]
    if len(inside) < ENOUGH_CLASSES:
        return False
    more = sub.total_images > sum(len(folder.images) for folder in beside)
    return sub.name.lower() in _CONTAINERS or (bool(beside) and more and len(inside) > len(beside))
