"""Reads label files: CSV and JSON lines with a column of image paths, one of classes, and optionally more.

The columns are found by their names, whatever their case: `PATH`, `LABEL`, `SPLIT` and `GROUP` below list those that
are known, the likeliest first. Boxes are two corners (x1, y1, x2, y2 or one column `box` or `bbox`), or corner and
size where the names say so (x, y, w, h or a column `bbox_xywh`), in pixels of the upright image.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.dataset.annotations import MAX_BYTES, pixel
from engine.dataset.sources import ImageSource, UnreadableImage
from engine.dataset.tree import printable
from engine.errors import DatasetError

PATH = (
    *("file_name", "filename", "file", "path", "file_path", "filepath"),
    *("image", "image_path", "image_file", "image_name", "img_path", "img", "image_id"),
)
LABEL = ("label", "class", "class_name", "label_name", "category", "target", "labels", "species", "dx")
SPLIT = ("split", "subset", "partition", "set")
GROUP = (
    *("group", "group_id", "patient", "patient_id", "subject", "subject_id", "video", "video_id"),
    *("scene", "scene_id", "lesion_id", "session", "session_id"),
)

_CORNERS = (
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("x_min", "y_min", "x_max", "y_max"),
    ("left", "top", "right", "bottom"),
)
_SIZED = (("x", "y", "w", "h"), ("x", "y", "width", "height"), ("left", "top", "width", "height"))
_CORNERS_IN_ONE = ("box", "bbox", "bounding_box")
_SIZED_IN_ONE = ("bbox_xywh", "box_xywh")

_DELIMITERS = ",;\t"
_BOX_NUMBERS = 4
_REVERSED_SHARE = 0.25
"""Share of boxes with their second corner before the first from which on they are taken for corner and size."""

Cell = str | list[object]
Cells = Mapping[str, Cell]
Corners = tuple[int, int, int, int]


@dataclass(frozen=True)
class ColumnNames:
    """Columns that the user named; None looks for one by its usual names."""

    path: str | None = None
    label: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Columns:
    """The columns of a label file that are used, as the file calls them; "" where there is none."""

    path: str
    label: str
    split: str
    group: str
    box: tuple[str, ...] = ()
    sized: bool = False
    others: tuple[str, ...] = ()

    def words(self) -> str:
        """Which column is taken for what."""
        label = f"{self.label} the class" if self.label else "their folders the class"
        parts = [f"{self.path} names the images", label]
        parts += [f"{name} {what}" for name, what in ((self.split, "the part"), (self.group, "the group")) if name]
        if self.box:
            kind = "left, top, width, height" if self.sized else "two corners, x1, y1, x2, y2"
            parts.append(f"{', '.join(self.box)} the box ({kind})")
        passed = f"; not {', '.join(self.others)} (--label-column names another)" if self.others else ""
        return ", ".join(parts) + passed


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One line: where it stands, and what it says, "" or None where it says nothing."""

    where: str
    path: str
    label: str
    split: str
    group: str
    corners: Corners | None


