"""Image quality beside the accuracy: a table, and what the one has to do with the other."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.config.variants import PLAIN
from engine.events.record import StudyRecord
from engine.reports.quality import ImageQuality, accuracy_gain
from engine.reports.statistics import LEVEL, Interval
from tui.looks.formatting import NOTHING, interval_text, p_words, share, signed
from tui.looks.keys import key
from tui.tables.data import Cell, Column, Row, TableData, aligned, number_cell, numbers, words
from tui.tables.facts import table_words

NOT_MEASURED = (
    "No image quality was measured: no variant has a step on the resized image, the study ended before, or an older "
    "version of the program made it."
)

QUALITY_COLUMNS = (
    Column("ssim", "SSIM", note="[95 %]", marked=False),
    Column("psnr", "PSNR", "dB", note="[95 %]", marked=False),
)
"""None is marked as the best: a picture need not be close to the plain one."""


def quality_cells(entry: ImageQuality | None, *, intervals: bool) -> dict[str, Cell]:
    """SSIM and PSNR of a variant; where no image differs the PSNR is infinite."""
    if entry is None:
        return {column.key: Cell(NOTHING) for column in QUALITY_COLUMNS}
    psnr = math.inf if entry.psnr is None else round(entry.psnr, 1)
    ssim_note, psnr_note = _note(entry.ssim_interval, share), _note(entry.psnr_interval, _decibels)
    return {
        "ssim": replace(number_cell(entry.ssim), note=ssim_note if intervals else ""),
        "psnr": Cell(_decibels(psnr), psnr, note=psnr_note if intervals else ""),
    }


def _decibels(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "∞"


def _note(interval: Interval | None, form: Callable[[float], str]) -> str:
    return f" {interval_text(interval, form)}" if interval is not None else ""


def quality_data(record: StudyRecord) -> TableData:
    """A variant a row: SSIM and PSNR with their intervals, accuracy and gain; the reference where it is not `PLAIN`."""
    entries, statistics = record.quality.variants if record.quality else (), record.statistics
    others = any(entry.reference != PLAIN for entry in entries)
    alike = any(entry.identical for entry in entries)

    def line(place: int, entry: ImageQuality) -> Iterator[tuple[Column, Cell]]:
        own = statistics.of(entry.variant) if statistics else None
        gain = accuracy_gain(entry, statistics) if statistics else None
        yield Column("variant", "variant", better="lower", marked=False, numeric=False), Cell(entry.variant, place)
        cells = quality_cells(entry, intervals=True)
        yield from ((column, cells[column.key]) for column in QUALITY_COLUMNS)
        yield replace(numbers("accuracy"), short="acc"), number_cell(own.accuracy if own else None)
        yield numbers("gain"), Cell(NOTHING) if gain is None else Cell(signed(gain), gain)
        if alike:
            yield numbers("images", "unchanged"), Cell(f"{entry.identical:,}", entry.identical)
        if others:
            yield words("against"), Cell(entry.reference)

    lines = [list(line(place, entry)) for place, entry in enumerate(entries)]
    columns = tuple(column for column, _ in lines[0]) if lines else ()
    (rows,) = aligned(
        tuple(Row(entry.variant, tuple(cell for _, cell in cells)) for entry, cells in zip(entries, lines, strict=True))
    )
    return TableData(columns, rows)


def quality_title(record: StudyRecord) -> str:
    """What stands over the table."""
    return f"Image quality and accuracy, {table_words(record)}"


def quality_line(record: StudyRecord) -> str:
    """What closeness has to do with the accuracy, in a line that names the key; "" where it was not measured."""
    if record.quality is None:
        return ""
    found = [
        f"{entry.measure} {entry.correlation:+.2f} ({p_words(entry.adjusted_p)})" for entry in record.quality.relations
    ]
    line = f"image quality ({key('results.quality', 'y')})"
    return f"{line}: rank correlation with the gain {', '.join(found)}" if found else line


def quality_sentences(record: StudyRecord) -> list[str]:
    """The answer, how to read the table, and what to know of single variants."""
    if record.quality is None:
        return []
    images = max(entry.images for entry in record.quality.variants)
    references = list(dict.fromkeys(entry.reference for entry in record.quality.variants))
    against = PLAIN if references == [PLAIN] else 'the variant under "against"'
    return [
        record.quality.answer,
        f"SSIM (1 is identical) and PSNR of {images:,} test images against the same images of {against}, at the same "
        f"size; means with {100 * LEVEL:.0f} % intervals. Gain: accuracy minus that of {against}. They say how much a "
        "picture was changed, not how good it looks.",
        *(f"{entry.note}." for entry in record.quality.variants if entry.note),
    ]
