"""`simpsons-tui run`: a study without a screen."""

from typing import Any

import cloup
from cloup import option_group

from tui.commands.command import ProgramCommand
from tui.options.study import ENVIRONMENT_HELP, JSON, study_config, study_options

_EXAMPLES = f"""\b
Examples:
  simpsons-tui run --recipe quick
  simpsons-tui run --data simpsons.zip --variants vanilla,denoise --epochs 3
  simpsons-tui run --data images/ --json > result.json

Progress goes to standard error, results to standard output. With --json, standard output is one JSON
object and nothing else. Ctrl-C stops after the batch under way and prints what there is; a second one
ends at once. A closed terminal ends nothing. 'simpsons-tui resume' resumes what was stopped or cut
off. Exit status: 0 all done, 1 a variant failed, 2 wrong use or input, 130 interrupted, 143 terminated.

{ENVIRONMENT_HELP}"""


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@study_options
@option_group("Output", JSON)
def run(as_json: bool, **options: Any) -> int:
    """Run the same study without a screen."""
    config = study_config(options)
    from tui.console.study import run_headless

    return run_headless(config, as_json=as_json)
