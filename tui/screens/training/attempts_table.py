"""The attempts of a study whose jobs run in processes of their own, as a table and in words."""

from collections.abc import Iterable

from tui.looks.formatting import NOTHING, duration, fit, left
from tui.looks.variant_names import short_variant
from tui.state.attempts import Attempt
from tui.state.event_words import job_words
from tui.state.jobs import STAGE_WORDS
from tui.state.view_state import ViewState
from tui.tables.data import Cell, Column, Row, TableData, words

_WIDEST_NAME, _NARROW_NAME = 40, 14
DOING_WIDTH = len("pre-processing 100 %")
_ORDER = {"running": 0.0, "waiting": 1.0, "ended": 2.0}


def attempt_key(one: Attempt) -> str:
    """The key of an attempt's row."""
    return f"{one.job.variant}:{one.job.seed}:{one.job.fold}:{one.number}"


def job_name(state: ViewState, one: Attempt, most: int) -> str:
    """The job with a variant's name of at most so many cells."""
    name = short_variant(one.job.variant, state.variants, most) if one.job.variant else ""
    return job_words(state.record.started, name, one.job.seed, one.job.fold)


def stage_words(state: ViewState, one: Attempt) -> str:
    """What an attempt does, or how it ended."""
    if one.phase == "ended":
        return one.reason or ("done" if one.done else "ended")
    job = state.jobs.get(one.job)
    if one.phase == "waiting" or job is None or job.stage is None:
        return "waiting" if one.phase == "waiting" and state.attempts.on != "local" else "starting"
    epochs = state.record.started.recipe.epochs if state.record.started else 0
    return f"epoch {min(job.epoch + 1, epochs)}/{epochs}" if job.status == "train" else STAGE_WORDS[job.status]


def doing_words(state: ViewState, one: Attempt) -> str:
    """The same, with the share of its stage that is done."""
    job = state.jobs.get(one.job)
    stage = job.stage if job is not None and one.phase == "running" else None
    return stage_words(state, one) + (f" {round(100 * stage.share)} %" if stage is not None else "")


def took_cell(one: Attempt, now: float) -> Cell:
    """How long an attempt has lived, or lived."""
    seconds = one.seconds(now)
    return Cell(NOTHING) if seconds is None else Cell(duration(seconds), seconds)


def attempts_data(state: ViewState, attempts: Iterable[Attempt], now: float, *, narrow: bool = False) -> TableData:
    """One row an attempt: what it works on, what it does, where, and for how long."""
    several = any(one.number > 1 for one in state.attempts.every.values())
    columns = [
        Column("order", "job", better="lower", marked=False, numeric=False),
        *([Column("number", "try", better="lower", marked=False)] if several else []),
        Column("doing", "state", better="lower", marked=False, numeric=False),
        words("host"),
        *([] if narrow else [words("place")]),
        Column("took", "time", marked=False),
    ]
    rows = []
    for place, one in enumerate(attempts):
        name = job_name(state, one, _NARROW_NAME if narrow else _WIDEST_NAME)
        doing = fit(doing_words(state, one), DOING_WIDTH)
        cells = {
            "order": Cell(name, float(place)),
            "number": Cell(str(one.number), float(one.number)),
            "doing": Cell(left(doing, DOING_WIDTH), _ORDER[one.phase]),
            "host": Cell(one.host or NOTHING),
            "place": Cell(one.place or NOTHING),
            "took": took_cell(one, now),
        }
        rows.append(Row(attempt_key(one), tuple(cells[column.key] for column in columns)))
    return TableData(tuple(columns), tuple(rows))


def about_attempt(state: ViewState, one: Attempt) -> str:
    """An attempt in full: job, place, host, process, device, and how it ended."""
    process = f"process {one.process}" if one.process else ""
    parts = [one.host, process if process not in one.place else "", one.place, one.device_name]
    where = ", ".join(filter(None, parts))
    name = job_words(state.record.started, one.job.variant, one.job.seed, one.job.fold)
    ended = f"; ended: {one.reason}" if one.reason else ""
    return f"{name}, attempt {one.number}: {where}{ended}"
