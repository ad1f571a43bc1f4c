"""Schedules over the steps of a training: learning rate (one-cycle), image size, weight of the moving average (EMA)."""

from engine.config.recipes import Recipe

WARM_UP = 0.2
"""Share of a one-cycle training in which the learning rate rises."""

SETTLED = 0.8
"""Share of a one-cycle training after which the learning rate is at most a quarter of its largest."""

_SMALL = 2 / 3
"""Side of the small images of a progressive resizing, as a share of the recipe's."""

_WHOLE = 8
"""Sides of small images are a multiple of this: blocks halve them."""


def head_steps(recipe: Recipe, steps: int) -> int:
    """How many of the first steps only the last layer learns in."""
    return round(recipe.head_share * steps)


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """The learning rate of step `step` of `steps`.

    "one-cycle" rises to the recipe's in a straight line and falls to 0 in another (Smith, Super-convergence, 2018;
    straight lines as in Page, How to Train Your ResNet, 2018). The steps of the last layer alone are a cycle of their
    own (Howard and Ruder, ULMFiT, 2018, thaw the layers one after the other).
    """
    alone, rate = head_steps(recipe, steps), recipe.learning_rate
    if step < alone:
        rate, steps = recipe.head_learning_rate or rate, alone
    else:
        step, steps = step - alone, steps - alone
    if recipe.schedule == "constant":
        return rate
    done = min((step + 0.5) / steps, 1.0)
    return rate * min(done / WARM_UP, (1 - done) / (1 - WARM_UP))


def has_settled(recipe: Recipe, step: int, steps: int) -> bool:
    """Whether training may end early at step `step` of `steps`.

    Most of what one cycle reaches it reaches while the learning rate falls, so an accuracy that does not rise while the
    rate is high is no sign that it will not.
    """
    return recipe.schedule == "constant" or step >= SETTLED * steps


def trained_size(recipe: Recipe, full: tuple[int, int], step: int, steps: int) -> tuple[int, int]:
    """(height, width) that step `step` trains at, for images of size `full`."""
    if step >= recipe.small_share * steps:
        return full
    height, width = (min(side, max(recipe.least_side, round(side * _SMALL / _WHOLE) * _WHOLE)) for side in full)
    return height, width


def averaging_weight(recipe: Recipe, averaged: int, steps: int) -> float:
    """How much the newest weights count in the moving average, after `averaged` steps were averaged.

    At first it is the plain mean; later its time constant is `recipe.averaging` of the training.
    """
    return max(1 / (averaged + 1), 1 / (recipe.averaging * steps + 1))
