"""`simpsons-tui cache`: what is kept so that it is made once."""

from pathlib import Path

import click
import cloup

from engine.config.study import StudyConfig
from tui.commands.command import ProgramCommand
from tui.options.study import CACHE_DIR, folders


@cloup.group(epilog="\b\nExamples:\n  simpsons-tui cache show\n  simpsons-tui cache clear")
def cache() -> None:
    """Pre-processed images that are kept so that they are made once."""


@cache.command("show", cls=ProgramCommand)
@folders(CACHE_DIR)
def cache_show(cache_dir: Path | None) -> None:
    """Say where the cache lies, what it takes and what it may take."""
    from engine import cache_report
    from tui.looks.formatting import size

    report = cache_report(StudyConfig(cache_dir=cache_dir))
    click.echo(f"folder  {report.folder}\nused    {size(report.used_bytes)}\nlimit   {size(report.limit_bytes)}")


@cache.command("clear", cls=ProgramCommand)
@folders(CACHE_DIR)
def cache_clear(cache_dir: Path | None) -> None:
    """Empty the cache, but for what a running study uses."""
    from engine import clear_cache
    from tui.looks.formatting import size

    click.echo(f"{size(clear_cache(StudyConfig(cache_dir=cache_dir)))} freed")
