"""One pair of files with pre-processed images of one kind: pixels in slots of one size, and an index of what they hold.

Record i of the index describes slot i of the pixels: the entry's key, a checksum of its pixels, and a checksum of the
record and its place. A record is appended only after its pixels are on the disk, and a slot whose record is whole is
never written again. So whatever a kill leaves behind is either an entry that is true or no entry: a torn record at the
end, or pixels without a record, are ignored and overwritten.

Only the `PixelCache` that made a segment appends to it, so no lock is needed, nor a disk on which locks work. Others
read it, and may say that a slot's pixels are bad by a file of its own; whoever reads pixels checks their checksum.
"""

import contextlib
import io
import json
import os
import struct
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.preprocess.chains import CHANNELS
from engine.preprocess.step import Pixels, Size

KEY_BYTES = 32
_RECORD = struct.Struct(f"<{KEY_BYTES}sII")
_SLOT = struct.Struct("<QI")
_BAD_PATTERN = "*.bad"


class Slot(NamedTuple):
    """Where a segment keeps an entry, and the CRC-32 of its pixels."""

    number: int
    checksum: int


def pixel_checksum(pixels: Pixels) -> int:
    """The CRC-32 of an image that is C-contiguous."""
    return zlib.crc32(pixels.data)


class PixelFile:
    """The pixels of a segment, open for reading: also when the segment is removed meanwhile, on most disks.

    Not memory-mapped: where another node removes a file of a network disk, a mapping ends the process.
    """

    def __init__(self, path: Path, slot_bytes: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._slot_bytes = slot_bytes
        self._place = threading.Lock()

    def read(self, number: int, pixels: Pixels) -> bool:
        """Fill C-contiguous `pixels` with those of a slot; whether they could be read. From any thread."""
        try:
            with self._place:
                self._file.seek(number * self._slot_bytes)
                return self._file.readinto(pixels.data) == self._slot_bytes
        except OSError:
            return False

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


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
        """Make the folder, to be appended to by its maker alone."""
        self.folder.mkdir(parents=True)
        self._pixels.touch()
        about = {"image_size": self._size, "made_by": json.loads(description)}
        (self.folder / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    def entries(self) -> dict[bytes, Slot]:
        """Slot by key, as the files are now; records that are torn, damaged or said to be bad are left out."""
        try:
            with self._index.open("rb") as file:  # opened each time: a network disk then asks for what is new
                status = os.fstat(file.fileno())
                seen = (_bytes(self._pixels), status.st_size, status.st_mtime_ns)
                if self._seen != seen:
                    self._entries, self._seen = self._whole_records(file.read(), seen[0] // self._slot_bytes), seen
        except FileNotFoundError:  # nothing yet, or evicted at this moment
            return {}
        bad = {path.stem for path in self.folder.glob(_BAD_PATTERN)}
        return (
            {key: slot for key, slot in self._entries.items() if str(slot.number) not in bad} if bad else self._entries
        )

    def slots_used(self) -> int:
        """Slots that have a record, good or bad."""
        return min(_bytes(self._index) // _RECORD.size, _bytes(self._pixels) // self._slot_bytes)

    def append(self, entries: Sequence[tuple[bytes, Pixels]]) -> dict[bytes, Slot]:
        """Add entries after the last and say where; all are on the disk, where other nodes see them."""
        first = self.slots_used()
        self._truncate_to(first)
        slots: dict[bytes, Slot] = {}
        try:
            with self._pixels.open("r+b") as file:
                file.seek(first * self._slot_bytes)
                for number, (key, pixels) in enumerate(entries, start=first):
                    image = np.ascontiguousarray(pixels)
                    file.write(image.data)
                    slots[key] = Slot(number, pixel_checksum(image))
                _sync(file)
            self._index.touch()
            with self._index.open("r+b") as file:
                file.seek(first * _RECORD.size)
                file.writelines(
                    _RECORD.pack(key, slot.checksum, _record_checksum(key, slot)) for key, slot in slots.items()
                )
                _sync(file)
        except OSError:
            with contextlib.suppress(OSError):
                self._truncate_to(first)
            raise
        return slots

    def forget(self, number: int) -> None:
        """Make the entry in a slot no entry."""
        (self.folder / f"{number}{_BAD_PATTERN[1:]}").touch()

    def open(self) -> PixelFile:
        """Its pixels, to be closed by the caller."""
        return PixelFile(self._pixels, self._slot_bytes)

    @staticmethod
    def _whole_records(data: bytes, slots: int) -> dict[bytes, Slot]:
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
    """When a segment was last used, in nanoseconds since the Unix epoch; 0 where it is gone."""
    for path in (folder / "about.json", folder):
        with contextlib.suppress(FileNotFoundError):
            return path.stat().st_mtime_ns
    return 0


def mark_used(folder: Path) -> None:
    """Note that a segment is used now."""
    with contextlib.suppress(OSError):
        os.utime(folder / "about.json")


def remove_segment(folder: Path) -> int:
    """Delete a segment and return the bytes freed; killed half-way, or hindered, it leaves a folder without entries."""
    before = segment_bytes(folder)
    with contextlib.suppress(OSError):  # another process removes it too, or takes a lease at this moment
        (folder / "index").unlink(missing_ok=True)
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()
    return before - segment_bytes(folder)


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
