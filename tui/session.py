"""What the error handler must know of the command that ran."""

from dataclasses import dataclass
from pathlib import Path

import click


@dataclass
class Session:
    """Whether tracebacks are shown, and where a report of an unexpected error goes."""

    debug: bool = False
    runs_dir: Path | None = None


def remember(ctx: click.Context, /, debug: bool, runs_dir: Path | None = None) -> None:
    """Note a command's options for the error handler."""
    session = ctx.ensure_object(Session)
    session.debug = session.debug or debug
    session.runs_dir = runs_dir or session.runs_dir
