"""`simpsons-tui run`: a study without a screen."""

from typing import Any

import click

from tui.console.errors import remember
from tui.options.sections import SectionedCommand, option, with_options
from tui.options.study import DEBUG_OPTION, ENVIRONMENT_HELP, STUDY_OPTIONS, study_config

_EXAMPLES = f"""\b
Examples:
  simpsons-tui run --recipe quick
  simpsons-tui run --data simpsons.zip --variants vanilla,denoise --epochs 3
  simpsons-tui run --data images/ --json > result.json

Progress goes to standard error, results to standard output. With --json, standard output is one JSON
object and nothing else. Ctrl-C stops after the batch under way and prints what there is; a second one
ends at once. A closed terminal ends nothing. 'simpsons-tui resume' goes on with what was stopped or cut
off. Exit status: 0 all done, 1 a variant failed, 2 wrong use or input, 130 interrupted, 143 terminated.

{ENVIRONMENT_HELP}"""


@click.command(cls=SectionedCommand, epilog=_EXAMPLES)
@with_options(STUDY_OPTIONS)
@option("Output", "--json", "as_json", is_flag=True, help="Write the result as one JSON object.")
@DEBUG_OPTION
@click.pass_context
def run(ctx: click.Context, /, debug: bool, as_json: bool, **options: Any) -> None:
    """Run the same study without a screen."""
    remember(ctx, debug, options["runs_dir"])
    config = study_config(options)
    from tui.console.study import run_headless

    ctx.exit(run_headless(config, as_json=as_json))


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(run)
