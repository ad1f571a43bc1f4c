"""Section of a report on what the networks look at: what they lose without parts of the picture."""

from engine.explanation_report import Ablation, ExplanationReport, ImagesFrom
from tui.export.blocks import Block, Bullets, Section, TableBlock
from tui.export.tables import interval_words, number, number_column, p_words, table, text_column
from tui.export.values import Exported
from tui.tables import TableData

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
