"""`simpsons-tui audit`: what the images themselves say of how far scores on them can be trusted."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from engine.config.protocols import Closeness
from engine.config.study import StudyConfig
from engine.reports.audit import AuditReport
from tui.options.sections import SectionedCommand, option, with_options
from tui.options.study import (
    CLASSES_OPTION,
    DEBUG_OPTION,
    FOLDER_OPTIONS,
    PARTS_OPTIONS,
    RECHECK_OPTION,
    named_parts,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from engine.events.progress import AuditProgress
    from tui.console.progress import LineProgress

_PAIRS_SHOWN = 20
_FILES_SHOWN = 10

_EXAMPLES = """\b
Examples:
  simpsons-tui audit                              the drawn demo set
  simpsons-tui audit simpsons.zip
  simpsons-tui audit images/ --closeness scene    also frames of one shot
  simpsons-tui audit images/ --json > audit.json

Every image is read once and remembered, so that a second audit takes seconds. Progress goes to standard
error, the report to standard output; with --json it is one JSON object with every pair and group. Exit
status: 0 done, whatever was found, 2 wrong use or input, 130 interrupted."""


@click.command(cls=SectionedCommand, epilog=_EXAMPLES)
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path), metavar="[PATH]")
@with_options(PARTS_OPTIONS)
@CLASSES_OPTION
@RECHECK_OPTION
@option(
    "Audit",
    "--closeness",
    type=click.Choice(get_args(Closeness)),
    default=StudyConfig.closeness,
    show_default=True,
    help="What counts as a copy: near, or scene, which also groups frames of one shot.",
)
@option("Output", "--json", "as_json", is_flag=True, help="Write the report as one JSON object.")
@FOLDER_OPTIONS[0]
@DEBUG_OPTION
@click.pass_context
def audit(
    ctx: click.Context,
    /,
    *,
    path: Path | None,
    train: Path | None,
    test: Path | None,
    val: Path | None,
    classes: tuple[str, ...] | None,
    recheck: bool,
    closeness: Closeness,
    as_json: bool,
    cache_dir: Path | None,
    debug: bool,
) -> None:
    """Look for copies, leaks and odd files among the images at PATH, before anything is trained on them.

    PATH is a folder or .zip of images; without it, the demo set.
    """
    ctx.obj.debug = ctx.obj.debug or debug
    parts: dict[str, Any] = named_parts(path, train, test, val)
    config = StudyConfig(**parts, classes=classes, closeness=closeness, cache_dir=cache_dir, recheck=recheck)
    ctx.exit(_run(config, as_json=as_json))


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(audit)


def _run(config: StudyConfig, *, as_json: bool) -> int:
    from engine import audit_dataset
    from engine.errors import StudyStopped
    from engine.events.codec import to_jsonable
    from engine.events.control import StudyControl
    from tui.console.progress import progress_on
    from tui.console.stdout import SIGNAL_STATUS, printed, results_alone_on_stdout, write_results
    from tui.console.study import StopOnSignal

    control = StudyControl()
    with results_alone_on_stdout() as results:
        with (
            progress_on(sys.stderr) as progress,
            StopOnSignal(control, progress, "stopping; once more ends at once") as stop,
        ):
            stages = _Stages(progress)
            try:
                report = audit_dataset(config, control, stages.take)
            except StudyStopped:
                return SIGNAL_STATUS + stop.received
            finally:
                stages.end()
        if as_json:
            text = json.dumps(to_jsonable(report), allow_nan=False) + "\n"
        else:
            text = printed(list(_report(report, config)), results)
        write_results(results, text)
    return 0


class _Stages:
    """Tells a study's progress display of an audit."""

    def __init__(self, progress: "LineProgress") -> None:
        self._progress = progress
        self._stage: Literal["check", "audit"] | None = None
        self._began = 0.0

    def take(self, news: "AuditProgress") -> None:
        """Show how far it is."""
        from engine.events.study import StageProgress, StageStarted

        if news.stage != self._stage:
            self.end()
            self._stage = news.stage
            started = StageStarted(stage=news.stage, total=news.total, cached=news.done)
            self._began = started.time
            self._progress.take(started)
        else:
            self._progress.take(StageProgress(stage=news.stage, done=news.done))

    def end(self) -> None:
        """The stage under way is over."""
        import time

        from engine.events.study import StageFinished

        if self._stage is not None:
            self._progress.take(StageFinished(stage=self._stage, seconds=time.time() - self._began))


def _report(report: AuditReport, config: StudyConfig) -> Iterator["RenderableType"]:
    """The parts from top to bottom; a `Text` is a sentence that may be broken between words, a string is not."""
    from rich.text import Text

    from tui.looks.formatting import count, place
    from tui.tables.audit import class_data, closeness_words, group_words, pair_data, size_data
    from tui.tables.data import to_rich

    where = place(str(config.data)) if config.data is not None else "the demo set"
    yield f"audit of {where}: {count(report.train)} training and {count(report.test)} test images"
    if config.data is None:
        yield "DEMO SET: these images are drawn by this program"
    yield f"copies are {closeness_words(report)}"
    yield ""
    yield "Findings, the gravest first"
    yield from (Text(f"- {sentence}") for sentence in report.sentences)
    if report.notes:
        yield ""
        yield "What was read, and what was not"
        yield from (Text(f"- {note}") for note in report.notes)
    yield ""
    yield to_rich(class_data(report), "Images")
    yield ""
    yield to_rich(size_data(report), "Sizes in pixels")
    yield ""
    yield f"Copies: {group_words(report)}"
    if report.pairs:
        yield to_rich(pair_data(report, _PAIRS_SHOWN))
        if (more := len(report.pairs) - _PAIRS_SHOWN) > 0:
            yield f"... and {count(more)} more pairs, all listed by --json"
    yield from _files(report)
    yield ""
    yield "What this audit cannot see"
    yield from (Text(f"- {sentence}") for sentence in report.blind_spots)


def _files(report: AuditReport) -> Iterator[str]:
    for title, files in (("Left out", report.unreadable), ("Odd files", report.odd)):
        if files:
            yield ""
            yield f"{title}: {len(files)}"
            yield from (f"  {file.path}: {file.reason}" for file in files[:_FILES_SHOWN])
            if (more := len(files) - _FILES_SHOWN) > 0:
                yield f"  ... and {more} more, all listed by --json"
