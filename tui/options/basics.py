"""How every option is made."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def option(*names: str, **kwargs: Any) -> Callable[[F], F]:
    """An option that shows its default, and that an environment variable can give as well."""
    variable = f"SIMPSONS_TUI_{names[0].removeprefix('--').replace('-', '_').upper()}"
    return click.option(*names, envvar=variable, show_default=True, **kwargs)
