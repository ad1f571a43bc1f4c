"""The text report of a study."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from engine.errors import SimpsonsError
from engine.events.record import StudyRecord, evaluated_results
from engine.events.search_record import TuningRecord
from engine.reports.results import DatasetSummary, JobResult
from tui.console.stdout import _natural_width, _terminal_width, printed
from tui.looks.variant_names import MANY
from tui.options.reproduce import own_code_options
from tui.state.event_words import event_words
from tui.tables.claims import claims_parts
from tui.tables.data import to_rich
from tui.tables.effects import effects_legend, effects_tables, factorials
from tui.tables.facts import DEMO_WORDS, shortfalls, study_facts, table_words, warnings
from tui.tables.pipelines import analysis_parts, part_heading, seed_warning
from tui.tables.quality import quality_data, quality_sentences, quality_title
from tui.tables.results import confusion_table, metrics_data, metrics_table, per_class_table
from tui.tables.statistics import calibration_table, comparison_table, leak_warning, seed_words, verdict

_SKIPPED_SHOWN = 10
_CLAIMS_WIDTH = 120
"""Columns of the claims where the output is no terminal."""


def report_text(record: StudyRecord, results: TextIO) -> str:
    """The results as a person reads them."""
    return printed(list(_report(record, _terminal_width(results))), results)


def _metrics(record: StudyRecord, width: int | None) -> Table:
    """The table of variants; with short headings and few lines where a terminal has not the room."""
    table = metrics_table(record)
    if width is None or _natural_width(table) <= width:
        return table
    data = metrics_data(record, quality=False)
    columns = tuple(replace(column, heading=column.short or column.heading) for column in data.columns)
    return _narrowed(to_rich(replace(data, columns=columns), str(table.title)))


def _verdict(record: StudyRecord) -> Iterator[Text]:
    for words in (verdict(record), seed_words(record)):
        if words:
            yield Text(words)
    if leak := leak_warning(record):
        yield Text(f"{leak}: --protocol clean trains without them", style="bold")


def _statistics(record: StudyRecord, width: int | None) -> Iterator[RenderableType]:
    """Comparisons, effects of steps, image quality and calibration, where there are any."""
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
    if (analysis := record.analysis) is not None:
        for part in analysis_parts(analysis):
            yield ""
            yield _fitted(to_rich(part.data, part_heading(record, analysis, part)), width)
            yield Text(part.legend)
        if warning := seed_warning(analysis):
            yield Text(warning)
    if record.quality is not None:
        yield ""
        yield _fitted(to_rich(quality_data(record), quality_title(record)), width)
        yield from map(Text, quality_sentences(record))
    if (calibration := calibration_table(record)) is not None:
        yield ""
        yield _fitted(calibration, width)


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
        yield DEMO_WORDS
    yield from _left_out(dataset)
    yield ""
    yield _metrics(record, width)
    yield from _verdict(record)
    for variant, sentence in shortfalls(record):
        yield f"{variant}: {sentence}"
    yield from _statistics(record, width)
    evaluated = evaluated_results(record)
    for result in _with_matrix(evaluated):
        if result.metrics is not None:
            yield ""
            yield confusion_table(
                result.metrics, dataset.classes, title=f"{result.variant}, {table_words(record, 'sum')}"
            )
    if len(evaluated) > MANY:
        yield f"{len(evaluated)} confusion matrices: the best variant's is shown, all are in the exports"
    if evaluated:
        yield ""
        yield _fitted(per_class_table(record), width)
    yield from _claims(record, width)
    yield from warnings_and_conclusion(record)
    yield from kept_in(record)


def _with_matrix(evaluated: list[JobResult]) -> list[JobResult]:
    """The results whose matrix is printed: all, or of many the most accurate one."""
    if len(evaluated) <= MANY:
        return evaluated
    return [max(evaluated, key=lambda result: result.metrics.accuracy if result.metrics else 0.0)]


def _claims(record: StudyRecord, width: int | None) -> Iterator[RenderableType]:
    """The paper's claims, where these are images of its characters and the protocol is one that it knows."""
    from engine import is_of_the_study, judge_study

    if not is_of_the_study(record) or not evaluated_results(record):
        return
    try:
        report = judge_study(record)
    except SimpsonsError:  # a protocol with test images of its own
        return
    yield ""
    yield "The paper's claims"
    yield from claims_parts(report, _CLAIMS_WIDTH if width is None else width)


def _left_out(dataset: DatasetSummary) -> Iterator[str]:
    if dataset.skipped:
        yield f"left out: {len(dataset.skipped)}"
    yield from (f"  {skipped.path}: {skipped.reason}" for skipped in dataset.skipped[:_SKIPPED_SHOWN])
    if len(dataset.skipped) > _SKIPPED_SHOWN:
        yield f"  ... and {len(dataset.skipped) - _SKIPPED_SHOWN} more, all listed by --json and in the run folder"


def warnings_and_conclusion(record: StudyRecord | TuningRecord) -> Iterator[RenderableType]:
    """What the engine warned of, and what it concludes."""
    if notices := warnings(record):
        yield ""
        yield "Warnings"
        yield from (Text(f"- {event_words(notice)}") for notice in notices)
    if record.finished is not None and record.finished.conclusion:
        yield ""
        yield "Conclusion"
        yield from (Text(f"- {sentence}") for sentence in record.finished.conclusion)


def kept_in(record: StudyRecord | TuningRecord) -> Iterator[str]:
    """The folder that holds it all."""
    if record.finished is not None and record.finished.folder:
        yield ""
        yield f"Kept in {record.finished.folder}"
        if isinstance(record, StudyRecord) and record.finished.status == "stopped" and record.started is not None:
            code = own_code_options(record.started.recipe, record.started.steps)
            yield f"Resume it with: simpsons-tui resume {record.started.study}{code}"
