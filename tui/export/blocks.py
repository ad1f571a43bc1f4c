"""The parts of a report, without any form: each format writes the same parts in its own way."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.reports.pictures import Figure
from engine.reports.resolution import Ladder, Part
from engine.reports.results import Metrics
from engine.reports.statistics import Calibration
from tui.state.curves import Limits, VariantCurves
from tui.tables.data import TableData

Tone = Literal["plain", "warning"]


@dataclass(frozen=True)
class Paragraph:
    """A sentence or more."""

    kind: ClassVar = "paragraph"
    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Bullets:
    """Sentences, one an item."""

    kind: ClassVar = "bullets"
    items: tuple[str, ...]
    tone: Tone = "plain"


@dataclass(frozen=True)
class Facts:
    """(name, value) pairs."""

    kind: ClassVar = "facts"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TableBlock:
    """A table under a caption; a `long` one is folded away or cut where a format would drown in it."""

    kind: ClassVar = "table"
    caption: str
    data: TableData
    long: bool = False


@dataclass(frozen=True)
class Command:
    """A line for a shell, or the text of a file."""

    kind: ClassVar = "command"
    text: str
    language: str = "sh"


@dataclass(frozen=True)
class CurvesBlock:
    """Loss curves: all on one pair of axes, then each variant's own.

    `limits` are those of all axes, `table` says the same in numbers.
    """

    kind: ClassVar = "curves"
    curves: tuple[VariantCurves, ...]
    limits: Limits
    table: TableBlock


@dataclass(frozen=True)
class MatrixBlock:
    """A confusion matrix, rows true and columns predicted; `names` are the class names, cut short."""

    kind: ClassVar = "matrix"
    variant: str
    metrics: Metrics
    names: tuple[str, ...]


@dataclass(frozen=True)
class ReliabilityBlock:
    """How well a variant's probabilities fit, as a diagram; `table` says the same in numbers."""

    kind: ClassVar = "reliability"
    variant: str
    calibration: Calibration
    table: TableBlock


@dataclass(frozen=True)
class SizesBlock:
    """Accuracy against the size of the images of one part, a line a variant; `table` says the same in numbers."""

    kind: ClassVar = "sizes"
    ladders: tuple[Ladder, ...]
    part: Part
    table: TableBlock


@dataclass(frozen=True)
class FigureBlock:
    """A picture."""

    kind: ClassVar = "figure"
    figure: Figure


Block = (
    Paragraph
    | Bullets
    | Facts
    | TableBlock
    | Command
    | CurvesBlock
    | MatrixBlock
    | ReliabilityBlock
    | SizesBlock
    | FigureBlock
)


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; `key` names it within a page."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A whole report.

    Attributes:
        title: the study's ID.
        subtitle: data and date.
        alerts: what must be known before any figure is read.
        sections: in the order that they are read.
        variants: in the study's order.
    """

    title: str
    subtitle: str
    alerts: tuple[str, ...]
    sections: tuple[Section, ...]
    variants: tuple[str, ...]
