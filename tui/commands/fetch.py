"""`simpsons-tui fetch`: the real data set, from where it is published."""

from pathlib import Path

import click

from tui.console.errors import remember
from tui.options.study import DEBUG_OPTION, FOLDER

_EXAMPLES = """\b
Examples:
  simpsons-tui fetch
  simpsons-tui fetch ~/data/simpsons

It needs an optional extra, installed from the project's folder with pip install '.[fetch]'.
'simpsons-tui docs data' says what is downloaded and under which licence."""


@click.command(epilog=_EXAMPLES)
@click.argument("destination", required=False, type=FOLDER, metavar="[DEST]")
@DEBUG_OPTION
@click.pass_context
def fetch(ctx: click.Context, /, debug: bool, destination: Path | None) -> None:
    """Download the real data set from Kaggle.

    It goes to DEST or to the cache folder of the site's own client; where it lies is printed.
    """
    remember(ctx, debug)
    from engine import fetch_dataset
    from tui.console.stdout import results_alone_on_stdout

    with results_alone_on_stdout() as results:
        results.write(f"{fetch_dataset(destination)}\n")


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(fetch)
