"""The report as one HTML page that holds all it shows: no script, nothing loaded, light or dark as the reader has it.

Jinja2 escapes every text; what it is given as safe are this package's own style sheets and drawings, which XML escapes.
"""

import base64
import itertools
from collections.abc import Sequence
from functools import cache
from xml.etree.ElementTree import Element

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engine import Exported
from tui.export.blocks import Block
from tui.export.charts import draw_ladders, draw_overlay, draw_single
from tui.export.matrix_drawing import draw_reliability
from tui.export.nodes import svg_text
from tui.export.report import build_report
from tui.export.style import colours, heat_class, sheet
from tui.looks.palette import variant_style
from tui.looks.variant_names import MANY
from tui.tables.report import head_note
from tui.tables.results import confusion_cell

_MANY_CLASSES, _LONG_NAME = 8, 10
"""More classes, or longer names in characters, stand upright over a matrix."""

_SIDE_BY_SIDE = ("matrix", "reliability", "figure")


def render(exported: Exported) -> bytes:
    """One file."""
    report = build_report(exported)
    variants = report.variants

    started = exported.record.started
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            version=started.program_version if started else "",
            style=Markup("\n".join((sheet("report.css"), sheet("drawing.css"), colours(variants)))),
            overlay=lambda block, *size: _svg(draw_overlay(block.curves, block.limits, variants, *size)),
            single=lambda curve, block, *size: _svg(draw_single(curve, block.limits, variants, *size)),
            sizes=lambda block, *size: _svg(draw_ladders(block.ladders, block.part, variants, *size)),
            reliability=lambda block: _svg(
                draw_reliability(block.variant, block.calibration, f"v{variants.index(block.variant)}")
            ),
        )
    )
    # Names of files may hold bytes that are no text.
    return page.encode(errors="backslashreplace")


def _svg(drawing: Element) -> Markup:
    return Markup(svg_text(drawing))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tui.export"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.globals.update(
        heat=_heat,
        head_note=head_note,
        cell=lambda counts, column: confusion_cell(counts, column, normalise=False),
        grouped=_grouped,
        upright=lambda names: len(names) > _MANY_CLASSES or any(len(name) > _LONG_NAME for name in names),
        data_uri=lambda png: "data:image/png;base64," + base64.b64encode(png).decode(),
        many=lambda blocks: len(blocks) > MANY,
        marker=lambda variant: variant_style(variant).marker,
    )
    return environment


def _heat(counts: Sequence[int], column: int, row: int) -> str:
    total = sum(counts)
    return heat_class(counts[column] / total if total else 0.0, diagonal=row == column)


def _grouped(blocks: Sequence[Block]) -> list[list[Block]]:
    """Neighbours that stand side by side, in one list; every other block in a list of its own."""
    groups = []
    for kind, found in itertools.groupby(blocks, key=lambda block: block.kind):
        together = list(found)
        groups += [together] if kind in _SIDE_BY_SIDE else [[block] for block in together]
    return groups
