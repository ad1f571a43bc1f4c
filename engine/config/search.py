"""Configuration of a search for a recipe's numbers."""

import math
from dataclasses import dataclass

from engine.config.study import StudyConfig
from engine.errors import require

TRIALS = 20
"""How many trials a search has where nobody says otherwise: its tuner needs some to learn from."""

VALIDATION = 0.2
"""Share of the training images that trials are scored on where nobody says otherwise."""

SECONDS_PER_MINUTE = 60


@dataclass(frozen=True)
class TuningConfig:
    """One search.

    Attributes:
        study: the images, the one variant, the recipe to begin with, the seeds that each trial is trained with
            (`seed` and `repeats`), and how to compute. Trials are scored on the share `validation_fraction`,
            or where that is None, on the validation images that the data gives, if any, else on `VALIDATION`.
        trials: how many numbers to try, those of the recipe among them; None for no such limit.
        minutes: no trial begins once so much time went into others; None for no such limit.
        numbers: the recipe's numbers to search for, by field name; none for all that the recipe has.
    """

    study: StudyConfig
    trials: int | None = TRIALS
    minutes: float | None = None
    numbers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_limits(self.trials, self.minutes)
        study = self.study
        require(len(study.variants) == 1, f"--variants {','.join(study.variants)}: a search trains one variant")
        require(study.folds == 1, f"--folds {study.folds}: a search has one set of validation images")
        budget = "--budget: trials train the recipe's epochs; give --epochs, and --minutes to end the search"
        require(study.budget_minutes is None, budget)
        images = f"--validation 0: a search needs validation images; give a share such as {VALIDATION}"
        require(study.validation_fraction != 0, images)
        once = len(set(self.numbers)) == len(self.numbers)
        require(once, f"--only {','.join(self.numbers)}: each number once")


def require_limits(trials: int | None, minutes: float | None) -> None:
    """Refuse a search that could not begin or would not end.

    Raises:
        InputError: the limits are of no use.
    """
    require(trials is not None or minutes is not None, "a search without an end: give --trials or --minutes")
    require(trials is None or trials >= 1, f"--trials {trials}: at least 1")
    if minutes is not None:
        require(0 < minutes < math.inf, f"--minutes {minutes:g}: give a time above 0")
