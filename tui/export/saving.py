"""Putting an export on the disk: whole or not at all, and never over a file that the user did not give up."""

import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from engine import Exported, replacing
from engine.errors import InputError, StorageError
from tui.export.formats import Content, ExportFormat

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


class ExistsError(InputError):
    """Something lies where the export should go."""


def default_name(exported: Exported, form: ExportFormat) -> str:
    """The name of the file or folder, from the study's ID."""
    return (_NOT_IN_NAMES.sub("-", exported.study).lstrip(".-") or "study") + form.suffix


def target_of(exported: Exported, form: ExportFormat, out: Path | None) -> Path:
    """Where an export goes: `out`, or in the folder `out` (the current one for None) under its own name."""
    if out is None:
        return Path(default_name(exported, form))
    out = out.expanduser()
    return out / default_name(exported, form) if not form.folder and out.is_dir() else out


def export_to(exported: Exported, form: ExportFormat, out: Path | None = None, *, force: bool = False) -> Path:
    """Make an export and write it; returns the file or folder.

    Raises:
        ExistsError: it is there already, and `force` is not set.
        InputError: the format can't be made (see `ExportFormat.render`).
        StorageError: it cannot be written; what was there is as before.
    """
    target = target_of(exported, form, out)
    if not form.folder:
        _refuse(target, force=force)  # before the work
    save(form.render(exported), target, force=force)
    return target


def save(content: Content, target: Path, *, force: bool = False) -> None:
    """Write one file, or a folder's files.

    A new folder appears with all its files; in one that exists each file is replaced whole, and others stay.

    Raises:
        ExistsError: a file of that name is there, and `force` is not set.
        StorageError: it cannot be written.
    """
    try:
        if isinstance(content, bytes):
            _refuse(target, force=force)
            _write(target, content)
        elif target.exists():
            for name in content:
                _refuse(target / name, force=force)
            _write_all(target, content)
        else:
            _write_folder(target, content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"cannot write {target} ({reason}): name another place with --out") from None


def _refuse(target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise ExistsError(f"{target} is a folder: name a file with --out")
    if target.exists() and not force:
        raise ExistsError(f"{target} exists: replace it with --force, or name another place with --out")


def _write(target: Path, content: bytes) -> None:
    with replacing(target) as stream:
        stream.write(content)


def _write_all(folder: Path, content: Mapping[str, bytes]) -> None:
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _write(folder / name, data)


def _write_folder(target: Path, content: Mapping[str, bytes]) -> None:
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    temporary.mkdir()
    try:
        _write_all(temporary, content)
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
