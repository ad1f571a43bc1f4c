"""Sweeps: variants that differ in one number of one step."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.config.variants import name_of
from engine.statistics.orders import Pipeline
from engine.statistics.outcomes import Floats

VARIED = "*"
"""Stands for the swept value."""


@dataclass(frozen=True)
class Sweep:
    """`values` of one parameter in ascending order, and the place of the variant that has each."""

    step: str
    parameter: str
    pipeline: str
    values: tuple[float, ...]
    places: tuple[int, ...]

    def trend_weights(self, variants: int) -> Floats:
        """The slope of the accuracy on the rank of the value, (V,): ranks, as strengths are seldom evenly spaced."""
        ranks = np.arange(len(self.places)) - (len(self.places) - 1) / 2
        weights = np.zeros(variants)
        weights[list(self.places)] = ranks / (ranks**2).sum()
        return weights


def find_sweeps(pipelines: Sequence[Pipeline]) -> list[Sweep]:
    """Every parameter with two or more values while all else of the pipeline is equal, in the pipelines' order."""
    found: dict[tuple[str, str, str], list[tuple[float, int]]] = defaultdict(list)
    for place, pipeline in enumerate(pipelines):
        for at, word in enumerate(pipeline):
            step, given = _call(word)
            for parameter, text in given.items():
                varied = ",".join(f"{key}={VARIED if key == parameter else value}" for key, value in given.items())
                name = name_of((*pipeline[:at], f"{step}({varied})", *pipeline[at + 1 :]))
                try:
                    found[step, parameter, name].append((float(text), place))
                except ValueError:  # a choice of words has no order
                    continue
    return [Sweep(*key, *zip(*sorted(points), strict=True)) for key, points in found.items() if len(dict(points)) > 1]


def _call(word: str) -> tuple[str, dict[str, str]]:
    """The step and its parameters as written: denoise(weight=0.05)."""
    step, _, rest = word.partition("(")
    pairs = (part.partition("=") for part in rest.removesuffix(")").split(",") if part)
    return step, {key.strip(): value.strip() for key, _, value in pairs}
