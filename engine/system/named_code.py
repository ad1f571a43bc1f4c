"""The user's own network files: those named in this process, the only ones whose code is run.

A run folder may hold the path of such a file. That is no reason to run it: whoever wrote the folder may be somebody
else. So a file counts only once the user has named it now, on the command line or by `name_network`.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.config.networks import parse_network
from engine.errors import InputError

_SHOWN = 12
"""Digits of a digest that tell two files apart for the eye."""


@dataclass(frozen=True)
class NamedCode:
    """A function in a file, and what the file held when it was named."""

    path: Path
    function: str
    source: bytes

    @cached_property
    def sha256(self) -> str:
        """Of the source."""
        return hashlib.sha256(self.source).hexdigest()

    @property
    def shown(self) -> str:
        """As messages call it."""
        return f"{self.path.name}:{self.function}"


_named: dict[str, NamedCode] = {}
"""By the text that names it in a recipe."""


def name_network(text: str) -> str:
    """Allow the code of a "FILE.py:FUNCTION" to be run in this process, as it is now; any other name is left as it is.

    Returns:
        The name with the file's whole path, as a recipe has it.

    Raises:
        InputError: it is no network's name, or there is no such file.
    """
    name = parse_network(text)
    if name.source != "file":
        return text
    path = Path(name.file).expanduser().resolve()
    try:
        source = path.read_bytes()
    except OSError as error:
        raise InputError(f"--network {text}: {path} cannot be read ({error.strerror or error})") from None
    whole = f"{path}:{name.name}"
    _named[whole] = NamedCode(path, name.name, source)
    return whole


def named_network(text: str, sha256: str = "") -> NamedCode:
    """The code that a recipe names, if the user named it too; under another path where the source is the same.

    Args:
        text: the recipe's "FILE.py:FUNCTION".
        sha256: what the source must be, where a run says so.

    Raises:
        InputError: it was not named, or is not what it was.
    """
    name = parse_network(text)
    there = _named.get(text)
    if there is None or sha256 not in ("", there.sha256):
        others = [code for code in _named.values() if code.function == name.name]
        same = [code for code in others if code.sha256 == sha256]
        if same:
            there = _named[text] = same[0]
        elif sha256 and others:
            there = others[-1]
    shown = f"{Path(name.file).name}:{name.name}"
    if there is None:
        raise InputError(
            f"the network {shown} is code of your own, which is only run where you name it: --network {text}"
        )
    if sha256 not in ("", there.sha256):
        raise InputError(
            f"--network {there.path}: not the source that the run was trained with (sha256 {sha256[:_SHOWN]}, now "
            f"{there.sha256[:_SHOWN]}): bring it back, or start a new study"
        )
    return there
