"""The list of runs as a table, for the screen and for standard output."""

import time
from collections.abc import Sequence

from rich.cells import cell_len

from engine.reports.run_summary import RunState, RunSummary
from tui.looks.formatting import NOTHING, interval_text, left
from tui.tables.data import Cell, Column, Row, TableData, number_cell

STATE_SIGNS: dict[RunState, str] = {
    "running": "▶",
    "paused": "‖",
    "done": "✓",
    "stopped": "■",
    "failed": "✗",
    "interrupted": "!",
    "damaged": "✗",
    "newer": "?",
}

STATE_COLOURS: dict[RunState, str] = {
    "running": "bold green",
    "paused": "bold yellow",
    "stopped": "yellow",
    "failed": "red",
    "interrupted": "bold yellow",
    "damaged": "red",
    "newer": "red",
}

COLUMNS = (
    Column("date", "date", marked=False, numeric=False),
    Column("state", "state", better="lower", marked=False, numeric=False),
    Column("dataset", "data set", better="lower", marked=False, numeric=False),
    Column("protocol", "protocol", better="lower", marked=False, numeric=False),
    Column("recipe", "recipe", better="lower", marked=False, numeric=False),
    Column("best", "best variant", short="best", better="lower", marked=False, numeric=False),
    Column("accuracy", "accuracy", short="acc", note="[95 %]", marked=False),
    Column("jobs", "jobs", "done", marked=False),
    Column("run", "run", better="lower", marked=False, numeric=False),
)

_NARROW_COLUMNS = ("date", "state", "protocol", "best", "accuracy", "dataset")
"""What tells runs apart, the data set last: its name may be long, and it alone may leave the screen."""


def matching(runs: Sequence[RunSummary], words: str) -> list[RunSummary]:
    """The runs in whose row, variants or message all of the words are found, in any order and case."""
    wanted = words.casefold().split()
    return [run for run in runs if all(word in _all_words(run) for word in wanted)]


def history_data(runs: Sequence[RunSummary], *, narrow: bool = False) -> TableData:
    """Runs, the newest of which stands first in `runs`, against what tells them apart."""
    by_key = {column.key: column for column in COLUMNS}
    columns = tuple(by_key[key] for key in _NARROW_COLUMNS) if narrow else COLUMNS
    cells = [_cells(run, len(runs) - place) for place, run in enumerate(runs)]
    for column in columns:
        if not column.numeric and column.key != "date":
            _rank(cells, column.key)
    width = max((cell_len(row["accuracy"].note) for row in cells), default=0)
    rows = []
    for run, row in zip(runs, cells, strict=True):
        accuracy = row["accuracy"]
        row["accuracy"] = Cell(accuracy.text, accuracy.value, note=left(accuracy.note, width))
        rows.append(Row(str(run.folder), tuple(row[column.key] for column in columns)))
    return TableData(columns, tuple(rows))


def date_words(seconds: float) -> str:
    """A moment in the local time zone."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds else NOTHING


def _cells(run: RunSummary, age: int) -> dict[str, Cell]:
    accuracy = number_cell(run.accuracy)
    note = f" {interval_text(run.interval)}" if run.interval is not None and run.accuracy is not None else ""
    return {
        "date": Cell(date_words(run.started), age),  # by sequence: a clock may have been set back
        "dataset": Cell(run.dataset or NOTHING),
        "protocol": Cell(run.protocol or NOTHING),
        "recipe": Cell(run.recipe or NOTHING),
        "best": Cell(run.best_variant or NOTHING),
        "accuracy": Cell(accuracy.text, accuracy.value, note=note),
        "jobs": Cell(f"{run.jobs_done}/{run.jobs}", run.jobs_done) if run.jobs else Cell(NOTHING),
        "state": Cell(f"{STATE_SIGNS[run.state]} {run.state}"),
        "run": Cell(run.folder.name),
    }


def _rank(cells: list[dict[str, Cell]], key: str) -> None:
    """Words sort by the alphabet; what is missing has no value and sorts last."""
    order = {text: place for place, text in enumerate(sorted({row[key].text for row in cells}))}
    for row in cells:
        text = row[key].text
        row[key] = Cell(text, None if text == NOTHING else order[text])


def _all_words(run: RunSummary) -> str:
    parts = (
        run.folder.name,
        date_words(run.started),
        run.dataset,
        run.protocol,
        run.recipe,
        run.state,
        *run.variants,
        run.message,
    )
    return " ".join(parts).casefold()
