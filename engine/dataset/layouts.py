"""Lists the files of a data set by class, as the likeliest reading of its folders has them, and names the others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.dataset.annotations import Annotation
from engine.dataset.classes import same_letters
from engine.dataset.readings import TEST_NAME, Part, Reading, find_readings, named_part, repeats
from engine.dataset.roles import is_plain
from engine.dataset.sources import IMAGE_KINDS, ImageSource
from engine.dataset.tree import ARCHIVE_SUFFIXES, Folder, Tree, printable, read_tree
from engine.errors import DatasetError
from engine.reports.results import SkippedFile

MAX_NAMED = 20
"""Folders that are passed over and named one by one."""

_ARCHIVES = (*ARCHIVE_SUFFIXES, ".7z", ".rar")

_LAYOUTS = (
    "simpsons_dataset/<class>/ with kaggle_simpson_testset/, train/<class>/ with test/<class>/, or <class>/ folders of "
    "images; --train and --test name other folders, --labels a CSV or JSON-lines file of paths and labels"
)

_NO_CLASS_FOLDERS = "do not lie in class folders"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that is an image by its name, in a folder called `folder`. `loose` ones lie outside class folders.

    `lines` and `group` are what a label file says of its boxes and of the images that belong with it.
    """

    path: str
    file: str
    folder: str
    source: ImageSource
    loose: bool = False
    lines: tuple[Annotation, ...] = ()
    group: str = ""


@dataclass
class Layout:
    """The files of a data set by class, none of them opened yet; class names as the training folders have them."""

    kind: str
    name: str
    location: str
    train: dict[str, list[Candidate]] = field(default_factory=dict)
    test: dict[str, list[Candidate]] = field(default_factory=dict)
    validation: dict[str, list[Candidate]] = field(default_factory=dict)
    annotations: list[tuple[str, ImageSource]] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    group_name: str = ""


def recognise(tree: Tree) -> Layout:
    """The data set in a tree, as it is likeliest meant.

    Raises:
        DatasetError: the tree has none of the layouts.
    """
    readings = find_readings(tree)
    if not readings:
        raise DatasetError(f"{tree.location}: {_why_none(tree)}; expected {_LAYOUTS}")
    reading = readings[0]
    layout = Layout(reading.kind, tree.name, tree.location, skipped=list(tree.skipped))
    _take(reading, layout)
    _say_roles(reading, layout)
    passed = _Passed(tree, reading.parts, layout)
    passed.walk(tree.root)
    passed.finish(alternatives=len(readings) > 1)
    return layout


def open_parts(data: Path, train: Path, test: Path | None, validation: Path | None) -> Layout:
    """The data set that the user named by its parts: paths on disk, from `data` on, or inside the archive `data`.

    Raises:
        DatasetError: a part is not there or has no class folders, or an image would be in two.
    """
    parts: list[Part | None] = []
    trees: dict[Path, Tree] = {}
    for option, path in (("--train", train), ("--test", test), ("--val", validation)):
        parts.append(None if path is None else _open_part(option, data, path, trees))
    first = parts[0]
    assert first is not None
    if not first.classes:
        raise DatasetError(f"--train {printable(str(train))}: its images {_NO_CLASS_FOLDERS}")
    reading = Reading("split" if parts[1] else "flat", first, parts[1], parts[2])
    location = printable(str(data.absolute()))
    layout = Layout(reading.kind, printable(data.absolute().stem) or "root", location)
    for tree in trees.values():
        layout.skipped += tree.skipped
    _take(reading, layout)
    for part in reading.parts:
        passed = _Passed(part.tree, reading.parts, layout)
        passed.walk(part.named)
        passed.finish(alternatives=False)
    _require_apart(layout)
    return layout


def _open_part(option: str, data: Path, path: Path, trees: dict[Path, Tree]) -> Part:
    if data.is_file() and not path.is_absolute():
        tree = trees.get(data) or trees.setdefault(data, read_tree(data))
        folder = tree.root
        for name in path.parts:
            if name not in folder.folders:
                known = ", ".join(printable(sub) for sub in sorted(folder.folders)[:MAX_NAMED])
                raise DatasetError(
                    f"{option} {printable(str(path))}: not in {tree.location}; there is {known or 'none'}"
                )
            folder = folder.folders[name]
        return named_part(tree, folder)
    place = data / path
    if place not in trees:
        trees[place] = tree = read_tree(place)
        within = path if not path.is_absolute() else Path(path.name)
        tree.prefix = "" if within == Path() else f"{within.as_posix()}/"
    tree = trees[place]
    return named_part(tree, tree.root)


def _require_apart(layout: Layout) -> None:
    """Refuse an image that stands in two parts.

    Raises:
        DatasetError: there is one.
    """
    parts = [
        {candidate.source.key: candidate.path for held in part.values() for candidate in held}
        for part in (layout.train, layout.test, layout.validation)
    ]
    for number, one in enumerate(parts):
        for other in parts[number + 1 :]:
            if both := one.keys() & other.keys():
                raise DatasetError(
                    f"{one[min(both)]} is in two of the folders of --train, --test and --val: name folders apart"
                )


