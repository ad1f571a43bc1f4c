"""`simpsons-tui watch` and `simpsons-tui runs`: the studies that were kept, and those under way."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cloup
from cloup import option_group

from engine.errors import InputError, StorageError
from tui.app import open as dashboard
from tui.commands.command import ProgramCommand
from tui.commands.export import export
from tui.console.errors import CommandContext
from tui.options.basics import option
from tui.options.study import IMAGES, RUNS_DIR, STEPS, folders
from tui.options.values import screen_size

if TYPE_CHECKING:
    from engine.reports.run_summary import RunSummary

_RUNS_EXAMPLES = """\b
Examples:
  simpsons-tui runs list
  simpsons-tui runs show latest
  simpsons-tui runs rm 20261124-2302 20261125 --yes
  simpsons-tui runs export latest --format html

RUN is a run's folder, its name or a unique beginning of it, or 'latest'."""

_JSON = option_group("Output", option("--json", "as_json", is_flag=True, help="Write JSON."))


ONE_FRAME = option_group(
    "One frame",
    click.option("--once", is_flag=True, help="Print the screen as text and end, for cron, the log of CI, chat."),
    click.option(
        "--size",
        type=screen_size,
        metavar="COLUMNSxLINES",
        help="Of the screen that --once prints; without it the terminal's, else 120x40.",
    ),
    click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        show_default=True,
        help="Colours of what --once prints; auto: on a terminal.",
    ),
)


@cloup.group(epilog=_RUNS_EXAMPLES)
def runs() -> None:
    """List, show, remove or export the studies that were kept."""


@runs.command("list", cls=ProgramCommand)
@_JSON
@folders(RUNS_DIR)
def runs_list(*, as_json: bool, runs_dir: Path | None) -> None:
    """List all runs, the newest first."""
    from engine import list_runs, runs_folder
    from tui.console.stdout import print_alone, printed
    from tui.looks.formatting import json_line

    found = list_runs(runs_dir)
    if as_json:
        print_alone(lambda _: json_line([_summary_json(run) for run in found]))
    elif found:
        from tui.tables.data import to_rich
        from tui.tables.history import history_data

        print_alone(lambda results: printed([to_rich(history_data(found))], results))
    else:
        click.echo(f"no run in {runs_folder(runs_dir)} yet: 'simpsons-tui run' makes one", err=True)


@runs.command("show", cls=ProgramCommand)
@click.argument("run", default="", metavar="[RUN]")
@_JSON
@folders(RUNS_DIR)
def runs_show(*, run: str, as_json: bool, runs_dir: Path | None) -> None:
    """Show the results of RUN (without it, of the newest), as they were printed at its end."""
    from engine import find_run, load_record, summary_of
    from tui.console.report import report_text
    from tui.console.stdout import print_alone
    from tui.export.json_object import json_text

    folder = find_run(run, runs_dir)
    record = load_record(folder)
    if record.started is None:
        raise InputError(f"{folder} holds no study: its process ended before it began")
    if as_json:
        print_alone(lambda _: json_text(record))
        return
    print_alone(lambda results: report_text(record, results))
    summary = summary_of(folder)
    state = f"{summary.state}, {summary.writer}" if summary.writer else summary.state
    click.echo(f"run {folder} ({state})", err=True)


@runs.command("rm", cls=ProgramCommand)
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@folders(RUNS_DIR)
def runs_rm(*, names: tuple[str, ...], yes: bool, runs_dir: Path | None) -> None:
    """Remove runs for good; one that a process works on is refused."""
    from engine import find_run, is_live, remove_run

    folders = list(dict.fromkeys(find_run(name, runs_dir) for name in names))
    for folder in folders:  # all or none
        if is_live(folder, sure=True):
            raise StorageError(f"a process works on {folder}: stop it first")
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise InputError("runs rm asks before it removes, and nobody can answer here: add --yes")
        for folder in folders:
            click.echo(folder, err=True)
        count = "this run" if len(folders) == 1 else f"these {len(folders)} runs"
        click.confirm(f"Remove {count} for good?", abort=True, err=True)
    for folder in folders:
        remove_run(folder)
        click.echo(f"removed {folder}")


@runs.command("compare", cls=ProgramCommand)
@click.argument("names", nargs=-1, required=True, metavar="RUN RUN...")
@ONE_FRAME
@folders(RUNS_DIR)
def runs_compare(
    *, names: tuple[str, ...], once: bool, size: tuple[int, int] | None, color: str, runs_dir: Path | None
) -> None:
    """Compare runs that differ in their recipe, as one study whose variants have the recipe as one more step.

    With --once: their curves on one chart, whatever they differ in.
    """
    from engine import find_run, load_record

    found = [find_run(name, runs_dir) for name in names]
    if once:
        from tui.app.frame import print_compared

        print_compared(found, size, color)
        return
    from tui.console.headless import print_recipes

    print_recipes([load_record(folder) for folder in found])


runs.add_command(export)


_WATCH_EXAMPLES = """\b
Examples:
  simpsons-tui watch                              the newest study that runs
  simpsons-tui watch 20261124-2302                by the beginning of its name
  simpsons-tui watch latest --once --size 100x30  what it shows now, as text

It is the dashboard of a study that another process runs: p pauses it, s stops it, q leaves and lets it
run. A run that has ended shows its results."""


@cloup.command(cls=ProgramCommand, epilog=_WATCH_EXAMPLES)
@click.argument("run", default="", metavar="[RUN]")
@option_group("Study", STEPS)
@option_group("Screen", IMAGES)
@ONE_FRAME
@folders(RUNS_DIR)
@click.pass_context
def watch(
    ctx: click.Context,
    /,
    *,
    run: str,
    images: str | None,
    once: bool,
    size: tuple[int, int] | None,
    color: str,
    runs_dir: Path | None,
) -> int:
    """Watch a study that runs in another process.

    RUN is its name, the beginning of it, or its folder; without it, the newest that runs, else the newest.
    """
    from engine import find_watchable, load_config

    folder = find_watchable(run, runs_dir)
    if once:
        from tui.app.frame import print_watched

        print_watched(load_config(folder), folder, size, color)
        return 0
    return dashboard.open_dashboard(load_config(folder), None, images, ctx.ensure_object(CommandContext), watch=folder)


def _summary_json(run: "RunSummary") -> dict[str, Any]:
    from engine.events.codec import to_jsonable

    return {**to_jsonable(run), "accuracies": dict(run.accuracies)}
