"""What a study says of orders, strengths and selections of steps, and of two classes, from the results of its jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.config.variants import PLAIN, words_of
from engine.reports.pipelines import (
    CurvePoint,
    MirrorPair,
    OrderEffect,
    PipelineAnalysis,
    PipelineGain,
    StrengthCurve,
    TestedDifference,
    TwoClassScores,
    VarianceShares,
)
from engine.reports.results import JobResult
from engine.statistics import orders
from engine.statistics.contrasts import Scores, accuracy_scores, tested
from engine.statistics.orders import Pipeline
from engine.statistics.outcomes import Floats, Outcomes, collect_outcomes, folds_of
from engine.statistics.proportions import corrected, holm
from engine.statistics.strengths import find_sweeps
from engine.statistics.two_class import POSITIVE, TwoClass, rates

TWO = 2


def analyse_pipelines(
    variants: Sequence[str],
    results: Sequence[JobResult],
    groups: Mapping[str, int],
    classes: Sequence[str],
    seed: int = 0,
) -> PipelineAnalysis | None:
    """Gains over the plain resize, effects of steps and orders, strength curves, and scores of two classes.

    None where the study has no such design: neither two orders of the same steps, nor a parameter with two values, nor
    two classes. Variants that were tested on other images, or lack a seed that most have, count nowhere.

    `variants`, `results`, `groups` and `seed` are those of `engine.statistics.compute_statistics`; `classes` are names
    in label order, of two the second is the positive one.
    """
    mine = [result for result in results if result.variant in variants]
    folds = folds_of(mine)
    collected = [collect_outcomes(variant, mine, groups, folds)[0] for variant in variants]
    return analyse_outcomes([entry for entry in collected if entry is not None], classes, seed)


def analyse_outcomes(outcomes: Sequence[Outcomes], classes: Sequence[str], seed: int = 0) -> PipelineAnalysis | None:
    """The same from what the variants said."""
    members = _comparable(outcomes)
    if len(members) < TWO:
        return None
    pipelines = [words_of(entry.variant) for entry in members]
    if not (orders.has_orders(pipelines) or find_sweeps(pipelines) or len(classes) == TWO):
        return None
    return _Analysis(members, pipelines, tuple(classes), seed).whole()


def _comparable(entries: Sequence[Outcomes]) -> list[Outcomes]:
    """The variants, with the seeds, that share images and make the most jobs; the first variant is one of them."""
    same = [entry for entry in entries if entry.items == entries[0].items]
    choices = dict.fromkeys(tuple(s for s in entry.seeds if s in entries[0].seeds) for entry in same)

    def members(seeds: tuple[int, ...]) -> list[Outcomes]:
        return [entry.with_seeds(seeds) for entry in same if seeds and set(seeds) <= set(entry.seeds)]

    return max(map(members, choices), key=lambda found: sum(len(entry.seeds) for entry in found), default=[])


@dataclass(frozen=True)
class _Analysis:
    members: Sequence[Outcomes]
    pipelines: Sequence[Pipeline]
    classes: tuple[str, ...]
    seed: int

    @cached_property
    def images(self) -> int:
        return len(self.members[0].items)

    @cached_property
    def baseline(self) -> int | None:
        """The place of the plain resize."""
        return self.pipelines.index(()) if () in self.pipelines else None

    @cached_property
    def scores(self) -> Scores:
        right = np.stack([entry.right for entry in self.members])
        return accuracy_scores(right, self.members[0].groups)

    @cached_property
    def accuracies(self) -> Floats:
        return np.asarray(self.scores.by_seed.mean(axis=1))

    def whole(self) -> PipelineAnalysis:
        ordered = orders.has_orders(self.pipelines)
        two = len(self.classes) == TWO
        return PipelineAnalysis(
            baseline="" if self.baseline is None else PLAIN,
            images=self.images,
            groups=self.members[0].n_groups,
            seeds=self.members[0].seeds,
            gains=self._gains(),
            effects=self._effects() if ordered else (),
            length_correlation=orders.length_correlation(self.pipelines, self.accuracies) if ordered else None,
            mirrors=self._mirrors(),
            shares=self._shares(),
            curves=self._curves(),
            positive=self.classes[POSITIVE] if two else "",
            two_class=self._two_class() if two else (),
        )

    def _tested(self, weights: Sequence[Floats], scores: Scores | None = None) -> tuple[TestedDifference, ...]:
        """Contrasts, corrected for their number."""
        return corrected(tested(scores or self.scores, np.stack(weights), self.images)) if weights else ()

    def _against(self, place: int, other: int | None) -> Floats:
        weights = np.zeros(len(self.members))
        weights[place] = 1.0
        if other is not None:
            weights[other] = -1.0
        return weights

    @cached_property
    def _others(self) -> list[int]:
        """The places of all but the baseline; none without a baseline."""
        return [] if self.baseline is None else [i for i in range(len(self.members)) if i != self.baseline]

    @cached_property
    def _gain_tests(self) -> dict[int, TestedDifference]:
        tests = self._tested([self._against(place, self.baseline) for place in self._others])
        return dict(zip(self._others, tests, strict=True))

    def _gains(self) -> tuple[PipelineGain, ...]:
        # Seeds that are right less those that are wrong.
        balance = [2 * entry.right.sum(axis=0) - len(entry.seeds) for entry in self.members]
        found = []
        for place, gain in self._gain_tests.items():
            before, after = balance[self.baseline or 0], balance[place]
            broken, mended = (
                int(np.count_nonzero(kept)) for kept in ((before > 0) & (after < 0), (before < 0) & (after > 0))
            )
            found.append(
                PipelineGain(
                    self.members[place].variant,
                    len(self.pipelines[place]),
                    float(self.accuracies[place]),
                    gain,
                    broken,
                    mended,
                )
            )
        return tuple(found)

    def _effects(self) -> tuple[OrderEffect, ...]:
        effects = list(orders.effect_weights(self.pipelines))
        tests = self._tested([weights for *_, weights in effects])
        return tuple(
            OrderEffect(kind, steps, int(np.count_nonzero(weights)), test)
            for (kind, steps, weights), test in zip(effects, tests, strict=True)
        )

    def _mirrors(self) -> tuple[MirrorPair, ...]:
        pairs = orders.mirror_pairs(self.pipelines)
        tests = self._tested([self._against(*pair) for pair in pairs])
        return tuple(
            MirrorPair(self.members[one].variant, self.members[other].variant, test)
            for (one, other), test in zip(pairs, tests, strict=True)
        )

    def _shares(self) -> tuple[VarianceShares, ...]:
        lengths = sorted({len(pipeline) for pipeline in self.pipelines if len(pipeline) >= TWO})
        found = [entry for length in lengths if (entry := self._share(length)) is not None]
        p_values = [p for entry in found for p in (entry.order_p, entry.selection_p) if p is not None]
        adjusted = iter(holm(p_values))
        return tuple(
            replace(
                entry,
                adjusted_order_p=next(adjusted),
                adjusted_selection_p=None if entry.selection_p is None else next(adjusted),
            )
            for entry in found
        )

    def _share(self, length: int) -> VarianceShares | None:
        places = [place for place, pipeline in enumerate(self.pipelines) if len(pipeline) == length]
        pipelines = [self.pipelines[place] for place in places]
        if not orders.has_orders(pipelines):
            return None
        gains, covariance = self.accuracies[places], self.scores.covariance[np.ix_(places, places)]
        parts = orders.projections(pipelines)
        within, between = (float(gains @ part @ gains) for part in parts)
        whole, noise = within + between, sum(orders.noise_of(part, covariance) for part in parts)
        selections = len(set(map(frozenset, pipelines)))
        corrected_share = float(orders.corrected_share(gains, covariance, parts)) if selections > 1 else float("nan")
        known = np.isfinite(corrected_share)
        order_p = orders.order_p(pipelines, self.scores.of_variants(places), self.seed)
        selection_p = orders.selection_p(pipelines, gains, self.seed)
        return VarianceShares(
            length=length,
            pipelines=len(pipelines),
            selections=selections,
            deviation=float(gains.std(ddof=1)),
            order=within / whole if whole > 0 else float("nan"),
            noise=noise / whole if whole > 0 else float("nan"),
            order_corrected=corrected_share if known else None,
            interval=orders.share_interval(gains, covariance, parts, self.seed) if known else None,
            order_p=order_p,
            selection_p=selection_p,
            adjusted_order_p=order_p,
            adjusted_selection_p=selection_p,
        )

    def _curves(self) -> tuple[StrengthCurve, ...]:
        sweeps = find_sweeps(self.pipelines)
        trends = self._tested([sweep.trend_weights(len(self.members)) for sweep in sweeps])
        levels = rates(self.scores, self.images) if sweeps else []
        return tuple(
            StrengthCurve(
                sweep.step,
                sweep.parameter,
                sweep.pipeline,
                tuple(
                    CurvePoint(
                        value,
                        self.members[place].variant,
                        levels[place].value,
                        levels[place].interval,
                        self._gain_tests.get(place),
                    )
                    for value, place in zip(sweep.values, sweep.places, strict=True)
                ),
                trend,
            )
            for sweep, trend in zip(sweeps, trends, strict=True)
        )

    def _two_class(self) -> tuple[TwoClassScores, ...]:
        found = TwoClass.of(self.members)
        positives = int(found.positive.sum())
        negatives = self.images - positives
        if not positives or not negatives:
            return ()
        area = found.roc_area()
        columns = zip(
            rates(found.recall(positive=True), positives),
            rates(found.recall(positive=False), negatives),
            rates(area, min(positives, negatives)),
            strict=True,
        )
        tests = self._tested([self._against(place, self.baseline) for place in self._others], area)
        gains = dict(zip(self._others, tests, strict=True))
        errors = (~found.right).sum(axis=2).mean(axis=1)
        matched = errors if self.baseline is None else found.errors_matched(self.baseline).mean(axis=1)
        return tuple(
            TwoClassScores(
                self.members[place].variant,
                *three,
                area_gain=gains.get(place),
                errors=float(errors[place]),
                errors_matched=float(matched[place]) if place in gains else None,
                shift_share=self._shift_share(errors, matched, place),
            )
            for place, three in enumerate(columns)
        )

    def _shift_share(self, errors: Floats, matched: Floats, place: int) -> float | None:
        """Where the variant is worse than the baseline by more than its interval allows for."""
        gain = self._gain_tests.get(place)
        if gain is None or gain.interval.high >= 0:
            return None
        gained = errors[place] - errors[self.baseline]
        return float(np.clip((errors[place] - matched[place]) / gained, 0.0, 1.0))
