"""A widget of prepared lines that repaints only the cells that changed.

Over a slow connection every byte counts: a chart that grew by one point sends a few cells, not its whole area.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.looks import formatting

Cell = tuple[str, Style | None]

Row = Text | Strip
"""A line; strips are drawn as they are, texts take longer."""


class LinesView(Widget):
    """Shows the lines given to `show_lines`, cut or padded to its size."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []
        self._style = Style()

    def show_lines(self, lines: Sequence[Row]) -> None:
        """Draw these lines, from the top; only what differs from the last ones is repainted."""
        width = self.size.width
        strips = [self._strip(line, width) for line in lines[: self.size.height]]
        blank = Strip.blank(width)
        old = self._strips + [blank] * (len(strips) - len(self._strips))
        new = strips + [blank] * (len(self._strips) - len(strips))
        self._strips = strips
        regions = [
            Region(start, y, end - start, 1)
            for y, (before, after) in enumerate(zip(old, new, strict=True))
            if before != after
            for start, end in [changed_span(before, after)]
            if end > start
        ]
        if regions:
            self.refresh(*regions)

    def _strip(self, line: Row, width: int) -> Strip:
        strip = line if isinstance(line, Strip) else Strip(line.render(self.app.console))
        return strip.adjust_cell_length(width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region; their common style, which takes long, is looked up once."""
        self._style = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line, on the widget's own ground."""
        width = self.size.width
        strip = self._strips[y].adjust_cell_length(width) if y < len(self._strips) else Strip.blank(width)
        return strip.apply_style(self._style)


def changed_span(before: Strip, after: Strip) -> tuple[int, int]:
    """First changed column and the one after the last."""
    one, other = list(before), list(after)
    begin = 0
    while one and other and one[0] == other[0]:
        begin += one.pop(0).cell_length
        other.pop(0)
    while before.cell_length == after.cell_length and one and other and one[-1] == other[-1]:
        one.pop()
        other.pop()
    old, new = list(_cells(one)), list(_cells(other))
    length = max(len(old), len(new))
    nothing: Cell = (" ", None)
    old += [nothing] * (length - len(old))
    new += [nothing] * (length - len(new))
    differing = [index for index in range(length) if old[index] != new[index]]
    return (begin + differing[0], begin + differing[-1] + 1) if differing else (0, 0)


def _cells(segments: Iterable[Segment]) -> Iterator[Cell]:
    for segment in segments:
        yield from _segment_cells(segment)


def _segment_cells(segment: Segment) -> Iterator[Cell]:
    style = segment.style
    if segment.cell_length == len(segment.text):  # as nearly all are
        yield from ((character, style) for character in segment.text)
        return
    for character in segment.text:
        yield (character, style)
        for _ in range(cell_len(character) - 1):
            yield ("", style)


CAPTION_FRAME = 6
"""Columns of a frame's last line that are not its caption."""


def framed(
    lines: Sequence[Row],
    width: int,
    height: int,
    *,
    title: Text,
    right: Text | None = None,
    caption: str = "",
    style: str = "dim",
) -> list[Row]:
    """Lines in a rounded frame of exactly `width` x `height` cells.

    The frame is drawn as text, not as a CSS border, so that a new number in its title repaints that number alone.
    """
    inner = max(0, width - 2)
    right = right if right is not None else Text()
    if title.cell_len + right.cell_len + 5 > inner:
        title = title.copy()
        title.truncate(max(0, inner - right.cell_len - 5), overflow="ellipsis")
    fill = inner - title.cell_len - right.cell_len - (4 if right.cell_len else 3)
    top = Text.assemble(("╭ ", style), title, (" " + "─" * max(0, fill), style))
    if right.cell_len:
        top = Text.assemble(top, " ", right)
    top.append(" ╮" if right.cell_len else "─╮", style)
    rows: list[Row] = [top]
    side = Segment("│", Style.parse(style))
    for index in range(max(0, height - 2)):
        content = lines[index] if index < len(lines) else Text()
        if isinstance(content, Strip):
            rows.append(Strip([side, *content.adjust_cell_length(inner), side], inner + 2))
            continue
        content = content.copy()
        content.truncate(inner)
        rows.append(Text.assemble(("│", style), content, " " * (inner - content.cell_len), ("│", style)))
    caption = f" {formatting.fit(caption, width - CAPTION_FRAME)} " if caption and inner > len("…") + 4 else ""
    rows.append(Text("╰" + "─" * (inner - cell_len(caption) - 1) + caption + "─╯", style))
    return rows[:height]


def centred(lines: Sequence[Text], width: int, height: int) -> list[Text]:
    """Lines in the middle of an area."""
    above = max(0, (height - len(lines)) // 2)
    return [Text()] * above + [
        Text.assemble(" " * max(0, (width - line.cell_len) // 2), line) for line in lines[:height]
    ]
