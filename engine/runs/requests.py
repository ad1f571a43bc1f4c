"""Requests to the process that writes a run: small files, taken in the order of their numbers."""

import contextlib
import re
import secrets
from pathlib import Path
from typing import get_args

from engine.errors import StorageError
from engine.events.control import Request, StudyControl
from engine.runs.layout import CONTROL
from engine.runs.lock import is_live
from engine.system.files import replacing

_NAME = re.compile(rf"(\d+)-({'|'.join(get_args(Request))})-[0-9a-f]+")


def send_request(folder: Path, request: Request) -> None:
    """Ask the writer of a run to pause, to unpause or to stop; it answers within a second or after its batch.

    Raises:
        StorageError: nobody writes this run, or its folder cannot be written.
    """
    if not is_live(folder):
        raise StorageError(f"no process works on {folder}: there is nothing to {request}; resume it first")
    try:
        put_request(folder, request)
    except OSError as error:
        raise StorageError(f"cannot ask the writer of {folder} to {request}: {error.strerror or error}") from None


def put_request(folder: Path, request: Request) -> None:
    """Leave a request for the writer of a folder of events, whether there is one or not.

    Raises:
        OSError: the folder cannot be written.
    """
    control = folder / CONTROL
    control.mkdir(exist_ok=True)
    number = 1 + max((number for number, _, _ in _pending(control)), default=0)
    with replacing(control / f"{number:06d}-{request}-{secrets.token_hex(3)}") as stream:
        stream.write(b"")


class RequestReader:
    """The writer's side: hands what is asked to the study's control."""

    def __init__(self, folder: Path, control: StudyControl) -> None:
        self._folder, self._control = folder / CONTROL, control

    def poll(self) -> None:
        """Do what was asked since the last call; costs one look at the folder where nothing was."""
        for _, request, path in _pending(self._folder):
            getattr(self._control, request)()
            with contextlib.suppress(OSError):
                path.unlink()


def forget_requests(folder: Path) -> None:
    """Drop what was asked of a writer that is no more."""
    for _, _, path in _pending(folder / CONTROL):
        with contextlib.suppress(OSError):
            path.unlink()


def _pending(control: Path) -> list[tuple[int, str, Path]]:
    try:
        names = [(_NAME.fullmatch(path.name), path) for path in control.iterdir()]
    except OSError:
        return []
    return sorted((int(match[1]), match[2], path) for match, path in names if match)
