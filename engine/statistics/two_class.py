"""Sensitivity, specificity and the area under the ROC curve of variants that tell two classes apart.

Each is a mean over images or over pairs of images, so what a group of near-duplicates adds to it is known, and errors
come from the covariances of `engine.statistics.contrasts`. For the area these are the placements of E. R. DeLong et
al., "Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves", Biometrics 44, 1988,
summed over groups as in N. A. Obuchowski, "Nonparametric Analysis of Clustered ROC Curve Data", Biometrics 53, 1997.
Intervals are taken of the log odds, so that they stay within [0, 1].

The threshold check asks how many of the errors that a variant gains over the baseline come from calling one class more
often: its threshold is moved until it calls as many images positive as the baseline with the same seed does. That looks
at the test images, but at no label; a run keeps no probabilities of validation images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from scipy.stats import rankdata

from engine.reports.pipelines import Rate
from engine.reports.statistics import Interval
from engine.statistics.contrasts import Scores
from engine.statistics.outcomes import Floats, Ints, Outcomes
from engine.statistics.proportions import wilson_interval

POSITIVE = 1
"""The class that counts as positive: the second."""


@dataclass(frozen=True)
class TwoClass:
    """The answers of V variants with S seeds to N images of two classes.

    Attributes:
        positive: which images are positive, (N,).
        groups: (N,).
        right: (V, S, N).
        probability: of the positive class, (V, S, N); what is no number counts as one half.
    """

    positive: npt.NDArray[np.bool_]
    groups: Ints
    right: npt.NDArray[np.bool_]
    probability: Floats

    @classmethod
    def of(cls, outcomes: Sequence[Outcomes]) -> "TwoClass":
        """From outcomes with the same images and seeds."""
        predicted = np.stack([entry.predicted for entry in outcomes])
        confidence = np.nan_to_num(np.stack([entry.confidence for entry in outcomes]), nan=0.5)
        return cls(
            outcomes[0].labels == POSITIVE,
            outcomes[0].groups,
            predicted == outcomes[0].labels,
            np.where(predicted == POSITIVE, confidence, 1.0 - confidence),
        )

    def recall(self, *, positive: bool) -> Scores:
        """Sensitivity, or the specificity."""
        chosen = self.positive == positive
        right = self.right[:, :, chosen]
        by_seed = right.mean(axis=2)
        return self._scores(by_seed, chosen, (right - by_seed[:, :, None]) / chosen.sum())

    def roc_area(self) -> Scores:
        """The area under the ROC curve."""
        positives, negatives = int(self.positive.sum()), int((~self.positive).sum())
        among_all = rankdata(self.probability, axis=2)
        placements = np.empty_like(self.probability)
        for chosen, others in ((self.positive, negatives), (~self.positive, positives)):
            own = rankdata(self.probability[:, :, chosen], axis=2)
            placements[:, :, chosen] = (among_all[:, :, chosen] - own) / others
        placements[:, :, ~self.positive] = 1 - placements[:, :, ~self.positive]
        by_seed = placements[:, :, self.positive].mean(axis=2)
        sizes = np.where(self.positive, positives, negatives)
        everything = np.ones(len(self.positive), dtype=bool)
        return self._scores(by_seed, everything, (placements - by_seed[:, :, None]) / sizes)

    def _scores(self, by_seed: Floats, chosen: npt.NDArray[np.bool_], by_image: Floats) -> Scores:
        """From what each of the chosen images adds, (V, S, n)."""
        total = int(self.groups.max()) + 1
        mine = self.groups[chosen]
        influence = np.zeros((*by_seed.shape, total))
        for place in np.ndindex(*by_seed.shape):
            influence[place] = np.bincount(mine, by_image[place], minlength=total)
        return Scores.of(by_seed, np.bincount(mine, minlength=total) / len(mine), influence)

    def errors_matched(self, baseline: int) -> Floats:
        """Errors (V, S) where as many images are called positive as variant `baseline` calls so with the same seed."""
        called = np.where(self.right, self.positive, ~self.positive)[baseline].sum(axis=1)
        order = np.argsort(np.argsort(-self.probability, axis=2, kind="stable"), axis=2, kind="stable")
        return np.asarray(((order < called[:, None]) != self.positive).sum(axis=2), dtype=np.float64)


def rates(scores: Scores, images: int) -> list[Rate]:
    """The mean over seeds of each variant's score with its interval; Wilson's for `images` where nothing varies."""
    found = scores.contrast(np.eye(len(scores.by_seed)))
    reaches = found.reach()
    several = scores.by_seed.shape[1] > 1
    method = f"variance over groups of images{' and seeds' if several else ''}, t on log odds"
    entries = []
    for value, reach in zip(found.estimates.tolist(), reaches.tolist(), strict=True):
        if 0 < value < 1 and reach > 0:
            middle, half = logit(value), reach / (value * (1 - value))
            interval = Interval(float(expit(middle - half)), float(expit(middle + half)), method)
        else:
            interval = wilson_interval(round(value * images), images)
        entries.append(Rate(value, interval))
    return entries
