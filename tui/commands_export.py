"""`simpsons-tui export`: a study's results as files."""

from pathlib import Path

import click

from engine.errors import InputError
from tui.export.formats import FORMATS, ExportFormat
from tui.options import DEBUG_OPTION, FOLDER_OPTIONS, SectionedCommand, option
from tui.session import remember

STANDARD_OUTPUT = "-"
DEFAULT_FORMAT = "html"

_FORMAT_ROWS = "\n".join(f"  {entry.name:<12} {entry.words}" for entry in FORMATS.values())

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

Where it lies is printed. A study that still runs is exported as far as it came. The format tensorboard
needs an optional extra, installed from the project's folder with pip install '.[tensorboard]'."""


@click.command(cls=SectionedCommand, epilog=_HELP_END)
@click.argument("run", required=False, metavar="[RUN]")
@option(
    "Output",
    "--format",
    "format_name",
    type=click.Choice(tuple(FORMATS)),
    help=f"What to make; without it what the end of --out says, or {DEFAULT_FORMAT}.",
)
@option(
    "Output",
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="File or folder to write; - is standard output. Without it, the study's name, here.",
)
@option("Output", "--force", is_flag=True, help="Replace what is there.")
@FOLDER_OPTIONS[1]
@DEBUG_OPTION
@click.pass_context
def export(
    ctx: click.Context,
    /,
    *,
    debug: bool,
    run: str | None,
    format_name: str | None,
    out: Path | None,
    force: bool,
    runs_dir: Path | None,
) -> None:
    """Write a study's results as a report, tables or curves.

    RUN is a run's folder, its name or a unique beginning of it; without it, the newest.
    """
    remember(ctx, debug, runs_dir)
    from engine.study import find_run, load_record
    from tui.export.lookup import gather
    from tui.export.report import NOTHING_EVALUATED
    from tui.export.saving import export_to
    from tui.study_facts import evaluated_results

    form = choose_format(format_name, out)
    folder = find_run(run or "", runs_dir)
    exported = gather(load_record(folder), folder)
    if out is not None and str(out) == STANDARD_OUTPUT:
        content = form.render(exported)
        assert isinstance(content, bytes)
        click.echo(content, nl=False)
    else:
        click.echo(str(export_to(exported, form, out, force=force)))
    if not evaluated_results(exported.record):
        click.echo(f"{folder.name}: {NOTHING_EVALUATED}", err=True)


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


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(export)
