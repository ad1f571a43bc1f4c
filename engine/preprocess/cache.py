"""The on-disk cache of pre-processed images: who may write, what is in use, what goes when it grows too large.

The folder holds segments (`engine.preprocess.segment`), named by the chain of steps, their writer and a number. Each
`PixelCache` writes into segments of its own and reads all, so processes of one machine or of many share a cache and
need no lock for it. Whoever reads a segment holds a lease on it, a locked file inside it that the operating system
frees when the process ends, however it ends. Other nodes may not see that lock, so they go by the file's age: its
holder renews it as long as it reads. What is evicted all the same is made again by whoever read it.
"""

import contextlib
import itertools
import os
import platform
import re
import shutil
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from engine.errors import StorageError
from engine.preprocess.chains import Chain
from engine.preprocess.segment import PixelFile, Segment, Slot, last_used, mark_used, remove_segment, segment_bytes
from engine.preprocess.step import Pixels
from engine.system.files import file_name
from engine.system.locks import is_locked

DEFAULT_SHARE = 4
"""By default the cache may take this part of the disk space that is free without it: a quarter."""

SEGMENT_BYTES = 256 * 2**20
"""Pixels in a segment, which is the unit of eviction; a study's variant at full size has a few."""

LEASE_SECONDS = 1800.0
"""How long another node's lease counts that was not renewed: longer than most pauses."""

RENEW_SECONDS = 60.0
"""How often a lease is renewed while its segment is read."""

_LEASE_PATTERN = "*.lease"

_SEGMENT_NAME = re.compile(r"[0-9a-f]{24}-([0-9a-f]{12}-)?[0-9]{4,}")
"""Only folders of this form are ours to delete; those without a writer are of earlier versions."""


class Place(NamedTuple):
    """Where a result lies: a slot of a segment, whose pixels are open for reading."""

    segment: Segment
    file: PixelFile
    slot: Slot


class Leases:
    """The segments that one reader or writer keeps open, and from being evicted, until `close`."""

    def __init__(self) -> None:
        self._held: dict[Path, tuple[FileLock, PixelFile]] = {}
        self._renewed = time.monotonic()

    def take(self, segment: Segment) -> PixelFile | None:
        """Lease a segment, once, and open its pixels; None where it was evicted at this moment."""
        folder = segment.folder
        if folder not in self._held:
            path = folder / f"{_host()}-{uuid.uuid4().hex}.lease"
            try:
                file = segment.open()
                path.touch()
            except FileNotFoundError:
                return None
            # Not bound to a thread: whoever closes the table lets go.
            lock = FileLock(path, thread_local=False)
            with contextlib.suppress(OSError, NotImplementedError):  # a disk without locks: its age must do
                lock.acquire(timeout=0)
            self._held[folder] = lock, file
            mark_used(folder)
        return self._held[folder][1]

    def renew(self) -> None:
        """Say to other nodes that all of them are read; costs nothing when it was said a moment ago."""
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return
        self._renewed = time.monotonic()
        for folder, (lock, _) in list(self._held.items()):
            with contextlib.suppress(OSError):
                os.utime(lock.lock_file)
            mark_used(folder)

    def close(self) -> None:
        """Let go of all segments."""
        while self._held:
            _, (lock, file) = self._held.popitem()
            file.close()
            lock.release()
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink()


