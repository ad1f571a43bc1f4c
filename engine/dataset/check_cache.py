"""Remembers which image files were read and decoded, so that a second study does not decode them again.

An SQLite file in the user's cache folder. It only ever saves time: whatever is wrong with it (read-only folder, full
disk, damaged file, another process that holds it) is answered by doing without.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import PIL

_FILE = "checked-images.sqlite3"

_BUSY_SECONDS = 2.0
"""How long to wait for another process that writes; its transactions take milliseconds."""

_TABLE = """
CREATE TABLE IF NOT EXISTS checked (
    key BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, decoder TEXT, digest TEXT, reason TEXT
) WITHOUT ROWID
"""

_QUERY_KEYS = 500
"""Keys a query; SQLite allows 999 variables everywhere."""

_DECODER = f"1 pillow {PIL.__version__}"
"""What decoded the image: our rules' version and Pillow's, whose decoders differ in what they forgive."""


class Check(NamedTuple):
    """What reading a file gave: SHA-256 of its bytes in hex, and why it is no image that can be used, or ""."""

    digest: str
    reason: str


class CheckCache:
    """Checks by (file key, stamp); a context manager. Belongs to the thread that made it."""

    def __init__(self, folder: Path) -> None:
        self._connection = _connect(folder / _FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._close()

    def load(self, stamps: Mapping[str, tuple[int, int]]) -> dict[str, Check]:
        """The checks of those files that have not changed since; `stamps` by file key."""
        found: dict[str, Check] = {}
        keys = list(stamps)
        for start in range(0, len(keys), _QUERY_KEYS):
            for key, size, mtime_ns, digest, reason in self._rows(keys[start : start + _QUERY_KEYS]):
                name = bytes(key).decode("utf-8", "surrogateescape")
                if stamps.get(name) == (size, mtime_ns) and isinstance(digest, str) and isinstance(reason, str):
                    found[name] = Check(digest, reason)
        return found

    def _rows(self, keys: list[str]) -> list[tuple[bytes, int, int, str, str]]:
        if self._connection is None:
            return []
        marks = ",".join("?" * len(keys))
        query = f"SELECT key, size, mtime_ns, digest, reason FROM checked WHERE decoder = ? AND key IN ({marks})"
        try:
            return self._connection.execute(query, [_DECODER, *map(_blob, keys)]).fetchall()
        except sqlite3.Error:
            self._close()
            return []

    def store(self, checks: Iterable[tuple[str, tuple[int, int], Check]]) -> None:
        """Remember checks, as (file key, stamp, check), in one transaction."""
        if self._connection is None:
            return
        rows = [(_blob(key), *stamp, _DECODER, *check) for key, stamp, check in checks]
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO checked VALUES (?, ?, ?, ?, ?, ?)", rows)
        except (sqlite3.Error, OverflowError):
            self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


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
        connection.execute(_TABLE)
        # A damaged page shows here rather than in the middle of the work.
        connection.execute("SELECT count(key) FROM checked WHERE size < 0").fetchone()
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection
