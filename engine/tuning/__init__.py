"""Search for a recipe's numbers: ranges, sampler and pruner, trials, conclusion.

It knows nothing of images: whoever calls it trains a trial and tells how it did.
"""

from engine.tuning.conclusion import draw_conclusion
from engine.tuning.searching import Outcome, Search, TrialFailed, TrialPlan, TrialPruned
from engine.tuning.space import TUNABLE, Tunable, search_ranges
from engine.tuning.tuner import Tuner

__all__ = [
    "TUNABLE",
    "Outcome",
    "Search",
    "TrialFailed",
    "TrialPlan",
    "TrialPruned",
    "Tunable",
    "Tuner",
    "draw_conclusion",
    "search_ranges",
]
