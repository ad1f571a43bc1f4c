"""One pair of files with pre-processed images of one kind: pixels in slots of one size, and an index of what they hold.

Record i of the index describes slot i of the pixels: the entry's key and a checksum of key and slot number. A record
is appended only after its pixels are on the disk, and a slot whose record is whole is never written again. So whatever
a kill leaves behind is either an entry that is true or no entry: a torn record at the end, or pixels without a record,
are ignored and overwritten. The lock that makes one writer at a time is the cache's.
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

import numpy as np
import numpy.typing as npt

from engine.preprocess.chains import CHANNELS
from engine.preprocess.steps import Pixels, Size

KEY_BYTES = 32
_RECORD = struct.Struct(f"<{KEY_BYTES}sI")
_SLOT = struct.Struct("<Q")


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
        self._entries: dict[bytes, int] = {}
        self._seen: tuple[int, int, int] | None = None

    def create(self, description: str) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True)
        about = {"image_size": self._size, "made_by": json.loads(description)}
        (self.folder / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    def entries(self) -> dict[bytes, int]:
        """Slot number by key, as the files are now; what is torn or damaged is left out."""
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
        try:
            with _open_for_update(self._pixels) as file:
                file.seek(first * self._slot_bytes)
                for _, pixels in entries:
                    file.write(np.ascontiguousarray(pixels).data)
                _sync(file)
            with _open_for_update(self._index) as file:
                file.seek(first * _RECORD.size)
                for slot, (key, _) in enumerate(entries, start=first):
                    file.write(_RECORD.pack(key, _checksum(key, slot)))
                _sync(file)
        except OSError:
            with contextlib.suppress(OSError):
                self._truncate_to(first)
            raise

    def map(self) -> npt.NDArray[np.uint8]:
        """All slots as read-only (n, H, W, 3), memory-mapped."""
        shape = (_bytes(self._pixels) // self._slot_bytes, *self._size, CHANNELS)
        # As a plain array: a memmap's own indexing costs more than copying a small image.
        return np.asarray(np.memmap(self._pixels, np.uint8, "r", shape=shape))

    def _read_entries(self, slots: int) -> dict[bytes, int]:
        data = self._index.read_bytes() if slots else b""
        whole = min(slots, len(data) // _RECORD.size) * _RECORD.size
        records = enumerate(_RECORD.iter_unpack(data[:whole]))
        return {key: slot for slot, (key, checksum) in records if checksum == _checksum(key, slot)}

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


def _checksum(key: bytes, slot: int) -> int:
    return zlib.crc32(_SLOT.pack(slot), zlib.crc32(key))


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
