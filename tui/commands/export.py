"""`simpsons-tui export`: a study's results as files."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import cloup
from cloup import option_group

from engine.config.own_steps import own_steps_in
from engine.errors import InputError
from engine.events.record import StudyRecord, evaluated_results
from engine.reports.wording import listed
from engine.steps.registry import find_step
from tui.commands.command import ProgramCommand
from tui.commands.predict import split_model
from tui.export.formats import FORMATS, WITH_PICTURES, ExportFormat
from tui.options.basics import option
from tui.options.study import OWN_NETWORK, RUNS_DIR, STEPS, folders

STANDARD_OUTPUT = "-"
DEFAULT_FORMAT = "html"

ONNX = "onnx"
"""The one format that holds a trained network rather than results."""

_ONNX_WORDS = "one variant's network, compared with the original before it is kept"
_FORMAT_ROWS = "\n".join(
    f"  {name:<12} {words}" for name, words in [*((f.name, f.words) for f in FORMATS.values()), (ONNX, _ONNX_WORDS)]
)

_HELP_END = f"""\b
Formats:
{_FORMAT_ROWS}

\b
Examples:
  simpsons-tui export                                the newest study as {DEFAULT_FORMAT}
  simpsons-tui export 20261124 --format md --out -   a report on standard output
  simpsons-tui export ~/runs/20261124-0912-3fa2c1 --out report.html
  simpsons-tui export --format csv --out tables      curves.csv, scores.csv and more in a folder
  simpsons-tui export --format tensorboard && tensorboard --logdir .
  simpsons-tui export latest:vanilla --format onnx   a network for other programs

Where it lies is printed. A study that still runs is exported as far as it came. The formats tensorboard
and onnx need optional extras, installed from the project's folder with pip install '.[tensorboard]' and
'.[onnx]'. An ONNX file takes pre-processed images, float32 (N, 3, H, W) in [0, 1]; what the
pre-processing is, and the classes, stand in its metadata. Without a variant it is the most accurate."""


@cloup.command(cls=ProgramCommand, epilog=_HELP_END)
@click.argument("run", required=False, metavar="[RUN[:VARIANT]]")
@option_group(
    "Output",
    option(
        "--format",
        "format_name",
        type=click.Choice((*FORMATS, ONNX)),
        help=f"What to make; without it what the end of --out says, or {DEFAULT_FORMAT}.",
    ),
    option(
        "--out",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="File or folder to write; - is standard output. Without it, the study's name, here.",
    ),
    option("--force", is_flag=True, help="Replace what is there."),
)
@option_group("Study", OWN_NETWORK, STEPS)
@folders(RUNS_DIR)
def export(*, run: str | None, format_name: str | None, out: Path | None, force: bool, runs_dir: Path | None) -> None:
    """Write a study's results as a report, tables or curves, or a trained network.

    RUN is a run's folder, its name or a unique beginning of it; without it, the newest. A VARIANT is named for onnx.
    """
    if format_name == ONNX or (format_name is None and out is not None and out.suffix.lower() == f".{ONNX}"):
        _export_network(run, runs_dir, out, force=force)
        return
    from engine import find_run, gather, open_run
    from tui.console.bars import progress_on
    from tui.export.report import NOTHING_EVALUATED
    from tui.export.saving import export_to

    form = choose_format(format_name, out)
    folder = find_run(run or "", runs_dir)
    with progress_on(sys.stderr) as progress:
        exported = gather(open_run(folder), pictures=form.name in WITH_PICTURES, tell=progress.say)
        if exported.figures:
            progress.say("writing the report")
    if out is not None and str(out) == STANDARD_OUTPUT:
        content = form.render(exported)
        assert isinstance(content, bytes)
        click.echo(content, nl=False)
    else:
        click.echo(str(export_to(exported, form, out, force=force)))
    if not evaluated_results(exported.record):
        click.echo(f"{folder.name}: {NOTHING_EVALUATED}", err=True)
    elif form.name in WITH_PICTURES:
        to = ["--out", str(out)] if out else []
        again = ["simpsons-tui", "export", str(folder), "--format", form.name, *to, "--force"]
        click.echo(_left_out(exported.record, again), err=True, nl=False)


def _left_out(record: StudyRecord, again: Sequence[str]) -> str:
    """A line on the pictures that want steps of the user's own, with what makes them; "" where all are drawn."""
    variants = [result.variant for result in evaluated_results(record)]
    own_steps = own_steps_in(variants, record.started.steps) if record.started else ()
    missing = [own for own in own_steps if not own.named]
    if not missing:
        return ""
    named = [word for origin in dict.fromkeys(own.origin for own in missing) for word in ("--steps", origin)]
    how = f"for the whole {shlex.join([*again, *named])}"
    if changed := [own.shown for own in missing if find_step(own.name) is not None]:
        how = f"bring back the source of {listed(changed)}, which has changed since"
    return f"left out: pictures through {listed([own.name for own in missing])}; {how}\n"


def _export_network(run: str | None, runs_dir: Path | None, out: Path | None, *, force: bool) -> None:
    """Write one variant's network.

    Raises:
        SimpsonsError: there is no such network, it cannot be written, or the file computes something else.
    """
    from engine import export_onnx, file_name, find_run
    from engine.config.model import ModelRequest
    from tui.console.stdout import results_alone_on_stdout

    name, variant = split_model(run or "")
    folder = find_run(name, runs_dir)
    if out is not None and str(out) == STANDARD_OUTPUT:
        raise InputError(f"--format {ONNX} makes a file that is checked before it is kept: name it with --out")
    target = out or Path(f"{folder.name}-{file_name(variant)}.{ONNX}" if variant else f"{folder.name}.{ONNX}")
    if target.is_dir():
        target = target / f"{folder.name}.{ONNX}"
    if target.exists() and not force:
        raise InputError(f"{target} exists: replace it with --force, or name another place with --out")
    with results_alone_on_stdout() as results:
        difference = export_onnx(ModelRequest(folder, variant or None), target)
        results.write(f"{target}\n")
    click.echo(f"largest difference of a logit from torch: {difference:.2g}", err=True)


def choose_format(name: str | None, out: Path | None) -> ExportFormat:
    """The format of that name; without one, the one that a file's end names, else the default.

    Raises:
        InputError: the format is a folder and cannot go to standard output.
    """
    if name is None:
        by_end = {form.suffix: form for form in FORMATS.values() if not form.folder}
        return by_end.get(out.suffix.lower() if out else "", FORMATS[DEFAULT_FORMAT])
    form = FORMATS[name]
    if form.folder and out is not None and str(out) == STANDARD_OUTPUT:
        raise InputError(f"--format {name} makes a folder of files: name it with --out")
    return form
