"""Weighted sums of the scores of many variants (contrasts), with intervals and tests.

All variants judge the same images with the same seeds, so the error of every contrast follows from three covariance
matrices of their scores, and nothing is drawn: of the images (groups of near-duplicates), of the seeds, and of both
together. They are the limits of the two-level bootstrap of `engine.statistics.resampling` for many draws (A. B. Owen,
"The Pigeonhole Bootstrap", Annals of Applied Statistics 1, 2007), taken of the linearised score. 2,000 contrasts then
cost one matrix product.

With few seeds the variance over seeds of one contrast is hardly known. Where there are many variants each of them says
something of it: the contrast's own variance is drawn towards theirs, the more so the more alike they are, and gains
their degrees of freedom (G. K. Smyth, "Linear Models and Empirical Bayes Methods for Assessing Differential
Expression", Statistical Applications in Genetics and Molecular Biology 3, 2004).

With one seed the test flips the signs of whole groups' contrasts. Flips do not go over to several seeds: flipping
groups keeps what a seed did to all images, and flipping whole seeds cannot get below 2^(1-S). There it is Student's t.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import digamma, polygamma
from scipy.stats import t as student

from engine.reports.pipelines import TestedDifference
from engine.reports.statistics import LEVEL, Interval
from engine.statistics.factorial import SIGN_FLIPS, sign_flip_p
from engine.statistics.outcomes import Floats, Ints
from engine.statistics.proportions import newcombe_interval

MODERATED = "t over images and seeds, variance over seeds moderated"

FLIPS = 10_000
"""Sign flips drawn; the smallest p is one in so many."""

_MOST_EXACT = 5000
"""Answers in a contrast up to which all flips are counted."""

_TIE = 1e-9
_ENTRIES_AT_A_TIME = 4_000_000
_SMALLEST_VARIANCE = 1e-5
"""Of the median: what a variance of 0 counts as, whose logarithm is taken."""

_DEGREES_BETWEEN = (1e-3, 1e6)


@dataclass(frozen=True)
class Prior:
    """What all variants say of the variance over seeds of one of them: its size, and how many degrees that is worth."""

    variance: float
    degrees: float
    most_degrees: float


@dataclass(frozen=True)
class Scores:
    """A score of V variants with S seeds, and the covariances of its means over seeds.

    Attributes:
        by_seed: (V, S).
        shares: of the images that each group holds, (G,).
        influence: (V, S, G): what each of G groups of images adds to a score's deviation; sums to 0 over groups.
        images, seeds, both: covariances (V, V) that come from the choice of groups, of seeds, and from their
            interaction, which is in each of the first two.
        prior: for what a seed does to each variant, beside what it does to all of them.
    """

    by_seed: Floats
    shares: Floats
    influence: Floats
    images: Floats
    seeds: Floats
    both: Floats
    prior: Prior

    @classmethod
    def of(cls, by_seed: Floats, shares: Floats, influence: Floats) -> "Scores":
        """Take the covariances."""
        variants, seeds, groups = influence.shape
        correction = groups / (groups - 1) if groups > 1 else 0.0
        mean = influence.mean(axis=1)
        between = both = np.zeros((variants, variants))
        if seeds > 1:
            deviations = by_seed - by_seed.mean(axis=1, keepdims=True)
            between = deviations @ deviations.T / (seeds * (seeds - 1))
            rest = (influence - mean[:, None]).reshape(variants, -1)
            both = correction * rest @ rest.T / (seeds * (seeds - 1))
        return cls(by_seed, shares, influence, correction * mean @ mean.T, between, both, _prior(by_seed))

    @property
    def covariance(self) -> Floats:
        """Of the means over seeds, (V, V), from images and seeds; their interaction counts once."""
        return self.images + self.seeds - self.both

    def of_variants(self, places: Sequence[int]) -> "Scores":
        """Those of some variants."""
        return Scores.of(self.by_seed[list(places)], self.shares, self.influence[list(places)])

    def contrast(self, weights: Floats) -> "Contrasts":
        """Estimates and errors of the contrasts with these weights, (C, V)."""
        groups, seeds = self.influence.shape[2], self.by_seed.shape[1]

        def variance(matrix: Floats) -> Floats:
            return np.asarray(np.maximum(0.0, np.einsum("cv,cv->c", weights @ matrix, weights)))

        images, between = variance(self.images), variance(self.seeds)
        parts = between**2 / max(1, seeds - 1)
        if seeds > 1 and self.prior.degrees > 0:
            between, parts = self._moderated(weights)
        total = np.maximum(np.maximum(images, between), images + between - variance(self.both))
        parts += images**2 / max(1, groups - 1)
        freedom = np.divide(total**2, parts, out=np.ones_like(total), where=parts > 0)
        return Contrasts(weights @ self.by_seed.mean(axis=1), total, freedom)

    def _moderated(self, weights: Floats) -> tuple[Floats, Floats]:
        """The variance over seeds of contrasts, and its square over its degrees of freedom.

        Of two parts: what a seed does to all variants alike, which is in those whose weights do not sum to 0, and what
        it does to each, which all variants say something of.
        """
        variants, seeds = self.by_seed.shape
        own, prior, sums = float(seeds - 1), self.prior, weights.sum(axis=1)
        common = sums**2 * self.by_seed.mean(axis=0).var(ddof=1) / seeds
        apart = weights - sums[:, None] / variants
        measured = np.maximum(0.0, np.einsum("cv,cv->c", apart @ self.seeds, apart))
        expected = prior.variance * (apart**2).sum(axis=1) / seeds
        each = (prior.degrees * expected + own * measured) / (prior.degrees + own)
        return common + each, common**2 / own + each**2 / min(prior.degrees + own, prior.most_degrees)


@dataclass(frozen=True)
class Contrasts:
    """Estimates (C,), their variances (C,) and the degrees of freedom of those (C,)."""

    estimates: Floats
    variances: Floats
    degrees: Floats

    def reach(self) -> Floats:
        """Half the width of Student's interval, (C,)."""
        return np.asarray(student.ppf((1 + LEVEL) / 2, self.degrees) * np.sqrt(self.variances))


