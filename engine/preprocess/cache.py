"""The on-disk cache of pre-processed images: who may write, what is in use, what goes when it grows too large.

The folder holds segments (`engine.preprocess.segment`), named by the chain of steps and a number. Finding, writing and
evicting happen under one lock of the folder, held for a batch at a time, so several processes can share a cache:
each may find the other's results, none waits for the other's study. Whoever reads a segment holds a lease on it, a
locked file inside it that the operating system frees when the process ends, however it ends.
"""

import contextlib
import re
import shutil
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from engine.errors import StorageError
from engine.preprocess.chains import Chain
from engine.preprocess.segment import Segment, Slot, last_used, mark_used, remove_segment, segment_bytes
from engine.preprocess.steps import Pixels

DEFAULT_SHARE = 4
"""By default the cache may take this part of the disk space that is free without it: a quarter."""

SEGMENT_BYTES = 256 * 2**20
"""Pixels in a segment, which is the unit of eviction; a study's variant at full size has a few."""

LOCK_SECONDS = 30.0
"""Longest wait for another process; it holds the lock for a batch, so more means that it was halted."""

_LEASE_PATTERN = "*.lease"

_SEGMENT_NAME = re.compile(r"[0-9a-f]{24}-[0-9]{4,}")
"""Only folders of this form are ours to delete."""


class Place(NamedTuple):
    """Where a result lies."""

    segment: Segment
    slot: Slot


class Leases:
    """The segments that one reader or writer keeps from being evicted, until `close`."""

    def __init__(self) -> None:
        self._locks: dict[Path, FileLock] = {}

    def take(self, folder: Path) -> None:
        """Lease a segment, once; the caller holds the cache's lock."""
        if folder not in self._locks:
            # Not bound to a thread: whoever closes the table lets go.
            lock = FileLock(folder / f"{uuid.uuid4().hex}.lease", thread_local=False)
            lock.acquire(timeout=0)
            self._locks[folder] = lock

    def close(self) -> None:
        """Let go of all segments."""
        while self._locks:
            _, lock = self._locks.popitem()
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)


