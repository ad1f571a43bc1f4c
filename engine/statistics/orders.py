"""What the order and the selection of steps do, from pipelines: variants as the tuples of their words.

Every effect is a contrast of accuracies (`engine.statistics.contrasts`) between pipelines that are alike but for what
is asked: a step's between pipelines with it and the same ones without it, a place's between orders of the same steps.

Order against selection, for the pipelines of one length, is the one-way analysis of variance of their gains: sum of
squares between the sets of steps (selection) and within them (order). Chance alone makes both positive. What the choice
of images and seeds adds is the trace of each part's projection times the covariance of the accuracies, which is taken
off; the interval comes from gains drawn around the measured ones with that covariance, whose doubled noise is taken off
in the same way. Its tests are permutations. Order: with several seeds, networks of the same set of steps change places
within their seed, which the order would make no difference to; with one seed, their answers to a whole group of images
do (W. G. Cochran, "The comparison of percentages in matched samples", Biometrika 37, 1950, by permutation). Selection:
pipelines change sets.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
import numpy.typing as npt

from engine.reports.pipelines import EffectKind
from engine.reports.statistics import LEVEL, Interval
from engine.statistics.contrasts import Scores
from engine.statistics.outcomes import Floats

Pipeline = tuple[str, ...]
"""The words of a variant in the order in which they are applied."""

PERMUTATIONS = 2000
_DRAWS = 2000
_ENTRIES_AT_A_TIME = 4_000_000
_TIE = 1e-9


def has_orders(pipelines: Sequence[Pipeline]) -> bool:
    """Whether some of them apply the same steps (two or more) in different orders."""
    return any(count > 1 for count in Counter(map(frozenset, pipelines)).values())


# ---------------------------------------------------------------- effects as weights

Effect = tuple[EffectKind, tuple[str, ...], Floats]
"""What it is of, and the weight of each pipeline (V,); weights sum to 0."""


def effect_weights(pipelines: Sequence[Pipeline]) -> Iterator[Effect]:
    """The effects that these pipelines can show: of each step, its places, pairs of ends, and the length."""
    steps = tuple(dict.fromkeys(step for pipeline in pipelines for step in pipeline))
    at = {pipeline: place for place, pipeline in enumerate(pipelines)}
    for step in steps:
        pairs = [(pipeline, tuple(word for word in pipeline if word != step)) for pipeline in at if step in pipeline]
        yield from _paired("step", (step,), [(one, other) for one, other in pairs if other in at], at)
    for kind, end in (("first", 0), ("last", -1)):
        for step in steps:
            if (weights := _place_weights(pipelines, step, end)) is not None:
                yield kind, (step,), weights  # type: ignore[misc]
    for first, last in permutations(steps, 2):
        pairs = [(p, p[::-1]) for p in at if len(p) > 1 and (p[0], p[-1]) == (first, last) and p[::-1] in at]
        # Of two steps alone it is a mirror pair; the other way round it is the same with the other sign.
        if steps.index(first) < steps.index(last) and any(len(one) > 2 for one, _ in pairs):  # noqa: PLR2004
            yield from _paired("ends", (first, last), pairs, at)
    if (weights := _length_weights(pipelines)) is not None:
        yield "length", (), weights


def _paired(
    kind: EffectKind, steps: tuple[str, ...], pairs: Sequence[tuple[Pipeline, Pipeline]], at: dict[Pipeline, int]
) -> Iterator[Effect]:
    """The mean difference of the pairs."""
    weights = np.zeros(len(at))
    for one, other in pairs:
        weights[at[one]] += 1 / len(pairs)
        weights[at[other]] -= 1 / len(pairs)
    if pairs:
        yield kind, steps, weights


def _place_weights(pipelines: Sequence[Pipeline], step: str, end: int) -> Floats | None:
    """With the step at this end minus elsewhere, within each set of steps; sets count by how many have it there."""
    selections = defaultdict(list)
    for place, pipeline in enumerate(pipelines):
        if step in pipeline:
            selections[frozenset(pipeline)].append((place, pipeline[end] == step))
    weights, total = np.zeros(len(pipelines)), 0
    for members in selections.values():
        there = sum(is_there for _, is_there in members)
        if there in {0, len(members)}:
            continue
        total += there
        for place, is_there in members:
            weights[place] = 1.0 if is_there else -there / (len(members) - there)
    return weights / total if total else None


def _length_weights(pipelines: Sequence[Pipeline]) -> Floats | None:
    """The slope of the accuracy on the number of steps, by least squares over the pipelines that have any."""
    lengths = np.array([len(pipeline) for pipeline in pipelines], dtype=np.float64)
    counted = lengths > 0
    if len(set(lengths[counted])) < 2:  # noqa: PLR2004
        return None
    centred = np.where(counted, lengths - lengths[counted].mean(), 0.0)
    return np.asarray(centred / (centred**2).sum())


def length_correlation(pipelines: Sequence[Pipeline], accuracies: Floats) -> float | None:
    """Pearson's r of accuracy (or gain) and number of steps, over the pipelines that have any."""
    lengths = np.array([len(pipeline) for pipeline in pipelines])
    counted = lengths > 0
    if len(set(lengths[counted])) < 2 or np.ptp(accuracies[counted]) == 0:  # noqa: PLR2004
        return None
    return float(np.corrcoef(lengths[counted], accuracies[counted])[0, 1])


