"""The events of a search for a recipe's numbers, which stand among those of the parts that it shares with a study.

The stream: `TuningStarted`, a study's events of checking, auditing, dividing and pre-processing, then for each trial
`TrialStarted`, an `EpochScored` an epoch, a `JobFinished` a seed where it was trained to the end, and `TrialFinished`;
at last `TuningFinished`. `BatchTrained` is told while a trial trains and not kept. A trial is a job whose variant is
its `trial_name`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.config.protocols import Protocol
from engine.config.recipes import Recipe
from engine.events.study import Event
from engine.reports.results import DatasetSummary, Status

TrialState = Literal["done", "pruned", "failed"]

Numbers = tuple[tuple[str, float], ...]
"""Fields of a recipe with their values; whole numbers are floats here."""


_DIGITS = 3


@dataclass(frozen=True)
class NumberRange:
    """Where a number of a recipe is searched for, both ends included.

    `log` says whether it is searched for on a logarithmic scale, `whole` whether it is an integer.
    """

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False


_TRIAL = "trial-"


def trial_name(trial: int) -> str:
    """How a trial is called, in tables and as a job: they count from 0, which is the recipe itself."""
    return f"{_TRIAL}{trial}"


def is_trial(job: str) -> bool:
    """Whether a job is a trial of a search."""
    number = job.removeprefix(_TRIAL)
    return number != job and number.isdigit()


def numbers_of(recipe: Recipe, names: Iterable[str]) -> Numbers:
    """Some numbers of a recipe."""
    return tuple((name, float(getattr(recipe, name))) for name in names)


def with_numbers(recipe: Recipe, numbers: Numbers) -> Recipe:
    """The recipe with other numbers.

    Raises:
        InputError: a value that no recipe can have.
    """
    changes: dict[str, Any] = {
        name: round(value) if isinstance(getattr(recipe, name), int) else value for name, value in numbers
    }
    return replace(recipe, **changes)


def number_text(value: float) -> str:
    """A number of a recipe as people read it: 50, 0.3, 0.00213."""
    return f"{value:.{_DIGITS}g}" if value % 1 else f"{value:.0f}"


def number_words(numbers: Numbers) -> str:
    """Numbers with their names."""
    return ", ".join(f"{name} {number_text(value)}" for name, value in numbers)


@dataclass(frozen=True, kw_only=True)
class TuningStarted(Event):
    """The first event: what is searched for, on what, and when it ends (see `engine.config.search`)."""

    search: str
    dataset: DatasetSummary
    variant: str
    protocol: Protocol
    recipe: Recipe
    seeds: tuple[int, ...]
    validation_fraction: float
    numbers: tuple[NumberRange, ...]
    trials: int | None
    minutes: float | None
    program_version: str
    folder: str = ""


@dataclass(frozen=True, kw_only=True)
class TuningResumed(Event):
    """A search that ended early or was interrupted is resumed, to these limits; a trial without an end begins again."""

    trials: int | None
    minutes: float | None
    program_version: str


@dataclass(frozen=True, kw_only=True)
class TrialStarted(Event):
    """A trial begins: the recipe with these numbers, `steps` batches over all seeds."""

    trial: int
    numbers: Numbers
    steps: int
    is_recipe: bool = False


@dataclass(frozen=True, kw_only=True)
class EpochScored(Event):
    """An epoch of a trial ended.

    `accuracy` and `loss` (mean cross-entropy) are those on the validation images, `training_loss` the mean over the
    epoch's batches as they were seen.
    """

    trial: int
    seed: int
    epoch: int
    accuracy: float
    loss: float
    training_loss: float


@dataclass(frozen=True, kw_only=True)
class TrialFinished(Event):
    """A trial ended: trained to its end, given up because others did better by then, or failed.

    `accuracy` and `loss` are those after the last epoch, means over seeds, and None unless it is done. `epochs` counts
    over all seeds.
    """

    trial: int
    state: TrialState
    accuracy: float | None = None
    loss: float | None = None
    epochs: int = 0
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TuningFinished(Event):
    """The last event, unless the search is resumed. `best` is None where no trial was trained to its end."""

    status: Status
    reason: str = ""
    best: int | None = None
    conclusion: tuple[str, ...] = ()
    folder: str = ""
