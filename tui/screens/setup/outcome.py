"""What an expression comes to in a study that is being set up."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from engine.config.expressions import expand_names, split_entries
from engine.config.study import StudyConfig
from engine.config.variants import get_variant, same_pipeline
from engine.errors import InputError
from tui.looks import formatting

if TYPE_CHECKING:
    from engine.reports.estimate import Estimate


@dataclass(frozen=True)
class Outcome:
    """The variants that an expression stands for.

    Attributes:
        names: all of them.
        new: those that are not chosen for the study yet, and that do what none of the chosen does.
        problem: why there are none, or "".
        same: one that is left out, and the chosen one that does the same; None where there is no such.
    """

    names: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    problem: str = ""
    same: tuple[str, str] | None = None


def outcome_of(expression: str, chosen: tuple[str, ...], config: StudyConfig) -> Outcome:
    """The variants of an expression, beside those that are chosen."""
    try:
        names = tuple(dict.fromkeys(expand_names(split_entries(expression))))
    except InputError as error:
        return Outcome(problem=str(error))
    new, same = [name for name in names if name not in chosen], None
    while (pair := same_pipeline((*chosen, *new), config.recipe)) and pair[1] in new:
        new.remove(pair[1])
        same = pair[1], pair[0]
    return Outcome(names, tuple(new), same=same)


def outcome_words(outcome: Outcome, estimate: "Estimate | None", chosen: int) -> Text:
    """Three lines at most: the one variant or how many there are, what that means, and what the study then takes."""
    if outcome.problem:
        return Text(outcome.problem, "bold red")
    if not outcome.names:
        return Text("no step yet", "dim")
    many = len(outcome.names)
    if many == 1:
        head = Text.assemble((outcome.names[0], "bold"), "\n", (get_variant(outcome.names[0]).summary, "dim"))
    else:
        head = Text.assemble((f"{many} variants", "bold"), ("  " + ", ".join(outcome.names), "dim"))
        head.truncate(_MOST_LETTERS, overflow="ellipsis")
    return Text.assemble(head, "\n", _study_words(outcome, estimate, chosen))


_MOST_LETTERS = 150
"""What two lines of a small terminal hold."""


def _study_words(outcome: Outcome, estimate: "Estimate | None", chosen: int) -> Text:
    if not outcome.new:
        same = outcome.same
        return Text(f"does the same as {same[1]}, which is chosen" if same else "chosen already", "yellow")
    new, total = len(outcome.new), chosen + len(outcome.new)
    words = f"{new} new: the study of {total} variant{'s' if total > 1 else ''} takes "
    left_out = f"   left out: {outcome.same[0]}, the same as {outcome.same[1]}" if outcome.same else ""
    time = formatting.duration(estimate.seconds) if estimate is not None else "..."
    return Text.assemble(words, (time, "bold"), (left_out, "yellow"))
