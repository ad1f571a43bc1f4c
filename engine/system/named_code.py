"""The user's own network files: those named in this process, the only ones whose code is run.

A run folder may hold the path of such a file. That is no reason to run it: whoever wrote the folder may be somebody
else. So a file counts only once the user has named it now, on the command line or by `name_network`.
"""

from dataclasses import dataclass
from pathlib import Path

from engine.config.networks import parse_network
from engine.errors import InputError
from engine.system.own_code import DIGITS, OwnFile

OPTION = "--network"


@dataclass(frozen=True)
class NamedCode:
    """A function in a file as it was when it was named."""

    file: OwnFile
    function: str

    @property
    def name(self) -> str:
        """As a recipe has it, with the file's whole path."""
        return f"{self.file.path}:{self.function}"

    @property
    def shown(self) -> str:
        """As messages call it."""
        return f"{OPTION} {self.file.path.name}:{self.function}:"


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
    code = NamedCode(OwnFile.read(name.file, OPTION), name.name)
    _named[code.name] = code
    return code.name


def named_networks() -> tuple[str, ...]:
    """What the user named, for another process of theirs."""
    return tuple(dict.fromkeys(code.name for code in _named.values()))


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
    if there is None or sha256 not in ("", there.file.sha256):
        others = [code for code in _named.values() if code.function == name.name]
        same = [code for code in others if code.file.sha256 == sha256]
        if same:
            there = _named[text] = same[0]
        elif sha256 and others:
            there = others[-1]
    shown = f"{Path(name.file).name}:{name.name}"
    if there is None:
        raise InputError(
            f"the network {shown} is code of your own, which is only run where you name it: {OPTION} {text}"
        )
    now = there.file.sha256
    if sha256 not in ("", now):
        raise InputError(
            f"{OPTION} {there.file.path}: not the source that the run was trained with (sha256 {sha256[:DIGITS]}, now "
            f"{now[:DIGITS]}): bring it back, or start a new study"
        )
    return there
