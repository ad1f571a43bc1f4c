"""Members of a tar archive as images' sources; a compressed one is unpacked once, into a nameless temporary file.

A plain .tar can be read anywhere at once. A compressed one only from its beginning, so its files are written one
after the other into a temporary file without a name, which is gone with the process, whatever ends it.
"""

import bz2
import gzip
import lzma
import os
import shutil
import tarfile
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from engine.dataset.sources import (
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_RATIO,
    RATIO_MATTERS_FROM,
    Stamp,
    UnreadableImage,
    stamp_of,
)
from engine.errors import DatasetError

_MAX_HEADER = 2**20
"""Longest extended header (a long name, POSIX attributes) that is read into memory."""

_KEPT_FREE = 256 * 2**20
"""Bytes of the temporary folder's disk that unpacking leaves free."""

_PIECE = 2**20

_MAGIC: dict[bytes, str] = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zst"}
_TAR_MAGIC = b"ustar"
_TAR_MAGIC_AT = 257
_EXTENSIONS = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, b"X"})


class DamagedTar(DatasetError):  # noqa: N818 - named for what it is
    """An archive that cannot be read to its end; the message is the reason."""


@dataclass(frozen=True, slots=True)
class TarEntry:
    """A member: where its bytes lie in the file that is read, and how many; `reason` says why it is left alone."""

    name: str
    offset: int
    size: int
    reason: str = ""


def tar_compression(path: Path) -> str | None:
    """How the tar archive at `path` is packed, by its first bytes: "", "gz", "bz2", "xz" or "zst"; None for no tar.

    A compressed file is only known to be one when it is read.
    """
    with path.open("rb") as file:
        start = file.read(tarfile.BLOCKSIZE)
    for magic, name in _MAGIC.items():
        if start.startswith(magic):
            return name
    is_tar = start[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC) or path.suffix.lower() == ".tar"
    return "" if is_tar else None


def open_tar(path: str) -> "TarArchive":
    """The archive at `path`, for which `tar_compression` has an answer; read once a process while it does not change.

    Raises:
        OSError: the file cannot be read, or the temporary folder has no room.
        DatasetError: it is damaged, no tar archive, a bomb, or needs a package that is not there.
    """
    return _open(path, stamp_of(Path(path).stat()))


@lru_cache(maxsize=2)  # one for the training and one for the test images
def _open(path: str, stamp: Stamp) -> "TarArchive":
    return TarArchive(path, stamp)


class TarArchive:
    """A tar file's members by name; of several with one name the last, as unpacking would leave it."""

    def __init__(self, path: str, stamp: Stamp) -> None:
        self.path, self.stamp = path, stamp
        packed = tar_compression(Path(path)) or ""
        self._file: IO[bytes] = cast(IO[bytes], tempfile.TemporaryFile() if packed else open(path, "rb"))  # noqa: PTH123, SIM115
        weakref.finalize(self, self._file.close)
        self.entries: dict[str, TarEntry] = {}
        last = ""
        try:
            for entry in _Unpacking(path, packed, self._file).entries():
                last = entry.name
                self.entries[entry.name] = entry
                if len(self.entries) > MAX_FILES:
                    raise DatasetError(f"holds more than {MAX_FILES} files: this is no data set")
        except DamagedTar as error:
            where = f"damaged after {last!a}" if last else "no tar archive, or a damaged one"
            raise DamagedTar(f"{where} ({error}): download it again, or name an unpacked folder") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return open_tar, (self.path,)

    def read(self, name: str, limit: int) -> bytes:
        """The first `limit` bytes of a member, from any thread or forked process.

        Raises:
            UnreadableImage: it is not in the archive, or not all there.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise UnreadableImage("it is no longer in the archive")
        wanted, file = min(limit, entry.size), self._file.fileno()
        try:
            # Reads at a place move no common position, so nothing needs a lock.
            pieces = [
                os.pread(file, min(_PIECE, wanted - start), entry.offset + start) for start in range(0, wanted, _PIECE)
            ]
        except OSError as error:
            raise UnreadableImage(f"cannot be read: {error.strerror}") from None
        data = b"".join(pieces)
        if len(data) < wanted:
            raise UnreadableImage("cannot be read from the archive: it ends too early")
        return data


@dataclass(frozen=True, slots=True)
class TarMember:
    """A file in a tar archive."""

    archive: TarArchive
    name: str
    size: int

    @property
    def key(self) -> str:
        """The archive's path and the member's name."""
        return f"{self.archive.path}::{self.name}"

    @property
    def stamp(self) -> Stamp:
        """The archive's when it was opened, with the member's size: a tar keeps no checksum of its members."""
        return self.archive.stamp._replace(size=self.size)

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """The first `limit` bytes of the file."""
        return self.archive.read(self.name, limit)


class _Header(tarfile.TarInfo):
    """A header block; what `tarfile` takes for the end of an archive, or reads without limit, is an error here."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        if not buf:
            raise DamagedTar("it ends without an end mark")
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise DamagedTar(str(error)) from None
        if header.size < 0 or (header.type in _EXTENSIONS and header.size > _MAX_HEADER):
            raise DamagedTar(f"a header of {header.size} bytes")
        return header


