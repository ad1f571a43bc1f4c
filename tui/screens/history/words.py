"""What stands around the list of runs, in words."""

from pathlib import Path

from rich.text import Text

from engine.reports.run_summary import RunSummary
from tui.looks import formatting
from tui.looks.keys import key
from tui.looks.palette import run_style
from tui.looks.variant_names import MANY
from tui.tables.history import STATE_COLOURS, STATE_SIGNS

_BEST_NAMED = 3
"""Variants that a run with many is described by."""


def title_text(shown: int, runs: int, sorted_by: str, marked: int, words: str, runs_dir: Path) -> Text:  # noqa: PLR0917
    """How many runs are shown of all, how they are sorted, marked and filtered, and where they lie."""
    title = Text("history", "bold")
    if runs:
        title.append(f"   {formatting.count(shown)} of {formatting.count(runs)} runs")
        title.append(f"   sorted by {sorted_by or 'date'}", "dim")
    if marked:
        curves, tables = key("history.overlay", "o"), key("history.tables", "t")
        title.append(f"   {marked} marked: {curves} curves, {tables} tables", "bold")
    if words:
        title.append(f"   / {words}", "yellow")
    return title.append(f"   {formatting.place(str(runs_dir))}", "dim")  # last: it may be long


def about_text(run: RunSummary | None) -> Text:
    """State, name, accuracies and message of a run; of many variants the best alone."""
    about = Text()
    if run is not None:
        about.append(f"{STATE_SIGNS[run.state]} {run.state}", STATE_COLOURS.get(run.state, ""))
        about.append(f"  {run.folder.name}", "bold")
        shown, rest = run.accuracies, len(run.accuracies) - _BEST_NAMED
        if len(shown) > MANY:
            shown = tuple(sorted(shown, key=lambda one: -one[1])[:_BEST_NAMED])
        about.append("".join(f"   {name} {accuracy:.3f}" for name, accuracy in shown))
        about.append(f"   {rest} others below" if len(run.accuracies) > MANY else "", "dim")
        about.append(f"   {run.writer}" if run.writer else "", "dim")
        about.append(f"\n{run.message}" if run.message else "", "yellow")
    return about


def empty_text(error: str, words: str, *, read: bool) -> Text:
    """Why no run is shown."""
    back = key("history.back", "Escape")
    if error:
        return Text(error, "bold red")
    if not read:
        return Text("reading the runs ...", "dim")
    if words:
        return Text(f"No run holds {words!r}: press {key('history.filter', '/')} and {back} to see all.")
    start = key("setup.start", "Enter")
    return Text(f"No run yet: go back with {back} and press {start} on the set-up to train the first one.")


def run_mark(place: int | None) -> Text:
    """The sign of a run that is marked for a comparison, by its place among those; a blank for the others."""
    if place is None:
        return Text(" ")
    style = run_style(place)
    return Text(style.marker, style.colour)
