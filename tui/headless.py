"""A study without a screen: progress on standard error, results on standard output."""

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Generic, Protocol, Self, TextIO, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from engine.config import StudyConfig
from engine.control import StudyControl
from engine.errors import SimpsonsError, StudyStopped
from engine.events import Emit, Event
from engine.process import keep_memory
from engine.record import StudyRecord
from engine.results import DatasetSummary
from tui.export.json_object import json_text
from tui.progress import LineProgress, progress_on
from tui.study_facts import evaluated_results, shortfalls, study_facts, table_words, warnings
from tui.tables import to_rich
from tui.tables.claims import claims_parts
from tui.tables.effects import effects_legend, effects_tables, factorials
from tui.tables.results import confusion_table, metrics_data, metrics_table, per_class_table
from tui.tables.statistics import calibration_table, comparison_table, leak_warning, seed_words, verdict

FAILURE = 1
SIGNAL_STATUS = 128
"""A shell's habit: ended by signal n is status 128 + n."""

_SKIPPED_SHOWN = 10
_VERY_WIDE = 10_000
_CLAIMS_WIDTH = 120
"""Columns of the claims where the output is no terminal."""

_POLL_SECONDS = 0.5
"""How often the waiting thread wakes; on Linux a signal wakes it at once, elsewhere this is the delay."""


class OutputError(SimpsonsError):
    """Standard output cannot take the results."""


def run_headless(config: StudyConfig, *, as_json: bool) -> int:
    """Run a study, write its results and return the exit status.

    Raises:
        SimpsonsError: the input cannot be used, or the results cannot be written.
        Exception: an error of the program's own.
    """

    def work(take: Emit, _recall: Emit, control: StudyControl) -> None:
        from engine.study import run_study

        run_study(config, take, control)

    return _headless(work, as_json=as_json)


def resume_headless(folder: Path, *, as_json: bool, wait_seconds: float | None) -> int:
    """Go on with a run, write the results of the whole study and return the exit status.

    Raises:
        SimpsonsError: it cannot be gone on with, or the results cannot be written.
        Exception: an error of the program's own.
    """

    def work(take: Emit, recall: Emit, control: StudyControl) -> None:
        from engine.study import resume_study

        resume_study(folder, take, control, replay=recall, wait_seconds=wait_seconds)

    return _headless(work, as_json=as_json)


Work = Callable[[Emit, Emit, StudyControl], None]
"""Runs a study: what to do with its events, with those of an earlier process, and what pauses and stops it."""


def _headless(work: Work, *, as_json: bool) -> int:
    keep_memory()  # of use only before there are other threads
    with results_alone_on_stdout() as results:
        study = EngineThread(work, StudyRecord())
        with progress_on(sys.stderr) as progress, StopOnSignal(study.control, progress) as stop:
            study.run(progress)
        study.raise_error()
        if study.record.started is not None:
            text = json_text(study.record) if as_json else report_text(study.record, results)
            finished = study.record.finished
            write_results(results, text, finished.folder if finished is not None else "")
    return SIGNAL_STATUS + stop.received if stop.received else _status(study.record)


def _status(record: StudyRecord) -> int:
    all_done = record.finished is not None and record.finished.status == "done"
    return 0 if all_done and all(result.status == "done" for result in record.results.values()) else FAILURE


class Folded(Protocol):
    """What a stream of events is folded into."""

    def apply(self, event: Event) -> None:
        """Take the next event."""


R = TypeVar("R", bound=Folded)


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
            pass

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
        words: str = "stopping after this batch; once more ends at once, and loses what is not finished",
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


# ---------------------------------------------------------------- what stands on standard output


@contextlib.contextmanager
def results_alone_on_stdout() -> Iterator[TextIO]:
    """The real standard output; until the end, whatever else is written to it lands on standard error.

    Libraries print, also from C and from child processes, so the file descriptor itself is led away.
    """
    try:
        descriptor, aside = sys.stdout.fileno(), sys.stderr.fileno()
        kept = os.dup(descriptor)
    except (OSError, ValueError, AttributeError):  # a stream without a descriptor, as in tests
        results = sys.stdout
        with contextlib.redirect_stdout(sys.stderr or io.StringIO()):
            yield results
        return
    sys.stdout.flush()
    os.dup2(aside, descriptor)
    encoding = sys.stdout.encoding
    try:
        # A path may hold bytes that are no text in any encoding.
        with os.fdopen(kept, "w", encoding=encoding, errors="backslashreplace", closefd=False) as results:
            yield results
    finally:
        sys.stdout.flush()
        os.dup2(kept, descriptor)
        os.close(kept)


def write_results(results: TextIO, text: str, kept_in: str = "") -> None:
    """Write to standard output; `kept_in` is a folder that has the results as well.

    Raises:
        OutputError: it cannot take them.
    """
    try:
        results.write(text)
        results.flush()
    except OSError as error:
        with contextlib.suppress(OSError, ValueError):  # what is buffered must not be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), results.fileno())
        kept = f"; they are kept in {kept_in}" if kept_in else ""
        raise OutputError(
            f"the results could not be written to standard output ({error.strerror or error}){kept}"
        ) from error


def report_text(record: StudyRecord, results: TextIO) -> str:
    """The results as a person reads them."""
    return printed(list(_report(record, _terminal_width(results))), results)


