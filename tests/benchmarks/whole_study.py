"""The whole four-variant study at its full size, put together from the measured step and the measured images.

Plain: every epoch of every variant loads every image and takes every step. Ours: each image is checked once,
pre-processed once a variant (nothing that variants share is deducted) and collected once an epoch, as if that were not
done beside the step; and takes every step. Evaluation and baselines, a percent or two, are on neither side.
"""

import statistics
from collections.abc import Callable, Sequence

import preprocessing
import training_step
from table import Row
from workplace import Workplace

from engine.config.recipes import RECIPES

IMAGES = 8_062
LEAST_SPEED_UP, LEAST_IN_FP32 = 10.0, 5.0
HOUR = 3600.0

_RECIPE = RECIPES[training_step.RECIPE]
_STEPS = -(-IMAGES // _RECIPE.batch_size) * _RECIPE.epochs

Middle = Callable[[Sequence[float]], float]


def rows(place: Workplace) -> list[Row]:
    """(3) both ways."""
    plain, ours = _plain(place, statistics.median), _ours(place, statistics.median)
    least = LEAST_SPEED_UP if training_step.measured(place).machine.precision == "bf16" else LEAST_IN_FP32
    worst, best = _plain(place, min) / _ours(place, max), _plain(place, max) / _ours(place, min)
    return [
        Row(
            f"(3) whole study, four variants, {IMAGES:,} images, scaled from (1) and (2); reference: the plain script",
            f"{ours / HOUR:.2f} h",
            f"{plain / HOUR:.2f} h",
            f"{plain / ours:.2f} ({worst:.2f} to {best:.2f})",
            f"at least {least:g} x faster",
            plain / ours >= least,
        )
    ]


def _plain(place: Workplace, middle: Middle) -> float:
    steps = [seconds for one in training_step.measured(place).plain for seconds in one]
    variants = preprocessing.measured(place).values()
    loading = sum(middle(times.plain_epochs) for times in variants)
    return IMAGES * loading + len(variants) * _STEPS * middle(steps)


def _ours(place: Workplace, middle: Middle) -> float:
    steps = [seconds for one in training_step.measured(place).ours for seconds in one]
    variants = preprocessing.measured(place)
    check = middle(variants["vanilla"].check)
    made = sum(middle(times.once) + _RECIPE.epochs * middle(times.gather) for times in variants.values())
    return IMAGES * (check + made) + len(variants) * _STEPS * middle(steps)
