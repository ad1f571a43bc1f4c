"""The options that commands share, and the study that they describe."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource
from cloup import option_group
from cloup.typing import Decorator

from engine.config.execution import IN_PROCESS
from engine.config.expressions import ALL_COMBINATIONS
from engine.config.protocols import PROTOCOLS, Closeness
from engine.config.recipes import DEMO_RECIPE, RECIPES, DropoutPlace, get_recipe
from engine.config.study import StudyConfig
from engine.config.variants import PLAIN, STUDY_VARIANTS
from engine.errors import InputError
from tui.options.basics import F, option
from tui.options.execution import EXECUTION_GROUP, EXECUTION_OPTIONS, chosen_execution
from tui.options.trackers import TRACKER_GROUP
from tui.options.values import (
    class_names,
    image_size,
    network_name,
    own_network,
    own_steps,
    recipe_name,
    recipe_number,
    start_weights,
    variant_names,
)

ENVIRONMENT_HELP = (
    "Every option can also be given as an environment variable: SIMPSONS_TUI_ and its name, as "
    "SIMPSONS_TUI_CACHE_DIR=/scratch; code of your own (--steps, --network FILE.py:NAME) is only run where the command "
    "names it."
)

_EXISTING = click.Path(exists=True, path_type=Path)
_EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
_OPEN_UNIT = click.FloatRange(0, 1, min_open=True, max_open=True)


def folders(*options: Decorator) -> Decorator:
    """The section of options that say where files lie."""
    return option_group("Folders and network", *options)


CACHE_DIR = option("--cache-dir", type=FOLDER, metavar="DIR", help="Where pre-processed images are kept.")
RUNS_DIR = option("--runs-dir", type=FOLDER, metavar="DIR", help="Where each study keeps its folder.")
OFFLINE = option("--offline", is_flag=True, help="Never touch the network.")
DEVICE = option("--device", metavar="NAME", default="auto", help="auto, cpu, cuda or mps.")
CLOSENESS = option(
    "--closeness",
    type=click.Choice(get_args(Closeness)),
    default=StudyConfig.closeness,
    help="What counts as a copy: near, or scene, which also groups frames of one shot.",
)

_PART = click.Path(path_type=Path)

PARTS = (
    option("--train", type=_PART, metavar="DIR", help="Folder (or archive) of the training images, in --data or not."),
    option("--test", type=_PART, metavar="DIR", help="The same for the test images; goes with --train."),
    option("--val", type=_PART, metavar="DIR", help="The same for the validation images; goes with --train."),
)
LABELS = (
    option(
        "--labels",
        type=_PART,
        metavar="FILE",
        help="CSV or JSON-lines file of paths and labels (also split, group, box), in --data or not.",
    ),
    option("--path-column", metavar="NAME", help="Its column of paths, where it is not found by its name."),
    option("--label-column", metavar="NAME", help="The same for the labels."),
    option("--group-column", metavar="NAME", help="The same for the groups that stay on one side of every split."),
)
CLASSES = option(
    "--classes",
    type=class_names,
    metavar="A,B,...",
    help="Classes to use, in this order, or 'all'; names with commas or outer blanks in quotes.",
)
# Code is run only where it is named now, so not by an environment variable of some day.
OWN_NETWORK = click.option(
    "--network",
    "_network",
    type=own_network,
    multiple=True,
    expose_value=False,
    metavar="FILE.py:NAME",
    help="The run's own network, whose code is only run where it is named.",
)
RECHECK = option("--recheck", is_flag=True, help="Read every image again, whatever is remembered of it.")
JSON = option("--json", "as_json", is_flag=True, help="Write the result as one JSON object.")
HEADLESS = option("--headless", is_flag=True, help="Without a screen, also in a terminal.")
HEADLESS_JSON = option("--json", "as_json", is_flag=True, help="Without a screen; write the result as one JSON object.")
IMAGES = option(
    "--images",
    type=click.Choice(("off", "blocks", "auto")),
    help="Pictures: none, coloured half blocks, or (auto) the terminal's own graphics where it has them; without it "
    "what the settings say, else auto.",
)

# Like `OWN_NETWORK`, no environment variable; and before variants are read.
STEPS = click.option(
    "--steps",
    type=own_steps,
    multiple=True,
    is_eager=True,
    expose_value=False,
    metavar="FILE.py",
    help="Steps of your own: a Python file (simpsons-tui docs steps), or an installed package's; again for more.",
)


def _name_network(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The network's name; code of the user's own only where the command line names it."""
    if value is None:
        return None
    from_environment = context.get_parameter_source(parameter.name or "") is ParameterSource.ENVIRONMENT
    return network_name(value, may_name_code=not from_environment)