class PixelCache:
    """Pre-processed images in one folder, of bounded size; safe for several threads and processes.

    Methods raise `StorageError`, with a message for the user, where the folder cannot be used.

    Attributes:
        folder: where the files lie; made when it is first written to.
    """

    def __init__(self, folder: Path, limit_bytes: int | None = None) -> None:
        """Use `folder`; `limit_bytes` replaces the default of a quarter of the free disk space."""
        self.folder = folder
        self._given_limit = limit_bytes
        self._threads = threading.Lock()
        self._opened: dict[Path, Segment] = {}

    @property
    def limit_bytes(self) -> int:
        """What the cache may take: as given, by default a quarter of the space that would be free without it."""
        if self._given_limit is not None:
            return self._given_limit
        return (self.free_bytes() + self.size()) // DEFAULT_SHARE

    def free_bytes(self) -> int:
        """Free space on the folder's disk."""
        with self._telling():
            existing = next(path for path in (self.folder, *self.folder.absolute().parents) if path.exists())
            return shutil.disk_usage(existing).free

    def size(self) -> int:
        """Bytes that the cache takes."""
        with self._telling():
            return sum(segment_bytes(folder) for folder in self._segment_folders())

    def clear(self) -> int:
        """Drop everything but what is in use, and return the bytes freed."""
        if not self.folder.is_dir():
            return 0
        with self._locked():
            before = self.size()
            for folder in self._segment_folders():
                if not _in_use(folder):
                    remove_segment(folder)
            return before - self.size()

    def find(self, chain: Chain, keys: Iterable[bytes], leases: Leases) -> dict[bytes, Place]:
        """Where the results of these keys lie, as far as there are any; their segments are leased and marked used."""
        found: dict[bytes, Place] = {}
        with self._locked():
            wanted = set(keys)
            for segment in self._segments(chain):
                entries = segment.entries()
                here = {key: Place(segment, entries[key]) for key in wanted & entries.keys()}
                if here:
                    leases.take(segment.folder)
                    mark_used(segment.folder)
                found |= here
        return found

    def forget(self, place: Place) -> None:
        """Drop a result whose pixels are not what was kept there."""
        with self._locked():
            place.segment.forget(place.slot.number)

    def make_room(self, needed: int) -> bool:
        """Evict what was used longest ago until `needed` more bytes stay within the limit.

        Nothing that is in use is evicted, and nothing at all where that would not be enough.
        """
        with self._locked():
            return self._make_room(needed)

    def add(self, chain: Chain, entries: Sequence[tuple[bytes, Pixels]], leases: Leases) -> dict[bytes, Place]:
        """Keep results, and say where; a key that another process has added meanwhile is not written again.

        Raises:
            StorageError: the disk or the cache is full, or the folder cannot be written.
        """
        with self._locked():
            segments = self._segments(chain)
            places = _known(segments, (key for key, _ in entries))
            for place in places.values():
                leases.take(place.segment.folder)
            new = list({key: pixels for key, pixels in entries if key not in places}.items())
            if new and not self._make_room(len(new) * chain.entry_bytes, keep=segments):
                raise StorageError(f"the cache {self.folder} is full: give another folder with --cache-dir")
            while new:
                segment = self._segment_with_room(chain, segments, leases)
                room = _capacity(chain) - segment.slots_used()
                segment.append(new[:room])
                places |= _known([segment], (key for key, _ in new[:room]))
                new = new[room:]
            return places

    def _make_room(self, needed: int, keep: Sequence[Segment] = ()) -> bool:
        limit = self.limit_bytes
        size = self.size()
        if size + needed <= limit:
            return True
        kept = {segment.folder for segment in keep}
        free = [folder for folder in self._segment_folders() if folder not in kept and not _in_use(folder)]
        if size - sum(segment_bytes(folder) for folder in free) + needed > limit:
            return False
        for folder in sorted(free, key=last_used):
            size -= segment_bytes(folder)
            remove_segment(folder)
            if size + needed <= limit:
                return True
        return size + needed <= limit

    def _segment_with_room(self, chain: Chain, segments: list[Segment], leases: Leases) -> Segment:
        """The chain's last segment, or a new one where that is full; leased."""
        if not segments or segments[-1].slots_used() >= _capacity(chain):
            number = 1 + (_number(segments[-1].folder) if segments else 0)
            segment = Segment(self.folder / f"{chain.key}-{number:04d}", chain.size)
            segment.create(chain.description)
            segments.append(segment)
        leases.take(segments[-1].folder)
        return segments[-1]

    def _segments(self, chain: Chain) -> list[Segment]:
        folders = [folder for folder in self._segment_folders() if folder.name.startswith(f"{chain.key}-")]
        return [self._opened.setdefault(folder, Segment(folder, chain.size)) for folder in sorted(folders, key=_number)]

    def _segment_folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if _SEGMENT_NAME.fullmatch(path.name) and path.is_dir()]

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self._telling():
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                lock = FileLock(self.folder / ".lock", timeout=LOCK_SECONDS)
                with self._threads, lock:
                    yield
            except Timeout:
                raise StorageError(
                    f"{self.folder} is held by another simpsons-tui that does not move: end it, or use --cache-dir"
                ) from None

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what the disk says into an error for the user."""
        try:
            yield
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StorageError(
                f"the cache {self.folder} cannot be used ({reason}): give another folder with --cache-dir"
            ) from None


def _capacity(chain: Chain) -> int:
    return max(1, SEGMENT_BYTES // chain.entry_bytes)


def _known(segments: Sequence[Segment], keys: Iterable[bytes]) -> dict[bytes, Place]:
    wanted = set(keys)
    return {
        key: Place(segment, slot) for segment in segments for key, slot in segment.entries().items() if key in wanted
    }


def _number(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])


def _in_use(folder: Path) -> bool:
    """Whether anyone holds a lease; leases that a killed process left behind are cleared away."""
    for path in folder.glob(_LEASE_PATTERN):
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            return True
        path.unlink(missing_ok=True)
    return False
