"""What networks lose without parts of the picture, as tables for the dashboard, the command line and reports."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from engine.reports.explanation import Ablation, ExplanationReport, ImagesFrom, Outcome
from engine.reports.resolution import ResolutionReport
from tui.looks.formatting import NOTHING, interval_text, number, p_text
from tui.tables.data import Cell, Line, TableData, numbers, table_of, words
from tui.tables.facts import short_names

_MARKS: dict[ImagesFrom, str] = {"test": "", "not trained on": " °", "trained on": " *"}


def ablation_data(report: ExplanationReport) -> TableData:
    """A row a variant and change, over all classes."""
    return table_of(map(_ablation_line, report.ablations))


def _ablation_line(ablation: Ablation) -> Line:
    total = ablation.total
    yield words("variant"), ablation.variant
    yield words("taken away"), ablation.change + _MARKS[ablation.images_from]
    yield numbers("n"), f"{total.images:,}"
    yield numbers("before"), number(total.before / total.images)
    yield numbers("after"), number(total.after / total.images)
    yield numbers("95 %"), interval_text(total.after_interval)
    yield numbers("lost"), f"{total.lost}"
    yield numbers("won"), f"{total.gained}"
    yield numbers("p"), p_text(ablation.p_value)


def class_change_data(report: ExplanationReport, *, narrow: bool = False) -> TableData:
    """The recognised images of every class, before and after each change: counts, or per cent where it is `narrow`."""
    names = list(dict.fromkeys(outcome.name for ablation in report.ablations for outcome in ablation.classes))

    def line(ablation: Ablation) -> Line:
        yield words("variant"), ablation.variant
        yield words("taken away"), ablation.change + _MARKS[ablation.images_from]
        for name, short in zip(names, short_names(tuple(names)), strict=True):
            yield numbers(short), _change_cell(ablation.of(name), narrow=narrow)

    return table_of(map(line, report.ablations))


def _change_cell(outcome: Outcome | None, *, narrow: bool) -> Cell:
    if outcome is None:
        return Cell(NOTHING)
    before, after = f"{outcome.before}", f"{outcome.after}/{outcome.images}"
    if narrow:
        before, after = (f"{100 * correct / outcome.images:.0f}" for correct in (outcome.before, outcome.after))
    return Cell(f"{before}→{after}", bold=outcome.after < outcome.before)


def answers_and_notes(report: ExplanationReport | ResolutionReport) -> RenderableType:
    """The answers that a measurement gives, and what its figures are not."""
    return Group(
        *_bullets("What follows", report.answers), Text(), *_bullets("What these figures are not", report.notes)
    )


def _bullets(heading: str, sentences: tuple[str, ...]) -> Iterator[Text]:
    if sentences:
        yield Text(heading, "bold")
        yield from (Text(f"• {sentence}") for sentence in sentences)


def legend(report: ExplanationReport) -> Text:
    """What the signs behind a change mean, where they stand."""
    meanings = {"not trained on": "° boxed images that were not trained on", "trained on": "* boxed training images"}
    kinds = dict.fromkeys(ablation.images_from for ablation in report.ablations)
    return Text("   ".join(meanings[kind] for kind in kinds if kind in meanings), "dim")
