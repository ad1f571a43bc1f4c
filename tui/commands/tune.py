"""`simpsons-tui tune`: a search for better numbers of a recipe, on validation images."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cloup
from cloup import option_group

from engine.config.search import TRIALS, TuningConfig
from engine.config.study import StudyConfig
from engine.errors import InputError
from tui.app import open as dashboard
from tui.commands.command import ProgramCommand
from tui.console.errors import CommandContext
from tui.options.basics import option
from tui.options.execution import EXECUTION_OPTIONS, chosen_execution
from tui.options.study import ENVIRONMENT_HELP, HEADLESS, HEADLESS_JSON, IMAGES, study_config, study_options
from tui.options.values import names

if TYPE_CHECKING:
    from tui.session.search import TuningWish

_EXAMPLES = f"""\b
Examples:
  simpsons-tui tune --recipe quick                      {TRIALS} trials, in the dashboard
  simpsons-tui tune --data images/ --minutes 60 --only learning_rate,dropout
  simpsons-tui tune --headless --trials 40 --json > search.json
  simpsons-tui tune --resume                            resume the newest that is not done
  simpsons-tui tune --list

A trial trains the recipe with other numbers and is scored on validation images, a part of the training
images; the first trial is the recipe itself. Trials that fall behind are given up early. The test images
are left alone: train with the best numbers to see what they are worth there. Whatever ended a search,
it can be resumed. Exit status: 0 done, 1 it failed, 2 wrong use or input, 130 interrupted.

{ENVIRONMENT_HELP}"""

_WITH_RESUME = frozenset(
    {"resume", "trials", "minutes", "headless", "as_json", "images", "runs_dir", "network", "steps", *EXECUTION_OPTIONS}
)


@cloup.command(
    cls=ProgramCommand,
    epilog=_EXAMPLES,
    context_settings={
        "default_map": {"variants": "vanilla", "protocol": "clean"},
    },
)
@option_group(
    "Search",
    option("--trials", type=int, metavar="N", help=f"How many numbers to try; {TRIALS}, or no limit with --minutes."),
    option("--minutes", type=float, metavar="M", help="Begin no trial after so much time of training."),
    option("--only", type=names, metavar="A,B,...", help="The numbers to search for; else all."),
    click.option(
        "--resume",
        is_flag=False,
        flag_value="",
        default=None,
        metavar="[NAME]",
        help="Resume a search that was stopped or cut off, or one that is done to a higher limit.",
    ),
    click.option("--list", "as_list", is_flag=True, help="List the searches that were kept."),
)
@study_options
@option_group("Output", HEADLESS, HEADLESS_JSON)
@option_group("Screen", IMAGES)
@click.pass_context
def tune(ctx: click.Context, /, *, headless: bool, as_json: bool, images: str | None, **options: Any) -> int:
    """Search for better numbers of a recipe on validation images."""
    runs_dir: Path | None = options["runs_dir"]
    trials, minutes = options.pop("trials"), options.pop("minutes")
    only, resume, as_list = options.pop("only") or (), options.pop("resume"), options.pop("as_list")
    screenless = headless or as_json or not dashboard.is_terminal(sys.stdout)
    if as_list:
        return _write_list(runs_dir, as_json=as_json)
    if resume is not None:
        _refuse_others(ctx)
        return _resume(resume, trials, minutes, images, ctx, screenless=screenless, as_json=as_json)
    config = TuningConfig(
        study_config(options), TRIALS if trials is None and minutes is None else trials, minutes, only
    )
    if screenless:
        from tui.console.search import tune_headless

        return tune_headless(config, as_json=as_json)
    from tui.session.search import TuningWish

    return _open(config.study, TuningWish(config), images, ctx)


def _refuse_others(ctx: click.Context) -> None:
    """A search is resumed as it began, wherever."""
    for param in ctx.command.params:
        given = ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and param.name not in _WITH_RESUME:
            raise InputError(f"{param.opts[0]} cannot be given with --resume: the search is resumed as it began")


def _resume(
    name: str,
    trials: int | None,
    minutes: float | None,
    images: str | None,
    ctx: click.Context,
    *,
    screenless: bool,
    as_json: bool,
) -> int:
    from engine import find_search, load_config

    folder = find_search(name, ctx.params["runs_dir"])
    study = load_config(folder)
    study = replace(study, execution=chosen_execution(ctx.params, study.execution))
    if screenless:
        from tui.console.search import resume_tuning_headless

        return resume_tuning_headless(study, folder, trials=trials, minutes=minutes, as_json=as_json)
    from tui.session.search import TuningWish

    study = replace(study, runs_dir=ctx.params["runs_dir"])
    wish = TuningWish(TuningConfig(study), folder, limits=(trials, minutes))
    return _open(study, wish, images, ctx)


def _open(study: StudyConfig, wish: "TuningWish", images: str | None, ctx: click.Context) -> int:
    # What is trained afterwards, from the set-up, needs no images to choose numbers by.
    study = replace(study, validation_fraction=None)
    return dashboard.open_dashboard(study, None, images, ctx.ensure_object(CommandContext), tuning=wish)


def _write_list(runs_dir: Path | None, *, as_json: bool) -> int:
    from engine import list_searches, tuning_folder
    from tui.console.stdout import print_alone, printed
    from tui.looks.formatting import json_line
    from tui.tables.data import to_rich
    from tui.tables.tuning import searches_data

    found = list_searches(runs_dir)
    if not found and not as_json:
        click.echo(f"no search in {tuning_folder(runs_dir)} yet: 'simpsons-tui tune' begins one", err=True)
    elif as_json:
        listed = [
            {
                "search": search.folder.name,
                "folder": str(search.folder),
                "state": search.state,
                **({"best": search.record.best.accuracy} if search.record and search.record.best else {}),
            }
            for search in found
        ]
        print_alone(lambda _: json_line(listed))
    else:
        print_alone(lambda results: printed([to_rich(searches_data(found))], results))
    return 0
