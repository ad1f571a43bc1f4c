"""Where the results of one run go: the cache, or memory where the cache cannot take them."""

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import psutil

from engine.errors import StorageError
from engine.preprocess.cache import Leases, PixelCache, Place
from engine.preprocess.chains import Chain
from engine.preprocess.segment import PixelFile, pixel_checksum
from engine.preprocess.step import Pixels, Size
from engine.preprocess.table import IN_MEMORY, PixelTable, TablePlace

WRITE_BYTES = 8 * 2**20
WRITE_SECONDS = 2.0
"""Results are written together, for the disk's sake, when they are this many or have waited this long."""

MEMORY_SHARE = 2
"""Without a cache, images may take this part of the memory that is available: a half."""

EntryKey = tuple[str, bytes]
"""Chain key and entry key: one result, wherever it is."""


@dataclass
class _Waiting:
    """Results of one chain that are not written yet, either all needed or all extras."""

    chain: Chain
    extra: bool
    entries: list[tuple[bytes, Pixels]] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    @property
    def due(self) -> bool:
        full = len(self.entries) * self.chain.entry_bytes >= WRITE_BYTES
        return full or time.monotonic() - self.since >= WRITE_SECONDS


class Results:
    """The results that one run of `preprocess` finds, makes and hands over as a table.

    When the cache cannot be used, or no longer, results stay in memory as long as they fit; `note` then says so.
    """

    def __init__(self, cache: PixelCache) -> None:
        self.note = ""
        self._cache = cache
        self._leases = Leases()
        self._places: dict[EntryKey, Place] = {}
        self._made: set[EntryKey] = set()
        self._memory: dict[EntryKey, Pixels] = {}
        self._waiting: dict[tuple[str, bool], _Waiting] = {}
        self._remaining_bytes = 0

    def find(self, chain: Chain, keys: Iterable[bytes]) -> set[bytes]:
        """Look results up in the cache; those that are there."""
        if self.note:
            return set()
        try:
            found = self._cache.find(chain, keys, self._leases)
        except StorageError as error:
            self._fall_back(error)
            return set()
        self._places.update({(chain.key, key): place for key, place in found.items()})
        return set(found)

    def expect(self, needed: int, extra: int) -> bool:
        """Make room for this many bytes of results that `find` did not find.

        Returns:
            Whether there is room for `extra` bytes of intermediate results as well.

        Raises:
            StorageError: what is needed fits neither the cache nor the memory.
        """
        self._remaining_bytes = needed
        try:
            if not self.note and extra and self._cache.make_room(needed + extra):
                return True
            if not self.note and not self._cache.make_room(needed):
                self._fall_back(StorageError(self._too_small(needed)))
        except StorageError as error:
            self._fall_back(error)
        if self.note:
            self._check_memory()
        return False

    def add(self, chain: Chain, key: bytes, pixels: Pixels) -> None:
        """Take a result that was expected.

        Raises:
            StorageError: it fits neither the cache nor the memory.
        """
        if not chain.fits(pixels):
            raise ValueError(f"steps gave {pixels.dtype} {pixels.shape}, not uint8 {chain.size}")
        self._remaining_bytes -= chain.entry_bytes
        if self.note:
            self._memory[chain.key, key] = pixels
        else:
            self._wait(chain, key, pixels, extra=False)

    def add_extra(self, chain: Chain, key: bytes, pixels: Pixels) -> None:
        """Take a result that other variants want; it is given up rather than held in memory."""
        if not self.note:
            self._wait(chain, key, pixels, extra=True)

    def flush(self) -> None:
        """Write what waits."""
        while self._waiting:  # a write that fails takes the others out as well
            self._write(next(iter(self._waiting.values())))

    def read(self, chain: Chain, key: bytes) -> Pixels | None:
        """A result that was found, (H, W, 3); None where its pixels are not what was kept there."""
        _, file, slot = self._places[chain.key, key]
        pixels = np.empty((*chain.size, 3), np.uint8)
        if not file.read(slot.number, pixels) or pixel_checksum(pixels) != slot.checksum:
            self.forget((chain.key, key))
            return None
        return pixels

    def forget(self, entry: EntryKey) -> None:
        """Drop a result from the cache whose pixels are not what was kept there."""
        with contextlib.suppress(StorageError):  # whoever reads it next notices as well
            self._cache.forget(self._places[entry])

    def forget_made(self) -> None:
        """Drop what this run made: written, waiting or in memory."""
        self._waiting.clear()
        self._memory.clear()
        for entry in self._made:
            self.forget(entry)

    def table(self, size: Size, rows: Sequence[EntryKey], remake: Callable[[int], Pixels]) -> PixelTable:
        """The results of these keys as a table, which takes over the leases; `remake` makes the pixels of a row."""
        memory: list[Pixels] = []
        files: dict[PixelFile, int] = {}
        placed: dict[EntryKey, TablePlace] = {}
        for row in dict.fromkeys(rows):
            if row in self._memory:
                placed[row] = TablePlace(IN_MEMORY, len(memory))
                memory.append(self._memory[row])
            else:
                _, file, slot = self._places[row]
                placed[row] = TablePlace(files.setdefault(file, len(files)), *slot)

        def mend(row: int) -> Pixels:
            self.forget(rows[row])
            return remake(row)

        places = [placed[row] for row in rows]
        return PixelTable(size, places, memory, list(files), self._leases, remake=mend, note=self.note)

    def abandon(self) -> None:
        """Let go of everything; what was written stays."""
        self._leases.close()

    def _wait(self, chain: Chain, key: bytes, pixels: Pixels, *, extra: bool) -> None:
        waiting = self._waiting.setdefault((chain.key, extra), _Waiting(chain, extra))
        waiting.entries.append((key, pixels))
        if waiting.due:
            self._write(waiting)

    def _write(self, waiting: _Waiting) -> None:
        try:
            places = self._cache.add(waiting.chain, waiting.entries, self._leases)
        except StorageError as error:
            self._fall_back(error)
            self._check_memory()
        else:
            del self._waiting[waiting.chain.key, waiting.extra]
            written = {(waiting.chain.key, key): place for key, place in places.items()}
            self._places.update(written)
            self._made.update(written)

    def _fall_back(self, error: StorageError) -> None:
        self.note = f"{error}; images are kept in memory for this study"
        self._reason = error
        for waiting in self._waiting.values():
            if not waiting.extra:
                self._memory.update({(waiting.chain.key, key): pixels for key, pixels in waiting.entries})
        self._waiting.clear()

    def _check_memory(self) -> None:
        available = psutil.virtual_memory().available
        if self._remaining_bytes > available // MEMORY_SHARE:
            raise StorageError(f"{self._reason}; {_gigabytes(self._remaining_bytes)} do not fit in memory either")

    def _too_small(self, needed: int) -> str:
        limit, folder = _gigabytes(self._cache.limit_bytes), self._cache.folder
        return f"the cache {folder} may take {limit}, too little for {_gigabytes(needed)} more: see --cache-dir"


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
