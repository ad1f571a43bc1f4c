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
    """What the study then takes, and below that the variants; what does not fit is cut."""
    if outcome.problem:
        return Text(outcome.problem, "bold red")
    if not outcome.names:
        return Text("no step yet", "dim")
    first, *others = outcome.names
    if others:
        return Text.assemble(_study_words(outcome, estimate, chosen), "\n", (", ".join(outcome.names), "dim"))
    return Text.assemble(
        _study_words(outcome, estimate, chosen), "\n", (first, "bold"), "  ", (get_variant(first).summary, "dim")
    )


def _study_words(outcome: Outcome, estimate: "Estimate | None", chosen: int) -> Text:
    many, new, same = len(outcome.names), len(outcome.new), outcome.same
    count = f"{many} variants, " if many > 1 else ""
    if not new:
        why = f"does the same as {same[1]}, which is chosen" if same else "chosen already"
        return Text.assemble(count, (why, "yellow"))
    total = chosen + new
    words = f"{count}{new} new: the study of {total} variant{'s' if total > 1 else ''} takes "
    left_out = f"   left out: {same[0]}, the same as {same[1]}" if same else ""
    time = formatting.duration(estimate.seconds) if estimate is not None else "..."
    return Text.assemble(words, (time, "bold"), (left_out, "yellow"))