class PixelCache:
    """Pre-processed images in one folder, of bounded size; safe for several threads, processes and machines.

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
        self._writer = uuid.uuid4().hex[:12]
        self._own: dict[str, Segment] = {}
        """What this cache appends to, by chain."""
        self._numbers = itertools.count(1)

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
        with self._telling():
            now = self._disk_time()
            return sum(remove_segment(folder) for folder in self._segment_folders() if not _in_use(folder, now))

    def find(self, chain: Chain, keys: Iterable[bytes], leases: Leases) -> dict[bytes, Place]:
        """Where the results of these keys lie, as far as there are any; their segments are leased and marked used."""
        with self._telling(), self._threads:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._disk_time()  # a network disk then looks what else is new in the folder
            return self._find(chain, keys, leases)

    def forget(self, place: Place) -> None:
        """Drop a result whose pixels are not what was kept there."""
        with self._telling():
            place.segment.forget(place.slot.number)

    def make_room(self, needed: int) -> bool:
        """Evict what was used longest ago until `needed` more bytes stay within the limit.

        Nothing that is in use is evicted, and nothing at all where that would not be enough.
        """
        with self._telling():
            limit, size = self.limit_bytes, self.size()
            if size + needed <= limit:
                return True
            now = self._disk_time()
            free = [folder for folder in self._segment_folders() if not _in_use(folder, now)]
            if size - sum(map(segment_bytes, free)) + needed > limit:
                return False
            for folder in sorted(free, key=last_used):
                size -= remove_segment(folder)
                if size + needed <= limit:
                    break
            return size + needed <= limit

    def add(self, chain: Chain, entries: Sequence[tuple[bytes, Pixels]], leases: Leases) -> dict[bytes, Place]:
        """Keep results, and say where; a key that another process has added meanwhile is not written again.

        Raises:
            StorageError: the disk or the cache is full, or the folder cannot be written.
        """
        with self._telling(), self._threads:
            places = self._find(chain, (key for key, _ in entries), leases)
            new = list({key: pixels for key, pixels in entries if key not in places}.items())
            if new and not self.make_room(len(new) * chain.entry_bytes):
                raise StorageError(f"the cache {self.folder} is full: give another folder with --cache-dir")
            while new:
                written = self._append(chain, new, leases)
                places |= written
                new = new[len(written) :]
            return places

    def _append(self, chain: Chain, entries: Sequence[tuple[bytes, Pixels]], leases: Leases) -> dict[bytes, Place]:
        """Write as many as the segment under way has room for; none where another node evicts it at this moment."""
        segment = self._own_segment(chain)
        room = _capacity(chain) - segment.slots_used()
        with contextlib.suppress(FileNotFoundError):
            if (file := leases.take(segment)) is not None:
                return {key: Place(segment, file, slot) for key, slot in segment.append(entries[:room]).items()}
        del self._own[chain.key]
        return {}

    def _find(self, chain: Chain, keys: Iterable[bytes], leases: Leases) -> dict[bytes, Place]:
        wanted, found = set(keys), dict[bytes, Place]()
        for segment in self._segments(chain):
            entries = segment.entries()
            if (here := wanted & entries.keys()) and (file := leases.take(segment)) is not None:
                found |= {key: Place(segment, file, entries[key]) for key in here}
                wanted -= here
        return found

    def _own_segment(self, chain: Chain) -> Segment:
        """What this cache appends to; made where there is none, or it is full or was evicted."""
        own = self._own.get(chain.key)
        if own is None or not own.folder.is_dir() or own.slots_used() >= _capacity(chain):
            name = f"{chain.key}-{self._writer}-{next(self._numbers):04d}"
            own = self._own[chain.key] = Segment(self.folder / name, chain.size)
            own.create(chain.description)
        return own

    def _segments(self, chain: Chain) -> list[Segment]:
        folders = [folder for folder in self._segment_folders() if folder.name.startswith(f"{chain.key}-")]
        return [self._opened.setdefault(folder, Segment(folder, chain.size)) for folder in sorted(folders)]

    def _segment_folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if _SEGMENT_NAME.fullmatch(path.name) and path.is_dir()]

    def _disk_time(self) -> float:
        """Seconds since the Unix epoch, by the clock that files get their times from."""
        with contextlib.suppress(OSError):
            os.utime(self.folder)
            return self.folder.stat().st_mtime
        return time.time()

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


def _host() -> str:
    return file_name(platform.node())


def _in_use(folder: Path, now: float) -> bool:
    """Whether anyone holds a lease; leases that their holders left behind are cleared away."""
    return any(_counts(path, now) for path in folder.glob(_LEASE_PATTERN))


def _counts(lease: Path, now: float) -> bool:
    """Whether a lease is held: its lock says so on this machine, its age where that cannot."""
    try:
        held = is_locked(lease) if lease.name.rpartition("-")[0] in ("", _host()) else None
        if held is None:
            held = now - lease.stat().st_mtime < LEASE_SECONDS
        if not held:
            lease.unlink()
    except FileNotFoundError:  # gone meanwhile
        return False
    except OSError:  # another user's
        return True
    return held
