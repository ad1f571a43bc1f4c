"""What one key changes in a study that is being set up."""

from dataclasses import replace

from engine.config import DIVIDES_TRAINING_IMAGES, PROTOCOLS, RECIPES, StudyConfig


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
