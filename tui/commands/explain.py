"""`simpsons-tui explain`: what the networks of a finished run look at, as pictures and figures."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
import cloup
from cloup import option_group

from engine.errors import InputError, StorageError
from tui.commands.command import ProgramCommand
from tui.options.basics import option
from tui.options.study import CACHE_DIR, FOLDER, JSON, OWN_NETWORK, RUNS_DIR, STEPS, folders
from tui.options.values import variant_names

if TYPE_CHECKING:
    from rich.console import RenderableType

    from engine.events.control import StudyControl
    from engine.events.progress import ExplanationProgress, Tell
    from engine.reports.explanation import ExplanationReport
    from engine.reports.pictures import Figure
    from engine.reports.resolution import ResolutionReport
    from tui.console.progress import LineProgress

    _Found = tuple[ExplanationReport, ResolutionReport | None, list[Figure]]

_TENTHS = 10

_EXAMPLES = """\b
Examples:
  simpsons-tui explain RUN
  simpsons-tui explain RUN --variant vanilla --out pictures/
  simpsons-tui explain RUN --resolution --variant vanilla,denoise
  simpsons-tui explain RUN --json > explanation.json

RUN is as for predict. Nothing is trained again. What the networks lose without colour, background or
box is measured once and kept in the run's folder, and so is their accuracy on smaller images with
--resolution, variant by variant. Progress goes to standard error."""


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@click.argument("run", metavar="RUN")
@option_group(
    "Explanation",
    STEPS,
    option("--variant", type=variant_names, metavar="A,B,...", help="Only these variants' networks."),
    option(
        "--resolution",
        is_flag=True,
        help="Also measure how accuracy falls when images are shrunk; slow for variants with super-resolution.",
    ),
    OWN_NETWORK,
)
@option_group(
    "Output", option("--out", type=FOLDER, metavar="DIR", help="Write the pictures there, as PNG files."), JSON
)
@folders(CACHE_DIR, RUNS_DIR)
def explain(
    *,
    run: str,
    variant: tuple[str, ...] | None,
    resolution: bool,
    out: Path | None,
    as_json: bool,
    cache_dir: Path | None,
    runs_dir: Path | None,
) -> int:
    """Say what the networks of a finished RUN look at: colour, background, the character, fine detail.

    With --out, also pictures: what each variant sees, its mistakes, Grad-CAM, filters, feature maps.
    """
    from engine import (
        find_run,
        measure_explanation,
        measure_resolution,
        open_run,
        report_figures,
        stored_resolution,
    )
    from engine.config.variants import spelled_as_in
    from engine.events.codec import to_jsonable
    from tui.console.headless import measure_headless
    from tui.console.stdout import printed
    from tui.looks.formatting import json_line

    opened = open_run(find_run(run, runs_dir), cache_dir)
    if variant is not None and (started := opened.record.started) is not None:
        variant = tuple(spelled_as_in(started.variants, name, started.recipe) for name in variant)
    for name in variant or ():
        if opened.record.result(name) is None:
            raise InputError(f"--variant {name}: {opened.folder} has no finished job of it")

    def measure(progress: "LineProgress", control: "StudyControl") -> "_Found":
        tell = _teller(progress.say)
        report, sizes = measure_explanation(opened, progress=tell, control=control), stored_resolution(opened)
        if resolution:
            sizes = measure_resolution(opened, variants=variant, progress=tell, control=control)
        if variant is not None:
            report = replace(report, ablations=tuple(one for one in report.ablations if one.variant in variant))
            sizes = sizes and replace(sizes, ladders=sizes.of(variant))
        figures = report_figures(opened, variants=variant, tell=progress.say) if out is not None else []
        return report, sizes, figures

    def text(found: "_Found", results: TextIO) -> str:
        report, sizes, figures = found
        written = _write(figures, out) if out is not None else []
        if as_json:
            pictures = [str(path) for path in written]
            return json_line({**to_jsonable(report), "resolution": to_jsonable(sizes), "pictures": pictures})
        return printed(list(_parts(report, sizes, written)), results)

    return measure_headless(measure, text)


def _teller(say: Any) -> "Tell":
    """Says what is under way, and each further tenth of it."""
    last: tuple[str, int] = ("", 0)

    def tell(progress: "ExplanationProgress") -> None:
        nonlocal last
        tenths = _TENTHS * progress.done // progress.total if progress.total else 0
        if (progress.words, tenths) != last:
            last = (progress.words, tenths)
            say(f"{progress.words} ({progress.done} of {progress.total})", "info")

    return tell


def _write(figures: "list[Figure]", out: Path) -> list[Path]:
    """Write the pictures; the names of the files.

    Raises:
        StorageError: the folder cannot be written.
    """
    from engine import replacing

    paths = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for figure in figures:
            path = out / f"{picture_name(figure.title)}.png"
            with replacing(path) as stream:
                stream.write(figure.png)
            paths.append(path)
    except OSError as error:
        raise StorageError(f"--out {out}: cannot be written ({error.strerror or error})") from None
    return paths


def picture_name(title: str) -> str:
    """A title as the name of a file, with a hash where it names a variant with parameters."""
    from engine import file_name

    words = "-".join("".join(sign if sign.isalnum() else " " for sign in title.lower()).split())
    return file_name(title.lower() if "(" in title else words)


def _parts(
    report: "ExplanationReport", sizes: "ResolutionReport | None", written: list[Path]
) -> "Iterator[RenderableType]":
    from tui.tables.data import to_plain
    from tui.tables.explanation import ablation_data, answers_and_notes, class_change_data, legend

    yield "Shares of images that are recognised"
    yield to_plain(ablation_data(report))
    yield ""
    yield "Recognised before → after, of"
    yield to_plain(class_change_data(report))
    yield legend(report)
    yield ""
    yield answers_and_notes(report)
    if sizes is not None:
        yield from _size_parts(sizes)
    if written:
        yield ""
        yield f"Pictures: {', '.join(str(path) for path in written)}"


def _size_parts(report: "ResolutionReport") -> "Iterator[RenderableType]":
    from tui.tables.data import to_plain
    from tui.tables.explanation import answers_and_notes
    from tui.tables.resolution import ladder_data, native_data

    yield ""
    yield "How large the images are: longer side in pixels"
    yield to_plain(native_data(report))
    yield ""
    yield f"Recognised when the images are shrunk to a longer side (networks of seed {report.seed})"
    yield to_plain(ladder_data(report.ladders))
    yield ""
    yield answers_and_notes(report)
