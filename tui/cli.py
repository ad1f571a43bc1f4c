"""The command line: `simpsons-tui` and its commands.

Importing this loads click and the engine's plain values, nothing that takes time.
"""

import atexit
import gc
import sys
from collections.abc import Sequence
from typing import Any

import click
import cloup
from cloup import option_group

from engine.errors import INTERRUPTED, WRONG_USE
from tui.app import open as dashboard
from tui.commands import (
    audit,
    cache,
    claims,
    docs,
    explain,
    export,
    fetch,
    predict,
    reconstruct,
    resume,
    run,
    runs,
    settings,
    steps,
    tune,
)
from tui.console.errors import PROGRAM, CommandContext, complain, remember, report_error
from tui.console.plain import speak_plainly
from tui.looks.refresh_rate import FASTEST_REFRESH_RATE, SLOWEST_REFRESH_RATE
from tui.options.basics import option
from tui.options.study import ENVIRONMENT_HELP, IMAGES, study_config, study_options

_HELP_WIDTH = 100

_DASHBOARD_EXAMPLES = f"""\b
Examples:
  simpsons-tui                                    the drawn demo set
  simpsons-tui --data simpsons.zip                your images, as they were downloaded
  simpsons-tui --data images/ --recipe quick      a first look: smaller images
  simpsons-tui run --data images/ --json          the same study without a screen

{ENVIRONMENT_HELP}"""


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from engine import program_version

        click.echo(f"{PROGRAM} {program_version()}")
        ctx.exit()


@cloup.group(
    invoke_without_command=True,
    epilog=_DASHBOARD_EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _HELP_WIDTH},
)
@study_options
@option_group(
    "Screen",
    option(
        "--refresh-rate",
        type=click.FloatRange(SLOWEST_REFRESH_RATE, FASTEST_REFRESH_RATE),
        metavar="HZ",
        help="Redraws a second; without it what the settings say, else gentle over SSH.",
    ),
    IMAGES,
)
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.pass_context
def cli(
    ctx: click.Context, /, debug: bool, refresh_rate: float | None, images: str | None, **options: Any
) -> int | None:
    """Train one image classifier on differently pre-processed images, watch it, and read which did better.

    Without a command, this opens the dashboard. Press ? there for the keys.
    """
    remember(ctx, debug, options["runs_dir"])
    if ctx.invoked_subcommand is None:
        return dashboard.open_dashboard(study_config(options), refresh_rate, images, ctx.ensure_object(CommandContext))
    misplaced = [
        name for name in ctx.params if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    misplaced = [name for name in misplaced if name != "debug"]
    if misplaced:
        (name, *_) = next(param.opts for param in ctx.command.params if param.name == misplaced[0])
        raise click.UsageError(f"{name} belongs after the command: {PROGRAM} {ctx.invoked_subcommand} {name} ...")
    return None


for _command in (
    *(run.run, resume.resume, tune.tune, fetch.fetch, cache.cache, predict.predict, audit.audit, explain.explain),
    *(claims.claims, claims.leak, reconstruct.reconstruct, export.export, runs.runs, runs.watch),
    *(steps.steps, settings.settings, docs.docs),
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; every error is one line on standard error."""
    if sys.stdout is None:
        complain("standard output is closed: leave it open, or send it to a file with > FILE")
        return WRONG_USE
    atexit.register(gc.freeze)  # else Python looks all objects through as it ends: 1.5 s once torch is there
    speak_plainly()
    command = CommandContext()
    try:
        status = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False, obj=command)
        sys.stdout.flush()
        return int(status or 0)
    except Exception as error:  # whatever happened, no traceback on the user's screen
        return report_error(error, command)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
