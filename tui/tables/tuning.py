"""The trials of a search, and the searches, as tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.events.search import number_text
from engine.events.search_record import Trial, TuningRecord
from tui.looks.formatting import NOTHING, number
from tui.tables.data import Cell, Column, Line, Row, TableData, mark_best, number_cell, numbers, table_of, words

if TYPE_CHECKING:
    from engine.events.search_record import SearchSummary

_STATE_WIDTH = len("running")
"""So that the table keeps its width when a trial ends."""

_SHORT = {"learning_rate": "rate", "batch_size": "batch", "weight_decay": "decay", "label_smoothing": "smooth"}


def trials_data(record: TuningRecord) -> TableData:
    """One row a trial: what was tried, how far it came, what came of it."""
    started = record.started
    names = [entry.name for entry in started.numbers] if started else []
    epochs = started.recipe.epochs * len(started.seeds) if started else 0
    columns = (
        Column("trial", "trial", short="#", better="lower", marked=False),
        Column("state", "state", better="lower", marked=False, numeric=False),
        *(Column(name, name, short=_SHORT.get(name, name), marked=False, better="lower") for name in names),
        Column("epochs", "epochs", f"of {epochs}", marked=False),
        Column("loss", "loss", better="lower", marked=False),
        Column("accuracy", "accuracy", short="acc."),
    )
    rows = [_row(trial, names) for trial in record.trials.values()]
    return TableData(columns, mark_best(columns, rows))


def _row(trial: Trial, names: Sequence[str]) -> Row:
    values = dict(trial.values)
    state = "recipe" if trial.is_recipe and trial.state == "done" else trial.state
    numbers = [Cell(number_text(values[name]), values[name]) for name in names]
    loss = trial.epochs[-1].loss if trial.epochs else None
    cells = (
        Cell(str(trial.number), float(trial.number)),
        Cell(state.ljust(_STATE_WIDTH)),
        *numbers,
        Cell(str(len(trial.epochs)), float(len(trial.epochs))),
        number_cell(loss),
        number_cell(trial.last_accuracy),
    )
    return Row(str(trial.number), cells, eligible=trial.state == "done")


def searches_data(searches: "Sequence[SearchSummary]") -> TableData:
    """One row a search."""
    return table_of(map(_search_line, searches))


def _search_line(search: "SearchSummary") -> Line:
    record = search.record
    started = record.started if record else None
    own, best = (record.of_recipe, record.best) if record else (None, None)
    limit = f"/{record.most_trials}" if record and record.most_trials is not None else ""
    yield words("search"), search.folder.name
    yield words("state"), search.state
    yield words("data"), record.dataset.name if record and record.dataset else NOTHING
    yield words("variant"), started.variant if started else NOTHING
    yield words("recipe"), started.recipe.name if started else NOTHING
    yield numbers("trials"), f"{len(record.ended)}{limit}" if record and started else NOTHING
    yield numbers("recipe's", "accuracy"), number(own.accuracy if own else None)
    yield numbers("best", "accuracy"), number(best.accuracy if best else None)
