"""`simpsons-tui docs`: the manual, a page at a time."""

import re
import sys

import click
import cloup

from tui.commands.command import ProgramCommand
from tui.tables.pages import INDEX, read_page

_EXAMPLES = """\b
Examples:
  simpsons-tui docs                   what pages there are
  simpsons-tui docs data              which layouts of images can be read
  simpsons-tui docs trust > trust.md  a page as the Markdown that it is written in"""

_WIDEST = 120
"""Columns beyond which lines of text become hard to read."""


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@click.argument("page", default=INDEX)
def docs(page: str) -> None:
    """Show a PAGE of the manual; without one, what pages there are. In the dashboard: F1."""
    text = read_page(page)
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    text = re.sub(r"!?\[([^]]*)\]\((?!https?:)[^)]*\)", r"\1", text)  # links between files lead nowhere here
    console.print(Markdown(text), width=min(console.width, _WIDEST))
