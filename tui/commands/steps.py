"""`simpsons-tui steps`: which pre-processing steps there are, and a file to begin one of the user's own with."""

from collections.abc import Iterator

import click
import cloup
from cloup import option_group

from engine.config.grammar import choose_from, describe_values, spell
from engine.config.own_steps import OwnStep
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.reports.wording import listed
from engine.steps.registry import added_steps, find_step, known_steps
from engine.steps.spec import StepSpec
from tui.commands.command import ProgramCommand
from tui.options.study import STEPS

_EXAMPLES = """\b
Examples:
  simpsons-tui steps          all of them, with their parameters
  simpsons-tui steps clahe    one
  simpsons-tui run --variants "vanilla,clahe(clip=1|2|4),orders(denoise,clahe)"
  simpsons-tui steps --template > my_steps.py
  simpsons-tui steps --steps my_steps.py

A variant is a step, or steps joined by + in the order in which they are applied, with their parameters in
parentheses. Quote what holds parentheses or |, which the shell would take for itself. With --steps the steps
of your own are listed, and each is tried on a drawn picture."""

_PLACES = {"first": "first, on the original before the resize", "any": "after the resize", "last": "last"}


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@click.argument("name", default="", metavar="[NAME]")
@option_group(
    "Your own",
    STEPS,
    click.option("--template", is_flag=True, help="Write a file with a step, which works as it is."),
)
def steps(*, name: str, template: bool) -> None:
    """List the pre-processing steps that variants are made of, or show one."""
    if template:
        from importlib.resources import files

        click.echo((files("data") / "templates" / "my_steps.py").read_text(encoding="utf-8"), nl=False)
        return
    chosen = (added_steps() or known_steps()) if not name else tuple(filter(None, [find_step(name)]))
    if not chosen:
        raise InputError(f"unknown step {name!r}: {choose_from(name, [spec.name for spec in known_steps()])}")
    for spec in chosen:
        click.echo("\n".join(_described(spec)))
    if added_steps() and not name:
        click.echo("\nThese are your own; 'simpsons-tui steps' lists those that ship.")


def _described(spec: StepSpec) -> Iterator[str]:
    yield f"{spec.name}: {spec.summary}"
    for parameter in spec.parameters:
        meaning = f"{parameter.meaning}: " if parameter.meaning else ""
        yield f"    {parameter.name}  {meaning}{describe_values(parameter)}, usually {spell(parameter.default)}"
    box = "; needs the box of the image" if spec.uses_box else ""
    cost = "" if spec.source else f"; about {spec.seconds_per_megapixel:g} s a megapixel on two cores"
    yield f"    {_PLACES[spec.place]}{box}{cost}"
    if spec.source:
        yield f"    {OwnStep.of(spec).shown}"
        yield f"    {_tried(spec)}"


def _tried(spec: StepSpec) -> str:
    """What came of a step of the user's own on a drawn picture, as it usually is and at each end of each parameter.

    Raises:
        DatasetError: it did what no step may.
    """
    from engine import try_step

    if spec.uses_box:
        return "not tried here, because it needs a box"
    height, width = size = StudyConfig.recipe.image_size
    seconds = try_step(spec, size)
    for parameter in spec.parameters:
        for value in parameter.trial_values:
            if value != parameter.default:
                try_step(spec, size, {parameter.name: value})
    values = "; ".join(f"{one.name}={listed([spell(value) for value in one.trial_values])}" for one in spec.parameters)
    tried = f"works{f' with {values}' if values else ''}"
    return f"{tried} on a drawn picture of {height} x {width}, in {1000 * seconds:.1f} ms"
