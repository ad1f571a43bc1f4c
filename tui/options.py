"""The options that the dashboard and the headless run share, and the study that they describe."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import click

from engine.audit_report import Closeness
from engine.combinations import ALL_COMBINATIONS, COMBINATIONS, expand_names
from engine.config import PROTOCOLS, RECIPES, DropoutPlace, Recipe, StudyConfig, get_recipe
from engine.errors import InputError
from engine.variants import JOIN, STUDY_VARIANTS, VARIANTS, get_variant

F = TypeVar("F", bound=Callable[..., Any])

ENVIRONMENT_HELP = (
    "Every option can also be given as an environment variable: SIMPSONS_TUI_ and its name, as "
    "SIMPSONS_TUI_CACHE_DIR=/scratch."
)

# ---------------------------------------------------------------- values of options


def names(value: str) -> tuple[str, ...]:
    """Names with commas between them; blanks around them do not count."""
    return tuple(name for name in (part.strip() for part in value.split(",")) if name)


def variant_names(value: str) -> tuple[str, ...]:
    """Names of variants and of combinations; "all-combinations" becomes the eight that it stands for.

    Raises:
        click.BadParameter: one is not known, or makes no sense.
    """
    expanded = expand_names(names(value))
    for name in expanded:
        if JOIN not in name and name not in VARIANTS:
            known = (*VARIANTS, ALL_COMBINATIONS)
            raise click.BadParameter(
                f"unknown variant {name!r}: {_choose_from(name, known)}, or join some with {JOIN}, as denoise+superres"
            )
        try:
            get_variant(name)
        except InputError as error:
            raise click.BadParameter(str(error)) from None
    return expanded


def recipe_name(value: str) -> str:
    """The name of a recipe.

    Raises:
        click.BadParameter: it is not known.
    """
    if value not in RECIPES:
        raise click.BadParameter(f"unknown recipe {value!r}: {_choose_from(value, RECIPES)}")
    return value


def image_size(value: str) -> tuple[int, int]:
    """(height, width) in pixels, from a text like 96x128.

    Raises:
        click.BadParameter: it is not of that form.
    """
    match = re.fullmatch(r"(\d{1,6})\s*[xX×]\s*(\d{1,6})", value.strip(), re.ASCII)
    if match is None:
        raise click.BadParameter(f"{value!r}: give height and width in pixels, as 96x128")
    return int(match[1]), int(match[2])


@cache
def recipe_numbers() -> Mapping[str, type]:
    """The fields of a recipe that are one number, with the kind of number that each is."""
    return {name: kind for name, kind in get_type_hints(Recipe).items() if kind in (int, float)}


def recipe_number(value: str) -> tuple[str, int | float]:
    """A field of the recipe and its number, from a text like dropout=0.3.

    Raises:
        click.BadParameter: it is not of that form, there is no such field, or it takes another kind of number.
    """
    name, equals, text = (part.strip() for part in value.partition("="))
    known = recipe_numbers()
    if not equals:
        raise click.BadParameter(f"{value!r}: give a name and a number, as dropout=0.3")
    if name not in known:
        raise click.BadParameter(f"{name!r} is no number of a recipe: {_choose_from(name, known)}")
    try:
        number = known[name](text)
    except ValueError:
        kind = "whole number" if known[name] is int else "number"
        raise click.BadParameter(f"{name}={text}: give a {kind}") from None
    if not math.isfinite(number):
        raise click.BadParameter(f"{name}={text}: give a finite number")
    return name, number


def _choose_from(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}choose from {', '.join(known)}"


# ---------------------------------------------------------------- options in groups


class GroupedOption(click.Option):
    """An option that stands under a heading of the help."""

    def __init__(self, *args: Any, section: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help shows its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):  # arguments stand in the first line
                sections.setdefault(getattr(param, "section", "Other options"), []).append(record)
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class SectionedGroup(SectionedCommand, click.Group):
    """The program itself: a command with options and commands below it."""


_EXISTING = click.Path(exists=True, path_type=Path)
_EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
_OPEN_UNIT = click.FloatRange(0, 1, min_open=True, max_open=True)


def option(section: str, *names: str, **kwargs: Any) -> Callable[[F], F]:
    """An option under a heading, which an environment variable can give as well."""
    variable = f"SIMPSONS_TUI_{names[0].removeprefix('--').replace('-', '_').upper()}"
    return click.option(*names, cls=GroupedOption, section=section, envvar=variable, **kwargs)


_DATA, _STUDY, _MACHINE, _FOLDERS = "Images", "Study", "Machine", "Folders and network"

FOLDER_OPTIONS = (
    option(_FOLDERS, "--cache-dir", type=FOLDER, metavar="DIR", help="Where pre-processed images are kept."),
    option(_FOLDERS, "--runs-dir", type=FOLDER, metavar="DIR", help="Where each study keeps its folder."),
)

STUDY_OPTIONS = (
    option(_DATA, "--data", type=_EXISTING, metavar="PATH", help="Folder or .zip of images; without it, the demo set."),
    option(_DATA, "--classes", type=names, metavar="A,B,...", help="Classes to use, in this order, or 'all'."),
    option(_DATA, "--sample", type=int, metavar="N", help="Use N training images, the same share of each class."),
    option(
        _DATA,
        "--test-fraction",
        type=_OPEN_UNIT,
        metavar="F",
        default=StudyConfig.test_fraction,
        show_default=True,
        help="Share of each class set aside where the data has no test images.",
    ),
    option(
        _STUDY,
        "--variants",
        type=variant_names,
        metavar="A,B,...",
        default=",".join(STUDY_VARIANTS),
        show_default=True,
        help=f"What to compare, of: {', '.join(VARIANTS)}; or steps joined in their order, as bbox+denoise; "
        f"{ALL_COMBINATIONS}: the {len(COMBINATIONS)} of bbox, denoise and superres.",
    ),
    option(
        _STUDY,
        "--recipe",
        type=recipe_name,
        metavar="NAME",
        default=StudyConfig.recipe.name,
        show_default=True,
        help=f"Hyper-parameters, of: {', '.join(RECIPES)}.",
    ),
    option(
        _STUDY,
        "--protocol",
        type=click.Choice(tuple(PROTOCOLS)),
        default=StudyConfig.protocol,
        show_default=True,
        help="Which images train and which test: " + "; ".join(f"{name}: {words}" for name, words in PROTOCOLS.items()),
    ),
    option(
        _STUDY,
        "--folds",
        type=int,
        metavar="K",
        default=1,
        show_default=True,
        help="Cross-validate with K parts (protocols grouped and boxed).",
    ),
    option(
        _STUDY,
        "--repeats",
        type=int,
        metavar="N",
        default=1,
        show_default=True,
        help="Train with N seeds, from --seed on.",
    ),
    option(
        _STUDY,
        "--validation",
        "validation_fraction",
        type=float,
        metavar="F",
        default=StudyConfig.validation_fraction,
        show_default=True,
        help="Share of the training images to watch instead of train on; their accuracy is told each epoch.",
    ),
    option(
        _STUDY,
        "--closeness",
        type=click.Choice(get_args(Closeness)),
        default=StudyConfig.closeness,
        show_default=True,
        help="What counts as a copy: near, or scene, which also groups frames of one shot.",
    ),
    option(_STUDY, "--epochs", type=int, metavar="N", help="Passes over the training images."),
    option(
        _STUDY,
        "--budget",
        "budget_minutes",
        type=float,
        metavar="MIN",
        help="Minutes a network may take, pre-processing included; the epochs follow.",
    ),
    option(_STUDY, "--batch-size", type=int, metavar="N", help="Training images a step."),
    option(_STUDY, "--lr", type=float, metavar="RATE", help="Learning rate; the largest where it changes."),
    option(_STUDY, "--seed", type=int, metavar="N", default=0, show_default=True, help="Same seed, same result."),
    option(_STUDY, "--image-size", type=image_size, metavar="HxW", help="Height and width in pixels, as 96x128."),
    option(
        _STUDY,
        "--dropout-place",
        type=click.Choice(get_args(DropoutPlace)),
        help="Dropout after (logits) or before (features) the linear layer.",
    ),
    option(
        _STUDY,
        "--denoise-weight",
        type=click.FloatRange(0, min_open=True),
        metavar="W",
        help="Strength of the total-variation denoising.",
    ),
    option(
        _STUDY,
        "--set",
        "numbers",
        type=recipe_number,
        multiple=True,
        metavar="NAME=VALUE",
        help="Another number for a field of the recipe, as dropout=0.3; again for more.",
    ),
    option(_MACHINE, "--device", metavar="NAME", default="auto", show_default=True, help="auto, cpu, cuda or mps."),
    option(
        _MACHINE,
        "--precision",
        type=click.Choice(("auto", "fp32", "bf16")),
        default="auto",
        show_default=True,
        help="Arithmetic; auto takes what is faster here and agrees.",
    ),
    option(
        _MACHINE,
        "--memory-format",
        type=click.Choice(("auto", "channels_last", "contiguous")),
        default="auto",
        show_default=True,
        help="How images lie in memory; auto takes what is faster here.",
    ),
    option(_MACHINE, "--threads", type=int, metavar="N", help="CPU threads; chosen by the program if not given."),
    option(
        _MACHINE,
        "--superres-weights",
        type=_EXISTING_FILE,
        metavar="FILE",
        help="NinaSR-B0 x2 weights; without it the official ones, or those that ship with the program.",
    ),
    *FOLDER_OPTIONS,
    option(_FOLDERS, "--offline", is_flag=True, help="Never touch the network."),
)

IMAGES_OPTION = option(
    "Screen",
    "--images",
    type=click.Choice(("off", "blocks", "auto")),
    default="auto",
    show_default=True,
    help="Pictures: none, coloured half blocks, or the terminal's own graphics where it has them.",
)

DEBUG_OPTION = click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")


def with_options(options: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    """Decorate a command with options, in this order."""

    def decorate(function: F) -> F:
        for one in reversed(options):
            function = one(function)
        return function

    return decorate


RECIPE_OPTIONS: Mapping[str, str] = {
    "epochs": "epochs",
    "batch_size": "batch_size",
    "lr": "learning_rate",
    "image_size": "image_size",
    "dropout_place": "dropout_place",
    "denoise_weight": "denoise_weight",
}
"""The fields of the recipe that have an option of their own, by its parameter's name; `--set` gives the others too."""


def study_config(options: dict[str, Any]) -> StudyConfig:
    """The configuration that the options describe; an option that was not given leaves the recipe as it is.

    Raises:
        InputError: a value that no study can have, or two for one number.
    """
    own = {RECIPE_OPTIONS[name]: options.pop(name) for name in RECIPE_OPTIONS}
    given = {field: value for field, value in own.items() if value is not None}
    if "epochs" in given and options["budget_minutes"] is not None:
        raise InputError("--epochs and --budget: give one of them, the other follows")
    for field, value in options.pop("numbers"):
        if field in given:
            raise InputError(f"--set {field}={value:g}: {field} is given twice")
        given[field] = value
    recipe = replace(get_recipe(options.pop("recipe")), **given)
    return StudyConfig(recipe=recipe, **options)
