"""The command `reconstruct`: which readings of a paper its own numbers leave possible."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import cloup
from cloup import option_group

from engine.config.study import StudyConfig
from engine.errors import InputError
from tui.commands.claims import write_parts
from tui.commands.command import ProgramCommand
from tui.options.basics import option
from tui.options.study import CACHE_DIR, JSON, RUNS_DIR, folders

if TYPE_CHECKING:
    from engine.config.protocols import Protocol

_EXAMPLES = """\b
Examples:
  simpsons-tui reconstruct
  simpsons-tui reconstruct --start --data images/ --repeats 3
  simpsons-tui reconstruct RUN1 RUN2 --file my.toml

A file of claims (simpsons-tui claims --print-file) says what the numbers and the readings are."""


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@option_group(
    "Paper",
    option("--file", type=click.Path(path_type=Path), help="A TOML file of another paper: its claims and readings."),
    option(
        "--protocol",
        type=click.Choice(("official", "clean")),
        default="official",
        help="Of the runs: official is how a paper measured.",
    ),
)
@option_group(
    "Training",
    option("--start", is_flag=True, help="Train the readings that no run has tried yet, one after the other."),
    option("--data", type=click.Path(path_type=Path), help="The paper's images, with --start."),
    option("--repeats", type=click.IntRange(1), default=3, help="Seeds of each reading, with --start."),
)
@option_group("Output", JSON)
@folders(CACHE_DIR, RUNS_DIR)
def reconstruct(
    *,
    runs: tuple[str, ...],
    file: Path | None,
    protocol: "Protocol",
    start: bool,
    data: Path | None,
    repeats: int,
    as_json: bool,
    cache_dir: Path | None,
    runs_dir: Path | None,
) -> int:
    """Hold readings of a paper's open choices against its published numbers.

    Each reading is a recipe; a number is excluded where our 95 % interval does not reach it. Looks at every finished
    run, or at the RUNs that are named.
    """
    import engine

    if start and (data is None or runs or as_json):
        raise InputError("--start: name the paper's images with --data, and neither a RUN nor --json")
    named = [engine.find_finished(name, runs_dir) for name in runs]
    report = engine.reconstruct(named, runs_dir, file, protocol)
    status = 0
    if start:
        from tui.console.headless import run_each_headless

        base = StudyConfig(
            data=data,
            variants=report.variants,
            protocol=protocol,
            repeats=repeats,
            cache_dir=cache_dir,
            runs_dir=runs_dir,
        )
        recipes = engine.recipes_to_try(report, file)
        status = run_each_headless([replace(base, recipe=recipe) for recipe in recipes], as_json=False)
        report = engine.reconstruct((), runs_dir, file, protocol)
    if as_json:
        from engine.events.codec import to_jsonable
        from tui.looks.formatting import json_line

        click.echo(json_line(to_jsonable(report)), nl=False)
        return status
    from tui.tables.reconstruction import reconstruction_parts

    write_parts(lambda _: reconstruction_parts(report))
    return status
