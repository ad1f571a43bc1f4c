"""Readings of a paper against its numbers, as Rich tables: the screen and the command show the same."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from engine.reports.reconstruction import FITS, Fit, FittedReading, Reconstruction

_MARKS: dict[Fit, tuple[str, str]] = {
    "compatible": ("✓", "bold green"),
    "excluded": ("✗", "bold red"),
    "can't be told": ("?", "bold yellow"),
}

_SEVERAL_SEEDS = (
    "Of several seeds ours is the mean, and in brackets from the lowest end of a seed's own interval to the highest: "
    "a paper publishes one training."
)


def reconstruction_parts(report: Reconstruction) -> Iterator[RenderableType]:
    """Readings x numbers as marks, and below it every reading with its figures."""
    yield Text(f"Which readings of {report.paper} its own numbers leave possible, at 95 % ({report.protocol} protocol)")
    yield Text()
    yield _overview(report)
    columns = (f"{place} {one.variant} {one.score} {one.stated}" for place, one in enumerate(report.numbers, 1))
    yield Text("; ".join(columns), "dim")
    yield Text(", ".join(f"{_MARKS[fit][0]} {fit}" for fit in FITS), "dim")
    if any(len(reading.seeds) > 1 for reading in report.readings):
        yield Text(_SEVERAL_SEEDS, "dim")
    for run in report.passed_over:
        yield Text(f"! passed over: {run}", "yellow")
    for reading in report.readings:
        yield Text()
        yield from _reading(reading, report)


def _overview(report: Reconstruction) -> Table:
    table = _table()
    table.add_column("reading")
    for place, _ in enumerate(report.numbers, 1):
        table.add_column(str(place), justify="center")
    table.add_column("compatible", justify="right")
    for reading in report.readings:
        marks = (Text(*_MARKS[number.fit]) for number in reading.numbers)
        table.add_row(reading.key, *marks, f"{reading.count('compatible')} of {len(reading.numbers)}")
    return table


def _reading(reading: FittedReading, report: Reconstruction) -> Iterator[RenderableType]:
    yield Text.assemble((reading.key, "bold"), f"  {reading.statement} ", (", ".join(reading.changes), "dim"))
    if not reading.study:
        yield Text("not run yet", "yellow")
        return
    seeds = f"{len(reading.seeds)} seed{'s' if len(reading.seeds) > 1 else ''}"
    yield Text(f"run {reading.study}, {seeds}", "dim")
    if reading.remark:
        yield Text(f"! {reading.remark}, and the numbers are of the whole", "yellow")
    table = _table()
    for heading in ("", "variant", "score", "published", "ours", ""):
        table.add_column(heading)
    for place, (number, ours) in enumerate(zip(report.numbers, reading.numbers, strict=True), 1):
        mark = Text(*_MARKS[ours.fit])
        table.add_row(str(place), number.variant, number.score, number.stated, ours.figure, mark)
        if ours.reason:
            table.add_row("", "", "", "", Text(ours.reason, "dim"), "")
    yield table


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