_STUDY_GROUPS = (
    option_group(
        "Study file",
        option(
            "--study",
            metavar="FILE",
            help="Take what it says (simpsons-tui docs studies) where no option says otherwise; or the name of one "
            "that comes with the program.",
        ),
    ),
    option_group(
        "Images",
        option("--data", type=_EXISTING, metavar="PATH", help="Folder or archive of images; without it, the demo set."),
        *PARTS,
        *LABELS,
        CLASSES,
        RECHECK,
        option("--sample", type=int, metavar="N", help="Use N training images, the same share of each class."),
        option(
            "--test-fraction",
            type=_OPEN_UNIT,
            metavar="F",
            default=StudyConfig.test_fraction,
            help="Share of each class set aside where the data has no test images.",
        ),
    ),
    option_group(
        "Study",
        option(
            "--variants",
            type=variant_names,
            metavar="A,B,...",
            default=",".join(STUDY_VARIANTS),
            help=f"What to compare: {PLAIN}, or steps (see simpsons-tui steps) joined in their order with their "
            "parameters, as bbox+denoise(weight=0.05). An entry may stand for several: values as "
            "denoise(weight=0.02|0.05), every order of every selection as orders(denoise,clahe), selections in one "
            f"order as subsets(...), {ALL_COMBINATIONS} of bbox, denoise and superres, a named set as @FILE:SET.",
        ),
        STEPS,
        option(
            "--recipe",
            type=recipe_name,
            metavar="NAME",
            help=f"Hyper-parameters, of: {', '.join(RECIPES)}. Without it {StudyConfig.recipe.name}, and for the demo "
            f"set {DEMO_RECIPE}.",
        ),
        option(
            "--network",
            callback=_name_network,
            metavar="NAME",
            help="The network, in place of the recipe's: two-block, residual, a classification model of torchvision as "
            "resnet18, timm:NAME, or FILE.py:FUNCTION, a function of your own (simpsons-tui docs networks).",
        ),
        option(
            "--weights",
            type=start_weights,
            metavar="FILE",
            help="What the network starts from: none (at random), default (its makers' weights), or a .safetensors or "
            ".pth file.",
        ),
        option(
            "--protocol",
            type=click.Choice(tuple(PROTOCOLS)),
            default=StudyConfig.protocol,
            help="Which images train and which test: "
            + "; ".join(f"{name}: {words}" for name, words in PROTOCOLS.items()),
        ),
        option(
            "--folds",
            type=int,
            metavar="K",
            default=1,
            help="Cross-validate with K parts (protocols grouped and boxed).",
        ),
        option("--repeats", type=int, metavar="N", default=1, help="Train with N seeds, from --seed on."),
        option(
            "--validation",
            "validation_fraction",
            type=float,
            metavar="F",
            help="Share of the training images kept out as validation images, whose accuracy is shown each epoch; "
            "without it the validation images that the data gives, if any.",
        ),
        CLOSENESS,
        option("--epochs", type=int, metavar="N", help="Passes over the training images."),
        option(
            "--budget",
            "budget_minutes",
            type=float,
            metavar="MIN",
            help="Minutes a network may take, pre-processing included; the epochs follow.",
        ),
        option("--batch-size", type=int, metavar="N", help="Training images a step."),
        option("--lr", type=float, metavar="RATE", help="Learning rate; the largest where it changes."),
        option("--seed", type=int, metavar="N", default=0, help="Same seed, same result."),
        option("--image-size", type=image_size, metavar="HxW", help="Height and width in pixels, as 96x128."),
        option(
            "--dropout-place",
            type=click.Choice(get_args(DropoutPlace)),
            help="Dropout after (logits) or before (features) the linear layer.",
        ),
        option(
            "--denoise-weight",
            type=click.FloatRange(0, min_open=True),
            metavar="W",
            help="Strength of the total-variation denoising.",
        ),
        option(
            "--set",
            "numbers",
            type=recipe_number,
            multiple=True,
            metavar="NAME=VALUE",
            help="Another number for a field of the recipe, as dropout=0.3; again for more.",
        ),
    ),
    option_group(
        "Machine",
        DEVICE,
        option(
            "--precision",
            type=click.Choice(("auto", "fp32", "bf16")),
            default="auto",
            help="Arithmetic; auto takes what is faster here and agrees.",
        ),
        option(
            "--memory-format",
            type=click.Choice(("auto", "channels_last", "contiguous")),
            default="auto",
            help="How images lie in memory; auto takes what is faster here.",
        ),
        option("--threads", type=int, metavar="N", help="CPU threads; chosen by the program if not given."),
        option(
            "--superres-weights",
            type=_EXISTING_FILE,
            metavar="FILE",
            help="NinaSR-B0 x2 weights; without it the official ones, or those that ship with the program.",
        ),
    ),
    EXECUTION_GROUP,
    TRACKER_GROUP,
    folders(CACHE_DIR, RUNS_DIR, OFFLINE),
)


def study_options(command: F) -> F:
    """Give a command the options that describe a study, in their sections."""
    for group in reversed(_STUDY_GROUPS):
        group(command)  # notes its options at the function
    return command


