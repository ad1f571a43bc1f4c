"""Sections of a report on the original study: its claims, and what its leaking test set is worth."""

from collections.abc import Sequence

from engine import Exported
from engine.reports.claims import Claim, Finding
from engine.reports.leak import LeakReport, LeakRow
from engine.reports.statistics import LEVEL
from tui.export.blocks import Block, Bullets, Facts, Paragraph, Section, TableBlock
from tui.tables.claims import MARKS, claims_summary, estimate_text, leak_facts
from tui.tables.data import Line, TableData, numbers, table_of, words


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
    return Section("claims", "The paper's claims", tuple(blocks))


def _claim_table(found: Sequence[Claim]) -> TableData:
    return table_of(map(_claim_line, found))


def _claim_line(claim: Claim) -> Line:
    yield words("claim"), claim.statement
    yield words("source"), claim.source
    yield words("official"), _verdict(claim.official)
    yield words("official", "why"), claim.official.reason
    yield words("clean"), _verdict(claim.clean)
    yield words("clean", "why"), claim.clean.reason


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
    return table_of(map(_leak_line, report.rows))


def _leak_line(row: LeakRow) -> Line:
    yield words("variant"), row.variant
    yield numbers("accuracy", "official"), estimate_text(row.official_accuracy)
    yield numbers("accuracy", "clean"), estimate_text(row.clean_accuracy)
    yield numbers("accuracy", "gap"), estimate_text(row.accuracy_gap, signed=True)
    yield numbers("macro F1", "official"), estimate_text(row.official_f1)
    yield numbers("macro F1", "clean"), estimate_text(row.clean_f1)
    yield numbers("macro F1", "gap"), estimate_text(row.f1_gap, signed=True)