def _why_none(tree: Tree) -> str:
    root = tree.root
    archives = [printable(name) for name in root.others if name.lower().endswith(_ARCHIVES)]
    if root.images:
        return f"its images {_NO_CLASS_FOLDERS}"
    if root.total_images:
        holder = next(sub for sub in root.folders.values() if sub.total_images)
        return f"the images in {printable(holder.path)}/ {_NO_CLASS_FOLDERS}"
    if archives:
        return _name_archives(archives)
    if tree.skipped:
        first = tree.skipped[0]
        return f"no images that can be used (such as {first.path}: {first.reason})"
    if root.folders:
        return "no class folders with images in it"
    return "no images in it" if root.others or root.annotations else "it is empty"


def _name_archives(archives: Sequence[str]) -> str:
    named = ", ".join(archives[:MAX_NAMED])
    if not all(name.lower().endswith(ARCHIVE_SUFFIXES) for name in archives):
        return f"it holds archives ({named}): unpack them; a .zip or .tar is read where --data names it"
    two = f", or two parts, as --train {archives[0]} --test {archives[1]}" if len(archives) > 1 else ""
    return f"it holds archives ({named}): name one with --data{two}"


# ------------------------------------------------------------------ the files of the parts


def _take(reading: Reading, layout: Layout) -> None:
    """List the files of a reading's parts by the class folders of the training images."""
    for part in reading.parts:
        folders = [*_way(part.tree.root, part.named), part.named, part.parent]
        layout.annotations += _annotation_files(part.tree, folders, layout)
        for held in part.classes.values():
            for folder in held:
                _skip_others(part.tree, folder, layout)
    train = reading.train
    layout.train = {name: _candidates(train.tree, held) for name, held in train.classes.items()}
    for held_out, found in ((reading.test, layout.test), (reading.validation, layout.validation)):
        if held_out is not None:
            _take_held_out(held_out, train, found, layout)


def _way(root: Folder, to: Folder) -> Iterable[Folder]:
    """The folders from a tree's root to one below it."""
    folder, way = root, []
    for name in to.path.split("/") if to.path else ():
        way.append(folder)
        folder = folder.folders[name]
    return way


def _candidates(tree: Tree, folders: Iterable[Folder]) -> list[Candidate]:
    return [
        Candidate(tree.shown(folder, file), file, folder.name, source)
        for folder in folders
        for file, source in folder.images.items()
    ]


def _take_held_out(part: Part, train: Part, found: dict[str, list[Candidate]], layout: Layout) -> None:
    """Test or validation images by the training class of their name, in whatever case that is written."""
    what = "validation" if found is layout.validation else "test"
    class_of = _matcher(train, part, layout)
    for name, folders in part.classes.items():
        images = _candidates(part.tree, folders)
        known = class_of(name)
        if known is None:
            layout.notes.append(
                f"class {printable(name)} has no training images: its {len(images)} {what} images are left out"
            )
            continue
        if known in found:
            raise DatasetError(
                f"{layout.location}: {_shown(part)} holds class {printable(known)} in two spellings: make them one "
                "folder"
            )
        found[known] = images
    if not part.classes:
        _take_loose(part, class_of, found, layout)
    elif part.parent.images:
        layout.notes.append(
            f"{len(part.parent.images)} images in {printable(part.parent.path)}/ lie outside class folders and are "
            "left out"
        )


def _take_loose(
    part: Part, class_of: Callable[[str], str | None], found: dict[str, list[Candidate]], layout: Layout
) -> None:
    """Images outside class folders, whose names say the class."""
    folder, without = part.parent, 0
    _skip_others(part.tree, folder, layout)
    matches = {file: TEST_NAME.fullmatch(file) for file in folder.images}
    named = {file: class_of(match["class_name"]) for file, match in matches.items() if match is not None}
    if layout.kind != "kaggle" and not any(named.values()):
        layout.notes.append(
            f"{len(folder.images)} images in {printable(folder.path)}/ lie outside class folders and are left out"
        )
        return
    for file, source in folder.images.items():
        match, name = matches[file], named.get(file)
        if name is not None:
            candidate = Candidate(part.tree.shown(folder, file), file, folder.name, source, loose=True)
            found.setdefault(name, []).append(candidate)
            continue
        if match is None:
            reason = "the class cannot be told from the name: expected <class>_<number>"
        else:
            reason = f"no training images of its class {printable(match['class_name'])!r}"
            without += 1
        layout.skipped.append(SkippedFile(part.tree.shown(folder, file), reason))
    if without:
        layout.notes.append(f"{without} test images are left out: their classes have no training images")


