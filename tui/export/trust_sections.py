"""Sections of a report on how far the numbers can be trusted: comparisons, calibration, audit, protocol."""

from engine import Exported
from engine.config.protocols import PROTOCOLS
from engine.reports.audit import AuditReport
from engine.reports.statistics import LEVEL
from tui.export.blocks import Block, Bullets, Facts, Paragraph, ReliabilityBlock, Section, TableBlock
from tui.tables.audit import pair_data, size_data
from tui.tables.data import table_of, words
from tui.tables.effects import effect_sentences, effects_data, effects_legend, factorials, set_words
from tui.tables.pipelines import analysis_parts, seed_warning
from tui.tables.quality import quality_data, quality_sentences, quality_title
from tui.tables.report import calibration_table, combination_table, comparison_matrix
from tui.tables.statistics import DIFFERS, comparison_data, has_all_pairs

_MOST_SETS_OPEN = 3
"""Of more complete sets than this, as every order of four steps makes, the tables are folded away."""


def comparisons(exported: Exported) -> Section | None:
    """Which variant is better than which, and whether that is more than noise."""
    statistics = exported.record.statistics
    if statistics is None or not (statistics.comparisons or statistics.refused):
        return None
    blocks: list[Block] = []
    if statistics.comparisons:
        caption = (
            f"Accuracy of the row minus that of the column "
            f"({DIFFERS} significant at {100 - 100 * LEVEL:.0f} % after {statistics.correction}'s correction)"
        )
        if has_all_pairs(statistics):
            blocks.append(TableBlock(caption, comparison_matrix(statistics)))
        blocks.append(TableBlock("Every comparison, on the same test images", comparison_data(statistics)))
    if statistics.refused:
        blocks.append(Bullets(statistics.refused, "warning"))
    return Section("comparisons", "Comparisons", tuple(blocks))


def effects(exported: Exported) -> Section | None:
    """Main effects of steps and their interactions."""
    found = factorials(exported.record)
    if not found:
        return None
    blocks: list[Block] = [Paragraph(effects_legend(found[0]))]
    many = len(found) > _MOST_SETS_OPEN
    for analysis in found:
        data = effects_data(analysis).without("what it says")
        blocks.append(TableBlock(f"Effects on the accuracy, {set_words(analysis)}", data, long=many))
        if not many or any(effect.significant for effect in analysis.effects):
            blocks.append(Bullets(effect_sentences(analysis)))
        blocks.append(TableBlock("The accuracies that they come from", combination_table(analysis), long=many))
    return Section("effects", "Effects of steps", tuple(blocks))


def pipelines(exported: Exported) -> Section | None:
    """What orders, strengths and selections of steps do."""
    analysis = exported.record.analysis
    if analysis is None:
        return None
    blocks: list[Block] = []
    if warning := seed_warning(analysis):
        blocks.append(Paragraph(warning, "warning"))
    for part in analysis_parts(analysis):
        blocks += [TableBlock(part.title, part.data), Paragraph(part.legend)]
    return Section("pipelines", "Orders, strengths and selections", tuple(blocks))


def quality(exported: Exported) -> Section | None:
    """How close the variants' images are to plain ones, and whether closer ones are classified better."""
    record = exported.record
    if record.quality is None:
        return None
    answer, *notes = quality_sentences(record)
    table = TableBlock(quality_title(record), quality_data(record))
    return Section("quality", "Image quality", (Paragraph(answer), table, Bullets(tuple(notes))))


def calibration(exported: Exported) -> Section | None:
    """Whether a model that is sure is also correct."""
    statistics = exported.record.statistics
    if statistics is None or not statistics.variants:
        return None
    blocks: list[Block] = [
        Paragraph(
            "How often predictions are correct, by their confidence; a model that knows itself lies on the diagonal."
        )
    ]
    for entry in statistics.variants:
        numbers = TableBlock(f"Confidence of {entry.variant}", calibration_table(entry.calibration), long=True)
        blocks.append(ReliabilityBlock(entry.variant, entry.calibration, numbers))
    return Section("calibration", "Calibration", tuple(blocks))


def audit(exported: Exported) -> Section | None:
    """What the images themselves say."""
    report = exported.record.audit
    if report is None:
        return None
    blocks: list[Block] = [Bullets(report.sentences)] if report.sentences else [Paragraph("The audit found nothing.")]
    blocks.append(Facts(_audit_facts(report)))
    if report.sizes:
        blocks.append(TableBlock("Image sizes in pixels", size_data(report)))
    if report.pairs:
        blocks.append(TableBlock(f"Pairs of copies ({len(report.pairs):,})", pair_data(report), long=True))
    for caption, files in (("Files left out", report.unreadable), ("Files that are odd", report.odd)):
        if files:
            data = table_of(((words("file"), entry.path), (words("reason"), entry.reason)) for entry in files)
            blocks.append(TableBlock(f"{caption} ({len(files):,})", data, long=True))
    if report.blind_spots:
        blocks += [Paragraph("What this audit cannot see:"), Bullets(report.blind_spots)]
    return Section("audit", "Audit of the data", tuple(blocks))


def _audit_facts(report: AuditReport) -> tuple[tuple[str, str], ...]:
    given = (
        (f"test images that share a {report.group_name} with training images", f"{report.group_leaking_test:,}"),
        (f"groups given ({report.group_name}), of two or more images", f"{len(report.given_groups):,}"),
    )
    return (
        ("test images that copy a training image", f"{report.leaking_test:,} of {report.test:,}"),
        ("training images in such a group", f"{report.leaking_train:,} of {report.train:,}"),
        ("training images that copy each other", f"{report.copied_train:,}"),
        ("test images that copy each other", f"{report.copied_test:,}"),
        ("groups of copies", f"{len(report.groups):,}"),
        *(given if report.group_name else ()),
        ("what counts as a copy", report.closeness),
    )


def protocol(exported: Exported) -> Section | None:
    """Which images train and which test."""
    record = exported.record
    if record.started is None:
        return None
    name = record.started.protocol
    blocks: list[Block] = [Paragraph(f"{name}: {PROTOCOLS[name]}.")]
    if (summary := record.protocol) is not None:
        if summary.sentence:
            blocks.append(Paragraph(summary.sentence))

        def counts(values: tuple[int, ...]) -> str:
            return " + ".join(f"{value:,}" for value in values)

        facts = [
            ("train", counts(summary.train_counts)),
            ("validation", counts(summary.validation_counts)),
            ("test", counts(summary.test_counts)),
            ("training images left out", f"{summary.left_out:,}"),
            ("test images set aside", f"{summary.set_aside:,}"),
            ("fingerprint of the test images", summary.test_fingerprint),
        ]
        blocks.append(Facts(tuple((name, value) for name, value in facts if value)))
    return Section("protocol", "Protocol", tuple(blocks))
