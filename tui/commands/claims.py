"""The commands `claims` and `leak`: what a study's figures say of the original study, and of its leaking test set."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import cloup
from cloup import option_group

from engine.errors import InputError
from tui.commands.command import ProgramCommand
from tui.options.basics import option
from tui.options.study import JSON, RUNS_DIR, folders

if TYPE_CHECKING:
    from rich.console import RenderableType

    from engine import FinishedRun
    from engine.events.record import StudyRecord

_CLAIMS_EXAMPLES = """\b
Examples:
  simpsons-tui claims
  simpsons-tui claims 20261124-2302
  simpsons-tui claims FULL_RUN SMALLER_RUN --json
  simpsons-tui claims --print-file > my.toml
  simpsons-tui claims 20261124-2302 --file my.toml

The run under the other protocol (official or clean) is found in the runs folder; a second run can be
named in its place, or one under the same protocol on another amount of data."""

_LEAK_EXAMPLES = """\b
Examples:
  simpsons-tui leak
  simpsons-tui leak OFFICIAL_RUN CLEAN_RUN"""


@cloup.command(cls=ProgramCommand, epilog=_CLAIMS_EXAMPLES)
@click.argument("run", default="")
@click.argument("second", default="", metavar="[RUN2]")
@option_group(
    "Claims",
    option(
        "--file",
        type=click.Path(path_type=Path),
        help="A TOML file with the claims of another paper, in place of the original study's.",
    ),
    option("--print-file", is_flag=True, help="Write the original study's file, to begin another one with."),
)
@option_group("Output", JSON)
@folders(RUNS_DIR)
def claims(*, run: str, second: str, file: Path | None, print_file: bool, as_json: bool, runs_dir: Path | None) -> None:
    """Hold a paper's claims against a run, one by one: the replication report.

    The claims are those of the original study, or of a file. RUN is a run's folder, its name or the beginning of one;
    without it, the newest that is done.
    """
    from engine import claims_template, judge_study
    from engine.events.codec import to_jsonable

    if print_file:
        click.echo(claims_template(), nl=False)
        return
    opened, other = _open(run, second, runs_dir)
    report = judge_study(opened.record, opened.counterpart, other, file)
    if as_json:
        _echo_json(to_jsonable(report))
        return
    from tui.tables.claims import claims_parts

    write_parts(lambda width: claims_parts(report, width))


@cloup.command(cls=ProgramCommand, epilog=_LEAK_EXAMPLES)
@click.argument("run", default="")
@click.argument("second", default="", metavar="[RUN2]")
@option_group("Output", JSON)
@folders(RUNS_DIR)
def leak(*, run: str, second: str, as_json: bool, runs_dir: Path | None) -> None:
    """Show official and clean side by side: what copies of the test images were worth.

    RUN is a run's folder, its name or the beginning of one; without it, the newest that is done. Its counterpart is
    found in the runs folder, or named as RUN2.
    """
    from engine import leak_of_study, runs_folder
    from engine.events.codec import to_jsonable

    opened, other = _open(run, second, runs_dir)
    report = leak_of_study(opened.record, other or opened.counterpart)
    if report is None:
        raise InputError(_no_counterpart(opened.record, runs_folder(runs_dir)))
    if as_json:
        _echo_json(to_jsonable(report))
        return
    from tui.tables.claims import leak_parts

    write_parts(lambda width: leak_parts(report, width))


def _open(run: str, second: str, runs_dir: Path | None) -> tuple["FinishedRun", "StudyRecord | None"]:
    """The run that was named (the newest that is done where none was), and the record of the second."""
    from engine import find_finished, load_record, open_run, runs_folder

    opened = open_run(find_finished(run, runs_dir), runs_dir=runs_folder(runs_dir))
    return opened, load_record(find_finished(second, runs_dir)) if second else None


def _echo_json(report: object) -> None:
    from tui.looks.formatting import json_line

    click.echo(json_line(report), nl=False)


def _no_counterpart(record: "StudyRecord", folder: Path) -> str:
    started, dataset = record.started, record.dataset
    if started is None or dataset is None or not dataset.fingerprint:
        return "the run does not say which images it used (an older version made it): name its counterpart as RUN2"
    other = "clean" if started.protocol == "official" else "official"
    return (
        f"there is no finished {other} run of study {started.study} in {folder}: "
        f"train it with --protocol {other}, or name it as RUN2"
    )


_PLAIN_WIDTH = 120
"""Columns where the output is no terminal."""


def write_parts(parts: "Callable[[int], Iterable[RenderableType]]") -> None:
    """Write a report to standard output, as wide as the terminal."""
    from rich.console import Console

    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console = Console(file=sys.stdout, width=_PLAIN_WIDTH)
    for part in parts(console.width):
        console.print(part)
