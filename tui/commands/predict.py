"""`simpsons-tui predict`: using what a run trained."""

from pathlib import Path
from typing import Any

import click

from engine.config.model import ModelRequest
from tui.options.sections import GroupedOption, SectionedCommand, option, with_options
from tui.options.study import DEBUG_OPTION, FOLDER_OPTIONS

_MODEL, _MACHINE, _FOLDERS = "Model", "Machine", "Folders and network"

MODEL_OPTIONS = (
    # Without the environment variables of the study's own options of that name.
    click.option(
        "--seed",
        cls=GroupedOption,
        section=_MODEL,
        type=int,
        metavar="N",
        help="Of several, the one trained with this seed.",
    ),
    click.option(
        "--fold",
        cls=GroupedOption,
        section=_MODEL,
        type=int,
        metavar="N",
        help="Of several, the one trained on this fold.",
    ),
    option(
        _MODEL,
        "--superres-weights",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The run's NinaSR-B0 x2 weights, where they are not found by themselves.",
    ),
)

_PREDICT_EXAMPLES = """\b
Examples:
  simpsons-tui predict latest picture.jpg
  simpsons-tui predict latest:denoise frames/ more/*.png
  simpsons-tui predict 20261124-2302 frames.zip --json > predictions.json

Each line of standard output is: class, probability, second class, its probability, image. An image that
cannot be used gets a line on standard error. Exit status: 0 all predicted, 1 some images could not be
used, 2 none could or wrong use, 130 interrupted."""


@click.command(cls=SectionedCommand, epilog=_PREDICT_EXAMPLES)
@click.argument("run", metavar="RUN[:VARIANT]")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@option("Output", "--json", "as_json", is_flag=True, help="Write one JSON object with every probability.")
@with_options(MODEL_OPTIONS)
@option(_MACHINE, "--device", metavar="NAME", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@with_options(FOLDER_OPTIONS)
@option(_FOLDERS, "--offline", is_flag=True, help="Never touch the network.")
@DEBUG_OPTION
@click.pass_context
def predict(
    ctx: click.Context,
    /,
    run: str,
    images: tuple[Path, ...],
    as_json: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Say what a trained model sees in images: files, folders (with those below) or .zip archives.

    RUN is a run's folder, its name in the runs folder or the beginning of it, or 'latest'. Without a VARIANT the most
    accurate one is used. Its own pre-processing is applied to the images.
    """
    request = _request(ctx, run, debug, options)
    from tui.console.predictions import run_predictions

    ctx.exit(run_predictions(request, images, as_json=as_json))


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(predict)


def _request(ctx: click.Context, run: str, debug: bool, options: dict[str, Any]) -> ModelRequest:
    """RUN[:VARIANT] and the options."""
    runs_dir = options.pop("runs_dir")
    session = ctx.obj  # what the program's error handler must know
    session.debug, session.runs_dir = session.debug or debug, runs_dir or session.runs_dir
    from engine import find_run

    name, variant = split_model(run)
    return ModelRequest(find_run(name, runs_dir), variant or None, **options)


def split_model(run: str) -> tuple[str, str]:
    """RUN[:VARIANT] in its two parts; a folder whose name holds a colon is taken as it is."""
    if not Path(run).expanduser().is_dir() and ":" in run:
        name, _, variant = run.rpartition(":")
        return name, variant
    return run, ""
