"""A study without a screen: progress on standard error, results on standard output."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Generic, Self, TextIO, TypeVar

from engine import keep_memory
from engine.config.study import StudyConfig
from engine.errors import FAILURE, SIGNAL_STATUS, InputError, StudyStopped
from engine.events.control import StudyControl
from engine.events.record import StudyRecord
from engine.events.search_record import TuningRecord
from engine.events.study import Emit, Event
from tui.console.bars import progress_on
from tui.console.errors import complain
from tui.console.progress import LineProgress
from tui.console.report import report_text
from tui.console.stdout import print_alone, results_alone_on_stdout, write_results
from tui.export.json_object import json_text

R = TypeVar("R", StudyRecord, TuningRecord)
T = TypeVar("T")

_POLL_SECONDS = 0.5
"""How often the waiting thread wakes; on Linux a signal wakes it at once, elsewhere this is the delay."""


def run_each_headless(configs: Sequence[StudyConfig], *, as_json: bool, remark: str = "") -> int:
    """Run studies that differ in their recipe one after the other, and write the results of each and of all.

    `remark` is told at the beginning.

    Returns the highest exit status; what a signal stops is the last. As JSON there is one object a line.

    Raises:
        SimpsonsError: as `run_headless`.
    """
    status, records = 0, []
    for config in configs:
        records.append(StudyRecord())
        status = max(status, _run(config, records[-1], as_json=as_json, remark=remark))
        if status > SIGNAL_STATUS:
            return status
    if len(records) > 1 and not as_json:
        try:
            print_recipes(records)
        except InputError as error:  # each is kept whatever they are worth together
            complain(str(error))
    return status


def print_recipes(records: Sequence[StudyRecord]) -> None:
    """Write the results of runs that differ in their recipe as those of one study.

    Raises:
        InputError: they cannot be compared.
    """
    from engine import join_recipes

    joined = join_recipes(records)
    print_alone(lambda results: report_text(joined, results))


def _run(config: StudyConfig, record: StudyRecord, *, as_json: bool, remark: str = "") -> int:
    def work(take: Emit, _recall: Emit, control: StudyControl) -> None:
        from engine import run_study

        run_study(config, take, control)

    return _headless(work, as_json=as_json, remark=remark, record=record)


def resume_headless(
    config: StudyConfig, folder: Path, *, as_json: bool, wait_seconds: float | None, recheck: bool = False
) -> int:
    """Resume a run where `config` has it run, write the results of the whole study and return the exit status.

    Raises:
        SimpsonsError: it cannot be resumed, or the results cannot be written.
        Exception: an error of the program's own.
    """

    def work(take: Emit, recall: Emit, control: StudyControl) -> None:
        from engine import resume_study

        resume_study(
            folder,
            take,
            control,
            replay=recall,
            wait_seconds=wait_seconds,
            recheck=recheck,
            execution=config.execution,
            log=config.log,
        )

    return _headless(work, as_json=as_json)


Work = Callable[[Emit, Emit, StudyControl], None]
"""Runs a study: what to do with its events, with those of an earlier process, and what pauses and stops it."""


def _headless(work: Work, *, as_json: bool, remark: str = "", record: StudyRecord | None = None) -> int:
    def text(record: StudyRecord, results: TextIO) -> str:
        return json_text(record) if as_json else report_text(record, results)

    return work_headless(work, record or StudyRecord(), text, _all_done, remark=remark)


def _all_done(record: StudyRecord) -> bool:
    ended = record.finished is not None and record.finished.status == "done"
    return ended and all(result.status == "done" for result in record.results.values())


def work_headless(
    work: Work,
    record: R,
    text: Callable[[R, TextIO], str],
    done: Callable[[R], bool],
    stopping: str = "stopping after this batch; once more ends at once, and loses what is not finished",
    *,
    remark: str = "",
) -> int:
    """Do work that events tell of, write the text of what they were folded into, and return the exit status.

    `remark` is said before it begins.

    Raises:
        SimpsonsError: the input cannot be used, or the results cannot be written.
        Exception: an error of the program's own.
    """
    keep_memory()  # of use only before there are other threads
    with results_alone_on_stdout() as results:
        thread = EngineThread(work, record)
        with progress_on(sys.stderr) as progress, StopOnSignal(thread.control, progress, stopping) as stop:
            if remark:
                progress.say(remark)
            thread.run(progress)
        thread.raise_error()
        if record.started is not None:
            write_results(results, text(record, results), record.finished.folder if record.finished else "")
    if stop.received:
        return SIGNAL_STATUS + stop.received
    return 0 if done(record) else FAILURE


def measure_headless(work: Callable[[LineProgress, StudyControl], T], text: Callable[[T, TextIO], str]) -> int:
    """Do work that a signal stops, write the text of what it found, and return the exit status.

    Raises:
        SimpsonsError: the input cannot be used, or the results cannot be written.
    """
    keep_memory()  # of use only before there are other threads
    control = StudyControl()
    with results_alone_on_stdout() as results:
        with (
            progress_on(sys.stderr) as progress,
            StopOnSignal(control, progress, "stopping; once more ends at once") as stop,
        ):
            try:
                found = work(progress, control)
            except StudyStopped:
                return SIGNAL_STATUS + stop.received
        write_results(results, text(found, results))
    return 0


@dataclass
class EngineThread(Generic[R]):
    """A study in a thread of its own, so that this one answers signals while a batch of seconds runs."""

    job: Work
    record: R
    control: StudyControl = field(default_factory=StudyControl)
    error: BaseException | None = None

    def run(self, progress: LineProgress) -> None:
        """Run to the end."""
        ended = threading.Event()

        def take(event: Event) -> None:
            self.record.apply(event)
            progress.take(event)

        def recall(event: Event) -> None:
            self.record.apply(event)
            progress.recall(event)

        def work() -> None:
            try:
                self.job(take, recall, self.control)
            except BaseException as error:  # raised again by `raise_error`
                self.error = error
            finally:
                ended.set()

        threading.Thread(target=work, name="engine", daemon=True).start()
        while not ended.wait(_POLL_SECONDS):
            progress.remind()

    def raise_error(self) -> None:
        """Raise what ended the study, unless the user did."""
        if self.error is not None and not isinstance(self.error, StudyStopped):
            raise self.error


class StopOnSignal:
    """Ctrl-C or SIGTERM stops the study after its batch; a second one ends the program at once.

    A closed terminal (SIGHUP) ends nothing.
    """

    def __init__(
        self,
        control: StudyControl,
        progress: LineProgress,
        words: str,
    ) -> None:
        self.received = 0
        self._words = words
        self._control, self._progress = control, progress
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            # A job in a shell's background ignores Ctrl-C on purpose.
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        if hasattr(signal, "SIGHUP"):
            self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.received:
            self._progress.__exit__(None, None, None)
            os._exit(SIGNAL_STATUS + number)
        self.received = number
        self._control.stop()
        self._progress.say(self._words, "warning")