class _Bounded:
    """A decompressed stream, read from front to end, that refuses to give more than `limit` bytes."""

    def __init__(self, stream: Any, limit: int, said: str) -> None:
        self._stream, self._left, self._said = stream, limit, said

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise DatasetError(self._said)
        return data


class _Unpacking:
    """Goes through an archive once; of a compressed one the members' bytes go into `target`, the archive otherwise."""

    def __init__(self, path: str, packed: str, target: IO[bytes]) -> None:
        self._path, self._packed, self._target = path, packed, target

    def entries(self) -> Iterator[TarEntry]:
        """The members in their order.

        Raises:
            DamagedTar: the archive cannot be read to its end.
        """
        try:
            if not self._packed:
                with tarfile.open(fileobj=self._target, mode="r:", tarinfo=_Header) as tar:
                    yield from (_entry(member, member.offset_data) for member in tar if not member.isdir())
                return
            with _decompressed(self._path, self._packed) as raw:
                stream = self._bounded(raw)
                with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as tar:  # type: ignore[call-overload]
                    yield from (self._unpacked(tar, member) for member in tar if not member.isdir())
                while stream.read(_PIECE):  # to the end, where the checksum stands
                    pass
            self._target.flush()
        except DatasetError:
            raise
        except OSError as error:
            if error.errno is not None:  # the disk's, not a decompressor's
                raise
            raise DamagedTar(_one_line(error)) from None
        except MemoryError:
            raise
        except Exception as error:  # tarfile and the decompressors raise many kinds for damaged data
            raise DamagedTar(_one_line(error)) from None

    def _bounded(self, raw: Any) -> _Bounded:
        size = Path(self._path).stat().st_size
        most = max(RATIO_MATTERS_FROM, size * MAX_RATIO)
        free = shutil.disk_usage(tempfile.gettempdir()).free - _KEPT_FREE
        if free < most:
            room = f"unpacks to more than {tempfile.gettempdir()} has room for: unpack it elsewhere, or set TMPDIR"
            return _Bounded(raw, max(free, 0), room)
        return _Bounded(raw, most, f"unpacks to more than {MAX_RATIO} times its size: taken for a bomb")

    def _unpacked(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> TarEntry:
        entry = _entry(member, self._target.tell())
        source = None if entry.reason or member.size > MAX_FILE_BYTES else tar.extractfile(member)
        if source is not None:
            shutil.copyfileobj(source, self._target, _PIECE)
            if self._target.tell() - entry.offset != member.size:
                raise DamagedTar(f"{member.name!a} ends too early")
        return entry


def _entry(member: tarfile.TarInfo, offset: int) -> TarEntry:
    if member.size < 0:
        raise DamagedTar(f"a member of {member.size} bytes")
    return TarEntry(member.name, offset, member.size, _why_left(member))


def _why_left(member: tarfile.TarInfo) -> str:
    if member.islnk() or member.issym():
        return "a link in the archive"
    if member.issparse() or not member.isreg():
        return "not a regular file"
    return ""


def _decompressed(path: str, packed: str) -> Any:
    if packed == "gz":
        return gzip.open(path)
    if packed == "bz2":
        return bz2.open(path)
    if packed == "xz":
        return lzma.open(path)
    try:
        import zstandard
    except ImportError:
        raise DatasetError(
            "reading .tar.zst needs a package: pip install zstandard into the environment of this program, or unpack it"
        ) from None
    return zstandard.ZstdDecompressor().stream_reader(Path(path).open("rb"), read_across_frames=True)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
