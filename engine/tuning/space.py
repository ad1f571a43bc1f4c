"""Search space: which numbers of a recipe are searched for, and in which ranges."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from engine.config.networks import is_ours
from engine.config.recipes import MIN_BATCH, Recipe
from engine.errors import InputError
from engine.events.search import NumberRange


def _always(_recipe: Recipe) -> bool:
    return True


def _used(name: str) -> Callable[[Recipe], bool]:
    """Whether a recipe uses the method that this number is of: at 0 it leaves it out."""
    return lambda recipe: bool(getattr(recipe, name))


@dataclass(frozen=True)
class Tunable:
    """A number of the recipe that can be searched for.

    Attributes:
        name: field of `Recipe`.
        low, high: ends of the range; factors of the recipe's own value where it is `relative`.
        relative: whether they are.
        log: whether it is searched for on a logarithmic scale.
        whole: whether it is an integer.
        least: no value is lower, whatever the factors say.
        applies: whether the number changes anything in a recipe; those that do not are left out.
    """

    name: str
    low: float
    high: float
    relative: bool = False
    log: bool = False
    whole: bool = False
    least: float = 0.0
    applies: Callable[[Recipe], bool] = _always

    def around(self, recipe: Recipe) -> NumberRange:
        """The range for a recipe; its own value always lies within."""
        own = float(getattr(recipe, self.name))
        low, high = (end * own if self.relative else end for end in (self.low, self.high))
        if not self.log or own > 0:  # a logarithmic range has no place for 0, which the recipe's own trial may have
            low, high = min(low, own), max(high, own)
        low = max(low, self.least)
        if self.whole:
            low, high = float(round(low)), float(round(high))
        return NumberRange(self.name, low, high, self.log, self.whole)


def _table(*entries: Tunable) -> Mapping[str, Tunable]:
    return MappingProxyType({entry.name: entry for entry in entries})


# Numbers that change the pixels (image size, denoising) are not here: every trial would pre-process all images anew.
# Nor is the number of epochs: more is nearly always better, and costs what a user must decide.
TUNABLE = _table(
    Tunable("learning_rate", 0.1, 10, relative=True, log=True),
    Tunable("batch_size", 0.25, 4, relative=True, log=True, whole=True, least=MIN_BATCH),
    Tunable("head_learning_rate", 0.1, 10, relative=True, log=True, applies=_used("head_learning_rate")),
    Tunable("dropout", 0, 0.8, applies=lambda recipe: is_ours(recipe.network)),
    Tunable("weight_decay", 0.1, 10, relative=True, log=True, applies=_used("weight_decay")),
    Tunable("label_smoothing", 0, 0.3, applies=_used("label_smoothing")),
    Tunable("affine", 0, 2.5, applies=_used("affine")),
    Tunable("colour_jitter", 0, 0.6, applies=_used("colour_jitter")),
    Tunable("erase", 0, 0.7, applies=_used("erase")),
    Tunable("low_resolution", 0, 0.8, applies=_used("low_resolution")),
    Tunable("averaging", 0.005, 0.3, log=True, applies=_used("averaging")),
)


def search_ranges(
    recipe: Recipe, only: Sequence[str] = (), table: Mapping[str, Tunable] = TUNABLE
) -> tuple[NumberRange, ...]:
    """The ranges to search, in the table's order: those of `only`, by default all that matter for the recipe.

    Raises:
        InputError: a name that cannot be searched for, or that this recipe has no use for.
    """
    for name in only:
        if name not in table:
            close = difflib.get_close_matches(name, table, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise InputError(f"--only {name!r} cannot be searched for: {hint}choose from {', '.join(table)}")
        if not table[name].applies(recipe):
            raise InputError(f"--only {name!r} changes nothing in the recipe {recipe.name}: leave it out")
    entries = [entry for entry in table.values() if entry.applies(recipe) and (not only or entry.name in only)]
    return tuple(entry.around(recipe) for entry in entries)
