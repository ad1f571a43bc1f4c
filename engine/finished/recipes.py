"""Runs that differ in their recipe as one study, with the recipe as one more step of its variants."""

import re
from collections.abc import Sequence
from dataclasses import replace

from engine.config.recipes import Recipe, name_today
from engine.config.variants import name_of, words_of
from engine.errors import InputError, require
from engine.events.comparability import why_incomparable
from engine.events.record import JobKey, StudyRecord

_NO_WORD = re.compile(r"[^\w.-]+")


def join_recipes(records: Sequence[StudyRecord]) -> StudyRecord:
    """The record of runs that trained the same images with several recipes, as if it were one study.

    The variants of the first keep their names; those of each other end with its recipe's name, as a step that was
    applied last. So the intervals, comparisons and effects of steps say what the recipes are worth as well.

    Args:
        records: of at least two runs, in the order in which their recipes stand.

    Raises:
        InputError: they cannot be compared: other images, the same recipe, nothing evaluated.
    """
    from engine.statistics import compute_statistics

    require(len(records) > 1, "name at least two runs")
    first, *others = records
    for other in others:
        require(not (why := why_incomparable(first, other)), f"the runs cannot be compared: {why}")
    started, dataset = first.started, first.dataset
    assert started is not None
    assert dataset is not None
    joined = replace(first, results=dict(first.results), finished=None)
    variants = list(started.variants)
    words = _words_of_recipes(records)
    for word, other in zip(words[1:], others, strict=True):
        assert other.started is not None
        names = {name: name_of((*words_of(name), word)) for name in other.started.variants}
        variants += names.values()
        for key, result in other.results.items():
            joined.results[JobKey(names[key.variant], key.seed, key.fold)] = replace(result, variant=names[key.variant])
    recipe = replace(started.recipe, name=" and ".join(words))
    joined.started = replace(started, variants=tuple(variants), recipe=recipe)
    copies = first.audit.groups if first.audit is not None else ()
    groups = {path: number for number, paths in enumerate(copies) for path in paths}
    results = list(joined.results.values())
    require(any(result.metrics for result in results), "the runs hold no evaluated network")
    joined.statistics = compute_statistics(variants, results, groups, len(dataset.classes), seed=started.seed)
    return joined


def _words_of_recipes(records: Sequence[StudyRecord]) -> list[str]:
    """A word for each recipe: its name of today, or what it changes where others have the same name.

    Raises:
        InputError: two runs have the same recipe.
    """
    recipes = [record.started.recipe for record in records if record.started is not None]
    names = list(map(name_today, recipes))
    words = [
        _NO_WORD.sub("-", name if names.count(name) == 1 else _changes(recipes[0], recipe))
        for name, recipe in zip(names, recipes, strict=True)
    ]
    same = next((word for word in words[1:] if words.count(word) > 1 or not word), None)
    if same is not None:
        raise InputError("the runs have the same recipe: compare runs whose recipes differ")
    return words


def _changes(first: Recipe, recipe: Recipe) -> str:
    changed = [name for name, value in vars(recipe).items() if name != "name" and value != getattr(first, name)]
    return "-".join((recipe.name, *(f"{name}-{getattr(recipe, name)}" for name in changed))) if changed else ""
