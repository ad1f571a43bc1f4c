"""Where an image's bytes come from: a file, or a member of a zip archive (see `engine.dataset.tars` for others)."""

import os
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.errors import DatasetError

MAX_FILE_BYTES = 256 * 2**20
"""Largest image file that is read: an uncompressed BMP of the largest accepted picture fits."""


MAX_FILES = 1_000_000
"""More than any data set that this program can train on: somebody's whole disk was named."""

MAX_RATIO = 200
"""Unpacked to packed size of an archive or a member above which it is taken for a bomb (pictures stay below 20)."""

RATIO_MATTERS_FROM = 2**20
"""What unpacks to fewer bytes is harmless at any ratio."""

IMAGE_KINDS = "JPEG, PNG, BMP, WebP, TIFF or AVIF"
"""The formats that are read, for people."""


class UnreadableImage(DatasetError):  # noqa: N818 - named for what it is about
    """One image that cannot be read or decoded; the message is the reason, without the file's name."""


class Stamp(NamedTuple):
    """What changes when a file does: what is remembered of a file counts only while its stamp is the same.

    Size and modification time alone are not enough: archives that are unpacked with fixed times, `cp -p`, `rsync -t`
    and build tools give other contents the old ones. Nobody can set the time of the last change, nor choose an inode.

    Attributes:
        size: bytes.
        modified_ns, changed_ns: last modification and last change, in nanoseconds since the Unix epoch.
        inode: number of the file on its disk.
        checksum: CRC-32 that an archive's directory keeps of a member; 0 for a plain file.
    """

    size: int
    modified_ns: int
    changed_ns: int
    inode: int
    checksum: int = 0


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file that is no member of an archive."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class ImageSource(Protocol):
    """The bytes of one file. Reading is safe from several threads and in forked or spawned processes."""

    @property
    def key(self) -> str:
        """What tells this file from all others on this machine."""

    @property
    def stamp(self) -> Stamp:
        """Another one once the file has changed.

        Raises:
            UnreadableImage: the file is gone.
        """

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """The first `limit` bytes of the file.

        Raises:
            UnreadableImage: the file cannot be read.
        """


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file in a folder; `path` may hold surrogate escapes, as file names of any bytes do in Python."""

    path: str

    @property
    def key(self) -> str:
        """The absolute path."""
        return self.path

    @property
    def stamp(self) -> Stamp:
        """The file's as it is now."""
        try:
            return stamp_of(os.stat(self.path))  # noqa: PTH116 - a Path per image costs more than the call
        except OSError as error:
            raise UnreadableImage(f"cannot be read: {error.strerror}") from None

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """The first `limit` bytes of the file."""
        try:
            # Buffered: one read of a raw file may give less than there is.
            with open(self.path, "rb") as file:  # noqa: PTH123 - a Path per image costs more than the read
                return file.read(limit)
        except OSError as error:
            raise UnreadableImage(f"cannot be read: {error.strerror}") from None


class ZipArchive:
    """A zip file opened once a process; its members are read under a lock.

    A handle must not cross a fork (the two processes would share one file position) nor be pickled, so it belongs to
    the process that opened it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.stamp = stamp_of(Path(path).stat())
        self._process = -1
        self._lock = threading.Lock()
        self._handle: zipfile.ZipFile | None = None

    def __reduce__(self) -> tuple[type["ZipArchive"], tuple[str]]:
        return ZipArchive, (self.path,)

    def members(self) -> list[zipfile.ZipInfo]:
        """The archive's directory; of members with one name only the last, as unpacking would leave it.

        Raises:
            OSError, zipfile.BadZipFile and others: not a zip file that can be read.
        """
        return list({info.filename: info for info in self._open().infolist()}.values())

    def read(self, name: str, limit: int) -> bytes:
        """The first `limit` bytes of a member.

        Raises:
            UnreadableImage: the member is damaged, encrypted or packed in an unknown way.
        """
        try:
            handle = self._open()
            with self._lock, handle.open(name) as member:
                return member.read(limit)
        except OSError as error:
            raise UnreadableImage(f"cannot be read: {error.strerror or error}") from None
        except MemoryError:
            raise
        except Exception as error:  # zipfile and its decompressors raise many kinds for damaged members
            raise UnreadableImage(f"cannot be read from the archive: {error or type(error).__name__}") from None

    def _open(self) -> zipfile.ZipFile:
        if self._process != os.getpid():
            self._lock = threading.Lock()
            self._handle = None
            self._process = os.getpid()
        with self._lock:
            if self._handle is None:
                self._handle = zipfile.ZipFile(self.path)
            return self._handle


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A file in an archive; `size` and `checksum` are what the archive's directory says of its unpacked bytes."""

    archive: ZipArchive
    name: str
    size: int
    checksum: int

    @property
    def key(self) -> str:
        """The archive's path and the member's name."""
        return f"{self.archive.path}::{self.name}"

    @property
    def stamp(self) -> Stamp:
        """The archive's when it was opened, with the member's size and checksum."""
        return self.archive.stamp._replace(size=self.size, checksum=self.checksum)

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """The first `limit` bytes of the file."""
        return self.archive.read(self.name, limit)
