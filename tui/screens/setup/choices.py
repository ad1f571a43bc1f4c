"""The variants that can be chosen for a study, and which are."""

from collections.abc import Sequence
from dataclasses import replace

from engine.config.combinations import COMBINATIONS
from engine.config.protocols import DIVIDES_TRAINING_IMAGES, PROTOCOLS
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.config.variants import STUDY_VARIANTS, VARIANTS


class VariantChoice:
    """The table's variants and, below them, the combinations that were added; some are chosen."""

    def __init__(self, chosen: Sequence[str]) -> None:
        self.chosen = set(chosen)
        self._added = [name for name in chosen if name not in VARIANTS]

    @property
    def listed(self) -> list[str]:
        """All in the order that they run: the table's, the combinations of the study's steps, then others."""
        others = [name for name in self._added if name not in COMBINATIONS]
        return [*VARIANTS, *(name for name in COMBINATIONS if name in self._added), *others]

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are chosen, in the order of the list."""
        return tuple(name for name in self.listed if name in self.chosen)

    @property
    def has_combinations(self) -> bool:
        """Whether there is any that can be dropped."""
        return bool(self._added)

    def toggle(self, name: str) -> None:
        """Take a variant in or out; it stays on the list."""
        self.chosen ^= {name}

    def add(self, name: str) -> None:
        """Choose a variant; a combination that is not on the list yet is put there."""
        self.chosen.add(name)
        if name not in self.listed:
            self._added.append(name)

    def drop(self, name: str) -> bool:
        """Take a combination off the list; the table's variants stay. Returns whether anything changed."""
        if name not in self._added:
            return False
        self._added.remove(name)
        self.chosen.discard(name)
        return True

    def toggle_study(self) -> None:
        """The study's four as well, or none at all where they are all chosen."""
        self._toggle_all(STUDY_VARIANTS)

    def toggle_combinations(self) -> None:
        """All eight combinations of the study's steps as well, or none at all, with an empty list of combinations."""
        if self._toggle_all(COMBINATIONS):
            for name in COMBINATIONS:
                self.add(name)
        else:
            self._added.clear()

    def _toggle_all(self, names: Sequence[str]) -> bool:
        """Whether they are chosen now."""
        taken = not self.chosen >= set(names)
        self.chosen = self.chosen | set(names) if taken else set()
        return taken


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