@dataclass
class LabelTable:
    """A label file."""

    shown: str
    columns: Columns
    rows: list[LabelRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Tally:
    """Counts what is passed over, by reason, and keeps the first place of each."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[int, str]] = {}

    def add(self, one: str, many: str, first: str) -> None:
        """Count one more; `one` and `many` are the words after the number."""
        count, place = self._found.get((one, many), (0, first))
        self._found[one, many] = count + 1, place

    def sentences(self, shown: str) -> list[str]:
        """A line a reason."""
        return [
            f"{shown}: {count:,} {one if count == 1 else many}, {'' if count == 1 else 'the first '}{first}"
            for (one, many), (count, first) in self._found.items()
        ]


def read_labels(shown: str, source: ImageSource, names: ColumnNames, *, classes_needed: bool) -> LabelTable:
    """Read a label file.

    Lines that cannot be used are counted in the table's notes. Without `classes_needed` a file may give groups, parts
    or boxes alone.

    Raises:
        DatasetError: it cannot be read, or lacks a column that it needs or that was named.
    """
    try:
        text = source.read(MAX_BYTES + 1)
    except UnreadableImage as error:
        raise DatasetError(f"{shown}: {error}") from None
    if len(text) > MAX_BYTES:
        raise DatasetError(f"{shown}: more than {MAX_BYTES} bytes: this is no label file")
    left = Tally()
    cells: list[tuple[str, Cells]] = []
    for number, row in _lines(shown, _decoded(shown, text)):
        where = f"{shown}:{number}"
        if isinstance(row, str):
            left.add(f"line is left out: {row}", f"lines are left out: {row}", where)
        else:
            cells.append((where, row))
    header = list(dict.fromkeys(name for _, row in cells for name in row))
    if not cells:
        raise DatasetError(f"{shown}: no rows in it that can be read")
    columns = _choose(shown, header, names)
    if not columns.label and (classes_needed or not (columns.split or columns.group or columns.box)):
        known = ", ".join(LABEL[:6])
        raise DatasetError(
            f"{shown}: no column gives the classes; it has {_listed(header)}, and known are {known} and others: "
            "--label-column names it"
        )
    table = LabelTable(shown, columns)
    for where, row in cells:
        table.rows.append(_row(where, row, table.columns, left))
    _require_corners(table)
    table.notes += left.sentences(shown)
    return table


def _decoded(shown: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            f"{shown}: not UTF-8 in line {line} (byte {data[error.start]:#04x}): save it as UTF-8"
        ) from None
    if "\0" in text:
        raise DatasetError(f"{shown}: holds NUL bytes, so it is no text in UTF-8: save it as UTF-8")
    return text


def _lines(shown: str, text: str) -> Iterator[tuple[int, Cells | str]]:
    """Numbered rows as cells by column; a text in place of cells says why there are none."""
    start = text.lstrip()[:1]
    if start == "[":
        raise DatasetError(f"{shown}: one JSON array; a label file has one JSON object a line")
    return _json_lines(text) if start == "{" else _csv_lines(shown, text)


def _json_lines(text: str) -> Iterator[tuple[int, Cells | str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            yield number, {_plain(name): _cell(value) for name, value in found.items()}
        else:
            yield number, "no JSON object"


def _cell(value: object) -> Cell:
    """A JSON value as CSV would have it; lists stay."""
    if isinstance(value, str | list):
        return value
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _csv_lines(shown: str, text: str) -> Iterator[tuple[int, Cells | str]]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    try:
        for fields in reader:
            if not any(cell.strip() for cell in fields):
                continue
            if not header:
                header = [_plain(name) for name in fields]
                if twice := next((name for name in header if name and header.count(name) > 1), ""):
                    raise DatasetError(f"{shown}: two columns are called {printable(twice)!r}")
            elif len(fields) != len(header):
                yield reader.line_num, f"not {len(header)} fields"
            else:
                yield reader.line_num, dict(zip(header, fields, strict=True))
    except csv.Error as error:
        raise DatasetError(f"{shown}: line {reader.line_num} cannot be read ({error})") from None


def _plain(name: object) -> str:
    return re.sub(r"[\s\-]+", "_", str(name).strip().casefold())


# ------------------------------------------------------------------ the columns


def _choose(shown: str, header: Sequence[str], names: ColumnNames) -> Columns:
    def find(known: Sequence[str], named: str | None, option: str) -> str:
        if named is not None and _plain(named) not in header:
            raise DatasetError(f"{option} {named}: {shown} has no such column; it has {_listed(header)}")
        return _plain(named) if named is not None else next((name for name in known if name in header), "")

    path = find(PATH, names.path, "--path-column")
    if not path:
        raise DatasetError(
            f"{shown}: no column names the images; it has {_listed(header)}, and known are {', '.join(PATH[:6])} and "
            "others: --path-column names it"
        )
    label = find(LABEL, names.label, "--label-column")
    split, group = find(SPLIT, None, ""), find(GROUP, names.group, "--group-column")
    box, sized = _box_columns(header)
    others = tuple(name for name in header if name in LABEL and name != label) if names.label is None else ()
    return Columns(path, label, split, group, box, sized, others)


def _box_columns(header: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The columns of the boxes, and whether they are corner and size."""
    for sets, sized in ((_CORNERS, False), (_SIZED, True)):
        if found := next((names for names in sets if set(names) <= set(header)), None):
            return found, sized
    for known, sized in ((_CORNERS_IN_ONE, False), (_SIZED_IN_ONE, True)):
        if one := next((name for name in known if name in header), None):
            return (one,), sized
    return (), False


def _listed(header: Sequence[str]) -> str:
    return ", ".join(printable(name) or "''" for name in header[:20]) or "none"


# ------------------------------------------------------------------ the rows


def _row(where: str, cells: Cells, columns: Columns, left: Tally) -> LabelRow:
    def text(column: str) -> str:
        cell = cells.get(column, "")
        return cell.strip() if isinstance(cell, str) else ""

    return LabelRow(
        where,
        text(columns.path),
        text(columns.label),
        text(columns.split),
        text(columns.group),
        _corners(where, [cells.get(name, "") for name in columns.box], left, sized=columns.sized),
    )


def _corners(where: str, cells: Sequence[Cell], left: Tally, *, sized: bool) -> Corners | None:
    numbers = _box_parts(cells[0]) if len(cells) == 1 else list(cells)
    if not any(number not in ("", None) for number in numbers):
        return None
    try:
        if len(numbers) != _BOX_NUMBERS:
            raise ValueError
        x, y, third, fourth = (pixel(str(number)) for number in numbers)
    except (ValueError, OverflowError):
        left.add(
            "box is not four numbers, its image stays whole",
            "boxes are not four numbers, their images stay whole",
            where,
        )
        return None
    return (x, y, x + third, y + fourth) if sized else (x, y, third, fourth)


def _box_parts(cell: Cell) -> list[object]:
    if isinstance(cell, list):
        return cell
    return [part for part in re.split(r"[\s,;]+", cell.strip(" \t[]()")) if part]


def _require_corners(table: LabelTable) -> None:
    """Refuse corner and size that are called like two corners.

    Raises:
        DatasetError: many second corners lie before the first.
    """
    boxes = [row.corners for row in table.rows if row.corners is not None]
    reverse = sum(x2 < x1 or y2 < y1 for x1, y1, x2, y2 in boxes)
    if not table.columns.sized and reverse and reverse >= _REVERSED_SHARE * len(boxes):
        names = ", ".join(table.columns.box)
        raise DatasetError(
            f"{table.shown}: {reverse} of {len(boxes)} boxes have x2 < x1 or y2 < y1, so {names} may be left, top, "
            "width and height: call the columns x, y, w, h, or one column bbox_xywh"
        )