_PARTS = ("train", "test", "val")

RECIPE_OPTIONS: Mapping[str, str] = {
    "epochs": "epochs",
    "batch_size": "batch_size",
    "lr": "learning_rate",
    "image_size": "image_size",
    "dropout_place": "dropout_place",
    "denoise_weight": "denoise_weight",
    "network": "network",
    "weights": "weights",
}
"""The fields of the recipe that have an option of their own, by its parameter's name; `--set` gives the others too."""


def study_config(options: dict[str, Any]) -> StudyConfig:
    """The one configuration that the options describe.

    Raises:
        InputError: as `study_configs`, or the study file has several recipes.
    """
    config, *others = study_configs(options)
    if others:
        raise InputError(f"--study {options['study']}: has {1 + len(others)} recipes: only run takes several")
    return config


def study_configs(options: Mapping[str, Any]) -> list[StudyConfig]:
    """The configurations that the options describe: one, or one for each recipe of a study file.

    An option that was not given leaves the study file and the recipe as they are. Where no recipe is named it is the
    study's, for the demo set a quick one.

    Raises:
        InputError: a value that no study can have, or two for one number.
    """
    found = _read_study(options)
    return [_study_config(options, fields) for fields in (found if options["recipe"] is None else found[:1])]


def names_recipe(options: Mapping[str, Any]) -> bool:
    """Whether the options, or their study file, name a recipe; if not, it follows from the data.

    Raises:
        InputError: the study file cannot be used.
    """
    return options["recipe"] is not None or "recipe" in _read_study(options)[0]


def _read_study(options: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    if options["study"] is None:
        return ({},)
    from engine.config.study_file import read_study  # of use to few: the first screen need not wait for it

    return read_study(options["study"])


def _study_config(options: Mapping[str, Any], file: Mapping[str, Any]) -> StudyConfig:
    options = {name: value for name, value in options.items() if name != "study"}
    own = {RECIPE_OPTIONS[name]: options.pop(name) for name in RECIPE_OPTIONS}
    given = {field: value for field, value in own.items() if value is not None}
    if "epochs" in given and options["budget_minutes"] is not None:
        raise InputError("--epochs and --budget: give one of them, the other follows")
    for field, value in options.pop("numbers"):
        if field in given:
            raise InputError(f"--set {field}={value:g}: {field} is given twice")
        given[field] = value
    options |= {name: value for name, value in file.items() if name != "recipe" and not _is_given(name)}
    if "epochs" in given:
        options["budget_minutes"] = None
    given_data = any(options[name] is not None for name in ("data", "train", "labels"))
    usual = StudyConfig.recipe.name if given_data else DEMO_RECIPE
    named = options.pop("recipe")
    recipe = file["recipe"] if named is None and "recipe" in file else get_recipe(named or usual)
    options["execution"] = chosen_execution(options, options.get("execution", IN_PROCESS))
    options = {name: value for name, value in options.items() if name not in EXECUTION_OPTIONS}
    options.update(named_parts(*(options[name] for name in ("data", *_PARTS, "labels"))))
    return StudyConfig(recipe=replace(recipe, **given), **options | {"log": options["log"] or ()})


def _is_given(name: str) -> bool:
    """Whether an option stands on the command line, or in the environment."""
    source = click.get_current_context().get_parameter_source(name)
    return source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def named_parts(
    data: Path | None, train: Path | None, test: Path | None, val: Path | None, labels: Path | None
) -> dict[str, Path | None]:
    """The data, its parts and its label file as a configuration has them: from the data on where they lie in it.

    Without `data` it is the folder that the parts have in common, or that the label file is in.

    Raises:
        InputError: a part is neither in the data nor a path of its own.
    """
    if labels is not None:
        if data is None and train is None:
            data, labels = labels.absolute().parent, Path(labels.name)
        elif data is not None and data.is_dir() and not (data / labels).exists() and labels.exists():
            labels = _from(data, labels)
        elif data is not None and data.is_file() and labels.exists():
            labels = labels.absolute()
    given = {name: path for name, path in zip(_PARTS, (train, test, val), strict=True) if path is not None}
    if data is None and "train" in given:
        places = {name: path.absolute() for name, path in given.items()}
        data = Path(os.path.commonpath(places.values()))
        given = {name: path.relative_to(data) for name, path in places.items()}
    for name, path in given.items():
        if data is not None and not (data.is_file() or (data / path).exists()):
            if not path.exists():
                raise InputError(f"--{name} {path}: there is no such folder or archive, in {data} or here")
            given[name] = path.absolute()
    return {"data": data, **dict.fromkeys(_PARTS), **given, "labels": labels}


def _from(folder: Path, file: Path) -> Path:
    """The path of a file from a folder on, absolute where it lies elsewhere."""
    place = file.resolve()
    return place.relative_to(folder.resolve()) if place.is_relative_to(folder.resolve()) else place