def mirror_pairs(pipelines: Sequence[Pipeline]) -> list[tuple[int, int]]:
    """The places of every pipeline of two or more steps and of its reverse, each pair once."""
    at = {pipeline: place for place, pipeline in enumerate(pipelines)}
    found = ((place, at.get(pipeline[::-1], -1)) for pipeline, place in at.items() if len(pipeline) > 1)
    return [(one, other) for one, other in found if one < other]


# ---------------------------------------------------------------- order against selection


def projections(pipelines: Sequence[Pipeline]) -> tuple[Floats, Floats]:
    """What takes P gains to their parts within and between sets of steps, each (P, P)."""
    sets = [frozenset(pipeline) for pipeline in pipelines]
    same = np.array([[one == other for other in sets] for one in sets], dtype=np.float64)
    between = same / same.sum(axis=1)
    return np.eye(len(sets)) - between, between - 1 / len(sets)


def noise_of(part: Floats, covariance: Floats) -> float:
    """What errors of this covariance add to the sum of squares of a part; an estimate below 0 is none."""
    return max(0.0, float(np.trace(part @ covariance)))


def corrected_share(gains: Floats, covariance: Floats, parts: tuple[Floats, Floats], noises: float = 1.0) -> Floats:
    """The share of the order in the sum of squares of gains (..., P) once the noise is taken off both parts.

    NaN where nothing is left of either. `noises` says how many times the covariance is in the gains.
    """
    within, between = (
        np.maximum(0.0, np.einsum("...p,pq,...q->...", gains, part, gains) - noises * noise_of(part, covariance))
        for part in parts
    )
    whole = np.asarray(within + between, dtype=np.float64)
    return np.asarray(np.divide(within, whole, out=np.full_like(whole, np.nan), where=whole > 0), dtype=np.float64)


def share_interval(gains: Floats, covariance: Floats, parts: tuple[Floats, Floats], seed: int) -> Interval | None:
    """The interval of `corrected_share`; None where some draws leave nothing to divide."""
    random = np.random.default_rng([seed, len(gains)])
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = gains + random.normal(size=(_DRAWS, len(gains))) @ root.T
    shares = corrected_share(drawn, covariance, parts, noises=2.0)
    if np.isnan(shares).mean() > 1 - LEVEL:
        return None
    low, high = np.nanquantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high), "gains drawn around the measured ones")


def order_p(pipelines: Sequence[Pipeline], scores: Scores, seed: int) -> float:
    """P value of no effect of the order, by permutation; `scores` of these pipelines alone."""
    sets = [frozenset(pipeline) for pipeline in pipelines]
    members = [np.flatnonzero([one == other for other in sets]) for one in dict.fromkeys(sets)]
    members = [places for places in members if len(places) > 1]
    by_seed = scores.by_seed
    if by_seed.shape[1] == 1:
        by_seed = scores.influence[:, 0] + by_seed * scores.shares
    return _permuted(by_seed, members, np.random.default_rng([seed, 1]))


def _permuted(parts: Floats, members: Sequence[npt.NDArray[np.intp]], random: np.random.Generator) -> float:
    """`parts` (P, U) are exchanged within `members`, in each of U seeds or groups apart."""

    def squares(sums: Floats) -> Floats:
        return np.asarray(((sums - sums.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1))

    measured = sum(float(squares(parts[places].sum(axis=1))) for places in members)
    drawn = np.zeros(PERMUTATIONS)
    for places in members:
        mine = parts[places].T  # (U, P)
        mine = mine[np.ptp(mine, axis=1) > 0]  # where all are alike, changing places changes nothing
        constant = len(mine) == 0
        at_a_time = max(1, _ENTRIES_AT_A_TIME // max(1, mine.size))
        for start in range(0, 0 if constant else PERMUTATIONS, at_a_time):
            stop = min(PERMUTATIONS, start + at_a_time)
            shuffled = random.permuted(np.broadcast_to(mine, (stop - start, *mine.shape)), axis=2)
            drawn[start:stop] += squares(shuffled.sum(axis=1))
    return float((1 + np.count_nonzero(drawn >= measured * (1 - _TIE))) / (1 + PERMUTATIONS))


def selection_p(pipelines: Sequence[Pipeline], gains: Floats, seed: int) -> float | None:
    """P value of no effect of the selection: pipelines exchanged between sets of steps; None for a single set."""
    between = projections(pipelines)[1]
    if len(set(map(frozenset, pipelines))) == 1:
        return None
    random = np.random.default_rng([seed, 2])
    drawn = random.permuted(np.broadcast_to(gains, (PERMUTATIONS, len(gains))), axis=1)
    measured = gains @ between @ gains
    as_far = np.einsum("bp,pq,bq->b", drawn, between, drawn) >= measured * (1 - _TIE)
    return float((1 + np.count_nonzero(as_far)) / (1 + PERMUTATIONS))
