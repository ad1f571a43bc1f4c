"""The folders and image files below a path or inside an archive, as one tree, whatever they are stored in."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from engine.dataset.sources import (
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_RATIO,
    RATIO_MATTERS_FROM,
    FileSource,
    ImageSource,
    ZipArchive,
    ZipMember,
)
from engine.dataset.tars import TarMember, open_tar, tar_compression
from engine.errors import DatasetError
from engine.reports.results import SkippedFile

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".avif"})
ANNOTATIONS = "annotation.txt"

MAX_DEPTH = 8
"""Folders below the root that are looked into: the deepest layout, doubled and wrapped, needs six."""

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".gz", ".tbz2", ".bz2", ".txz", ".xz", ".tzst", ".zst")
"""Endings of the archives that are read, which are told by their content."""

_ENCRYPTED = "encrypted: unpack the archive with its password and name the folder"

_TOO_DEEP = f"more than {MAX_DEPTH} folders deep"

_SHOWN = 200
"""Longest name, in characters, that is shown whole."""

_SYSTEM_NAMES = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir"})


@dataclass
class Folder:
    """A folder: `path` is relative to the root ("" for the root), `others` are files whose names are no images'."""

    name: str
    path: str = ""
    folders: dict[str, "Folder"] = field(default_factory=dict)
    images: dict[str, ImageSource] = field(default_factory=dict)
    annotations: ImageSource | None = None
    others: dict[str, ImageSource] = field(default_factory=dict)

    @cached_property
    def total_images(self) -> int:
        """Number of images here and below; ask when the tree is whole."""
        return len(self.images) + sum(folder.total_images for folder in self.folders.values())

    def child(self, name: str) -> "Folder":
        """The sub-folder of that name, made where it is missing."""
        if name not in self.folders:
            self.folders[name] = Folder(name, f"{self.path}/{name}" if self.path else name)
        return self.folders[name]

    def add(self, name: str, source: ImageSource) -> None:
        """Put a file where it belongs."""
        if os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:  # noqa: PTH122 - once a file, so it must be cheap
            self.images[name] = source
        elif name.lower() == ANNOTATIONS:
            self.annotations = source
        else:
            self.others[name] = source


@dataclass
class Tree:
    """What was found at `location`; `prefix` goes before the paths of its files."""

    name: str
    location: str
    prefix: str
    root: Folder
    skipped: list[SkippedFile] = field(default_factory=list)

    def shown(self, folder: Folder, name: str) -> str:
        """A file's path as people see it."""
        return printable(f"{self.prefix}{folder.path}/{name}" if folder.path else f"{self.prefix}{name}")


def walk(folder: Folder) -> Iterator[Folder]:
    """A folder and those below it."""
    yield folder
    for below in folder.folders.values():
        yield from walk(below)


def printable(name: str) -> str:
    r"""A file name as text that any terminal and JSON file can hold.

    Bytes that are no UTF-8 and control characters become \x escapes; very long names lose their middle.
    """
    try:
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "backslashreplace")
    text = raw.decode("utf-8", "backslashreplace")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    if len(text) > _SHOWN:
        half = _SHOWN // 2
        text = f"{text[:half]}[...]{text[-half:]}"
    return text


def read_tree(path: Path) -> Tree:
    """The tree at `path`: a folder, or a zip or tar archive of any name.

    Raises:
        DatasetError: there is nothing there, or nothing that can be read as such.
    """
    shown = printable(str(path))
    try:
        status = path.stat()
        location = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DatasetError(f"{shown}: {reason}; name a folder of images or an archive with --data") from None
    if stat.S_ISDIR(status.st_mode):
        return _folder_tree(location)
    if stat.S_ISREG(status.st_mode):
        return _archive_tree(location)
    raise DatasetError(f"{shown} is neither a folder nor an archive")


