"""Sections of a report on what the networks look at: what they lose without parts of the picture, and when shrunk."""

from engine import Exported
from tui.export.blocks import Block, Bullets, Paragraph, Section, SizesBlock, TableBlock
from tui.tables.explanation import ablation_data, legend
from tui.tables.resolution import PART_WORDS, ladder_data, native_data


def measured(exported: Exported) -> Section | None:
    """Recognised shares with colour, background, character or hair taken away, and what follows from them."""
    report = exported.explanation
    if report is None or not report.ablations:
        return None
    blocks: list[Block] = [TableBlock("Share recognised, as they are and without", ablation_data(report))]
    if signs := legend(report).plain:
        blocks.append(Paragraph(signs))
    if report.answers:
        blocks.append(Bullets(report.answers))
    if report.notes:
        blocks.append(Bullets(report.notes, "warning"))
    return Section("inside", "What the networks look at", tuple(blocks))


def resolution(exported: Exported) -> Section | None:
    """Accuracy on images that are shrunk from their original pixels, and how large they are."""
    report = exported.resolution
    if report is None or not report.ladders:
        return None
    fold = f", fold {report.fold}" if report.fold else ""
    blocks: list[Block] = [
        Paragraph(f"The networks are those of seed {report.seed}{fold}."),
        TableBlock("Longer sides of the images as their files have them, in pixels", native_data(report)),
    ]
    for part in report.parts:
        caption = f"{PART_WORDS[part].capitalize()} images shrunk until no side has more pixels"
        of_part = tuple(ladder for ladder in report.ladders if ladder.part == part)
        blocks.append(SizesBlock(of_part, part, TableBlock(caption, ladder_data(of_part))))
    if report.answers:
        blocks.append(Bullets(report.answers))
    if report.notes:
        blocks.append(Bullets(report.notes, "warning"))
    return Section("resolution", "Accuracy against resolution", tuple(blocks))
