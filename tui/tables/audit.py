"""What an audit found, as tables and lines; the headless output and the dashboard show the same."""

from typing import get_args

from engine.reports.audit import AuditReport, CopyKind, CopyPair
from tui.looks.formatting import NOTHING, count, fit_start
from tui.tables.data import Cell, Column, Row, TableData
from tui.tables.facts import short_names

_KINDS: tuple[CopyKind, ...] = get_args(CopyKind)


_SHORT_NAME = 19


def class_data(report: AuditReport, *, short: bool = False) -> TableData:
    """Images a class and part, and how many of them have a bounding box; the sums stand apart.

    `short` cuts the class names to what tells them apart.
    """
    columns = (
        Column("class", "class", marked=False, numeric=False),
        Column("train", "train", marked=False),
        Column("boxed_train", "train", "boxed", marked=False),
        Column("test", "test", marked=False),
        Column("boxed_test", "test", "boxed", marked=False),
    )
    counts = (report.train_counts, report.boxed_train_counts, report.test_counts, report.boxed_test_counts)
    rows = tuple(
        Row(name, (Cell(name), *(Cell(count(number), number) for number in numbers)))
        for name, *numbers in zip(short_names(report.classes) if short else report.classes, *counts, strict=True)
    )
    sums = Row("all", (Cell("all"), *(Cell(count(sum(numbers)), sum(numbers)) for numbers in counts)))
    return TableData(columns, rows, (sums,))


def size_data(report: AuditReport) -> TableData:
    """Sizes in pixels, a part a row."""
    columns = (
        Column("part", "part", marked=False, numeric=False),
        Column("height", "height", "min-med-max", marked=False),
        Column("width", "width", "min-med-max", marked=False),
        Column("distinct", "different", "sizes", marked=False),
    )
    rows = tuple(
        Row(
            summary.part,
            (
                Cell(summary.part),
                Cell("-".join(map(str, summary.height)), summary.height[1]),
                Cell("-".join(map(str, summary.width)), summary.width[1]),
                Cell(count(summary.distinct), summary.distinct),
            ),
        )
        for summary in report.sizes
    )
    return TableData(columns, rows)


def pair_data(report: AuditReport, most: int | None = None, *, short: bool = False) -> TableData:
    """The pairs, or the first of them, in the report's order: what is gravest comes first.

    `short` gives the files' names without their folders, and of long ones the end.
    """
    columns = (
        Column("order", "#", better="lower", marked=False),
        Column("kind", "kind", better="lower", marked=False, numeric=False),
        Column("bits", "bits", "" if short else "of 64", better="lower", marked=False),
        Column("correlation", "corr." if short else "thumbnails", "" if short else "correlation", marked=False),
        Column("parts", "parts", better="lower", marked=False, numeric=False),
        Column("class", "class", marked=False, numeric=False),
        Column("first", "image", marked=False, numeric=False),
        Column("second", "and its copy", marked=False, numeric=False),
    )
    names = dict(zip(report.classes, short_names(report.classes), strict=True))
    rows = tuple(
        Row(
            str(number),
            (
                Cell(str(number + 1), number),
                Cell(pair.kind, _KINDS.index(pair.kind)),
                Cell(str(pair.hash_distance), pair.hash_distance),
                Cell(f"{pair.correlation:.3f}", pair.correlation),
                Cell(parts_words(pair), 0 if pair.crosses_parts else 1),
                Cell("/".join(dict.fromkeys(names[side.class_name] for side in (pair.first, pair.second)))),
                Cell(_name(pair.first.path, short=short)),
                Cell(_name(pair.second.path, short=short)),
            ),
        )
        for number, pair in enumerate(report.pairs[:most])
    )
    return TableData(columns, rows)


def _name(path: str, *, short: bool) -> str:
    return fit_start(path.rpartition("/")[2], _SHORT_NAME) if short else path


def parts_words(pair: CopyPair) -> str:
    """Both parts where a pair crosses them, else the one that both images are in."""
    return "/".join(dict.fromkeys((pair.first.part, pair.second.part)))


def group_words(report: AuditReport) -> str:
    """How many groups of copies there are, and how large the largest is."""
    if not report.groups:
        return "no copies were found"
    one = len(report.groups) == 1
    most = max(map(len, report.groups))
    what = "1 group of copies" if one else f"{count(len(report.groups))} groups of copies"
    return f"{what}, {sum(map(len, report.groups)):,} images in all" + ("" if one else f", {most} in the largest")


def closeness_words(report: AuditReport) -> str:
    """What counts as a copy."""
    if report.closeness == "near":
        return "near: the same picture, scaled, re-encoded or slightly changed"
    return "scene: as near, and frames of one shot"


def headline(report: AuditReport) -> str:
    """The gravest finding in one short line."""
    if report.leaks:
        return report.leak_sentence
    if any(pair.crosses_classes for pair in report.pairs):
        return "copies with two labels"
    if report.groups:
        return group_words(report)
    return NOTHING if not report.train else "no copies found"


def is_grave(report: AuditReport) -> bool:
    """Whether scores on these images need a warning beside them."""
    return report.leaks or any(pair.crosses_classes for pair in report.pairs)
