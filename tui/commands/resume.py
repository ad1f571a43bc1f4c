"""`simpsons-tui resume`: going on with a study that was stopped, killed or cut off."""

import sys
from typing import Any

import click

from engine.errors import InputError
from tui.app import open as dashboard
from tui.console.errors import Session, remember
from tui.options.sections import SectionedCommand, option
from tui.options.study import DEBUG_OPTION, FOLDER_OPTIONS, IMAGES_OPTION

_EXAMPLES = """\b
Examples:
  simpsons-tui resume                             the newest run that is not done
  simpsons-tui resume 20260314-0915               by the beginning of its name
  simpsons-tui resume RUN --json > result.json

What is done stays done; the variant under way goes on from its last epoch (or from the batch at which it
was stopped), and the results are those of a study that was never interrupted. Variants that failed are
tried again. The images must be the same."""


@click.command(cls=SectionedCommand, epilog=_EXAMPLES)
@click.argument("run", required=False, default="", metavar="[RUN]")
@option("Output", "--headless", is_flag=True, help="Without a screen, also in a terminal.")
@option("Output", "--json", "as_json", is_flag=True, help="Without a screen; write the result as one JSON object.")
@option("Output", "--recheck", is_flag=True, help="Read every image again first; with --headless or --json.")
@click.option("--wait", "wait_seconds", type=float, hidden=True)
@IMAGES_OPTION
@FOLDER_OPTIONS[1]
@DEBUG_OPTION
@click.pass_context
def resume(
    ctx: click.Context,
    /,
    *,
    run: str,
    headless: bool,
    as_json: bool,
    recheck: bool,
    wait_seconds: float | None,
    images: str,
    **options: Any,
) -> None:
    """Go on with a study that was stopped, killed or cut off.

    RUN is its name, the beginning of it, or its folder. In a terminal this opens the dashboard.
    """
    remember(ctx, options["debug"], options["runs_dir"])
    from engine import find_resumable

    folder = find_resumable(run, options["runs_dir"])
    if headless or as_json or not dashboard.is_terminal(sys.stdout):
        from tui.console.study import resume_headless

        ctx.exit(resume_headless(folder, as_json=as_json, wait_seconds=wait_seconds, recheck=recheck))
    if recheck:
        raise InputError("--recheck: give --headless too")
    from engine import load_config

    ctx.exit(dashboard.open_dashboard(load_config(folder), None, images, ctx.ensure_object(Session), resume=folder))


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(resume)