def accuracy_scores(right: npt.NDArray[np.bool_], groups: Ints) -> Scores:
    """The accuracies of variants from their right answers (V, S, N) on images in `groups` (N,)."""
    variants, seeds, images = right.shape
    by_group = np.zeros((variants, seeds, int(groups.max()) + 1))
    # One row at a time: the floats of all answers at once would take eight times the room.
    for place in np.ndindex(variants, seeds):
        by_group[place] = np.bincount(groups, right[place], minlength=by_group.shape[2])
    by_seed = right.mean(axis=2)
    shares = np.bincount(groups) / images
    return Scores.of(by_seed, shares, by_group / images - by_seed[:, :, None] * shares)


def tested(scores: Scores, weights: Floats, images: int) -> tuple[TestedDifference, ...]:
    """Contrasts whose weights sum to 0, with intervals and tests, not yet corrected for their number.

    Args:
        scores: of V variants.
        weights: (C, V).
        images: number of test images.
    """
    found = scores.contrast(weights)
    one_seed = scores.by_seed.shape[1] == 1
    how = f"variance over groups of images{'' if one_seed else ' and seeds'}, t"
    if one_seed:
        p_values, method = _sign_flips(scores, weights, images), SIGN_FLIPS
    else:
        ratio = np.abs(found.estimates) / np.sqrt(np.where(found.variances > 0, found.variances, 1.0))
        p_values, method = np.where(found.variances > 0, 2 * student.sf(ratio, found.degrees), 1.0), MODERATED
    tests = []
    for estimate, reach, p_value in zip(found.estimates, found.reach(), p_values, strict=True):
        words, half = how, reach
        if reach <= 0:  # as wide as for two variants that agree
            words, half = "Newcombe, paired, as all groups and seeds are alike", newcombe_interval(images, 0, 0, 0).high
        interval = Interval(float(max(-1.0, estimate - half)), float(min(1.0, estimate + half)), words)
        tests.append(TestedDifference(float(estimate), interval, method, float(p_value), float(p_value), False))
    return tuple(tests)


def _prior(by_seed: Floats) -> Prior:
    """From the scores (V, S): of each variant the variance over seeds, what a seed does to all of them taken off.

    Source: G. K. Smyth (2004), section 6.2; degrees are no more than those of all variants together.
    """
    variants, seeds = by_seed.shape
    own = float(seeds - 1)
    if seeds < 2 or variants < 3:  # noqa: PLR2004 - with two, the rest of the one is that of the other
        return Prior(0.0, 0.0, own)
    rest = by_seed - by_seed.mean(axis=1, keepdims=True) - by_seed.mean(axis=0) + by_seed.mean()
    variances = (rest**2).sum(axis=1) / (own * (1 - 1 / variants))
    most = own * (variants - 1)
    if not variances.any():
        return Prior(0.0, most, most)
    logs = np.log(np.maximum(variances, _SMALLEST_VARIANCE * np.median(variances[variances > 0])))
    centred = logs - digamma(own / 2) + np.log(own / 2)
    excess = float(centred.var(ddof=1) - polygamma(1, own / 2))
    if excess <= 0:
        return Prior(float(variances.mean()), most, most)
    low, high = _DEGREES_BETWEEN
    if polygamma(1, high / 2) > excess:
        degrees = high
    else:
        degrees = float(brentq(lambda worth: polygamma(1, worth / 2) - excess, low, high))
    size = float(np.exp(centred.mean() + digamma(degrees / 2) - np.log(degrees / 2)))
    return Prior(size, degrees, most)


def _sign_flips(scores: Scores, weights: Floats, images: int) -> Floats:
    """Two-sided p of each contrast, (C,), from the signs of whole groups flipped: all flips, or `FLIPS` at random.

    All flips where a contrast is a number of answers, as that of two variants; there it is McNemar's exact test but
    for near-duplicates. Drawn flips count the measured one as a draw of their own, so p is never 0.
    """
    whole = scores.influence[:, 0] + scores.by_seed * scores.shares
    by_group = weights @ whole * images
    counts = np.rint(by_group)
    exact = (np.abs(by_group - counts).max(axis=1) < _TIE) & (np.abs(counts).sum(axis=1) <= _MOST_EXACT)
    p_values = np.ones(len(weights))
    for place in np.flatnonzero(exact):
        p_values[place] = sign_flip_p(counts[place].astype(np.int64))
    if not exact.all():
        p_values[~exact] = _drawn_flips(by_group[~exact])
    return p_values


def _drawn_flips(by_group: Floats) -> Floats:
    random = np.random.default_rng(len(by_group))
    measured, n_groups = np.abs(by_group.sum(axis=1)) - _TIE, by_group.shape[1]
    as_far, at_a_time = np.ones(len(by_group)), max(1, _ENTRIES_AT_A_TIME // n_groups)
    for start in range(0, FLIPS, at_a_time):
        drawn = random.integers(2, size=(min(at_a_time, FLIPS - start), n_groups), dtype=np.int8) * 2 - 1
        as_far += (np.abs(drawn @ by_group.T) >= measured).sum(axis=0)
    return np.asarray(as_far / (FLIPS + 1))
