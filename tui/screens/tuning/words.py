"""What the screen of a search says: what it will do, how far it is, what it found."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.config.search import VALIDATION, TuningConfig
from engine.config.study import StudyConfig
from engine.events.control import StudyControl
from engine.events.search import NumberRange, number_words
from engine.events.search_record import TuningRecord
from tui.looks import formatting
from tui.looks.keys import key
from tui.state.jobs import STAGE_WORDS
from tui.state.search import TuningState
from tui.tables.search_facts import best_command, limit_words, range_words, search_facts

_BAR = 20
_EXPLAINED = (
    "A search trains the recipe again and again with other numbers, and scores each trial on validation images: a part "
    "of the training images that no trial trains on, near copies on one side. The first trial is the recipe itself; "
    "trials that fall behind are given up early. The test images are left alone."
)


def note_words(control: StudyControl, state: TuningState) -> str:
    """What a running search waits for, or will do after its batch; else ""."""
    if control.stop_requested:
        return "stopping after this batch"
    if control.held:
        return "waiting: the disk is full"
    if not control.paused:
        return ""
    return "paused" if state.paused else "pausing after this batch"


def ready_text(config: TuningConfig) -> Text:
    """Before the search begins."""
    limits = limit_words(config.trials, config.minutes)
    start, more, fewer = key("tuning.start", "enter"), key("tuning.more", "+"), key("tuning.fewer", "-")
    keys = f"{start} begins, {more} and {fewer} change the trials"
    return Text.assemble(("ready: ", "bold"), f"{limits}\n", (keys, "dim"))


def progress_text(state: TuningState) -> Text:
    """Two lines: what is under way, and the best so far."""
    record, stage, training = state.record, state.stage, state.training
    if stage is not None:
        counts = f"{formatting.count(stage.done)} / {formatting.count(stage.total)}"
        return Text(f"{STAGE_WORDS[stage.stage]} {formatting.bar(stage.share, _BAR)} {counts}\n")
    trial = record.running
    if trial is None:
        return Text("getting ready ...\n", "dim")
    of = f" of {record.most_trials}" if record.most_trials is not None else ""
    share = state.share()
    here = f"  this one{formatting.percent(training.share)}" if training is not None else ""
    return Text.assemble(
        (f"trial {trial.number}", "bold"),
        (f" ({trial.number + 1}{of}) ", "dim"),
        f"{formatting.bar(share, _BAR)}{formatting.percent(share)}  "
        f"{formatting.duration(state.seconds_left())} left{here}\n",
        best_text(record),
    )


def best_text(record: TuningRecord) -> Text:
    """The best trial so far, beside the recipe itself."""
    best, own = record.best, record.of_recipe
    if best is None or best.accuracy is None:
        return Text("no trial is done yet", "dim")
    words = Text.assemble("best ", (f"{best.accuracy:.3f}", "bold green"))
    words.append(" the recipe itself" if best is own else f" trial {best.number}: {number_words(best.values)}")
    if own is not None and own.accuracy is not None and best is not own:
        words.append(f"   recipe {own.accuracy:.3f}", "dim")
    words.no_wrap, words.overflow = True, "ellipsis"
    return words


def ending_text(record: TuningRecord, failure: str) -> Text:
    """How the search ended, and what can be done now; `failure` is why it could not go to its end."""
    finished = record.finished
    if failure:
        return Text(f"the search ended: {failure}", "bold red")
    if finished is None:
        return Text("getting ready ...", "dim")
    words = f"search {finished.status}" + (f": {finished.reason}" if finished.reason else "")
    style = {"done": "bold green", "failed": "bold red"}.get(finished.status, "bold yellow")
    hints = f"   {key('tuning.use', 'u')}: use the best numbers" if record.best_recipe is not None else ""
    hints += f"   {key('tuning.resume', 'r')}: resume" if finished.status != "done" else ""
    return Text.assemble((words, style), (hints, "dim"))


def wish_words(study: StudyConfig, ranges: Sequence[NumberRange]) -> RenderableType:
    """What a search is, and what this one will try."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    seeds = str(study.seed) if study.repeats == 1 else f"{study.seeds[0]}–{study.seeds[-1]}"
    for name, value in (
        ("data", str(study.data) if study.data is not None else "the demo set"),
        ("variant", study.variants[0]),
        ("recipe", f"{study.recipe.name}, {study.recipe.epochs} epoch{'s' if study.recipe.epochs != 1 else ''}"),
        ("protocol", f"{study.protocol}, {_validation_words(study.validation_fraction)}"),
        ("seed", seeds),
        *(("search" if place == 0 else "", range_words(entry)) for place, entry in enumerate(ranges)),
    ):
        grid.add_row(Text(name, "dim"), Text(value))
    return Group(Text(_EXPLAINED), Text(), grid)


def found_words(record: TuningRecord, study: StudyConfig) -> RenderableType:
    """The conclusion, the command that uses it, and the facts."""
    finished = record.finished
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for sentence in finished.conclusion if finished is not None else ():
        grid.add_row(Text("-", "dim"), Text(sentence))
    parts: list[RenderableType] = [grid]
    if command := best_command(record, study):
        parts += [Text("train with the best numbers, on all training images:", "dim"), Text(f"  {command}")]
    facts = "; ".join(f"{name} {value}" for name, value in search_facts(record))
    parts.append(Text(facts, "dim"))
    if finished is not None and finished.folder:
        parts.append(Text(f"kept in {formatting.place(finished.folder)}", "dim"))
    return Group(*parts)


def _validation_words(share: float | None) -> str:
    unless = " where the data has none" if share is None else ""
    return f"{100 * (VALIDATION if share is None else share):.0f} % of the training images for validation{unless}"
