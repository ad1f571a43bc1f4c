"""What every command of the program has in common."""

from collections.abc import Sequence
from typing import Any

import click
import cloup

from tui.console.errors import remember


class ProgramCommand(cloup.Command):
    """A command with `--debug`; the error handler learns of it, and of the folder of runs.

    Its function returns the exit status, or None for 0.
    """

    def __init__(self, *args: Any, params: Sequence[click.Parameter] | None = None, **kwargs: Any) -> None:
        debug = click.Option(("--debug",), is_flag=True, help="Show the traceback of an unexpected error.")
        super().__init__(*args, params=[*(params or ()), debug], **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and return its exit status."""
        remember(ctx, ctx.params.pop("debug"), ctx.params.get("runs_dir"))
        return super().invoke(ctx)
