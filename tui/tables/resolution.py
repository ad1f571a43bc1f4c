"""Accuracy against resolution as tables for the dashboard and the command line."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.reports.resolution import Ladder, NativeSizes, Part, ResolutionReport, Shrunk
from engine.reports.statistics import Interval
from tui.looks.palette import variant_mark

PART_WORDS: dict[Part, str] = {"training": "training", "test": "test", "held out": "held-out"}
AS_THEY_ARE = "as they are"
_SIZE_CELLS, _VARIANT_CELLS = 19, 18
"""Of the overview: its first two columns, and one of a variant with its interval."""


def native_words(report: ResolutionReport) -> str:
    """How large the images are, in a line of at most 77 cells."""
    parts = (report.native(part) for part in ("test", "training"))
    found = [
        f"{PART_WORDS[sizes.part]} {sizes.median:.0f} px ({sizes.low:.0f}–{sizes.high:.0f})"
        for sizes in parts
        if sizes is not None
    ]
    return f"longer side (median, 90 %): {', '.join(found)}"


def native_table(report: ResolutionReport) -> Table:
    """A line a part: how large its images are."""
    table = _table("images", "n", "5 %", "median", "95 %", "most")
    for sizes in report.sizes:
        table.add_row(PART_WORDS[sizes.part], *_native_cells(sizes))
    return table


def _native_cells(sizes: NativeSizes) -> tuple[str, ...]:
    spread = (f"{value:.0f}" for value in (sizes.low, sizes.median, sizes.high))
    return (f"{sizes.images:,}", *spread, str(sizes.largest))


def overview_table(
    report: ResolutionReport, part: Part = "test", *, dark: bool = True, width: int | None = None
) -> Table:
    """A line a size, a column a variant: the accuracy, with its interval where that fits into `width` cells."""
    ladders = [ladder for ladder in report.ladders if ladder.part == part]
    narrow = width is not None and width < _SIZE_CELLS + _VARIANT_CELLS * len(ladders)
    table = _table("size", "shrunk")
    for ladder in ladders:
        table.add_column(_named(ladder.variant, dark=dark), justify="right", no_wrap=True)
    sizes = [step.size for step in ladders[0].steps] if ladders else []
    whole = (_share(ladder.right, ladder.images, ladder.interval, narrow=narrow) for ladder in ladders)
    table.add_row(AS_THEY_ARE, "0", *whole)
    for size in sizes:
        steps = [(ladder, ladder.at(size)) for ladder in ladders]
        shrunk = next(step.shrunk for _, step in steps if step is not None)
        cells = [
            _marked(step, _share(step.right, ladder.images, step.interval, narrow=narrow))
            if step is not None
            else Text("–")
            for ladder, step in steps
        ]
        table.add_row(f"{size} px", f"{shrunk:,}", *cells)
    return table


def _marked(step: Shrunk, words: str) -> Text:
    """Bold where the loss is notable."""
    return Text(words, "bold" if step.notable else "")


def _share(right: int, images: int, interval: Interval, *, narrow: bool) -> str:
    share = f"{right / images:.3f}"
    return share if narrow else f"{share} {_interval(interval)}"


def ladder_table(ladders: Sequence[Ladder], *, dark: bool = True, named: bool = True, narrow: bool = False) -> Table:
    """A line a network, part and size: right answers, the accuracy and its change, both with intervals.

    Not `named`, the variant is left out; `narrow`, how many images were shrunk, lost and won.
    """
    headings = ("images", "size", "shrunk", "right", "accuracy", "95 %", "points", "95 %", "lost", "won")
    shown = [place for place, heading in enumerate(headings) if not narrow or heading not in {"shrunk", "lost", "won"}]
    names = ["variant"] if named else []
    table = _table(*names, *(headings[place] for place in shown), words=len(names) + 2)
    last = ""
    for place, ladder in enumerate(ladders):
        if place:
            table.add_section()
        name = _named(ladder.variant, dark=dark) if ladder.variant != last else Text()
        for cells in _ladder_rows(ladder):
            table.add_row(*([name] if named else []), *(cells[column] for column in shown))
            name = Text()
        last = ladder.variant
    return table


def _ladder_rows(ladder: Ladder) -> Iterator[tuple[str | Text, ...]]:
    part = f"{PART_WORDS[ladder.part]}, {ladder.images}"
    share = (f"{ladder.right}", f"{ladder.accuracy:.3f}", _interval(ladder.interval))
    yield (part, AS_THEY_ARE, "0", *share, "", "", "", "")
    for step in ladder.steps:
        yield ("", *_step_cells(ladder, step))


def _step_cells(ladder: Ladder, step: Shrunk) -> tuple[str | Text, ...]:
    interval = step.difference_interval
    return (
        f"{step.size} px",
        f"{step.shrunk:,}",
        f"{step.right}",
        f"{step.right / ladder.images:.3f}",
        _interval(step.interval),
        _marked(step, points(step.difference)),
        f"[{points(interval.low)} {points(interval.high)}]",
        f"{step.lost}",
        f"{step.gained}",
    )


def resolution_words(report: ResolutionReport) -> RenderableType:
    """The answers and what the figures are not."""
    return Group(*_lines("What follows", report.answers), Text(), *_lines("What these figures are not", report.notes))


def points(share: float) -> str:
    """A difference of shares in points, with a sign."""
    value = round(100 * share, 1)
    return f"{value:+.1f}".replace("-", "−") if value else "0.0"


def _lines(heading: str, sentences: tuple[str, ...]) -> Iterator[Text]:
    if sentences:
        yield Text(heading, "bold")
        yield from (Text(f"• {sentence}") for sentence in sentences)


def _table(*headings: str, words: int = 1) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place < words else "right", no_wrap=True)
    return table


def _named(variant: str, *, dark: bool) -> Text:
    return Text.assemble(variant_mark(variant, dark=dark), f" {variant}")


def _interval(interval: Interval) -> str:
    return f"[{_decimals(interval.low)} {_decimals(interval.high)}]"


def _decimals(value: float) -> str:
    """Three decimals without the 0 before them, which all but 1 have."""
    return f"{value:.3f}".removeprefix("0")
