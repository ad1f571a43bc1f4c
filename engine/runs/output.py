"""What the process of an attempt printed."""

import re
from pathlib import Path

from engine.errors import StorageError

_TAIL_BYTES = 1 << 17
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")


def attempt_output(folder: Path, output: str, most: int = 200) -> tuple[str, ...]:
    """The last lines of an attempt's output, without what moves a terminal's cursor or colours its letters.

    `output` is the file from the run folder on, as `AttemptStarted` names it.

    Raises:
        StorageError: it lies outside the run folder, or cannot be read.
    """
    path = folder / output
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise StorageError(f"{path} lies outside the run")
        with path.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - _TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from None
    # A bar that is drawn again and again on one line is its last state.
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in _ESCAPES.sub("", text).split("\n")]
    shown = ["".join(one for one in line if one == "\t" or one.isprintable()).expandtabs().rstrip() for line in lines]
    while shown and not shown[-1]:
        shown.pop()
    return tuple(shown[-most:])
