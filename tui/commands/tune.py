"""`simpsons-tui tune`: a search for better numbers of a recipe, on validation images."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.config.search import TRIALS, TuningConfig
from engine.config.study import StudyConfig
from engine.errors import InputError
from tui.app import open as dashboard
from tui.console.errors import Session, remember
from tui.options.sections import GroupedOption, SectionedCommand, option, with_options
from tui.options.study import DEBUG_OPTION, ENVIRONMENT_HELP, IMAGES_OPTION, STUDY_OPTIONS, study_config
from tui.options.values import names

if TYPE_CHECKING:
    from tui.session.search import TuningWish

_EXAMPLES = f"""\b
Examples:
  simpsons-tui tune --recipe quick                      {TRIALS} trials, in the dashboard
  simpsons-tui tune --data images/ --minutes 60 --only learning_rate,dropout
  simpsons-tui tune --headless --trials 40 --json > search.json
  simpsons-tui tune --resume                            go on with the newest that is not done
  simpsons-tui tune --list

A trial trains the recipe with other numbers and is scored on validation images, a part of the training
images; the first trial is the recipe itself. Trials that fall behind are given up early. The test images
are left alone: train with the best numbers to see what they are worth there. A search goes on after
whatever ended it. Exit status: 0 done, 1 it failed, 2 wrong use or input, 130 interrupted.

{ENVIRONMENT_HELP}"""

_SEARCH = "Search"
_WITH_RESUME = frozenset({"resume", "trials", "minutes", "headless", "as_json", "images", "runs_dir", "debug"})


@click.command(
    cls=SectionedCommand,
    epilog=_EXAMPLES,
    context_settings={
        "default_map": {"variants": "vanilla", "protocol": "clean"},
    },
)
@option(
    _SEARCH, "--trials", type=int, metavar="N", help=f"How many numbers to try; {TRIALS}, or no limit with --minutes."
)
@option(_SEARCH, "--minutes", type=float, metavar="M", help="Begin no trial after so much time of training.")
@option(_SEARCH, "--only", type=names, metavar="A,B,...", default="", help="The numbers to search for; else all.")
@click.option(
    "--resume",
    cls=GroupedOption,
    section=_SEARCH,
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[NAME]",
    help="Go on with a search that was stopped or cut off, or with one that is done to a higher limit.",
)
@click.option(
    "--list", "as_list", cls=GroupedOption, section=_SEARCH, is_flag=True, help="List the searches that were kept."
)
@with_options(STUDY_OPTIONS)
@option("Output", "--headless", is_flag=True, help="Without a screen, also in a terminal.")
@option("Output", "--json", "as_json", is_flag=True, help="Without a screen; write the result as one JSON object.")
@IMAGES_OPTION
@DEBUG_OPTION
@click.pass_context
def tune(ctx: click.Context, /, *, headless: bool, as_json: bool, images: str, debug: bool, **options: Any) -> None:
    """Search for better numbers of a recipe on validation images."""
    runs_dir: Path | None = options["runs_dir"]
    remember(ctx, debug, runs_dir)
    trials, minutes = options.pop("trials"), options.pop("minutes")
    only, resume, as_list = options.pop("only"), options.pop("resume"), options.pop("as_list")
    screenless = headless or as_json or not dashboard.is_terminal(sys.stdout)
    if as_list:
        _write_list(runs_dir, as_json=as_json)
        return
    if resume is not None:
        _refuse_others(ctx)
        ctx.exit(_resume(resume, trials, minutes, images, ctx, screenless=screenless, as_json=as_json))
    config = TuningConfig(
        study_config(options), TRIALS if trials is None and minutes is None else trials, minutes, only
    )
    if screenless:
        from tui.console.search import tune_headless

        ctx.exit(tune_headless(config, as_json=as_json))
    from tui.session.search import TuningWish

    ctx.exit(_open(config.study, TuningWish(config), images, ctx))


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(tune)


def _refuse_others(ctx: click.Context) -> None:
    """A search goes on as it began."""
    for param in ctx.command.params:
        given = ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and param.name not in _WITH_RESUME:
            raise InputError(f"{param.opts[0]} cannot be given with --resume: the search goes on as it began")


def _resume(
    name: str,
    trials: int | None,
    minutes: float | None,
    images: str,
    ctx: click.Context,
    *,
    screenless: bool,
    as_json: bool,
) -> int:
    from engine import find_search, load_config

    folder = find_search(name, ctx.params["runs_dir"])
    if screenless:
        from tui.console.search import resume_tuning_headless

        return resume_tuning_headless(folder, trials=trials, minutes=minutes, as_json=as_json)
    from tui.session.search import TuningWish

    study = replace(load_config(folder), runs_dir=ctx.params["runs_dir"])
    wish = TuningWish(TuningConfig(study), folder, limits=(trials, minutes))
    return _open(study, wish, images, ctx)


def _open(study: StudyConfig, wish: "TuningWish", images: str, ctx: click.Context) -> int:
    # What is trained afterwards, from the set-up, needs no images to choose numbers by.
    study = replace(study, validation_fraction=None)
    return dashboard.open_dashboard(study, None, images, ctx.ensure_object(Session), tuning=wish)


def _write_list(runs_dir: Path | None, *, as_json: bool) -> None:
    from engine import list_searches, tuning_folder
    from tui.console.stdout import printed, results_alone_on_stdout, write_results
    from tui.tables.data import to_rich
    from tui.tables.tuning import searches_data

    found = list_searches(runs_dir)
    if not found and not as_json:
        click.echo(f"no search in {tuning_folder(runs_dir)} yet: 'simpsons-tui tune' begins one", err=True)
        return
    with results_alone_on_stdout() as results:
        if as_json:
            listed = [
                {
                    "search": search.folder.name,
                    "folder": str(search.folder),
                    "state": search.state,
                    **({"best": search.record.best.accuracy} if search.record and search.record.best else {}),
                }
                for search in found
            ]
            write_results(results, json.dumps(listed) + "\n")
        else:
            write_results(results, printed([to_rich(searches_data(found))], results))
