"""Sections of a report on what the networks look at: what they lose without parts of the picture, and when shrunk."""

from engine import Exported
from engine.reports.explanation import Ablation, ExplanationReport, ImagesFrom
from engine.reports.resolution import Ladder, ResolutionReport, Shrunk
from tui.export.blocks import Block, Bullets, Paragraph, Section, SizesBlock, TableBlock
from tui.looks.formatting import NOTHING, interval_words, number, p_words
from tui.tables.data import TableData
from tui.tables.report import number_column, table, text_column
from tui.tables.resolution import AS_THEY_ARE, PART_WORDS, points

_IMAGES: dict[ImagesFrom, str] = {
    "test": "test images",
    "not trained on": "training part, but not trained on",
    "trained on": "trained on, so only the loss says something",
}


def measured(exported: Exported) -> Section | None:
    """Recognised shares with colour, background, character or hair taken away, and what follows from them."""
    report = exported.explanation
    if report is None or not report.ablations:
        return None
    blocks: list[Block] = [TableBlock("Share recognised, as they are and without", ablation_table(report))]
    if report.answers:
        blocks.append(Bullets(report.answers))
    if report.notes:
        blocks.append(Bullets(report.notes, "warning"))
    return Section("inside", "What the networks look at", tuple(blocks))


def ablation_table(report: ExplanationReport) -> TableData:
    """A row a variant and change, over all classes."""
    columns = (
        text_column("variant"),
        text_column("without"),
        text_column("measured on"),
        number_column("images"),
        number_column("before"),
        number_column("after"),
        number_column("interval", "95 %"),
        number_column("p", "McNemar"),
    )
    return table(columns, [_row(ablation) for ablation in report.ablations])


def _row(ablation: Ablation) -> tuple[str, ...]:
    total = ablation.total
    return (
        ablation.variant,
        ablation.change,
        _IMAGES[ablation.images_from],
        f"{total.images:,}",
        number(total.before / total.images),
        number(total.after / total.images),
        interval_words(total.after_interval),
        p_words(ablation.p_value),
    )


def resolution(exported: Exported) -> Section | None:
    """Accuracy on images that are shrunk from their original pixels, and how large they are."""
    report = exported.resolution
    if report is None or not report.ladders:
        return None
    fold = f", fold {report.fold + 1}" if report.fold else ""
    blocks: list[Block] = [
        Paragraph(f"The networks are those of seed {report.seed}{fold}."),
        TableBlock("Longer sides of the images as their files have them, in pixels", _native_table(report)),
    ]
    for part in report.parts:
        caption = f"{PART_WORDS[part].capitalize()} images shrunk until no side has more pixels"
        of_part = tuple(ladder for ladder in report.ladders if ladder.part == part)
        blocks.append(SizesBlock(of_part, part, TableBlock(caption, _ladder_table(of_part))))
    if report.answers:
        blocks.append(Bullets(report.answers))
    if report.notes:
        blocks.append(Bullets(report.notes, "warning"))
    return Section("resolution", "Accuracy against resolution", tuple(blocks))


def _native_table(report: ResolutionReport) -> TableData:
    columns = (
        text_column("images"),
        number_column("number"),
        number_column("5 %"),
        number_column("median"),
        number_column("95 %"),
        number_column("largest"),
    )
    rows = [
        (
            PART_WORDS[sizes.part],
            f"{sizes.images:,}",
            *(f"{value:.0f}" for value in (sizes.low, sizes.median, sizes.high)),
            str(sizes.largest),
        )
        for sizes in report.sizes
    ]
    return table(columns, rows)


def _ladder_table(ladders: tuple[Ladder, ...]) -> TableData:
    columns = (
        text_column("variant"),
        number_column("longer side", "pixels"),
        number_column("images", "shrunk"),
        number_column("right", "of all"),
        number_column("accuracy"),
        number_column("accuracy", "95 %"),
        number_column("change", "points"),
        number_column("change", "95 %"),
    )
    return table(columns, [row for ladder in ladders for row in _ladder_rows(ladder)])


def _ladder_rows(ladder: Ladder) -> list[tuple[str, ...]]:
    whole = (AS_THEY_ARE, "0", f"{ladder.right:,}", number(ladder.accuracy), interval_words(ladder.interval))
    steps = [(ladder.variant, *_step_cells(ladder, step)) for step in ladder.steps]
    return [(ladder.variant, *whole, NOTHING, NOTHING), *steps]


def _step_cells(ladder: Ladder, step: Shrunk) -> tuple[str, ...]:
    change = step.difference_interval
    return (
        str(step.size),
        f"{step.shrunk:,}",
        f"{step.right:,}",
        number(step.right / ladder.images),
        interval_words(step.interval),
        points(step.difference),
        f"[{points(change.low)}, {points(change.high)}]",
    )
