"""A search for a recipe's numbers in words: its lines while it runs, its facts, the command that uses what it found."""

from dataclasses import replace

from engine.config.study import StudyConfig
from engine.events.search import (
    EpochScored,
    NumberRange,
    TrialFinished,
    TrialStarted,
    TuningFinished,
    TuningResumed,
    TuningStarted,
    number_text,
    number_words,
    trial_name,
)
from engine.events.search_record import TuningRecord
from engine.events.study import Event
from tui.looks.formatting import count, duration, machine_words
from tui.options.reproduce import command_line
from tui.tables.facts import recipe_words


def range_words(entry: NumberRange) -> str:
    """Where a number is searched for."""
    scale = ", logarithmic" if entry.log else ""
    return f"{entry.name} {number_text(entry.low)} to {number_text(entry.high)}{scale}"


def limit_words(trials: int | None, minutes: float | None) -> str:
    """When a search ends."""
    limits = [] if trials is None else ["1 trial" if trials == 1 else f"{trials} trials"]
    return " or ".join(limits + ([] if minutes is None else [f"{minutes:g} minutes of training"]))


def search_line(event: Event) -> str:
    """One line for an event of a search, "" for one that is none."""
    text = ""
    match event:
        case TuningStarted():
            ranges = "; ".join(map(range_words, event.numbers))
            limits = limit_words(event.trials, event.minutes)
            text = f"search {event.search}: {event.variant}, recipe {recipe_words(event.recipe)}; {ranges}; {limits}"
        case TuningResumed():
            text = f"the search is resumed, {limit_words(event.trials, event.minutes)} in all"
        case TrialStarted():
            what = "the recipe itself, " if event.is_recipe else ""
            text = f"{trial_name(event.trial)}: {what}{number_words(event.numbers)}"
        case EpochScored():
            scores = f"validation accuracy {event.accuracy:.3f}, loss {event.loss:.3f}"
            text = f"{trial_name(event.trial)}: epoch {event.epoch + 1}, {scores}"
        case TrialFinished():
            score = f", validation accuracy {event.accuracy:.3f}" if event.accuracy is not None else ""
            reason = f" ({event.reason})" if event.reason else ""
            text = f"{trial_name(event.trial)}: {event.state}{reason}{score}, {duration(event.seconds)}"
        case TuningFinished():
            reason = f" ({event.reason})" if event.reason else ""
            text = f"search {event.status}{reason}" + (f"; kept in {event.folder}" if event.folder else "")
    return text


def search_facts(record: TuningRecord) -> list[tuple[str, str]]:
    """(name, value) of what a reader must know before the numbers."""
    started, dataset, protocol = record.started, record.dataset, record.protocol
    if started is None or dataset is None:
        return [("search", "not begun")]
    facts = [("data", dataset.name)]
    if protocol is not None:
        divided = f"{count(protocol.train_counts[0])} train, {count(protocol.validation_counts[0])} validation"
        facts.append(("protocol", f"{protocol.name} ({divided})"))
    facts += [("variant", started.variant), ("recipe", recipe_words(started.recipe))]
    seeds = started.seeds
    facts.append(("seed", str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]}–{seeds[-1]}"))
    if record.machine is not None:
        facts.append(("machine", machine_words(record.machine)))
    return facts


def best_command(record: TuningRecord, study: StudyConfig) -> str:
    """The command that trains with the best numbers on all training images; "" where there are none."""
    recipe = record.best_recipe
    return command_line(replace(study, recipe=recipe, validation_fraction=None)) if recipe is not None else ""