def _matcher(train: Part, part: Part, layout: Layout) -> Callable[[str], str | None]:
    """A function from a class name to the training class of that name; another case is matched, and said once."""
    by_case: dict[str, list[str]] = {}
    for name in train.classes:
        by_case.setdefault(same_letters(name).casefold(), []).append(name)
    said: set[str] = set()

    def match(name: str) -> str | None:
        if name in train.classes:
            return name
        spellings = by_case.get(same_letters(name).casefold(), [])
        if len(spellings) > 1:
            names = " and ".join(printable(spelling) for spelling in spellings)
            raise DatasetError(
                f"{layout.location}: {_shown(train)} holds the classes {names}, and {_shown(part)} has "
                f"{printable(name)}: it cannot be told which of them that is"
            )
        if spellings and name not in said:
            said.add(name)
            layout.notes.append(f"{printable(name)} in {_shown(part)} is taken for class {printable(spellings[0])}")
        return spellings[0] if spellings else None

    return match


# ------------------------------------------------------------------ what is said of the others


def _say_roles(reading: Reading, layout: Layout) -> None:
    """Say which folders were taken for what, but for train/ and test/ themselves."""
    if reading.kind != "split":
        return
    for part, words in (
        (reading.train, "training images"),
        (reading.test, "test images"),
        (reading.validation, "validation images"),
    ):
        if part is None:
            continue
        plain = is_plain(part.parent.path) and words.startswith(part.parent.path.lower()[:4])
        held = " (--validation F draws others instead)"
        if not plain or part is reading.validation:
            layout.notes.append(f"{_shown(part)} holds the {words}{held if part is reading.validation else ''}")


def _shown(part: Part) -> str:
    return f"{printable(part.tree.prefix + part.parent.path).rstrip('/') or printable(part.tree.name)}/"


class _Passed:
    """Names what a reading passes over."""

    def __init__(self, tree: Tree, parts: Sequence[Part], layout: Layout) -> None:
        self._tree, self._layout = tree, layout
        self._parents = {id(part.parent): part for part in parts}
        self._way = {id(folder) for part in parts if part.tree is tree for folder in _way(tree.root, part.parent)}
        self._found: list[str] = []
        self._images = 0

    def walk(self, folder: Folder) -> None:
        """A folder and what is inside."""
        shown = printable(f"{self._tree.prefix}{folder.path}").rstrip("/")
        part = self._parents.get(id(folder))
        if part is not None:
            self._within(part)
        elif id(folder) in self._way:
            if folder.images:
                where = f" in {shown}/" if shown else ""
                self._add(f"{len(folder.images)} images{where} lie outside class folders and are left out", folder)
            for sub in folder.folders.values():
                self.walk(sub)
        elif folder.total_images:
            self._add(f"{shown}/ is not used ({folder.total_images:,} images)", folder)
        else:
            self._add(f"folder {shown}/ holds no images and is left out", folder)
        if part is not None or id(folder) in self._way:
            for file in folder.others:
                if file.lower().endswith(_ARCHIVES):
                    self._found.append(f"archive {self._tree.shown(folder, file)} is not read")

    def finish(self, *, alternatives: bool) -> None:
        """Put it into the notes; with alternatives, also how to read otherwise."""
        notes = self._found[:MAX_NAMED]
        if (more := len(self._found) - MAX_NAMED) > 0:
            notes.append(f"{more} more folders are passed over")
        if alternatives and self._images:
            notes.append(
                "the folders can be read in other ways: --train and --test name what trains and what tests, "
                "and so does l on the set-up screen"
            )
        self._layout.notes += notes

    def _add(self, note: str, folder: Folder) -> None:
        self._found.append(note)
        self._images += folder.total_images

    def _within(self, part: Part) -> None:
        """The folders beside class folders and inside them."""
        parent, repeated = part.parent, repeats(part.parent)
        if part.classes and parent.images and part is self._train_part():
            where = f" in {printable(parent.path)}/" if parent.path else ""
            self._found.append(f"{len(parent.images)} images{where} lie outside class folders and are left out")
        for name, sub in parent.folders.items():
            shown = printable(f"{self._tree.prefix}{sub.path}")
            if sub is repeated:
                self._found.append(f"{shown}/ repeats what is around it and is left out")
            elif id(sub) in self._way or id(sub) in self._parents:
                self.walk(sub)
            elif not sub.total_images:
                self._found.append(f"folder {shown}/ holds no images and is left out")
            elif name not in part.classes:
                self._add(f"{shown}/ is not used ({sub.total_images:,} images)", sub)
            elif not sub.images:
                self._found.append(f"class {printable(name)}: its {sub.total_images:,} images lie in folders inside")
            elif below := sub.total_images - len(sub.images):
                self._found.append(
                    f"folders inside {shown}/ are left out ({below:,} images): images lie directly in class folders"
                )

    def _train_part(self) -> Part:
        return next(iter(self._parents.values()))


def _skip_others(tree: Tree, folder: Folder, layout: Layout) -> None:
    layout.skipped += [
        SkippedFile(tree.shown(folder, file), f"not a {IMAGE_KINDS} image by its name") for file in folder.others
    ]


def _annotation_files(tree: Tree, folders: Iterable[Folder], layout: Layout) -> list[tuple[str, ImageSource]]:
    known = {shown for shown, _ in layout.annotations}
    found = {
        tree.shown(folder, "annotation.txt"): folder.annotations for folder in folders if folder.annotations is not None
    }
    return [(shown, source) for shown, source in found.items() if shown not in known]
