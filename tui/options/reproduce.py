"""The command line that runs a study again."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from engine.config.expressions import in_short
from engine.config.machine import MachineSettings
from engine.config.names import join_names
from engine.config.networks import parse_network
from engine.config.own_steps import OwnStep
from engine.config.recipes import Recipe, entry_of
from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from tui.options.execution import EXECUTION_OPTIONS
from tui.options.study import RECIPE_OPTIONS, study_options
from tui.options.values import recipe_numbers

_NOT_THE_STUDYS = {"cache_dir", "runs_dir", "offline", "recheck", "study", "log", *EXECUTION_OPTIONS}
"""Options that change where files lie and jobs run, not what comes out, or that the others are said in place of."""

_ALWAYS_GIVEN = {"data", "variants", "recipe", "seed"}


def configuration_of(record: StudyRecord) -> StudyConfig | None:
    """What the study was asked to do as far as its record says; sampling and splitting it does not know."""
    started, dataset = record.started, record.dataset
    if started is None or dataset is None:
        return None
    return StudyConfig(
        data=None if dataset.is_demo else Path(dataset.location),
        classes=None if dataset.is_demo else dataset.classes,
        variants=started.variants,
        recipe=started.recipe,
        protocol=started.protocol,
        seed=started.seed,
        repeats=started.repeats,
        folds=started.folds,
        steps=started.steps,
    )


def as_it_ran(config: StudyConfig, machine: MachineSettings | None) -> StudyConfig:
    """The configuration with what the program chose: the machine's settings, and the epochs in place of a budget."""
    if machine is None:
        return replace(config, budget_minutes=None)
    return replace(
        config,
        budget_minutes=None,
        device=machine.device,
        precision=machine.precision,
        memory_format="channels_last" if machine.channels_last else "contiguous",
        threads=machine.threads,
    )


def fits_a_line(recipe: Recipe) -> bool:
    """Whether options can say the recipe: one of the program's, with other numbers at most."""
    entry = entry_of(recipe)
    sayable = {*recipe_numbers(), *RECIPE_OPTIONS.values()}
    return entry is not None and all(
        name in sayable or value == getattr(entry, name) for name, value in vars(recipe).items()
    )


def command_line(config: StudyConfig, machine: MachineSettings | None = None) -> str:
    """The `run` command for a configuration, with the machine settings that were chosen, quoted for a shell."""
    config = as_it_ran(config, machine)
    words = ["simpsons-tui", "run"]
    for param in _study_parameters():
        words += _words(param, config)
    return shlex.join(words)


def _study_parameters() -> list[click.Parameter]:
    @click.command
    @study_options
    def run(**_options: Any) -> None:
        """Only its parameters are of use."""

    return list(run.params)


def _words(param: click.Parameter, config: StudyConfig) -> Iterator[str]:
    name = param.name or ""
    if name in _NOT_THE_STUDYS:
        return
    if name == "numbers":
        yield from _set_words(config.recipe)
        return
    if name == "steps":
        for origin in dict.fromkeys(own.origin for own in config.steps):
            yield from ("--steps", origin)
        return
    if name == "recipe":
        value: Any = config.recipe.name
        usual: Any = None
    elif hasattr(config, name):
        value, usual = getattr(config, name), getattr(StudyConfig(), name)
    else:
        field = RECIPE_OPTIONS[name]
        value, usual = getattr(config.recipe, field), getattr(_entry(config.recipe), field)
    if name == "validation_fraction" and not value and config.data is None:
        return  # the demo set gives no validation images, so none is what there is anyway
    if value is None or (value == usual and name not in _ALWAYS_GIVEN):
        return
    option = max(param.opts, key=len)
    yield option
    if not getattr(param, "is_flag", False):
        yield _text(name, value)


def _set_words(recipe: Recipe) -> Iterator[str]:
    """The numbers of the recipe that have no option of their own."""
    entry = _entry(recipe)
    for field in recipe_numbers():
        value = getattr(recipe, field)
        if field not in RECIPE_OPTIONS.values() and value != getattr(entry, field):
            yield from ("--set", f"{field}={value}")


def _entry(recipe: Recipe) -> Recipe:
    """The recipe as it is without overrides; one that has no entry counts as not overridden."""
    return entry_of(recipe) or recipe


def _text(name: str, value: Any) -> str:
    if name == "classes" and isinstance(value, tuple):
        return join_names(value)
    if name == "variants":
        return ",".join(in_short(value))
    if isinstance(value, tuple):
        return ("x" if name == "image_size" else ",").join(map(str, value))
    return str(value)


def own_code_options(recipe: Recipe, steps: Sequence[OwnStep]) -> str:
    """The options that name the user's own code, which no file and no run does; with a blank before each."""
    given = [("--network", recipe.network)] if parse_network(recipe.network).source == "file" else []
    given += [("--steps", origin) for origin in dict.fromkeys(own.origin for own in steps)]
    return "".join(f" {option} {shlex.quote(name)}" for option, name in given)
