"""Studies of pipelines with known effects: what their networks would say, drawn without training any.

An answer is right where the ease of the picture, the luck of a network (a variant with a seed), of the seed, and noise
of its own pass a limit that the variant's shift moves. All images of a picture get nearly the same answer.
"""

from collections.abc import Callable, Sequence
from itertools import permutations

import numpy as np
from scipy.special import ndtr
from scipy.stats import beta

from engine.config.variants import name_of
from engine.statistics.orders import Pipeline
from engine.statistics.outcomes import Outcomes

STEPS = ("equalize", "rescale", "nlmeans", "hsv")
ORDERS: tuple[Pipeline, ...] = tuple(words for size in range(len(STEPS) + 1) for words in permutations(STEPS, size))
"""All 65 orders of four steps, none of them first."""

_EASE = 0.8


def true_accuracy(shift: float, luck: float = 0.0, seed_luck: float = 0.0) -> float:
    """Over all images and seeds."""
    return float(ndtr((_EASE + shift) / np.sqrt(2 + luck**2 + seed_luck**2)))


def simulate(
    random: np.random.Generator,
    shift: Callable[[Pipeline], float] = lambda pipeline: 0.0,
    *,
    pipelines: Sequence[Pipeline] = ORDERS,
    seeds: int = 3,
    pictures: int = 200,
    copies: int = 1,
    luck: float = 0.05,
    seed_luck: float = 0.05,
) -> list[Outcomes]:
    """What each pipeline's networks say of `pictures` times `copies` images of two classes."""
    groups = np.repeat(np.arange(pictures), copies)
    labels = groups % 2
    ease, of_seed = random.normal(size=pictures), random.normal(0, seed_luck, (seeds, 1))
    items = tuple((0, f"{i:05}.jpg", int(label)) for i, label in enumerate(labels))
    found = []
    for pipeline in pipelines:
        lucky = of_seed + random.normal(0, luck, (seeds, 1))
        margin = (_EASE + shift(pipeline) + lucky - ease - random.normal(size=(seeds, pictures)))[:, groups]
        if copies > 1:
            margin += random.normal(0, 0.1, margin.shape)
        right = margin > 0
        found.append(
            Outcomes(
                name_of(pipeline),
                items,
                tuple(range(seeds)),
                labels,
                groups,
                np.where(right, labels, 1 - labels),
                ndtr(np.abs(margin)),
            )
        )
    return found


def clopper_pearson(hits: int, trials: int) -> tuple[float, float]:
    """Exact 95 % interval of a share."""
    low = beta.ppf(0.025, hits, trials - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, trials - hits) if hits < trials else 1.0
    return float(low), float(high)
