"""Fetch a file within a deadline: a small one into memory, a large one onto the disk."""

import hashlib
import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from engine.errors import DownloadError
from engine.system.files import replacing
from engine.system.version import program_version

DEADLINE_SECONDS = 10.0
"""For everything: name look-up, connecting, redirects and the body."""

SILENCE_SECONDS = 4.0
"""Longest wait for a connection or for the next bytes."""

FILE_SECONDS, FILE_SILENCE_SECONDS = 1800.0, 15.0
"""The same for a file of weights, which may have hundreds of megabytes."""

_CHUNK = 1 << 16

T = TypeVar("T")


def download(url: str, *, max_bytes: int, deadline: float = DEADLINE_SECONDS) -> bytes:
    """Fetch `url` into memory.

    Args:
        url: an http or https address; redirects and the system's proxy settings are followed.
        max_bytes: largest body that is accepted.
        deadline: seconds after which this function has returned or raised, whatever the network does.

    Raises:
        DownloadError: it could not be fetched whole in time; the message is the bare reason.
    """
    return _within(deadline, lambda end: _fetch(url, max_bytes, end, min(SILENCE_SECONDS, deadline)))


def download_file(url: str, path: Path, *, sha256: str = "") -> None:
    """Fetch `url` into a file; it is there whole and checked, or not at all.

    Args:
        url: an http or https address.
        path: the file; its folder is made.
        sha256: the beginning of the digest that it must have; "" for any.

    Raises:
        DownloadError: it could not be fetched whole in time, has another digest, or cannot be written; the message is
            the bare reason.
    """
    digest = hashlib.sha256()

    def work(end: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:

            def keep(chunk: bytes) -> None:
                digest.update(chunk)
                stream.write(chunk)

            _receive(url, keep, end, FILE_SILENCE_SECONDS)
            if not digest.hexdigest().startswith(sha256):
                raise DownloadError(f"what came has another SHA-256, {digest.hexdigest()[:8]}")

    _within(FILE_SECONDS, work)


def _within(deadline: float, work: Callable[[float], T]) -> T:
    """What `work` gives; it is told when the time is over.

    A name look-up cannot be given a timeout, so the work is done in a thread that can be left behind.
    """
    answers: queue.SimpleQueue[T | DownloadError] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(work(time.monotonic() + deadline))
        except DownloadError as error:
            answers.put(error)
        except urllib.error.HTTPError as error:
            answers.put(DownloadError(f"the server answered {error.code} {error.reason}"))
        except urllib.error.URLError as error:
            answers.put(DownloadError(_reason(error.reason)))
        except (OSError, http.client.HTTPException, ValueError) as error:
            answers.put(DownloadError(_reason(error)))

    threading.Thread(target=run, name="download", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline)
    except queue.Empty:
        raise DownloadError(f"no answer in {deadline:g} s") from None
    if isinstance(answer, DownloadError):
        raise answer
    return answer


def _reason(error: object) -> str:
    """An error in words, without its number."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _fetch(url: str, max_bytes: int, end: float, silence: float) -> bytes:
    body = bytearray()

    def keep(chunk: bytes) -> None:
        body.extend(chunk)
        if len(body) > max_bytes:
            raise DownloadError(f"the file is larger than {max_bytes} bytes")

    _receive(url, keep, end, silence)
    return bytes(body)


def _receive(url: str, keep: Callable[[bytes], None], end: float, silence: float) -> None:
    """Hand the body over, part by part."""
    request = urllib.request.Request(url, headers={"User-Agent": f"simpsons-tui/{program_version()}"})
    if request.type not in ("http", "https"):
        raise DownloadError(f"{request.type} addresses are not fetched")
    with closing(urllib.request.urlopen(request, timeout=silence)) as response:
        received = 0
        while chunk := response.read1(_CHUNK):
            received += len(chunk)
            keep(chunk)
            if time.monotonic() > end:
                raise DownloadError("it takes too long")
        expected = response.headers.get("Content-Length")
    if expected is not None and int(expected) != received:
        raise DownloadError(f"the connection ended after {received} of {expected} bytes")
