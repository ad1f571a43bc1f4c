"""Writing a whole file so that its reader finds the old or the new content, never a part; naming one."""

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

_TEMPORARY = re.compile(r"\..+-[0-9a-f]{8}")
_LONGEST_NAME, _HASH_DIGITS = 80, 8
_PLAIN_NAME = re.compile(rf"[A-Za-z0-9_+.-]{{1,{_LONGEST_NAME}}}")
_ODD = re.compile(r"[^A-Za-z0-9_+.]+")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content becomes `path` when the block ends well; otherwise nothing changes.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def replace_json(path: Path, data: Any) -> None:
    """Write strict JSON to `path`.

    Raises:
        OSError: it cannot be written.
        ValueError: a number in it is not finite.
    """
    with replacing(path) as stream:
        stream.write(json_bytes(data))


def json_bytes(data: Any) -> bytes:
    """Strict JSON, for people too.

    Raises:
        ValueError: a number in it is not finite.
    """
    return json.dumps(data, allow_nan=False, indent=1).encode()


def file_name(text: str) -> str:
    """A text as a part of a file's name: as it is where every system takes it, else with a hash that tells it apart."""
    if _PLAIN_NAME.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]
    return f"{_ODD.sub('-', text)[:_LONGEST_NAME].strip('-')}-{digest}"


def parse_json(content: str | bytes) -> Any:
    """What a JSON file holds.

    Raises:
        ValueError: it is no JSON, or nested deeper than anything that this program writes.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def sync_folder(folder: Path) -> None:
    """Bring new names in a folder to the disk, where the system can: a power cut must not undo a rename."""
    with contextlib.suppress(OSError):  # not every file system can, and the content is safe already
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_leftovers(folder: Path, besides: str = "") -> None:
    """Remove what writers of whole files left in a folder and below it when they were killed.

    What lies in its folder `besides` is left: its writers may live.
    """
    for path in folder.rglob(".*"):
        if path.relative_to(folder).parts[0] != besides and _TEMPORARY.fullmatch(path.name) and path.is_file():
            with contextlib.suppress(OSError):
                path.unlink()


def is_full(error: OSError) -> bool:
    """Whether it failed for want of disk space, which somebody can make."""
    return error.errno in _FULL
