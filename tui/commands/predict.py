"""`simpsons-tui predict`: using what a run trained."""

from pathlib import Path
from typing import Any

import click
import cloup
from cloup import option_group

from engine.config.model import ModelRequest
from tui.commands.command import ProgramCommand
from tui.options.basics import option
from tui.options.study import CACHE_DIR, DEVICE, JSON, OFFLINE, OWN_NETWORK, RUNS_DIR, STEPS, folders

_MODEL_OPTIONS = option_group(
    "Model",
    STEPS,
    # Without the environment variables of the study's own options of that name.
    click.option("--seed", type=int, metavar="N", help="Of several, the one trained with this seed."),
    click.option("--fold", type=int, metavar="N", help="Of several, the one trained on this fold."),
    option(
        "--superres-weights",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The run's NinaSR-B0 x2 weights, where they are not found by themselves.",
    ),
    OWN_NETWORK,
)

_PREDICT_EXAMPLES = """\b
Examples:
  simpsons-tui predict latest picture.jpg
  simpsons-tui predict latest:denoise frames/ more/*.png
  simpsons-tui predict 20261124-2302 frames.zip --json > predictions.json

Each line of standard output is: class, probability, second class, its probability, image. An image that
cannot be used gets a line on standard error. Exit status: 0 all predicted, 1 some images could not be
used, 2 none could or wrong use, 130 interrupted."""


@cloup.command(cls=ProgramCommand, epilog=_PREDICT_EXAMPLES)
@click.argument("run", metavar="RUN[:VARIANT]")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@option_group("Output", JSON)
@_MODEL_OPTIONS
@option_group("Machine", DEVICE)
@folders(CACHE_DIR, RUNS_DIR, OFFLINE)
def predict(run: str, images: tuple[Path, ...], as_json: bool, **options: Any) -> int:
    """Say what a trained model sees in images: files, folders (with those below) or archives.

    RUN is a run's folder, its name in the runs folder or the beginning of it, or 'latest'. Without a VARIANT the most
    accurate one is used. Its own pre-processing is applied to the images.
    """
    request = _request(run, options)
    from tui.console.predictions import run_predictions

    return run_predictions(request, images, as_json=as_json)


def _request(run: str, options: dict[str, Any]) -> ModelRequest:
    """RUN[:VARIANT] and the options."""
    runs_dir = options.pop("runs_dir")
    from engine import find_run

    name, variant = split_model(run)
    return ModelRequest(find_run(name, runs_dir), variant or None, **options)


def split_model(run: str) -> tuple[str, str]:
    """RUN[:VARIANT] in its two parts; a folder whose name holds a colon is taken as it is."""
    if not Path(run).expanduser().is_dir() and ":" in run:
        name, _, variant = run.rpartition(":")
        return name, variant
    return run, ""
