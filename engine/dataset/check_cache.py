"""Remembers which image files were read and decoded, so that a second study does not decode them again.

An SQLite file in the user's cache folder. It only ever saves time: whatever is wrong with it (read-only folder, full
disk, damaged file, another process that holds it) is answered by doing without.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import PIL

from engine.dataset.fingerprints import THUMBNAIL_BYTES, Fingerprint
from engine.dataset.sources import Stamp

_FILE = "checked-images.sqlite3"

_BUSY_SECONDS = 2.0
"""How long to wait for another process that writes; its transactions take milliseconds."""

_TABLE = """
CREATE TABLE IF NOT EXISTS checked (
    key BLOB PRIMARY KEY, stamp TEXT, decoder TEXT, digest TEXT, reason TEXT,
    pixels TEXT, hash BLOB, height INTEGER, width INTEGER, format TEXT, thumbnail BLOB, note TEXT
)
"""

_FOUND = "digest, reason, pixels, hash, height, width, format, thumbnail, note"

_COLUMNS = 3 + len(_FOUND.split(","))

_TABLE_VERSION = 4
"""Of the columns, kept in the file; a file of another version is begun anew (3 knew no notes)."""

_PAGE_BYTES = 16384
"""Several thumbnails a page of the file; with SQLite's 4096 half of each page would stay empty."""

_HASH_BYTES = 8

_QUERY_KEYS = 500
"""Keys a query; SQLite allows 999 variables everywhere."""

_DECODER = f"3 pillow {PIL.__version__}"
"""What decoded the image: our rules' version and Pillow's, whose decoders differ in what they forgive."""


class Check(NamedTuple):
    """What reading a file gave: SHA-256 of its bytes in hex, and the picture or why it is none that can be used.

    Either `reason` is "" and there is a fingerprint, or there is a reason.
    """

    digest: str
    reason: str
    fingerprint: Fingerprint | None = None


class CheckCache:
    """Checks by (file key, stamp); a context manager. Belongs to the thread that made it."""

    def __init__(self, folder: Path) -> None:
        self._connection = _connect(folder / _FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._close()

    def load(self, stamps: Mapping[str, Stamp]) -> dict[str, Check]:
        """The checks of those files that have not changed since; `stamps` by file key."""
        found: dict[str, Check] = {}
        keys = list(stamps)
        for start in range(0, len(keys), _QUERY_KEYS):
            for key, stamp, *found_before in self._rows(keys[start : start + _QUERY_KEYS]):
                name = bytes(key).decode("utf-8", "surrogateescape")
                check = _check(found_before) if name in stamps and _text(stamps[name]) == stamp else None
                if check is not None:
                    found[name] = check
        return found

    def _rows(self, keys: list[str]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            return []
        query = f"SELECT key, stamp, {_FOUND} FROM checked WHERE decoder = ? AND key IN ({_marks(len(keys))})"
        try:
            return self._connection.execute(query, [_DECODER, *map(_blob, keys)]).fetchall()
        except sqlite3.Error:
            self._close()
            return []

    def store(self, checks: Iterable[tuple[str, Stamp, Check]]) -> None:
        """Remember checks, as (file key, stamp, check), in one transaction."""
        if self._connection is None:
            return
        rows = [(_blob(key), _text(stamp), _DECODER, *_columns(check)) for key, stamp, check in checks]
        query = f"INSERT OR REPLACE INTO checked (key, stamp, decoder, {_FOUND}) VALUES ({_marks(_COLUMNS)})"
        try:
            with self._connection:
                self._connection.executemany(query, rows)
        except sqlite3.Error:
            self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


def _marks(count: int) -> str:
    return ",".join("?" * count)


def _columns(check: Check) -> tuple[Any, ...]:
    """What `_FOUND` names."""
    taken = check.fingerprint
    if taken is None:
        return check.digest, check.reason, *[None] * 7
    bits = taken.perceptual_hash.to_bytes(_HASH_BYTES, "big")
    return check.digest, check.reason, taken.pixels, bits, *taken.size, taken.file_format, taken.thumbnail, taken.note


def _check(columns: Sequence[Any]) -> Check | None:
    """The check that `_columns` wrote, or None where another hand was in the file."""
    digest, reason, pixels, bits, height, width, file_format, thumbnail, note = columns
    if not (isinstance(digest, str) and isinstance(reason, str)):
        return None
    if reason:
        return Check(digest, reason)
    texts = all(isinstance(text, str) for text in (pixels, file_format, note))
    size = isinstance(height, int) and isinstance(width, int)
    if not (texts and size and _is_blob(bits, _HASH_BYTES) and _is_blob(thumbnail, THUMBNAIL_BYTES)):
        return None
    taken = Fingerprint(pixels, int.from_bytes(bits, "big"), thumbnail, (height, width), file_format, note)
    return Check(digest, "", taken)


def _is_blob(value: Any, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length


def _text(stamp: Stamp) -> str:
    # Numbers of inodes may be larger than SQLite's.
    return " ".join(map(str, stamp))


def _blob(key: str) -> bytes:
    # File names of any bytes: SQLite's text would refuse surrogates.
    return key.encode("utf-8", "surrogateescape")


def _connect(file: Path) -> sqlite3.Connection | None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return _open(file)
    except sqlite3.OperationalError:
        return None
    except sqlite3.DatabaseError:
        # Not a database, or a damaged one: begin a new one.
        with contextlib.suppress(OSError, sqlite3.Error):
            file.unlink()
            return _open(file)
    except OSError:
        pass
    return None


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_BUSY_SECONDS)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # counts for a new file only
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _TABLE_VERSION:
            connection.execute("DROP TABLE IF EXISTS checked")
            connection.execute(f"PRAGMA user_version = {_TABLE_VERSION}")
        connection.execute(_TABLE)
        # A damaged page shows here rather than in the middle of the work.
        connection.execute("SELECT count(key) FROM checked WHERE stamp = ''").fetchone()
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection
