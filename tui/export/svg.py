"""Loss curves, accuracy against resolution and confusion matrices as one SVG picture.

It follows the viewer's light or dark ground.
"""

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element

from engine import Exported
from tui.export.blocks import CurvesBlock, MatrixBlock, Report, SizesBlock
from tui.export.charts import draw_ladders, draw_overlay, draw_single
from tui.export.matrix_drawing import draw_matrix
from tui.export.nodes import drawing, node, svg_text
from tui.export.report import build_report
from tui.export.style import colours, sheet

_WIDTH, _EDGE, _GAP = 1000.0, 20.0, 24.0
_OVERLAY_HEIGHT, _SINGLE_HEIGHT = 380.0, 260.0
_TITLE_HEIGHT, _ALERT_HEIGHT = 52.0, 20.0


def render(exported: Exported) -> bytes:
    """One file."""
    report = build_report(exported)
    rows = list(_rows(report))
    head = _TITLE_HEIGHT + _ALERT_HEIGHT * len(report.alerts)
    width = max(_WIDTH, *(_size(row)[0] for row in rows)) if rows else _WIDTH
    height = head + sum(_size(row)[1] + _GAP for row in rows)
    root = drawing(width + 2 * _EDGE, height + 2 * _EDGE, f"{report.title}: {report.subtitle}")
    node(root, "style", "\n".join((sheet("picture.css"), sheet("drawing.css"), colours(report.variants))))
    node(root, "rect", width="100%", height="100%", class_="ground")
    node(root, "text", report.title, x=_EDGE, y=_EDGE + 14, class_="heading")
    node(root, "text", report.subtitle, x=_EDGE, y=_EDGE + 34, class_="tick")
    for place, alert in enumerate(report.alerts):
        node(root, "text", f"! {alert}", x=_EDGE, y=_EDGE + 54 + _ALERT_HEIGHT * place, class_="alert")
    y = _EDGE + head
    for row in rows:
        x = _EDGE
        for part in row:
            part.set("x", str(x))
            part.set("y", str(y))
            root.append(part)
            x += float(part.attrib["width"]) + _GAP
        y += _size(row)[1] + _GAP
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + svg_text(root) + "\n").encode()


def _rows(report: Report) -> Iterator[list[Element]]:
    """The drawings from top to bottom, those of a row side by side."""
    variants = report.variants
    blocks = [block for section in report.sections for block in section.blocks]
    half = (_WIDTH - _GAP) / 2
    for block in blocks:
        if isinstance(block, CurvesBlock):
            limits = block.limits
            yield [draw_overlay(block.curves, limits, variants, _WIDTH, _OVERLAY_HEIGHT)]
            yield from _packed(draw_single(curve, limits, variants, half, _SINGLE_HEIGHT) for curve in block.curves)
        if isinstance(block, SizesBlock):
            yield [draw_ladders(block.ladders, block.part, variants, _WIDTH, _OVERLAY_HEIGHT)]
    yield from _packed(
        draw_matrix(block.variant, block.metrics, block.names, f"v{variants.index(block.variant)}")
        for block in blocks
        if isinstance(block, MatrixBlock)
    )


def _packed(parts: Iterable[Element]) -> Iterator[list[Element]]:
    """As many side by side as there is room for, at least one."""
    row: list[Element] = []
    for part in parts:
        if row and _size([*row, part])[0] > _WIDTH:
            yield row
            row = []
        row.append(part)
    if row:
        yield row


def _size(row: Sequence[Element]) -> tuple[float, float]:
    widths = [float(part.attrib["width"]) for part in row]
    return sum(widths) + _GAP * (len(row) - 1), max(float(part.attrib["height"]) for part in row)
