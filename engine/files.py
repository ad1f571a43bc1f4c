"""Writing a whole file so that its reader finds the old or the new content, never a part."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO


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


def replace_json(path: Path, data: Any) -> None:
    """Write strict JSON to `path`.

    Raises:
        OSError: it cannot be written.
        ValueError: a number in it is not finite.
    """
    with replacing(path) as stream:
        stream.write(json.dumps(data, allow_nan=False, indent=1).encode())
