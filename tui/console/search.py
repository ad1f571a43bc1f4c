"""A search without a screen: progress on standard error, what was found on standard output."""

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from rich.console import RenderableType

from engine.config.search import TuningConfig
from engine.config.study import StudyConfig
from engine.events.control import StudyControl
from engine.events.search_record import TuningRecord
from engine.events.study import Emit
from tui.console.headless import Work, work_headless
from tui.console.report import kept_in, warnings_and_conclusion
from tui.console.stdout import printed
from tui.looks.formatting import json_line
from tui.tables.data import to_rich
from tui.tables.facts import DEMO_WORDS
from tui.tables.search_facts import best_command, search_facts
from tui.tables.tuning import trials_data

_STOPPING = "stopping after this batch, 'simpsons-tui tune --resume' resumes; once more ends at once"


def tune_headless(config: TuningConfig, *, as_json: bool) -> int:
    """Search, write what was found and return the exit status.

    Raises:
        SimpsonsError: the input cannot be used, or the results cannot be written.
    """

    def work(take: Emit, _recall: Emit, control: StudyControl) -> None:
        from engine import tune

        tune(config, take, control)

    return _headless(work, config.study, as_json=as_json)


def resume_tuning_headless(
    study: StudyConfig, folder: Path, *, trials: int | None, minutes: float | None, as_json: bool
) -> int:
    """Resume a search, with its trials where its study says; write what all of it found and return the exit status.

    Raises:
        SimpsonsError: it cannot be resumed, or the results cannot be written.
    """

    def work(take: Emit, recall: Emit, control: StudyControl) -> None:
        from engine import resume_tuning

        execution = study.execution
        resume_tuning(folder, take, control, trials=trials, minutes=minutes, replay=recall, execution=execution)

    return _headless(work, study, as_json=as_json)


def _headless(work: Work, study: StudyConfig, *, as_json: bool) -> int:
    def text(record: TuningRecord, results: TextIO) -> str:
        if as_json:
            return json_line({**record.to_json(), "command": best_command(record, study)})
        return printed(list(_report(record, study)), results)

    def done(record: TuningRecord) -> bool:
        return record.finished is not None and record.finished.status == "done"

    return work_headless(work, TuningRecord(), text, done, _STOPPING)


def _report(record: TuningRecord, study: StudyConfig) -> Iterator[RenderableType]:
    """The parts from top to bottom; a `Text` is a sentence that may be broken between words, a string is not."""
    for name, value in search_facts(record):
        yield f"{name}: {value}"
    if record.dataset is not None and record.dataset.is_demo:
        yield DEMO_WORDS
    if record.trials:
        yield ""
        yield to_rich(trials_data(record), "Trials; accuracy and loss on the validation images")
    yield from warnings_and_conclusion(record)
    if command := best_command(record, study):
        yield ""
        yield "Train with the best numbers, on all training images:"
        yield f"  {command}"
    yield from kept_in(record)
