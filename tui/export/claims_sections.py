"""Sections of a report on the original study: its claims, and what its leaking test set is worth."""

from collections.abc import Sequence

from engine import Exported
from engine.reports.claims import Claim, Finding
from engine.reports.leak import Estimate, LeakReport
from engine.reports.statistics import LEVEL
from tui.export.blocks import Block, Bullets, Facts, Paragraph, Section, TableBlock
from tui.looks.formatting import interval_words, number, signed
from tui.tables.claims import MARKS, claims_summary, leak_facts
from tui.tables.data import TableData
from tui.tables.report import number_column, table, text_column


def claims(exported: Exported) -> Section | None:
    """Each claim with our figure and the verdict under either protocol."""
    report = exported.claims
    if report is None:
        return None
    blocks: list[Block] = [Facts(tuple(claims_summary(report)))]
    if report.remarks:
        blocks.append(Bullets(report.remarks, "warning"))
    topics = dict.fromkeys(claim.topic for claim in report.claims)
    blocks += (
        TableBlock(topic, _claim_table([claim for claim in report.claims if claim.topic == topic])) for topic in topics
    )
    return Section("claims", "The original study's claims", tuple(blocks))


def _claim_table(found: Sequence[Claim]) -> TableData:
    columns = (
        text_column("claim"),
        text_column("source"),
        text_column("official"),
        text_column("official", "why"),
        text_column("clean"),
        text_column("clean", "why"),
    )
    rows = [
        (
            claim.statement,
            claim.source,
            _verdict(claim.official),
            claim.official.reason,
            _verdict(claim.clean),
            claim.clean.reason,
        )
        for claim in found
    ]
    return table(columns, rows)


def _verdict(finding: Finding) -> str:
    figure = f" ({finding.figure})" if finding.figure else ""
    return f"{MARKS[finding.verdict]} {finding.verdict}{figure}"


def leak(exported: Exported) -> Section | None:
    """Scores under the official and the clean protocol side by side."""
    report = exported.leak
    if report is None:
        return None
    blocks: list[Block] = [
        Paragraph(f"{leak_facts(report).plain}."),
        TableBlock(f"Official and clean, with {LEVEL * 100:.0f} % intervals", _leak_table(report)),
    ]
    if report.sentences:
        blocks.append(Bullets(report.sentences))
    return Section("leak", "What copies of test images were worth", tuple(blocks))


def _leak_table(report: LeakReport) -> TableData:
    columns = [text_column("variant")]
    for score in ("accuracy", "macro F1"):
        columns += [number_column(score, part) for part in ("official", "clean", "gap")]
    rows = [
        (
            row.variant,
            *map(_estimate, (row.official_accuracy, row.clean_accuracy)),
            _gap(row.accuracy_gap),
            *map(_estimate, (row.official_f1, row.clean_f1)),
            _gap(row.f1_gap),
        )
        for row in report.rows
    ]
    return table(columns, rows)


def _estimate(value: Estimate) -> str:
    return f"{number(value.value)} {interval_words(value.interval)}"


def _gap(value: Estimate) -> str:
    return f"{signed(value.value)} [{signed(value.interval.low)}, {signed(value.interval.high)}]"