def _is_ours(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _SYSTEM_NAMES


def _folder_tree(location: Path) -> Tree:
    root = Folder(location.name)
    tree = Tree(printable(location.name) or "root", printable(str(location)), "", root)
    try:
        _FolderScan(tree).scan(str(location), root, ())
    except OSError as error:
        raise DatasetError(
            f"{tree.location}: {error.strerror}; check that you may read this folder (chmod u+rx)"
        ) from None
    return tree


class _FolderScan:
    """Walks folders on disk into a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._seen = 0

    def scan(self, path: str, folder: Folder, above: tuple[tuple[int, int], ...]) -> None:
        """Read one folder and those below; `above` are (device, inode) of the folders on the way here.

        Raises:
            OSError: this folder cannot be read (one further below is only listed as skipped).
            DatasetError: there are far too many files.
        """
        status = Path(path).stat()
        here = (status.st_dev, status.st_ino)
        # Systems without inodes say 0, and there the depth limit alone ends a loop.
        if here in above and here[1] != 0:
            self._skip(folder, "a symbolic link to a folder above it")
            return
        with os.scandir(path) as entries:
            found = sorted((entry for entry in entries if _is_ours(entry.name)), key=lambda entry: entry.name)
        self._seen += len(found)
        if self._seen > MAX_FILES:
            raise DatasetError(
                f"{self._tree.location} holds more than {MAX_FILES} files: name the data set's own folder"
            )
        for entry in found:
            if self._kind(entry, folder) != "folder":
                continue
            if len(above) < MAX_DEPTH:
                self._scan_below(entry.path, folder.child(entry.name), (*above, here))
            else:
                self._tree.skipped.append(SkippedFile(self._tree.shown(folder, entry.name), _TOO_DEEP))

    def _kind(self, entry: os.DirEntry[str], folder: Folder) -> str:
        try:
            if entry.is_dir():
                return "folder"
            if entry.is_file():
                folder.add(entry.name, FileSource(entry.path))
                return "file"
            # A pipe or device would hang whoever reads it; a link to nowhere cannot be read.
            reason = "a symbolic link to nothing" if entry.is_symlink() else "not a regular file"
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
        self._tree.skipped.append(SkippedFile(self._tree.shown(folder, entry.name), reason))
        return "skipped"

    def _scan_below(self, path: str, folder: Folder, above: tuple[tuple[int, int], ...]) -> None:
        try:
            self.scan(path, folder, above)
        except OSError as error:
            self._skip(folder, f"this folder cannot be read: {error.strerror}")

    def _skip(self, folder: Folder, reason: str) -> None:
        self._tree.skipped.append(SkippedFile(printable(folder.path), reason))


def _archive_tree(location: Path) -> Tree:
    shown = printable(str(location))
    try:
        packed = tar_compression(location)
        members = _zip_members(location) if packed is None else _tar_members(location)
    except OSError as error:
        raise DatasetError(f"{shown}: {error.strerror or error}; check that you may read this file") from None
    except DatasetError as error:
        raise DatasetError(f"{shown}: {error}") from None
    except Exception as error:  # zipfile raises many kinds for a file that only looks like an archive
        raise DatasetError(
            f"{shown} is not a zip archive, or a damaged one ({error}): download it again, or name an unpacked folder"
        ) from None
    if len(members) > MAX_FILES:
        raise DatasetError(f"{shown} holds more than {MAX_FILES} files: this is no data set")
    name = location.stem.removesuffix(".tar") if packed is not None else location.stem
    tree = Tree(printable(name), shown, f"{location.name}/", Folder(name))
    for member in sorted(members, key=lambda member: member.name):
        _add_member(tree, member)
    return tree


@dataclass(frozen=True, slots=True)
class _Member:
    """A file in an archive, of `size` bytes; `packed` is how many there are in the archive, where it says so."""

    name: str
    source: ImageSource
    size: int
    packed: int | None = None
    reason: str = ""


def _zip_members(location: Path) -> list[_Member]:
    archive = ZipArchive(str(location))
    return [
        _Member(
            info.filename,
            ZipMember(archive, info.filename, info.file_size, info.CRC),
            info.file_size,
            info.compress_size,
            _ENCRYPTED if info.flag_bits & 1 else "",
        )
        for info in archive.members()
        if not info.filename.endswith("/")  # `is_dir` fails for a name that a NUL byte leaves empty
    ]


def _tar_members(location: Path) -> list[_Member]:
    archive = open_tar(str(location))
    return [
        _Member(entry.name, TarMember(archive, entry.name, entry.size), entry.size, reason=entry.reason)
        for entry in archive.entries.values()
    ]


def _add_member(tree: Tree, member: _Member) -> None:
    # Archives made on Windows may hold backslashes.
    name = member.name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    reason = _why_unsafe(name, parts, member)
    if reason:
        tree.skipped.append(SkippedFile(printable(f"{tree.prefix}{name}"), reason))
    elif all(map(_is_ours, parts)):
        folder = tree.root
        for part in parts[:-1]:
            folder = folder.child(part)
        folder.add(parts[-1], member.source)


def _why_unsafe(name: str, parts: list[str], member: _Member) -> str:
    """Why a member is left alone, or "" where it is fine. Nothing is unpacked by name: this is caution, not need."""
    if not parts or name.startswith("/") or ".." in parts or parts[0].endswith(":"):
        return "unsafe name in the archive: it points outside"
    if len(parts) > MAX_DEPTH + 1:
        return _TOO_DEEP
    if member.reason:
        return member.reason
    if member.size > MAX_FILE_BYTES and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:  # noqa: PTH122
        return f"{member.size} bytes: more than {MAX_FILE_BYTES}"
    packed = member.size if member.packed is None else member.packed
    if member.size > RATIO_MATTERS_FROM and member.size > MAX_RATIO * max(packed, 1):
        return f"unpacks to more than {MAX_RATIO} times its size: taken for a zip bomb"
    return ""
