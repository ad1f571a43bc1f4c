"""`simpsons-tui resume`: resumes a study that was stopped, killed or cut off."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import cloup
from cloup import option_group

from engine.config.trackers import TrackerName
from engine.errors import InputError
from tui.app import open as dashboard
from tui.commands.command import ProgramCommand
from tui.console.errors import CommandContext
from tui.options.basics import option
from tui.options.execution import EXECUTION_GROUP, chosen_execution
from tui.options.study import HEADLESS, HEADLESS_JSON, IMAGES, OWN_NETWORK, RUNS_DIR, STEPS, folders
from tui.options.trackers import TRACKER_GROUP

_EXAMPLES = """\b
Examples:
  simpsons-tui resume                             the newest run that is not done
  simpsons-tui resume 20260314-0915               by the beginning of its name
  simpsons-tui resume RUN --json > result.json
  simpsons-tui resume RUN --workers 4             the jobs that are left, four at once

What is done stays done; the variant under way is resumed from its last epoch (or from the batch at which it
was stopped), and the results are those of a study that was never interrupted. Variants that failed are
tried again. The images must be the same, and steps of your own are named again with --steps."""


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@click.argument("run", required=False, default="", metavar="[RUN]")
@option_group(
    "Output",
    HEADLESS,
    HEADLESS_JSON,
    option("--recheck", is_flag=True, help="Read every image again first; with --headless or --json."),
)
@option_group("Study", OWN_NETWORK, STEPS)
@EXECUTION_GROUP
@TRACKER_GROUP
@click.option("--wait", "wait_seconds", type=float, hidden=True)
@option_group("Screen", IMAGES)
@folders(RUNS_DIR)
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
    log: tuple[TrackerName, ...] | None,
    images: str | None,
    runs_dir: Path | None,
    **where: Any,
) -> int:
    """Resume a study that was stopped, killed or cut off.

    RUN is its name, the beginning of it, or its folder. In a terminal this opens the dashboard.
    """
    from engine import find_resumable, load_config

    folder = find_resumable(run, runs_dir)
    config = load_config(folder)
    config = replace(config, execution=chosen_execution(where, config.execution))
    config = config if log is None else replace(config, log=log)
    if headless or as_json or not dashboard.is_terminal(sys.stdout):
        from tui.console.headless import resume_headless

        return resume_headless(config, folder, as_json=as_json, wait_seconds=wait_seconds, recheck=recheck)
    if recheck:
        raise InputError("--recheck: give --headless too")
    config.require_steps()
    return dashboard.open_dashboard(config, None, images, ctx.ensure_object(CommandContext), resume=folder)