def _terminal_width(results: TextIO) -> int | None:
    screen = Console(file=results)
    return screen.width if screen.is_terminal else None


def printed(parts: Sequence[RenderableType], results: TextIO) -> str:
    """Parts below each other as text for a stream, at least as wide as the widest table: nothing is cut.

    A `Text` is a sentence that a terminal's edge may break between words; a string is not broken.
    """
    width = _terminal_width(results)
    console = Console(file=results, width=max(Console(file=results).width, *map(_natural_width, parts)))
    with console.capture() as capture:
        for part in parts:
            if isinstance(part, Text) and width is not None:
                console.print(part, width=width)
            else:
                console.print(part, markup=False, highlight=False, soft_wrap=isinstance(part, str | Text))
    return capture.get()


def _natural_width(part: RenderableType) -> int:
    console = Console(width=_VERY_WIDE)
    return Measurement.get(console, console.options, part).maximum


def _metrics(record: StudyRecord, width: int | None) -> Table:
    """The table of variants; with short headings and few lines where a terminal has not the room."""
    table = metrics_table(record)
    if width is None or _natural_width(table) <= width:
        return table
    data = metrics_data(record)
    columns = tuple(replace(column, heading=column.short or column.heading) for column in data.columns)
    return _narrowed(to_rich(replace(data, columns=columns), str(table.title)))


def _verdict(record: StudyRecord) -> Iterator[Text]:
    for words in (verdict(record), seed_words(record)):
        if words:
            yield Text(words)
    if leak := leak_warning(record):
        yield Text(f"{leak}: --protocol clean trains without them", style="bold")


def _statistics(record: StudyRecord, width: int | None) -> Iterator[RenderableType]:
    """Comparisons, effects of steps and calibration, where there are any."""
    if (comparisons := comparison_table(record)) is not None:
        yield ""
        yield _fitted(comparisons, width)
    for sentence in record.statistics.refused if record.statistics else ():
        yield Text(sentence)
    for effects in effects_tables(record):
        yield ""
        yield _fitted(effects, width)
    if found := factorials(record):
        yield Text(effects_legend(found[0]))
    if (calibration := calibration_table(record)) is not None:
        yield ""
        yield _fitted(calibration, width)


def _classes(record: StudyRecord, width: int | None) -> Table:
    return _fitted(per_class_table(record), width)


def _fitted(table: Table, width: int | None) -> Table:
    return table if width is None or _natural_width(table) <= width else _narrowed(table)


def _narrowed(table: Table) -> Table:
    table.box, table.padding, table.pad_edge = SIMPLE_HEAD, (0, 1, 0, 0), False
    table.show_edge = False
    return table


def _report(record: StudyRecord, width: int | None) -> Iterator[RenderableType]:
    """The parts from top to bottom; a `Text` is a sentence that may be broken between words, a string is not."""
    for name, value in study_facts(record):
        yield f"{name}: {value}"
    dataset = record.dataset
    if dataset is None:
        return
    if dataset.is_demo:
        yield "DEMO SET: these images are drawn by this program; the numbers say nothing of real frames"
    yield from _left_out(dataset)
    yield ""
    yield _metrics(record, width)
    yield from _verdict(record)
    for variant, sentence in shortfalls(record):
        yield f"{variant}: {sentence}"
    yield from _statistics(record, width)
    for result in evaluated_results(record):
        if result.metrics is not None:
            yield ""
            yield confusion_table(
                result.metrics, dataset.classes, title=f"{result.variant}, {table_words(record, 'sum')}"
            )
    if evaluated_results(record):
        yield ""
        yield _classes(record, width)
    yield from _claims(record, width)
    yield from _words(record)


def _claims(record: StudyRecord, width: int | None) -> Iterator[RenderableType]:
    """The original study's claims, where these are images of its characters and the protocol is one that it knows."""
    from engine.study import is_of_the_study, judge_study

    if not is_of_the_study(record) or not evaluated_results(record):
        return
    try:
        report = judge_study(record)
    except SimpsonsError:  # a protocol with test images of its own
        return
    yield ""
    yield "The study's claims"
    yield from claims_parts(report, _CLAIMS_WIDTH if width is None else width)


def _left_out(dataset: DatasetSummary) -> Iterator[str]:
    if not dataset.skipped:
        return
    yield f"left out: {len(dataset.skipped)}"
    for skipped in dataset.skipped[:_SKIPPED_SHOWN]:
        yield f"  {skipped.path}: {skipped.reason}"
    if len(dataset.skipped) > _SKIPPED_SHOWN:
        yield f"  ... and {len(dataset.skipped) - _SKIPPED_SHOWN} more, all listed by --json and in the run folder"


def _words(record: StudyRecord) -> Iterator[RenderableType]:
    if notices := warnings(record):
        yield ""
        yield "Warnings"
        for notice in notices:
            yield Text(f"- {notice.variant + ': ' if notice.variant else ''}{notice.message}")
    if record.finished is None:
        return
    if record.finished.conclusion:
        yield ""
        yield "Conclusion"
        yield from (Text(f"- {sentence}") for sentence in record.finished.conclusion)
    if record.finished.folder:
        yield ""
        yield f"Kept in {record.finished.folder}"
