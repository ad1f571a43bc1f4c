"""A study's record as a report: the same sections for every format that people read.

A part that a study does not have leaves its section out, so an unfinished study makes a shorter report.
"""

import time
from collections.abc import Callable

from engine import Exported
from engine.config.protocols import PROTOCOLS
from engine.events.record import StudyRecord, evaluated_results
from engine.reports.statistics import LEVEL
from tui.export import claims_sections, explanation_sections, setup_sections, trust_sections
from tui.export.blocks import Block, Bullets, CurvesBlock, FigureBlock, MatrixBlock, Paragraph, Report, Section
from tui.export.blocks import TableBlock as Table
from tui.state.curves import shared_limits, variant_curves
from tui.tables.data import BEST
from tui.tables.facts import DEMO_WORDS, short_names, shortfalls, table_words
from tui.tables.report import epoch_table, interval_table, repeats_table
from tui.tables.results import class_data, classes_heading, metrics_data
from tui.tables.statistics import leak_warning, seed_words, verdict

_MANY_ROWS = 50
"""A table with more rows is long."""

NOTHING_EVALUATED = "No variant is evaluated yet: this holds what there is."


def build_report(exported: Exported) -> Report:
    """All that is known of a study, in the order that a reader asks for it."""
    record = exported.record
    sections = [section for make in SECTIONS if (section := make(exported)) is not None]
    return Report(
        title=exported.study,
        subtitle=_subtitle(record),
        alerts=tuple(alerts(record)),
        sections=tuple(sections),
        variants=record.started.variants if record.started else (),
    )


def alerts(record: StudyRecord) -> list[str]:
    """What a reader must know before any figure."""
    found = []
    if record.dataset is not None and record.dataset.is_demo:
        found.append(f"{DEMO_WORDS}.")
    finished = record.finished
    if finished is None:
        found.append("The study has not ended: it runs, or was cut off.")
    elif finished.status != "done":
        found.append(f"The study {finished.status}{': ' if finished.reason else ''}{finished.reason}")
    if not evaluated_results(record):
        found.append(NOTHING_EVALUATED)
    if record.audit is not None and record.audit.leaks:
        leak = f"{record.audit.leak_sentence}."
        if record.started is not None and record.started.protocol != "official":
            leak += f" Protocol {record.started.protocol}: {PROTOCOLS[record.started.protocol]}."
        found.append(leak)
    return found


def _subtitle(record: StudyRecord) -> str:
    started, dataset = record.started, record.dataset
    if started is None or dataset is None:
        return ""
    day = time.strftime("%Y-%m-%d", time.gmtime(started.time))
    return f"{dataset.name}, protocol {started.protocol}, recipe {started.recipe.name}, {day}"


# ---------------------------------------------------------------- sections on the results


def _conclusion(exported: Exported) -> Section | None:
    finished = exported.record.finished
    if finished is None or not finished.conclusion:
        return None
    return Section("conclusion", "Conclusion", (Bullets(finished.conclusion),))


def _results(exported: Exported) -> Section | None:
    record = exported.record
    if not record.results:
        return None
    about = table_words(record)
    caption = f"Variants, {about} (macro averages over classes; {BEST} best of its column among finished variants)"
    blocks: list[Block] = [Table(caption, metrics_data(record))]
    blocks += [Paragraph(f"{words}.") for words in (verdict(record), seed_words(record)) if words]
    if leak := leak_warning(record):
        blocks.append(Paragraph(f"{leak}: --protocol clean trains without them.", "warning"))
    if short := shortfalls(record):
        blocks.append(Bullets(tuple(f"{variant} {words}" for variant, words in short), "warning"))
    if record.statistics is not None and record.statistics.variants:
        blocks.append(
            Table(f"{LEVEL * 100:.0f} % intervals, {about}, and what they rest on", interval_table(record.statistics))
        )
    return Section("results", "Results", tuple(blocks))


def _repeats(exported: Exported) -> Section | None:
    record = exported.record
    if record.started is None or record.started.jobs_per_variant == 1 or not record.results:
        return None
    started = record.started
    parts = [_count(started.repeats, "seed"), _count(started.folds, "fold")]
    words = f"Each variant is trained {started.jobs_per_variant} times: {', '.join(parts)}."
    table = repeats_table(record)
    every = Table("Every training", table, long=len(table.rows) > _MANY_ROWS)
    return Section("repeats", "Seeds and folds", (Paragraph(words), every))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _curves(exported: Exported) -> Section | None:
    curves = variant_curves(exported.record)
    if not curves:
        return None
    numbers = Table(
        "By epoch, means over the training images as they were seen (dropout on)",
        data := epoch_table(exported.record),
        long=len(data.rows) > _MANY_ROWS,
    )
    return Section("curves", "Loss curves", (CurvesBlock(tuple(curves), shared_limits(curves), numbers),))


def _matrices(exported: Exported) -> Section | None:
    record = exported.record
    evaluated = evaluated_results(record)
    if not evaluated or record.dataset is None:
        return None
    names = short_names(record.dataset.classes)
    blocks: list[Block] = [
        Paragraph(
            f"Rows are true classes, columns predicted ones; counts of test images, {table_words(record, 'sum')}."
        )
    ]
    blocks += [MatrixBlock(entry.variant, entry.metrics, names) for entry in evaluated if entry.metrics is not None]
    return Section("matrices", "Confusion matrices", tuple(blocks))


def _classes(exported: Exported) -> Section | None:
    if not evaluated_results(exported.record):
        return None
    table = Table(classes_heading(exported.record), class_data(exported.record))
    return Section("classes", "Classes", (table,))


def _figures(exported: Exported) -> Section | None:
    if not exported.figures:
        return None
    return Section("pictures", "Pictures", tuple(FigureBlock(figure) for figure in exported.figures))


SECTIONS: tuple[Callable[[Exported], Section | None], ...] = (
    _conclusion,
    _results,
    _repeats,
    trust_sections.comparisons,
    trust_sections.effects,
    trust_sections.pipelines,
    trust_sections.quality,
    _curves,
    _matrices,
    _classes,
    trust_sections.calibration,
    claims_sections.claims,
    claims_sections.leak,
    explanation_sections.measured,
    explanation_sections.resolution,
    _figures,
    trust_sections.audit,
    trust_sections.protocol,
    setup_sections.data,
    setup_sections.training,
    setup_sections.messages,
    setup_sections.reproduction,
)
"""Makers of sections, in the report's order; one that returns None leaves its section out."""
