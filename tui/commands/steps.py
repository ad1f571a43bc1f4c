"""`simpsons-tui steps`: which pre-processing steps there are."""

from collections.abc import Iterator

import click
import cloup

from engine.config.grammar import choose_from, describe_values, spell
from engine.errors import InputError
from engine.steps.registry import find_step, known_steps
from engine.steps.spec import StepSpec
from tui.commands.command import ProgramCommand

_EXAMPLES = """\b
Examples:
  simpsons-tui steps          all of them, with their parameters
  simpsons-tui steps clahe    one
  simpsons-tui run --variants "vanilla,clahe(clip=1|2|4),orders(denoise,clahe)"

A variant is a step, or steps joined by + in the order in which they are applied, with their parameters in
parentheses. Quote what holds parentheses or |, which the shell would take for itself."""

_PLACES = {"first": "first, on the original before the resize", "any": "after the resize", "last": "last"}


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@click.argument("name", default="", metavar="[NAME]")
def steps(name: str) -> None:
    """List the pre-processing steps that variants are made of, or show one."""
    chosen = known_steps() if not name else tuple(filter(None, [find_step(name)]))
    if not chosen:
        raise InputError(f"unknown step {name!r}: {choose_from(name, [spec.name for spec in known_steps()])}")
    for spec in chosen:
        click.echo("\n".join(_described(spec)))


def _described(spec: StepSpec) -> Iterator[str]:
    yield f"{spec.name}: {spec.summary}"
    for parameter in spec.parameters:
        meaning = f"{parameter.meaning}: " if parameter.meaning else ""
        yield f"    {parameter.name}  {meaning}{describe_values(parameter)}, usually {spell(parameter.default)}"
    box = "; needs the box of the image" if spec.uses_box else ""
    yield f"    {_PLACES[spec.place]}{box}; about {spec.seconds_per_megapixel:g} s a megapixel on two cores"
