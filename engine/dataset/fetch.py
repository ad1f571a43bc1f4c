"""Downloads the real data set with Kaggle's own client, an optional extra."""

import contextlib
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.errors import DownloadError, InputError

HANDLE = "alexattia/the-simpsons-characters-dataset"
PAGE = f"https://www.kaggle.com/datasets/{HANDLE}"

_SITE = "https://api.kaggle.com"
"""The host that the client talks to."""

_CONNECT_SECONDS = 8.0
"""How long the site may take to answer before it counts as out of reach, name look-up included."""

_BY_HAND = f"or download the archive by hand from {PAGE} and name it with --data"


def fetch_dataset(destination: Path | None = None) -> Path:
    """Download the data set (about 1.1 GB) and return the folder that holds it.

    Args:
        destination: folder to make or fill; None for the client's own cache, where a second call finds it again.

    Raises:
        InputError: the client is not installed, or the destination is in the way.
        DownloadError: no network, no access or no room; says what to do.
    """
    client = _client()
    if destination is not None and destination.exists() and not destination.is_dir():
        raise InputError(f"{destination} is a file: name a folder to download into")
    _require_network()
    options = {} if destination is None else {"output_dir": str(destination)}
    try:
        # The client may print to stdout, which belongs to whoever called this program.
        with contextlib.redirect_stdout(sys.stderr):
            return Path(client.dataset_download(HANDLE, **options))
    except FileExistsError:
        raise InputError(f"{destination} is not empty: name a new folder to download into") from None
    except Exception as error:  # the client passes on whatever its network libraries raise
        raise DownloadError(_explain(error)) from error


def _client() -> ModuleType:
    try:
        import kagglehub
    except ImportError:
        raise InputError(
            f"downloading needs Kaggle's client: pip install kagglehub into the environment of this program, {_BY_HAND}"
        ) from None
    return kagglehub  # type: ignore[no-any-return]


def _require_network() -> None:
    """Find out in seconds whether the site answers: the client itself can wait for minutes.

    Raises:
        DownloadError: it does not.
    """
    try:
        _within(_CONNECT_SECONDS, _ask_site)
    except urllib.error.HTTPError:
        pass  # An answer of any kind will do; whether the data set can be had is the client's question.
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadError(
            f"cannot reach {_SITE} ({_one_line(reason)}): check the network (a proxy goes into HTTPS_PROXY), {_BY_HAND}"
        ) from None


def _ask_site() -> None:
    request = urllib.request.Request(_SITE, method="HEAD")
    with urllib.request.urlopen(request, timeout=_CONNECT_SECONDS):
        pass


def _within(seconds: float, call: Callable[[], None]) -> None:
    """Run `call` in a thread of its own, because looking a name up has no time limit; raise what it raises.

    Raises:
        TimeoutError: it did not end in time; the thread is left behind.
    """
    raised: list[BaseException] = []

    def work() -> None:
        try:
            call()
        except BaseException as error:  # handed on to the caller
            raised.append(error)

    thread = threading.Thread(target=work, name="fetch-probe", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no answer in {seconds:.0f} seconds")
    if raised:
        raise raised[0]


def _explain(error: Exception) -> str:
    status = None
    with contextlib.suppress(AttributeError):
        response: Any = error.response  # type: ignore[attr-defined]
        status = response.status_code
    if status in (401, 403):
        return (
            f"Kaggle refuses the download (status {status}): make an API token at https://www.kaggle.com/settings and "
            f"put it into KAGGLE_API_TOKEN, {_BY_HAND}"
        )
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; free some room or name another folder, {_BY_HAND}"
    return f"the download failed ({_one_line(error)}): try again, {_BY_HAND}"


def _one_line(error: object) -> str:
    return " ".join(str(error).split()) or type(error).__name__
