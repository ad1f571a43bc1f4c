"""What the panels of the set-up say, each from the values that it is told."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.config.protocols import PROTOCOLS
from engine.config.recipes import RECIPES, Recipe, entry_of
from engine.config.study import StudyConfig
from engine.config.variants import find_variant
from engine.reports.results import DatasetSummary
from engine.reports.run_summary import RunSummary
from tui.looks import formatting
from tui.looks.keys import key
from tui.looks.palette import variant_style
from tui.tables.facts import demo_recipe_words
from tui.widgets.top_line import PROGRAM, dataset_label, demo_label

if TYPE_CHECKING:
    from engine.reports.estimate import Estimate
    from tui.session.preparation import Preparation

_NAME_WIDTH = 14

_RECIPE_LINES = 6
"""Of a recipe as it is; each number that was changed and is not among them adds one."""

LEAST_NAME = 14
"""Columns of names that are left free where all are shorter."""

AROUND_NAME = len("[x] 1 ● ")
"""Columns of a variant's line before its name."""

_UNKNOWN = "its step of your own was not named (--steps)"

MOST_KEYS = 9
"""Variants that have a digit of their own."""


def top_words(config: StudyConfig, summary: DatasetSummary | None, *, short: bool) -> list[Text]:
    """The left of the first line: the program, the data set once it is read, the screen."""
    demo = config.data is None and summary is None
    name = demo_label(short=short) if demo else dataset_label(summary, short=short)
    return [Text(PROGRAM, "bold"), name, Text("set-up", "dim")]


def problem_words(error: str, problem: str) -> Text:
    """Why the data set cannot be read, else why something else cannot be done."""
    if error:
        return Text.assemble((error, "bold red"), (f"   press {key('setup.data', 'd')} to name another", "dim"))
    return Text(problem, "bold red")


def no_variant() -> str:
    """What to do where nothing is chosen."""
    first, last, four = key("setup.variant1", "1"), key("setup.variant5", "5"), key("setup.all", "a")
    return f"no variant chosen: press {first} to {last}, or {four} for the paper's four"


def variants_hint() -> str:
    """How variants that are not in the list are added."""
    return f"{key('setup.build', '+')} build   {key('setup.combinations', 'A')} all eight"


def variant_words(index: int, name: str, shown: str, *, taken: bool, width: int, explained: bool) -> Text:
    """A variant's line in the list: `index` is its key, `shown` its name, cut to `width` columns."""
    style, known = variant_style(name), find_variant(name)
    return Text.assemble(
        ("[x] " if taken else "[ ] ", "bold" if taken else "dim"),
        (f"{index} " if index <= MOST_KEYS else "  ", "dim"),
        (f"{style.marker} ", style.colour),
        (formatting.left(formatting.fit(shown, width), width), "bold" if taken else "dim"),
        ("" if not explained else known.summary if known else _UNKNOWN, "dim"),
        no_wrap=True,
        overflow="ellipsis",
    )


def whole_words(name: str) -> Text:
    """A variant's whole name, and what it does."""
    known = find_variant(name)
    return Text.assemble((name, "bold"), "  ", (known.summary if known else _UNKNOWN, "dim"), overflow="ellipsis")


def recipe_words(config: StudyConfig, *, roomy: bool = False) -> Text:
    """The recipe's numbers; those that were changed stand out. With room, a sentence on that of the demo set."""
    recipe, base = config.recipe, entry_of(config.recipe)
    height, width = recipe.image_size
    rows = (
        ("epochs", *_epochs_words(config)),
        ("batch size", f"{recipe.batch_size}", "batch_size"),
        ("learning rate", f"{recipe.learning_rate:g}", "learning_rate"),
        ("image size", f"{height} x {width}", "image_size"),
        ("seed", f"{config.seed}", ""),
    )
    shown = [field for _, _, field in rows]
    why = demo_recipe_words(config)
    edited = [] if base is None else [field for field in vars(base) if getattr(recipe, field) != getattr(base, field)]
    place = "for the demo set" if why and (roomy or not edited) else _place(recipe)
    parts = [
        Text.assemble(
            (recipe.name, "bold"),
            (" (edited)" if edited else "", "yellow"),
            "  ",
            (f"{place}, {key('setup.recipe', 'r')}: next" if place else "", "dim"),
        )
    ]
    for name, value, field in rows:
        changed = field in edited
        parts.append(
            Text.assemble((name.ljust(_NAME_WIDTH), "dim"), (value.rjust(10), "bold yellow" if changed else ""))
        )
    for field in edited:
        if field not in shown:
            name, value = field.replace("_", " "), getattr(recipe, field)
            number = f"{value:g}" if isinstance(value, int | float) else str(value)
            parts.append(Text.assemble((name.ljust(_NAME_WIDTH), "dim"), (number.rjust(10), "bold yellow")))
    if why and roomy:
        parts.append(Text(why, "dim"))
    return Text("\n").join(parts)


