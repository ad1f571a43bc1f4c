"""The process of a tracker: `python -m engine.tracking.child MODULE SECONDS`.

It reads a study and its events, a line each, and ends at the latest so many seconds after there are no more.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import threading
import time
from pathlib import Path

from engine.events.codec import event_from_line
from engine.tracking.following import Following
from engine.tracking.tracker import TrackedStudy

_FLUSH_SECONDS = 1.0
_NICENESS = 5


def main(module: str, grace_seconds: float) -> None:
    """Follow one study to its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)  # training comes first
    with os.fdopen(os.dup(sys.stdin.fileno()), "rb") as lines:
        threading.Thread(target=_end_after, args=(lines.fileno(), grace_seconds), daemon=True).start()
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())  # the tracker's own processes get nothing of it
        data = json.loads(lines.readline())
        study = TrackedStudy(**{**data, "folder": Path(data["folder"])})
        following = Following(study, importlib.import_module(module).open_tracker(study))
        flushed = time.monotonic()
        for line in lines:
            following.take(event_from_line(line))
            if time.monotonic() - flushed > _FLUSH_SECONDS:
                following.flush()
                flushed = time.monotonic()
        following.close()


def _end_after(descriptor: int, seconds: float) -> None:
    """End this process some time after the pipe's other end was closed, whatever holds it then."""
    closed = select.poll()
    closed.register(descriptor, select.POLLHUP)
    closed.poll()
    time.sleep(seconds)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
