"""Confusion matrices and reliability diagrams as SVG."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from rich.cells import cell_len

from engine.reports.results import Metrics
from engine.reports.statistics import Calibration
from tui.export.nodes import drawing, node, number
from tui.export.style import heat_class
from tui.looks.palette import variant_style
from tui.tables.results import confusion_cell

_LARGEST_CELL, _SMALLEST_CELL = 40.0, 17.0
_WANTED_SIDE = 300.0
_LETTER = 6.6  # mean width of a letter of a label in pixels
_HEAD = 24.0
_SIDE, _MARGIN = 220.0, 48.0


def draw_matrix(variant: str, metrics: Metrics, classes: Sequence[str], name: str) -> Element:
    """Counts on a ground that says their share of the row; rows are true classes, columns predicted ones.

    `name` is the variant's CSS class.
    """
    side = min(_LARGEST_CELL, max(_SMALLEST_CELL, _WANTED_SIDE / max(1, len(classes))))
    edge = max(map(cell_len, classes), default=0) * _LETTER + 8
    size = side * len(classes)
    root = drawing(edge + size + 8, _HEAD + edge + size + 8, f"Confusion matrix of {variant}")
    title = node(root, "text", x=0.0, y=14.0, class_="legend")
    node(title, "tspan", variant_style(variant).marker, class_=f"sign {name}")
    node(title, "tspan", f" {variant}  accuracy {metrics.accuracy:.3f}")
    top = _HEAD + edge
    for place, label in enumerate(classes):
        middle = side * (place + 0.5)
        node(root, "text", label, x=edge - 6, y=top + middle + 4, class_="tick", text_anchor="end")
        x = edge + middle + 4
        node(root, "text", label, x=x, y=top - 6, class_="tick", transform=f"rotate(-90 {number(x)} {number(top - 6)})")
    for row, counts in enumerate(metrics.confusion_matrix):
        for column, count in enumerate(counts):
            share = count / sum(counts) if sum(counts) else 0.0
            heat = heat_class(share, diagonal=row == column)
            x, y = edge + side * column, top + side * row
            node(root, "rect", x=x, y=y, width=side - 1, height=side - 1, class_=heat)
            text = confusion_cell(counts, column, normalise=False)
            node(root, "text", text, x=x + side / 2, y=y + side / 2 + 4, class_=f"count {heat}", text_anchor="middle")
    return root


def draw_reliability(variant: str, calibration: Calibration, name: str) -> Element:
    """Share that is right against confidence, a bar a bin; `name` is the variant's CSS class."""
    root = drawing(_SIDE + _MARGIN + 12, _SIDE + _MARGIN + 12, f"Reliability of {variant}: correct against confidence")
    bottom = _SIDE + 8

    def x(share: float) -> float:
        return _MARGIN + _SIDE * share

    def y(share: float) -> float:
        return bottom - _SIDE * share

    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        node(root, "path", d=f"M{number(x(0))} {number(y(tick))}h{number(_SIDE)}", class_="grid")
        node(root, "text", f"{tick:.2f}", x=x(0) - 5, y=y(tick) + 4, class_="tick", text_anchor="end")
    for tick in (0.0, 0.5, 1.0):
        node(root, "text", f"{tick:.1f}", x=x(tick), y=bottom + 15, class_="tick", text_anchor="middle")
    for entry in calibration.bins:
        if not entry.count:
            continue
        width, height = _SIDE * (entry.high - entry.low), _SIDE * entry.accuracy
        node(root, "rect", x=x(entry.low) + 1, y=bottom - height, width=width - 2, height=height, class_=f"bar {name}")
        node(root, "circle", cx=x(entry.confidence), cy=y(entry.accuracy), r=3.0, class_=f"dot {name}")
    node(root, "path", d=f"M{number(x(0))} {number(y(0))}L{number(x(1))} {number(y(1))}", class_="diagonal")
    node(root, "text", "confidence", x=x(0.5), y=bottom + 30, class_="tick", text_anchor="middle")
    turn = f"rotate(-90 9 {number(y(0.5))})"
    node(root, "text", "correct", x=9.0, y=y(0.5), class_="tick", text_anchor="middle", transform=turn)
    return root
