"""Options grouped into sections in the help."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


# ---------------------------------------------------------------- options in groups


class GroupedOption(click.Option):
    """An option that stands under a heading of the help."""

    def __init__(self, *args: Any, section: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help shows its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):  # arguments stand in the first line
                sections.setdefault(getattr(param, "section", "Other options"), []).append(record)
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class SectionedGroup(SectionedCommand, click.Group):
    """The program itself: a command with options and commands below it."""


def option(section: str, *names: str, **kwargs: Any) -> Callable[[F], F]:
    """An option under a heading, which an environment variable can give as well."""
    variable = f"SIMPSONS_TUI_{names[0].removeprefix('--').replace('-', '_').upper()}"
    return click.option(*names, cls=GroupedOption, section=section, envvar=variable, **kwargs)


def with_options(options: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    """Decorate a command with options, in this order."""

    def decorate(function: F) -> F:
        for one in reversed(options):
            function = one(function)
        return function

    return decorate
