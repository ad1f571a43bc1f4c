"""`simpsons-tui settings`: what the user set for every start, where that is kept, and which keys there are."""

from collections.abc import Mapping

import click
import cloup
from cloup import option_group

from tui.commands.command import ProgramCommand
from tui.console.errors import complain

_EXAMPLES = """\b
Examples:
  simpsons-tui settings           every setting with its value
  simpsons-tui settings --keys    every binding by its id, with its keys
  ${EDITOR:-vi} "$(simpsons-tui settings --path)"

In the dashboard a comma opens the settings; what is changed there is written to the file. 'simpsons-tui docs settings'
says more."""


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@option_group(
    "What to show",
    click.option("--path", "only_path", is_flag=True, help="The path of the file alone."),
    click.option("--keys", "only_keys", is_flag=True, help="The keys of every screen, by the ids of their bindings."),
)
def settings(*, only_path: bool, only_keys: bool) -> None:
    """Show the settings: theme, charts, pictures, refresh rate, keys."""
    from engine import settings_file
    from tui.settings.file import read_settings
    from tui.settings.values import ENTRIES, USUAL, spelt

    path = settings_file()
    if only_path:
        click.echo(path)
        return
    found, problems = read_settings(path)
    keys = found.keys
    if keys or only_keys:
        from tui.app.key_table import usable

        keys, more = usable(keys)
        problems += [f"{path}: {problem}" for problem in more]
    for problem in problems:
        complain(problem)
    if only_keys:
        _print_keys(keys)
        return
    click.echo(f"# {path}{'' if path.exists() else ' (not there yet: all is as usual)'}")
    width = max(len(entry.key) for entry in ENTRIES)
    for entry in ENTRIES:
        value, usual = spelt(entry.of(found)), spelt(entry.of(USUAL))
        click.echo(f"{entry.key:{width}}  {value:20}  {'' if value == usual else f'usually {usual}. '}{entry.words}")
    for name, own in keys.items():
        click.echo(f"keys.{name}  {own}")


def _print_keys(keymap: Mapping[str, str]) -> None:
    from tui.app.key_table import bindings, with_own_keys

    for name, (owner, binding) in sorted(bindings().items()):
        keys = with_own_keys(binding, keymap).key
        words = f"{owner.BINDING_GROUP_TITLE or owner.__name__}: {binding.tooltip}"
        click.echo(f"{name:26}  {keys:22}  {words}{'  (yours)' if name in keymap else ''}")
