"""The variants that can be chosen for a study, and which are."""

from collections.abc import Sequence
from dataclasses import replace

from engine.config.combinations import COMBINATIONS
from engine.config.protocols import DIVIDES_TRAINING_IMAGES, PROTOCOLS
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.config.variants import STUDY_VARIANTS, VARIANTS


class VariantChoice:
    """The table's variants and, below them, those that were added; some are chosen."""

    def __init__(self, chosen: Sequence[str]) -> None:
        self.chosen = set(chosen)
        self._added = dict.fromkeys(name for name in chosen if name not in VARIANTS)

    @property
    def listed(self) -> list[str]:
        """All in the order that they run: the table's, the combinations of the study's steps, then others."""
        combinations = [name for name in COMBINATIONS if name in self._added]
        return [*VARIANTS, *combinations, *(name for name in self._added if name not in COMBINATIONS)]

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are chosen, in the order of the list."""
        return tuple(name for name in self.listed if name in self.chosen)

    @property
    def has_added(self) -> bool:
        """Whether there is any that can be dropped."""
        return bool(self._added)

    def add(self, names: Sequence[str]) -> None:
        """Choose variants; those that are not on the list yet are put there."""
        self.chosen |= set(names)
        self._added |= dict.fromkeys(name for name in names if name not in VARIANTS)

    def choose(self, what: str, marked: str) -> bool:
        """Do what a key of the set-up says; whether anything changed.

        Args:
            what: "marked", "study" (its four), "listed" (all) and "combinations" (of the study's steps) are taken in,
                or out where they all are; "drop" takes the marked one off the list, "clear" all that were added; the
                table's variants stay on it.
            marked: the variant that is marked.
        """
        if what == "drop":
            return self._drop([marked])
        if what == "clear":
            return self._drop(list(self._added))
        if what == "marked":
            self.chosen ^= {marked}
            return True
        names = {"study": STUDY_VARIANTS, "listed": self.listed, "combinations": COMBINATIONS}[what]
        taken = not self.chosen >= set(names)
        self.chosen = self.chosen | set(names) if taken else set()
        if what == "combinations":
            if taken:
                self.add(names)
            else:
                self._drop(names)
        return True

    def _drop(self, names: Sequence[str]) -> bool:
        dropped = self._added.keys() & set(names)
        self.chosen -= dropped
        self._added = {name: None for name in self._added if name not in dropped}
        return bool(dropped)


def with_next_recipe(config: StudyConfig) -> StudyConfig:
    """With the next recipe; changes to the last one are dropped."""
    names = list(RECIPES)
    index = names.index(config.recipe.name) if config.recipe.name in names else -1
    return replace(config, recipe=RECIPES[names[(index + 1) % len(names)]])


def with_next_protocol(config: StudyConfig) -> StudyConfig:
    """With the next protocol; folds are kept only where it has any."""
    names = list(PROTOCOLS)
    protocol = names[(names.index(config.protocol) + 1) % len(names)]
    return replace(config, protocol=protocol, folds=config.folds if protocol in DIVIDES_TRAINING_IMAGES else 1)
