"""Measures the machine while a study runs, in a thread of its own."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.errors import describe_error
from engine.events.study import MachineMeasured
from engine.runs.event_folder import EventFolder
from engine.study.reporting import Reporter
from engine.system.machine_load import MachineMeter

SECONDS = 5.0
"""Between two measurements, each of which takes about a millisecond."""

WORKERS_SECONDS = 15.0
"""The same for a worker, of which there may be a hundred."""

_PATIENCE_SECONDS = 1.0
"""How long the end waits for a measurement under way: a disk that hangs must not hold a study."""


@contextlib.contextmanager
def measuring(
    reporter: Reporter[EventFolder],
    open_meter: Callable[[Path], Callable[[], MachineMeasured]] | None = None,
    worker: str = "",
) -> Iterator[None]:
    """Report how busy the machine is, until the end; not while the study is paused.

    `open_meter` makes what measures, from the folder of the run; by default a `MachineMeter`. `worker` is the job of a
    worker.
    """
    over = threading.Event()

    def measure() -> None:
        folder = reporter.folder.folder
        try:
            read = open_meter(folder) if open_meter else MachineMeter(folder).measure
            while not over.wait(WORKERS_SECONDS if worker else SECONDS):
                load = read()
                if not (over.is_set() or reporter.control.paused):
                    reporter.emit(replace(load, worker=worker))
        except Exception as error:  # figures beside the study must not end it
            if not over.is_set():
                reporter.notice(f"the machine is no longer measured: {describe_error(error)}", "warning")

    thread = threading.Thread(target=measure, name="machine", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_PATIENCE_SECONDS)
