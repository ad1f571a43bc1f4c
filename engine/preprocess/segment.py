"""One pair of files with pre-processed images of one kind: pixels in slots of one size, and an index of what they hold.

Record i of the index describes slot i of the pixels: the entry's key, a checksum of its pixels, and a checksum of the
record and its place. A record is appended only after its pixels are on the disk, and a slot whose record is whole is
never written again. So whatever a kill leaves behind is either an entry that is true or no entry: a torn record at the
end, or pixels without a record, are ignored and overwritten. The lock that makes one writer at a time is the cache's;
on shared disks where it holds nobody back, two writers mix up slots, so whoever reads pixels checks their checksum.
"""

import contextlib
import io
import json
import os
import shutil
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.preprocess.chains import CHANNELS
from engine.preprocess.steps import Pixels, Size

KEY_BYTES = 32
_RECORD = struct.Struct(f"<{KEY_BYTES}sII")
_SLOT = struct.Struct("<QI")


class Slot(NamedTuple):
    """Where a segment keeps an entry, and the CRC-32 of its pixels."""

    number: int
    checksum: int


def pixel_checksum(pixels: Pixels) -> int:
    """The CRC-32 of an image that is C-contiguous."""
    return zlib.crc32(pixels.data)


class Segment:
    """A folder with `pixels.u8`, `index` and `about.json` (for people; its time says when the segment was last used).

    Methods raise OSError where the disk does.
    """

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder = folder
        self._size = size
        self._slot_bytes = size[0] * size[1] * CHANNELS
        self._pixels = folder / "pixels.u8"
        self._index = folder / "index"
        self._entries: dict[bytes, Slot] = {}
        self._seen: tuple[int, int, int] | None = None

    def create(self, description: str) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True)
        about = {"image_size": self._size, "made_by": json.loads(description)}
        (self.folder / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    def entries(self) -> dict[bytes, Slot]:
        """Slot by key, as the files are now; records that are torn or damaged are left out."""
        pixel_bytes, index_bytes, changed = _bytes(self._pixels), _bytes(self._index), _changed(self._index)
        if self._seen != (pixel_bytes, index_bytes, changed):
            self._entries = self._read_entries(pixel_bytes // self._slot_bytes)
            self._seen = (pixel_bytes, index_bytes, changed)
        return self._entries

    def slots_used(self) -> int:
        """Slots that have a record, good or bad."""
        return min(_bytes(self._index) // _RECORD.size, _bytes(self._pixels) // self._slot_bytes)

    def append(self, entries: Sequence[tuple[bytes, Pixels]]) -> None:
        """Add entries after the last; the caller holds the cache's lock."""
        first = self.slots_used()
        self._truncate_to(first)
        records = []
        try:
            with _open_for_update(self._pixels) as file:
                file.seek(first * self._slot_bytes)
                for number, (key, pixels) in enumerate(entries, start=first):
                    image = np.ascontiguousarray(pixels)
                    file.write(image.data)
                    slot = Slot(number, pixel_checksum(image))
                    records.append(_RECORD.pack(key, slot.checksum, _record_checksum(key, slot)))
                _sync(file)
            with _open_for_update(self._index) as file:
                file.seek(first * _RECORD.size)
                file.write(b"".join(records))
                _sync(file)
        except OSError:
            with contextlib.suppress(OSError):
                self._truncate_to(first)
            raise

    def forget(self, number: int) -> None:
        """Make the entry in a slot no entry; the caller holds the cache's lock."""
        with _open_for_update(self._index) as file:
            file.seek(number * _RECORD.size)
            file.write(bytes(_RECORD.size))

    def map(self) -> npt.NDArray[np.uint8]:
        """All slots as read-only (n, H, W, 3), memory-mapped."""
        shape = (_bytes(self._pixels) // self._slot_bytes, *self._size, CHANNELS)
        # As a plain array: a memmap's own indexing costs more than copying a small image.
        return np.asarray(np.memmap(self._pixels, np.uint8, "r", shape=shape))

    def _read_entries(self, slots: int) -> dict[bytes, Slot]:
        data = self._index.read_bytes() if slots else b""
        whole = min(slots, len(data) // _RECORD.size) * _RECORD.size
        records = enumerate(_RECORD.iter_unpack(data[:whole]))
        found = ((key, Slot(number, checksum), own) for number, (key, checksum, own) in records)
        return {key: slot for key, slot, own in found if own == _record_checksum(key, slot)}

    def _truncate_to(self, slots: int) -> None:
        """Drop what lies behind: torn ends, and records of pixels that are gone, which appending would make look true.

        The index goes first, so that no record outlives its pixels.
        """
        for path, end in ((self._index, slots * _RECORD.size), (self._pixels, slots * self._slot_bytes)):
            if _bytes(path) > end:
                os.truncate(path, end)


def segment_bytes(folder: Path) -> int:
    """Bytes of a segment's files."""
    try:
        return sum(_bytes(path) for path in folder.iterdir())
    except FileNotFoundError:  # evicted by another process at this moment
        return 0


def last_used(folder: Path) -> int:
    """When a segment was last used, in nanoseconds since the Unix epoch; 0 where that is not known."""
    return _changed(folder / "about.json")


def mark_used(folder: Path) -> None:
    """Note that a segment is used now."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(folder / "about.json")


def remove_segment(folder: Path) -> None:
    """Delete a segment; killed half-way, it leaves a folder without entries."""
    (folder / "index").unlink(missing_ok=True)
    shutil.rmtree(folder)


def _open_for_update(path: Path) -> io.BufferedRandom:
    """Open for writing anywhere in the file, which is made where it is missing."""
    path.touch()
    return path.open("r+b")


def _sync(file: io.BufferedRandom) -> None:
    file.flush()
    os.fsync(file.fileno())


def _record_checksum(key: bytes, slot: Slot) -> int:
    return zlib.crc32(_SLOT.pack(*slot), zlib.crc32(key))


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
