"""Bounding boxes from `annotation.txt`.

One line an image: `./characters/<class>/<file>,x1,y1,x2,y2,<class>`, two opposite corners in pixels of the upright
image. Only the last two parts of the path count, so that the archive's other spellings (`./characters2/`) match too.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from engine.dataset.roles import Role, role_of
from engine.dataset.sources import ImageSource, UnreadableImage
from engine.dataset.tree import printable
from engine.dataset.values import Box
from engine.reports.results import SkippedFile

MAX_BYTES = 64 * 2**20
"""Longest annotation file that is read: about a million lines."""

MAX_NONSENSE = 100
"""Nonsense lines that are listed one by one; a file with more is no annotation file."""

_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Annotation:
    """One line: where it stands, the roles that the folders before the class's in its path name, and the corners."""

    where: str
    roles: frozenset[Role]
    corners: tuple[int, int, int, int]


@dataclass
class Annotations:
    """All lines, by (class folder, file) and by (class column, file)."""

    by_folder: dict[tuple[str, str], list[Annotation]] = field(default_factory=dict)
    by_column: dict[tuple[str, str], list[Annotation]] = field(default_factory=dict)
    skipped: list[SkippedFile] = field(default_factory=list)

    def of_image(self, class_name: str, file: str, roles: Collection[Role]) -> list[Annotation]:
        """The lines about an image in a class folder, in a part of the data with these roles.

        A line whose path names a training or test folder is about an image there; any other line describes the
        training image of that name, or the test image where the training images have none (`claim` sees to that).
        """
        lines = self.by_folder.get((class_name, file), [])
        exact = [line for line in lines if not line.roles.isdisjoint(roles)]
        return exact or [line for line in lines if not line.roles]

    def of_loose_image(self, class_name: str, file: str) -> list[Annotation]:
        """The lines about an image that lies outside class folders, whose class only the last column can tell."""
        return self.by_column.get((class_name, file), [])


def read_annotations(files: Sequence[tuple[str, ImageSource]]) -> Annotations:
    """Read annotation files, given as (shown path, source).

    Files that cannot be read and lines that make no sense are listed in the result's `skipped`.
    """
    found = Annotations()
    for shown, source in files:
        try:
            data = source.read(MAX_BYTES)
        except UnreadableImage as error:
            found.skipped.append(SkippedFile(shown, str(error)))
            continue
        _read_lines(found, shown, data.decode("utf-8-sig", "surrogateescape"))
    return found


def _read_lines(found: Annotations, shown: str, text: str) -> None:
    nonsense = 0
    # Not splitlines: it also splits at characters that file names may hold.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{shown}:{number}"
        reason = _read_line(found, where, line.rstrip("\r"))
        if not reason:
            continue
        nonsense += 1
        if nonsense <= MAX_NONSENSE:
            found.skipped.append(SkippedFile(where, reason))
    if nonsense > MAX_NONSENSE:
        found.skipped.append(SkippedFile(shown, f"{nonsense - MAX_NONSENSE} more lines that are no boxes"))


def _read_line(found: Annotations, where: str, line: str) -> str:
    """Take one line in; why it makes no sense, or ""."""
    fields = line.rsplit(",", _FIELDS - 1)
    expected = f"expected path,x1,y1,x2,y2,class, got {printable(line)!r}"
    if len(fields) != _FIELDS:
        return expected
    path, *numbers, column = fields
    parts = [part for part in path.strip().replace("\\", "/").split("/") if part not in ("", ".")]
    column = column.strip()
    try:
        x1, y1, x2, y2 = (pixel(number) for number in numbers)
    except (ValueError, OverflowError):
        return expected
    if not parts or not column:
        return expected
    *folders, folder = parts[:-1] or [column]
    roles = frozenset(role for part in folders if (role := role_of(part)) is not None)
    annotation = Annotation(where, roles, (x1, y1, x2, y2))
    _add(found.by_folder, (folder, parts[-1]), annotation)
    _add(found.by_column, (column, parts[-1]), annotation)
    return ""


def pixel(text: str) -> int:
    """A number of pixels, rounded.

    Raises:
        ValueError, OverflowError: the text is no finite number.
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return round(value)


def _add(table: dict[tuple[str, str], list[Annotation]], key: tuple[str, str], annotation: Annotation) -> None:
    table.setdefault(key, []).append(annotation)


@dataclass(frozen=True)
class BoxOutcome:
    """What became of a line: the box, what was mended, or why there is no box."""

    box: Box | None
    mended: str = ""
    dropped: str = ""


def fit_box(corners: tuple[int, int, int, int], size: tuple[int, int]) -> BoxOutcome:
    """Make a box of corners as written: put reversed ones in order, clip to the image of `size` (width, height)."""
    x1, y1, x2, y2 = corners
    width, height = size
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    written = f"box {x1},{y1},{x2},{y2}"
    if left == right or top == bottom:
        return BoxOutcome(None, dropped=f"{written} has no area")
    if left >= width or top >= height or right <= 0 or bottom <= 0:
        return BoxOutcome(None, dropped=f"{written} lies outside the image of {width} x {height}")
    box = Box(max(left, 0), max(top, 0), min(right, width), min(bottom, height))
    mended = []
    if x2 < x1 or y2 < y1:
        mended.append("its corners were in reverse order")
    if (box.left, box.top, box.right, box.bottom) != (left, top, right, bottom):
        mended.append(f"it reached beyond the image of {width} x {height}")
    return BoxOutcome(box, mended=f"{written} mended: {' and '.join(mended)}" if mended else "")
