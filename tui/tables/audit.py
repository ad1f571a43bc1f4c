"""What an audit found, as tables and lines; the headless output and the dashboard show the same."""

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from engine.reports.audit import AuditReport, CopyKind, CopyPair
from tui.looks.formatting import NOTHING, count, fit_start
from tui.tables.data import Cell, Column, Line, TableData, numbers, table_of, words
from tui.tables.facts import short_names

_KINDS: tuple[CopyKind, ...] = get_args(CopyKind)
_SHORT_NAME = 19

DETAILS = ("difference rms", "pixels")
"""Columns of the table of pairs that only a report has room for."""


def class_counts(classes: Sequence[str], counts: Mapping[tuple[str, str], Sequence[int]]) -> TableData:
    """A row a class; each column has a heading, a unit and the count of every class. The sums stand apart."""

    def line(name: str, found: Iterable[int]) -> Line:
        yield words("class"), name
        for (heading, unit), value in zip(counts, found, strict=True):
            yield numbers(heading, unit), Cell(count(value), value)

    rows = zip(classes, zip(*counts.values(), strict=True), strict=True)
    return table_of((line(*row) for row in rows), [line("all", map(sum, counts.values()))])


def class_data(report: AuditReport, *, short: bool = False) -> TableData:
    """Images a class and part, and how many of them have a bounding box; `short` cuts the class names."""
    return class_counts(
        short_names(report.classes) if short else report.classes,
        {
            ("train", ""): report.train_counts,
            ("train", "boxed"): report.boxed_train_counts,
            ("test", ""): report.test_counts,
            ("test", "boxed"): report.boxed_test_counts,
        },
    )


def size_data(report: AuditReport) -> TableData:
    """Sizes in pixels, a part a row."""
    return table_of(
        (
            (words("part"), summary.part),
            (numbers("height", "min-med-max"), "-".join(map(str, summary.height))),
            (numbers("width", "min-med-max"), "-".join(map(str, summary.width))),
            (numbers("different", "sizes"), count(summary.distinct)),
        )
        for summary in report.sizes
    )


def pair_data(report: AuditReport, most: int | None = None, *, short: bool = False) -> TableData:
    """The pairs, or the first of them, in the report's order: what is gravest comes first.

    `short` gives the files' names without their folders, and of long ones the end.
    """
    names = dict(zip(report.classes, short_names(report.classes), strict=True))

    def line(place: int, pair: CopyPair) -> Line:
        classes = dict.fromkeys(names[side.class_name] for side in (pair.first, pair.second))
        yield Column("order", "#", better="lower", marked=False), Cell(str(place + 1), place)
        yield _lower("kind"), Cell(pair.kind, _KINDS.index(pair.kind))
        yield _lower("bits", "" if short else "of 64", numeric=True), Cell(f"{pair.hash_distance}", pair.hash_distance)
        yield (
            numbers("corr.") if short else numbers("thumbnails", "correlation"),
            Cell(f"{pair.correlation:.3f}", pair.correlation),
        )
        yield numbers("difference", "rms"), Cell(f"{pair.thumbnail_rms:.1f}", pair.thumbnail_rms)
        yield _lower("parts"), Cell(parts_words(pair), 0 if pair.crosses_parts else 1)
        yield words("class"), "/".join(classes)
        yield words("image"), _name(pair.first.path, short=short)
        yield words("and its copy"), _name(pair.second.path, short=short)
        yield words("pixels"), " / ".join(f"{side.size[1]}×{side.size[0]}" for side in (pair.first, pair.second))

    return table_of(line(*numbered) for numbered in enumerate(report.pairs[:most]))


def _lower(heading: str, unit: str = "", *, numeric: bool = False) -> Column:
    return Column(heading, heading, unit, better="lower", marked=False, numeric=numeric)


def _name(path: str, *, short: bool) -> str:
    return fit_start(path.rpartition("/")[2], _SHORT_NAME) if short else path


def parts_words(pair: CopyPair) -> str:
    """Both parts where a pair crosses them, else the one that both images are in."""
    return "/".join(dict.fromkeys((pair.first.part, pair.second.part)))


def group_words(report: AuditReport) -> str:
    """How many groups of copies there are, and how large the largest is; and how many the data gives."""
    given = (
        f"; {count(len(report.given_groups))} groups of several images by {report.group_name}"
        if report.group_name
        else ""
    )
    return _copies_words(report) + given


def _copies_words(report: AuditReport) -> str:
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
    return "scene: as for near, and frames of one shot"


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
