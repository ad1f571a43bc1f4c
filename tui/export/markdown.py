"""The report as GitHub-flavoured Markdown. What only a drawing can show stands there as numbers."""

import re
import string
from collections.abc import Iterator, Sequence

from engine import Exported
from tui.export.blocks import (
    Block,
    Bullets,
    Command,
    CurvesBlock,
    Facts,
    FigureBlock,
    MatrixBlock,
    Paragraph,
    ReliabilityBlock,
    SizesBlock,
    TableBlock,
)
from tui.export.report import build_report
from tui.looks.formatting import NOTHING
from tui.tables.data import Row, TableData
from tui.tables.report import head_note

_MOST_ROWS = 50
"""Of a long table; the formats for programs have all of them."""

_SPECIAL = re.compile(r"[\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_])")
_LINE_START = re.compile(r"^([#+=-]|\d+(?=[.)](?:\s|$)))")


def escape(text: str) -> str:
    """The text as Markdown that shows it as it is, on one line."""
    return _LINE_START.sub(_escape_start, escape_cell(text))


def escape_cell(text: str) -> str:
    """The same for a cell of a table, where the start of a line means nothing."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], " ".join(text.split()))


def _escape_start(found: re.Match[str]) -> str:
    mark = found[1]
    return f"\\{mark}" if mark in string.punctuation else f"{mark}\\"


def render(exported: Exported) -> bytes:
    """One file."""
    report = build_report(exported)
    lines = [f"# {escape(report.title)}", "", escape(report.subtitle), ""]
    for alert in report.alerts:
        lines += [f"> **{escape(alert)}**", ">"]
    if report.alerts:
        lines[-1] = ""
    for section in report.sections:
        lines += [f"## {escape(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    # Names of files may hold bytes that are no text.
    return ("\n".join(lines).rstrip() + "\n").encode(errors="backslashreplace")


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"**{escape(block.text)}**" if block.tone == "warning" else escape(block.text)
        case Bullets():
            yield from (f"- {escape(item)}" for item in block.items)
        case Facts():
            yield from (f"- {escape(name)}: {escape(value)}" for name, value in block.pairs)
        case Command():
            yield from _command(block)
        case TableBlock():
            yield from _table(block)
        case CurvesBlock() | ReliabilityBlock() | SizesBlock():
            if block.table.data.rows:
                yield from _table(block.table)
        case MatrixBlock():
            yield from _matrix(block)
        case FigureBlock():
            yield f"**{escape(block.figure.title)}** (picture in the HTML report): {escape(block.figure.caption)}"


def _command(block: Command) -> Iterator[str]:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block.text)), default=0))
    yield f"{fence}{block.language}"
    yield block.text
    yield fence


def _table(block: TableBlock) -> Iterator[str]:
    data = block.data
    yield f"**{escape(block.caption)}**"
    yield ""
    yield _line([_head(data, index) for index in range(len(data.columns))])
    yield "|" + "|".join(" ---: " if column.numeric else " --- " for column in data.columns) + "|"
    shown = data.rows[:_MOST_ROWS] if block.long else data.rows
    yield from (_row(row) for row in shown)
    if data.apart_heading:
        yield _line([f"({data.apart_heading})"] + [""] * (len(data.columns) - 1))
    yield from (_row(row) for row in data.apart)
    if len(shown) < len(data.rows):
        yield ""
        yield f"and {len(data.rows) - len(shown):,} more, all in the HTML report"


def _head(data: TableData, index: int) -> str:
    note = head_note(data, index)
    return data.columns[index].heading + (f" ({note})" if note else "")


def _row(row: Row) -> str:
    return _line([f"{cell.marked_text} {cell.note}" for cell in row.cells])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escape_cell, cells)) + " |"


def _matrix(block: MatrixBlock) -> Iterator[str]:
    yield f"**{escape(block.variant)}, accuracy {block.metrics.accuracy:.3f}**"
    yield ""
    yield _line(["true ↓ predicted →", *block.names])
    yield "|" + "|".join([" --- ", *(" ---: " for _ in block.names)]) + "|"
    for name, counts in zip(block.names, block.metrics.confusion_matrix, strict=True):
        yield _line([name, *(str(count) if sum(counts) else NOTHING for count in counts)])
