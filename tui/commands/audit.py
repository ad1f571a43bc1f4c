"""`simpsons-tui audit`: what the images themselves say of how far scores on them can be trusted."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import cloup
from cloup import option_group

from engine.config.protocols import Closeness
from engine.config.study import StudyConfig
from engine.reports.audit import AuditReport
from tui.commands.command import ProgramCommand
from tui.options.study import CACHE_DIR, CLASSES, CLOSENESS, JSON, LABELS, PARTS, RECHECK, folders, named_parts

if TYPE_CHECKING:
    from rich.console import RenderableType

    from engine.events.control import StudyControl
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


@cloup.command(cls=ProgramCommand, epilog=_EXAMPLES)
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path), metavar="[PATH]")
@option_group("Images", *PARTS, *LABELS, CLASSES, RECHECK)
@option_group("Audit", CLOSENESS)
@option_group("Output", JSON)
@folders(CACHE_DIR)
def audit(
    *,
    path: Path | None,
    train: Path | None,
    test: Path | None,
    val: Path | None,
    labels: Path | None,
    path_column: str | None,
    label_column: str | None,
    group_column: str | None,
    classes: tuple[str, ...] | None,
    recheck: bool,
    closeness: Closeness,
    as_json: bool,
    cache_dir: Path | None,
) -> int:
    """Look for copies, leaks and odd files among the images at PATH, before anything is trained on them.

    PATH is a folder or archive of images; without it, the demo set.
    """
    given: dict[str, Any] = dict(
        named_parts(path, train, test, val, labels),
        path_column=path_column,
        label_column=label_column,
        group_column=group_column,
    )
    config = StudyConfig(**given, classes=classes, closeness=closeness, cache_dir=cache_dir, recheck=recheck)
    from engine import audit_dataset
    from engine.events.codec import to_jsonable
    from tui.console.headless import measure_headless
    from tui.console.stdout import printed
    from tui.looks.formatting import json_line

    def measure(progress: "LineProgress", control: "StudyControl") -> AuditReport:
        stages = _Stages(progress)
        try:
            return audit_dataset(config, control, stages.take)
        finally:
            stages.end()

    return measure_headless(
        measure,
        lambda report, results: (
            json_line(to_jsonable(report)) if as_json else printed(list(_report(report, config)), results)
        ),
    )


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
    from tui.tables.audit import DETAILS, class_data, closeness_words, group_words, pair_data, size_data
    from tui.tables.data import to_rich
    from tui.tables.facts import DEMO_WORDS

    where = place(str(config.data)) if config.data is not None else "the demo set"
    yield f"audit of {where}: {count(report.train)} training and {count(report.test)} test images"
    if config.data is None:
        yield DEMO_WORDS
    yield f"counted as copies, {closeness_words(report)}"
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
        yield to_rich(pair_data(report, _PAIRS_SHOWN).without(*DETAILS))
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
