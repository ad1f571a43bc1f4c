"""Fetch one small file within a deadline."""

import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing

from engine.errors import DownloadError
from engine.system.version import program_version

DEADLINE_SECONDS = 10.0
"""For everything: name look-up, connecting, redirects and the body."""

SILENCE_SECONDS = 4.0
"""Longest wait for a connection or for the next bytes."""

_CHUNK = 1 << 16


def download(url: str, *, max_bytes: int, deadline: float = DEADLINE_SECONDS) -> bytes:
    """Fetch `url` into memory.

    Args:
        url: an http or https address; redirects and the system's proxy settings are followed.
        max_bytes: largest body that is accepted.
        deadline: seconds after which this function has returned or raised, whatever the network does.

    Raises:
        DownloadError: it could not be fetched whole in time; the message is the bare reason.
    """
    # A name look-up cannot be given a timeout, so the work is done in a thread that can be left behind. It holds
    # nothing but memory: whoever gets the bytes writes the file.
    answers: queue.SimpleQueue[bytes | DownloadError] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(_fetch(url, max_bytes, time.monotonic() + deadline, min(SILENCE_SECONDS, deadline)))
        except DownloadError as error:
            answers.put(error)
        except urllib.error.HTTPError as error:
            answers.put(DownloadError(f"the server answered {error.code} {error.reason}"))
        except urllib.error.URLError as error:
            answers.put(DownloadError(_reason(error.reason)))
        except (OSError, http.client.HTTPException, ValueError) as error:
            answers.put(DownloadError(_reason(error)))

    threading.Thread(target=work, name="download", daemon=True).start()
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
    request = urllib.request.Request(url, headers={"User-Agent": f"simpsons-tui/{program_version()}"})
    if request.type not in ("http", "https"):
        raise DownloadError(f"{request.type} addresses are not fetched")
    with closing(urllib.request.urlopen(request, timeout=silence)) as response:
        body = bytearray()
        while chunk := response.read1(_CHUNK):
            body += chunk
            if len(body) > max_bytes:
                raise DownloadError(f"the file is larger than {max_bytes} bytes")
            if time.monotonic() > end:
                raise DownloadError("it takes too long")
        expected = response.headers.get("Content-Length")
    if expected is not None and int(expected) != len(body):
        raise DownloadError(f"the connection ended after {len(body)} of {expected} bytes")
    return bytes(body)