def _epochs_words(config: StudyConfig) -> tuple[str, str]:
    """How long a network trains, and the field of the recipe that says so."""
    if config.budget_minutes is not None:
        return f"{config.budget_minutes:g} min", ""
    return f"{config.recipe.epochs}", "epochs"


def plan_words(config: StudyConfig, known: "Preparation", *, chosen: bool, warm: bool, roomy: bool) -> Text:
    """The protocol, the time and the disk space that the study takes.

    Args:
        config: the study.
        known: the data set and what the study costs, as far as that is known.
        chosen: whether any variant is.
        warm: whether the libraries are loaded.
        roomy: whether there is room to say what the protocol is, and what the time is based on in any case.
    """
    libraries = Text("libraries ready", "green") if warm else Text("loading libraries ...", "dim")
    if not chosen:
        return Text.assemble((no_variant(), "yellow"), "\n", libraries)
    protocol = _protocol_words(config, roomy=roomy)
    if known.trouble:
        return Text.assemble(protocol, (known.trouble, "bold red"), "\n\n", libraries)
    estimate, read = known.estimate, known.summary is not None
    if estimate is None:
        when = "time: estimating ..." if read else "time: not known yet"
        return Text.assemble(protocol, (when, "dim"), "\n\n", libraries)
    enough = estimate.disk_bytes < estimate.free_bytes
    crowded = len(recipe_words(config).plain.splitlines()) > _RECIPE_LINES or estimate.memory_bytes
    basis = f"{'':{_NAME_WIDTH}}{estimate.basis}\n" if roomy or not crowded else ""
    disk = f"{formatting.size(estimate.disk_bytes)} of {formatting.size(estimate.free_bytes)} free"
    return Text.assemble(
        protocol,
        ("time".ljust(_NAME_WIDTH), "dim"),
        (formatting.duration(estimate.seconds).rjust(10), "bold"),
        (f"\n{basis}", "dim"),
        ("cache".ljust(_NAME_WIDTH), "dim"),
        (f"{disk}\n" if enough else f"{disk}: not enough\n", "" if enough else "bold red"),
        *_memory_words(estimate),
        libraries,
        (f"   {key('setup.start', 'Enter')} starts", "bold") if read else "",
    )


def _memory_words(estimate: "Estimate") -> tuple[str | tuple[str, str], ...]:
    """What a training step takes, where that was measured."""
    if not estimate.memory_bytes:
        return ()
    enough = estimate.memory_bytes < estimate.free_memory_bytes
    words = f"{formatting.size(estimate.memory_bytes)} of {formatting.size(estimate.free_memory_bytes)} free"
    line = (f"{words}\n" if enough else f"{words}: not enough\n", "" if enough else "bold red")
    return ("memory".ljust(_NAME_WIDTH), "dim"), line


def _protocol_words(config: StudyConfig, *, roomy: bool) -> Text:
    """The protocol in words, and how often each variant is trained."""
    jobs = f", {config.repeats} seeds" if config.repeats > 1 else ""
    jobs += f", {config.folds} folds" if config.folds > 1 else ""
    jobs += f", {100 * config.validation_fraction:.0f} % validation" if config.validation_fraction else ""
    return Text.assemble(
        ("protocol".ljust(_NAME_WIDTH), "dim"),
        (config.protocol.rjust(10), "bold" if config.protocol == "official" else "bold yellow"),
        f"{jobs}\n",
        (f"{PROTOCOLS[config.protocol]}\n" if roomy else "", "dim"),
    )


def runs_words(live: Sequence[RunSummary], interrupted: Sequence[RunSummary]) -> Text:
    """What other processes do or left undone, and which key leads there."""
    parts = []
    watch, history = key("setup.watch", "w"), key("setup.history", "h")
    if live:
        many = f"{len(live)} studies run in other processes: press {watch} to watch the newest, {history} for all"
        one = f"1 study runs in another process: press {watch} to watch it"
        parts.append(Text(one if len(live) == 1 else many, "bold green"))
    if interrupted:
        count = "1 study was" if len(interrupted) == 1 else f"{len(interrupted)} studies were"
        resume = key("history.resume", "r")
        parts.append(Text(f"{count} interrupted: press {history}, then {resume} on it, to resume", "yellow"))
    return Text("   ").join(parts)


def _place(recipe: Recipe) -> str:
    names = list(RECIPES)
    return f"{names.index(recipe.name) + 1} of {len(names)}" if recipe.name in names else ""
