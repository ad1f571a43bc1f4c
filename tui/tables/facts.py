"""Facts of a study beside its numbers: variants and their status, data, protocol, recipe, machine."""

from collections.abc import Sequence

from engine.config.recipes import DEMO_RECIPE, Recipe, entry_of, name_today
from engine.config.study import StudyConfig
from engine.events.record import (
    StudyRecord,
    protocol_name,
    seeds_evaluated,
    study_variants,
    variant_status,
)
from engine.events.search_record import TuningRecord
from engine.events.study import Notice
from engine.reports.results import ProtocolSummary
from tui.looks.formatting import machine_words

DEMO_WORDS = "DEMO SET: these images are drawn by this program; the numbers say nothing of real frames"


def short_names(classes: Sequence[str]) -> tuple[str, ...]:
    """Class names cut to as many of their first words as tell them apart ("homer_simpson" becomes "homer")."""
    words = [name.replace("-", "_").replace(" ", "_").split("_") for name in classes]

    def shortest(own: list[str]) -> str:
        for length in range(1, len(own)):
            if sum(other[:length] == own[:length] for other in words) == 1:
                return "_".join(own[:length])
        return "_".join(own)

    return tuple(shortest(own) or name for own, name in zip(words, classes, strict=True))


def demo_recipe_words(config: StudyConfig) -> str:
    """Why drawings are trained with another recipe than images are; empty where they are not."""
    if config.data is not None or config.train is not None or config.recipe.name != DEMO_RECIPE:
        return ""
    return f"the demo set is trained with the recipe {DEMO_RECIPE}; other images with {StudyConfig.recipe.name}"


def shortfalls(record: StudyRecord) -> list[tuple[str, str]]:
    """(variant, sentence) for every variant that was not trained and evaluated to the end."""
    found = []
    for variant in study_variants(record):
        status, result = variant_status(record, variant), record.result(variant)
        if status == "done":
            continue
        reason = result.reason if result is not None else ""
        found.append((variant, reason if reason.startswith(status) else f"{status}: {reason}" if reason else status))
    return found


def warnings(record: StudyRecord | TuningRecord) -> list[Notice]:
    """The warnings and errors among the messages."""
    return [notice for notice in record.notices if notice.level != "info"]


def study_facts(record: StudyRecord) -> list[tuple[str, str]]:
    """(name, value) of all that belongs with the numbers."""
    return setting_facts(record) + origin_facts(record)


def setting_facts(record: StudyRecord) -> list[tuple[str, str]]:
    """(name, value) of what a reader must know before the numbers: data, protocol, recipe and seed."""
    started, dataset = record.started, record.dataset
    if started is None or dataset is None:
        return [("study", "not begun")]
    counts = f"{len(dataset.classes)} classes, {dataset.train:,} train, {dataset.test:,} test"
    return [
        ("data", f"{dataset.name} ({counts})"),
        ("protocol", _protocol_value(record)),
        ("recipe", recipe_words(started.recipe)),
        ("seed", str(started.seed) if started.repeats == 1 else f"{started.seeds[0]}–{started.seeds[-1]}"),
    ]


def _protocol_value(record: StudyRecord) -> str:
    """The protocol's name, with its numbers of images where they are not the data set's."""
    summary, dataset = record.protocol, record.dataset
    if summary is None or dataset is None or not summary.train_counts:
        return protocol_name(record)
    if (summary.train_counts, summary.test_counts) == ((dataset.train,), (dataset.test,)):
        return summary.name
    return f"{summary.name} ({_image_words(summary)})"


def _image_words(summary: ProtocolSummary) -> str:
    train, test = summary.train_counts[0], summary.test_counts[0]
    each = " in fold 1" if len(summary.train_counts) > 1 else ""
    return f"{train:,} train, {test:,} test{each}"


def jobs_words(record: StudyRecord, how: str = "mean") -> str:
    """What a number is made of where each variant is trained more than once: "mean of 3 seeds, 5 folds"; else ""."""
    started = record.started
    if started is None:
        return ""
    folds = f"{started.folds} folds" if started.folds > 1 else ""
    return ", ".join(filter(None, (_seed_words(record, started.repeats, how), folds)))


def _seed_words(record: StudyRecord, repeats: int, how: str) -> str:
    done = seeds_evaluated(record)
    if repeats == 1:
        return ""
    if done in (0, repeats):
        return f"{how} of {repeats} seeds"
    return f"1 of {repeats} seeds" if done == 1 else f"{how} of {done} of {repeats} seeds"


def table_words(record: StudyRecord, how: str = "mean") -> str:
    """What every table names: the protocol, and what its numbers are made of ("sum" for counts)."""
    name = protocol_name(record)
    return ", ".join(filter(None, (f"protocol {name}" if name else "", jobs_words(record, how))))


def origin_facts(record: StudyRecord) -> list[tuple[str, str]]:
    """(name, value) of where the numbers come from: study, machine, super-resolution weights."""
    facts = [("study", record.started.study)] if record.started else []
    if record.machine is not None:
        facts.append(("machine", machine_words(record.machine)))
    if record.network is not None:
        facts.append(("network", f"{record.network.name}, begun from {record.network.weights}"))
    if (weights := record.superres_weights) is not None:
        facts.append(("super-resolution weights", f"{weights.source} ({weights.description})"))
    return facts


def recipe_words(recipe: Recipe) -> str:
    """The recipe's name and what was overridden in it, or what today's of that name does otherwise."""
    entry = entry_of(recipe)
    changed = [] if entry is None else [name for name in vars(entry) if getattr(entry, name) != getattr(recipe, name)]
    if not changed:
        today = name_today(recipe)
        return recipe.name if today == recipe.name else f"{recipe.name}, now called {today}"
    return f"{recipe.name} with {', '.join(f'{name} {_plain(getattr(recipe, name))}' for name in changed)}"


def _plain(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
