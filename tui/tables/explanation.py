"""What networks lose without parts of the picture, as tables for the dashboard and the command line."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.reports.explanation import Ablation, ExplanationReport, Outcome
from tui.looks.palette import variant_mark
from tui.tables.facts import short_names

_SMALLEST_P = 0.001


def ablation_table(report: ExplanationReport, *, dark: bool = True) -> Table:
    """A line a variant and change, over all classes."""
    table = _table("variant", "taken away", "n", "before", "after", "95 %", "lost", "won", "p")
    last = ""
    for ablation in report.ablations:
        if last and last != ablation.variant:
            table.add_section()
        name = _name(ablation, last, dark=dark)
        table.add_row(name, _change(ablation), *_cells(ablation.total), _p(ablation.p_value))
        last = ablation.variant
    return table


def class_table(report: ExplanationReport, *, dark: bool = True, narrow: bool = False) -> Table:
    """The recognised images of every class, before and after each change: counts, or per cent where it is `narrow`."""
    names = list(dict.fromkeys(outcome.name for ablation in report.ablations for outcome in ablation.classes))
    table = _table("variant", "taken away", *short_names(tuple(names)))
    last = ""
    for ablation in report.ablations:
        if last and last != ablation.variant:
            table.add_section()
        name = _name(ablation, last, dark=dark)
        table.add_row(
            name, _change(ablation), *(_turned(ablation.of(class_name), narrow=narrow) for class_name in names)
        )
        last = ablation.variant
    return table


def explanation_words(report: ExplanationReport) -> RenderableType:
    """The answers and what the figures are not."""
    return Group(*_lines("What follows", report.answers), Text(), *_lines("What these figures are not", report.notes))


def _lines(heading: str, sentences: tuple[str, ...]) -> Iterator[Text]:
    if sentences:
        yield Text(heading, "bold")
        yield from (Text(f"• {sentence}") for sentence in sentences)


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place < 2 else "right", no_wrap=True)  # noqa: PLR2004 - the names
    return table


def _name(ablation: Ablation, last: str, *, dark: bool) -> Text:
    """The variant, where it is another than in the line above."""
    if ablation.variant == last:
        return Text()
    return Text.assemble(variant_mark(ablation.variant, dark=dark), f" {ablation.variant}")


def _change(ablation: Ablation) -> Text:
    marks = {"test": "", "not trained on": " °", "trained on": " *"}
    return Text(ablation.change + marks[ablation.images_from])


def _cells(outcome: Outcome) -> tuple[str, ...]:
    interval = outcome.after_interval
    return (
        f"{outcome.images}",
        f"{outcome.before / outcome.images:.3f}",
        f"{outcome.after / outcome.images:.3f}",
        f"[{_share(interval.low)} {_share(interval.high)}]",
        f"{outcome.lost}",
        f"{outcome.gained}",
    )


def _share(value: float) -> str:
    """Three decimals without the 0 before them, which all but 1 have."""
    return f"{value:.3f}".removeprefix("0")


def _turned(outcome: Outcome | None, *, narrow: bool) -> Text:
    if outcome is None:
        return Text("–", "dim")
    style = "bold" if outcome.after < outcome.before else ""
    if narrow:
        before, after = (f"{100 * right / outcome.images:.0f}" for right in (outcome.before, outcome.after))
        return Text(f"{before}→{after}", style)
    return Text(f"{outcome.before}→{outcome.after}/{outcome.images}", style)


def _p(value: float) -> str:
    return "<0.001" if value < _SMALLEST_P else f"{value:.3f}"


def legend(report: ExplanationReport) -> Text:
    """What the signs behind a change mean, where they stand."""
    meanings = {"not trained on": "° boxed images that were not trained on", "trained on": "* boxed training images"}
    kinds = dict.fromkeys(ablation.images_from for ablation in report.ablations)
    return Text("   ".join(meanings[kind] for kind in kinds if kind in meanings), "dim")
