"""`simpsons-tui watch` and `simpsons-tui runs`: looking at the studies that were kept, and at those under way."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from engine.config.study import StudyConfig
from engine.errors import InputError, StorageError
from tui.commands.export import export
from tui.console.errors import Session, remember
from tui.options.sections import SectionedCommand, SectionedGroup, option
from tui.options.study import DEBUG_OPTION, FOLDER_OPTIONS, IMAGES_OPTION

if TYPE_CHECKING:
    from engine.reports.run_summary import RunSummary

OpenDashboard = Callable[[StudyConfig, str, Session, Path], int]
"""Opens the dashboard on the run in a folder and returns the exit status; the text is how pictures are drawn."""

_RUNS_EXAMPLES = """\b
Examples:
  simpsons-tui runs list
  simpsons-tui runs show latest
  simpsons-tui runs rm 20261124-2302 20261125 --yes
  simpsons-tui runs export latest --format html

RUN is a run's folder, its name or a unique beginning of it, or 'latest'."""

_JSON = option("Output", "--json", "as_json", is_flag=True, help="Write JSON.")


@click.group(cls=SectionedGroup, epilog=_RUNS_EXAMPLES)
def runs() -> None:
    """List, show, remove or export the studies that were kept."""


@runs.command("list", cls=SectionedCommand)
@_JSON
@FOLDER_OPTIONS[1]
@DEBUG_OPTION
@click.pass_context
def runs_list(ctx: click.Context, /, *, as_json: bool, runs_dir: Path | None, debug: bool) -> None:
    """List all runs, the newest first."""
    remember(ctx, debug, runs_dir)
    from engine import list_runs, runs_folder

    found = list_runs(runs_dir)
    if as_json:
        _write(json.dumps([_summary_json(run) for run in found], allow_nan=False) + "\n")
    elif found:
        from tui.console.stdout import printed
        from tui.tables.data import to_rich
        from tui.tables.history import history_data

        _write_text(lambda results: printed([to_rich(history_data(found))], results))
    else:
        click.echo(f"no run in {runs_folder(runs_dir)} yet: 'simpsons-tui run' makes one", err=True)


@runs.command("show", cls=SectionedCommand)
@click.argument("run", default="", metavar="[RUN]")
@_JSON
@FOLDER_OPTIONS[1]
@DEBUG_OPTION
@click.pass_context
def runs_show(ctx: click.Context, /, *, run: str, as_json: bool, runs_dir: Path | None, debug: bool) -> None:
    """Show the results of RUN (without it, of the newest), as they were printed at its end."""
    remember(ctx, debug, runs_dir)
    from engine import find_run, load_record, summary_of
    from tui.console.report import report_text
    from tui.export.json_object import json_text

    folder = find_run(run, runs_dir)
    record = load_record(folder)
    if record.started is None:
        raise InputError(f"{folder} holds no study: its process ended before it began")
    if as_json:
        _write(json_text(record))
        return
    _write_text(lambda results: report_text(record, results))
    summary = summary_of(folder)
    state = f"{summary.state}, {summary.writer}" if summary.writer else summary.state
    click.echo(f"run {folder} ({state})", err=True)


@runs.command("rm", cls=SectionedCommand)
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@FOLDER_OPTIONS[1]
@DEBUG_OPTION
@click.pass_context
def runs_rm(ctx: click.Context, /, *, names: tuple[str, ...], yes: bool, runs_dir: Path | None, debug: bool) -> None:
    """Remove runs for good; one that a process works on is refused."""
    remember(ctx, debug, runs_dir)
    from engine import find_run, is_live, remove_run

    folders = list(dict.fromkeys(find_run(name, runs_dir) for name in names))
    for folder in folders:  # all or none
        if is_live(folder):
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


runs.add_command(export)


_WATCH_EXAMPLES = """\b
Examples:
  simpsons-tui watch                              the newest study that runs
  simpsons-tui watch 20261124-2302                by the beginning of its name

It is the dashboard of a study that another process runs: p pauses it, s stops it, q leaves and lets it go
on. A run that has ended shows its results."""


def register(group: click.Group, dashboard: OpenDashboard) -> None:
    """Add the commands to the program."""

    @click.command(cls=SectionedCommand, epilog=_WATCH_EXAMPLES)
    @click.argument("run", default="", metavar="[RUN]")
    @IMAGES_OPTION
    @FOLDER_OPTIONS[1]
    @DEBUG_OPTION
    @click.pass_context
    def watch(ctx: click.Context, /, *, run: str, images: str, runs_dir: Path | None, debug: bool) -> None:
        """Watch a study that runs in another process.

        RUN is its name, the beginning of it, or its folder; without it, the newest that runs, else the newest.
        """
        remember(ctx, debug, runs_dir)
        from engine import find_watchable, load_config

        folder = find_watchable(run, runs_dir)
        ctx.exit(dashboard(load_config(folder), images, ctx.ensure_object(Session), folder))

    group.add_command(watch)
    group.add_command(runs)


def _summary_json(run: "RunSummary") -> dict[str, Any]:
    from engine.events.codec import to_jsonable

    return {**to_jsonable(run), "accuracies": dict(run.accuracies)}


def _write(text: str) -> None:
    _write_text(lambda _: text)


def _write_text(text: Callable[[TextIO], str]) -> None:
    from tui.console.stdout import results_alone_on_stdout, write_results

    with results_alone_on_stdout() as results:
        write_results(results, text(results))
