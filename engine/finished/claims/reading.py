"""A reading of what a paper leaves open, as its claims file states it."""

from typing import Any

from msgspec import Struct, field

from engine.config.recipes import RECIPES, Recipe
from engine.events.codec import from_jsonable, to_jsonable
from engine.finished.claims.paper_claim import Words


class PaperReading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to read a paper.

    Attributes:
        key: a short name.
        statement: what is read how.
        recipe: what it changes of the paper's recipe, by the recipe's own names.
    """

    key: Words
    statement: Words
    recipe: dict[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[str, ...]:
        """What it changes, as the option --set takes it."""
        return tuple(f"{name}={_as_option(value)}" for name, value in self.recipe.items())

    def applied(self, recipe: str) -> Recipe:
        """The paper's recipe with its changes.

        Raises:
            InputError: a number is out of its bounds.
            ValueError: a recipe has no such number, or not one of that kind.
        """
        whole = to_jsonable(RECIPES[recipe])
        if unknown := next((name for name in self.recipe if name not in whole or name == "name"), ""):
            raise ValueError(f"recipe: a recipe has no {unknown!r}")
        return from_jsonable(Recipe, whole | self.recipe)


def _as_option(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
