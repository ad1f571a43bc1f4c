"""`simpsons-tui run`: a study without a screen."""

import shlex
from pathlib import Path
from typing import Any

import click
import cloup
from cloup import option_group

from tui.commands.command import ProgramCommand
from tui.options.basics import option
from tui.options.study import ENVIRONMENT_HELP, JSON, names_recipe, study_config, study_configs, study_options

_EXAMPLES = f"""\b
Examples:
  simpsons-tui run --recipe quick
  simpsons-tui run --data simpsons.zip --variants vanilla,denoise --epochs 3
  simpsons-tui run --data images/ --json > result.json
  simpsons-tui run --study orders                 a study file, here one that comes with the program
  simpsons-tui run --study my.toml --epochs 2     what an option says counts more

Progress goes to standard error, results to standard output. With --json, standard output is one JSON
object and nothing else. Ctrl-C stops after the batch under way and prints what there is; a second one
ends at once. A closed terminal ends nothing. 'simpsons-tui resume' resumes what was stopped or cut
off. Exit status: 0 all done, 1 a variant failed, 2 wrong use or input, 130 interrupted, 143 terminated.

{ENVIRONMENT_HELP}"""


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@study_options
@option_group(
    "Output",
    JSON,
    option(
        "--save-study",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write these options as a study file, and train nothing.",
    ),
)
def run(as_json: bool, save_study: Path | None, **options: Any) -> int:
    """Run the same study without a screen."""
    if save_study is not None:
        from engine.config.study_file import save_study as save

        save(study_config(options), save_study)
        click.echo(f"{save_study} written: {shlex.join(('simpsons-tui', 'run', '--study', str(save_study)))} runs it")
        return 0
    from tui.console.headless import run_each_headless
    from tui.tables.facts import demo_recipe_words

    configs = study_configs(options)
    remark = "" if names_recipe(options) else demo_recipe_words(configs[0])
    return run_each_headless(configs, as_json=as_json, remark=remark)
