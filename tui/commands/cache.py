"""`simpsons-tui cache`: what is kept so that it is made once."""

from pathlib import Path

import click

from engine.config.study import StudyConfig
from tui.console.errors import remember
from tui.options.sections import SectionedCommand
from tui.options.study import DEBUG_OPTION, FOLDER_OPTIONS


@click.group(epilog="\b\nExamples:\n  simpsons-tui cache show\n  simpsons-tui cache clear")
def cache() -> None:
    """Pre-processed images that are kept so that they are made once."""


@cache.command("show", cls=SectionedCommand)
@FOLDER_OPTIONS[0]
@DEBUG_OPTION
@click.pass_context
def cache_show(ctx: click.Context, /, debug: bool, cache_dir: Path | None) -> None:
    """Say where the cache lies, what it takes and what it may take."""
    remember(ctx, debug)
    from engine import cache_report
    from tui.looks.formatting import size

    report = cache_report(StudyConfig(cache_dir=cache_dir))
    click.echo(f"folder  {report.folder}\nused    {size(report.used_bytes)}\nlimit   {size(report.limit_bytes)}")


@cache.command("clear", cls=SectionedCommand)
@FOLDER_OPTIONS[0]
@DEBUG_OPTION
@click.pass_context
def cache_clear(ctx: click.Context, /, debug: bool, cache_dir: Path | None) -> None:
    """Empty the cache, but for what a running study uses."""
    remember(ctx, debug)
    from engine import clear_cache
    from tui.looks.formatting import size

    click.echo(f"{size(clear_cache(StudyConfig(cache_dir=cache_dir)))} freed")


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(cache)
