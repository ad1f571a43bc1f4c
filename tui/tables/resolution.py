"""Accuracy against resolution as tables for the dashboard, the command line and reports."""

from collections.abc import Iterator, Sequence

from engine.reports.resolution import Ladder, NativeSizes, Part, ResolutionReport, Shrunk
from tui.looks.formatting import NOTHING, interval_text, number, points
from tui.looks.variant_names import MANY
from tui.tables.data import Cell, Column, Line, TableData, numbers, table_of, words

PART_WORDS: dict[Part, str] = {"training": "training", "test": "test", "held out": "held-out"}
AS_THEY_ARE = "as they are"
_SIZE_CELLS, _VARIANT_CELLS = 19, 18
"""Of the overview: its first two columns, and one of a variant with its interval."""


def native_words(report: ResolutionReport) -> str:
    """How large the images are, in a line of at most 77 cells."""
    parts = (report.native(part) for part in ("test", "training"))
    found = [
        f"{PART_WORDS[sizes.part]} {sizes.median:.0f} px ({sizes.low:.0f}–{sizes.high:.0f})"
        for sizes in parts
        if sizes is not None
    ]
    return f"longer side (median, 90 %): {', '.join(found)}"


def native_data(report: ResolutionReport) -> TableData:
    """A row a part: how large its images are."""
    return table_of(map(_native_line, report.sizes))


def _native_line(sizes: NativeSizes) -> Line:
    yield words("images"), PART_WORDS[sizes.part]
    yield numbers("n"), f"{sizes.images:,}"
    yield numbers("5 %"), f"{sizes.low:.0f}"
    yield numbers("median"), f"{sizes.median:.0f}"
    yield numbers("95 %"), f"{sizes.high:.0f}"
    yield numbers("most"), str(sizes.largest)


def overview_data(report: ResolutionReport, *, width: int | None = None) -> TableData:
    """Of the test images a row a size, a column a variant: the accuracy, with its interval where `width` cells hold it.

    Many variants are the rows, without intervals, and the sizes the columns.
    """
    ladders = [ladder for ladder in report.ladders if ladder.part == "test"]
    narrow = width is not None and width < _SIZE_CELLS + _VARIANT_CELLS * len(ladders)

    def accuracy(ladder: Ladder, size: int | None) -> Cell:
        step = ladder if size is None else ladder.at(size)
        if step is None:
            return Cell(NOTHING)
        text = number(step.right / ladder.images)
        bold = isinstance(step, Shrunk) and step.notable
        return Cell(text if narrow else f"{text} {interval_text(step.interval)}", bold=bold)

    def line(size: int | None) -> Line:
        steps = [step for ladder in ladders if size is not None and (step := ladder.at(size)) is not None]
        yield words("size"), AS_THEY_ARE if size is None else f"{size} px"
        yield numbers("shrunk"), f"{steps[0].shrunk:,}" if steps else "0"
        for ladder in ladders:
            yield Column(f"variant:{ladder.variant}", ladder.variant), accuracy(ladder, size)

    sizes = (None, *(step.size for step in ladders[0].steps)) if ladders else ()
    if len(ladders) <= MANY:
        return table_of(map(line, sizes))

    def variant_line(ladder: Ladder) -> Line:
        yield Column("variant", "variant", marked=False, numeric=False), ladder.variant
        for size in sizes:
            step = ladder if size is None else ladder.at(size)
            bold = isinstance(step, Shrunk) and step.notable
            words = NOTHING if step is None else number(step.right / ladder.images)
            yield numbers(AS_THEY_ARE if size is None else f"{size} px"), Cell(words, bold=bold)

    return table_of(map(variant_line, ladders))


def ladder_data(ladders: Sequence[Ladder]) -> TableData:
    """A row a network, part and size: correct predictions, the accuracy and its change, both with intervals."""
    return table_of(line for ladder in ladders for line in _ladder_lines(ladder))


def _ladder_lines(ladder: Ladder) -> Iterator[Line]:
    yield _ladder_line(ladder, ladder, None)
    yield from (_ladder_line(ladder, step, step) for step in ladder.steps)


def _ladder_line(ladder: Ladder, found: Ladder | Shrunk, step: Shrunk | None) -> Line:
    """What was found at full size, or at that of a step."""
    yield words("variant"), ladder.variant
    yield words("images"), "" if step else f"{PART_WORDS[ladder.part]}, {ladder.images}"
    yield words("size"), f"{step.size} px" if step else AS_THEY_ARE
    yield numbers("shrunk"), f"{step.shrunk:,}" if step else "0"
    yield numbers("correct"), f"{found.right}"
    yield numbers("accuracy"), number(found.right / ladder.images)
    yield numbers("95 %", "accuracy"), interval_text(found.interval)
    yield numbers("points"), Cell(points(step.difference), bold=step.notable) if step else ""
    yield numbers("95 %", "points"), interval_text(step.difference_interval, points) if step else ""
    yield numbers("lost"), f"{step.lost}" if step else ""
    yield numbers("won"), f"{step.gained}" if step else ""
