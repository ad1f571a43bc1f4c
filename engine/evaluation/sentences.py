"""Statistics in sentences whose words follow the intervals and the tests."""

from collections.abc import Sequence

from engine.reports.effects import effect_sentence
from engine.reports.pipelines import PipelineAnalysis, TestedDifference, effect_words
from engine.reports.statistics import (
    LEVEL,
    MOST_IN_PAIRS,
    Comparison,
    FactorialAnalysis,
    Interval,
    StudyStatistics,
    VariantStatistics,
)
from engine.reports.wording import listed, p_words, span

_VARIANTS_NAMED = 5
"""Of more variants than have all their pairs compared."""

_PAIRS_NAMED = 6
"""As many as four variants make; of the pairs of more variants only the first are named."""


def accuracy_sentences(statistics: StudyStatistics) -> list[str]:
    """The accuracies with their intervals, and the method."""
    entries = sorted(statistics.variants, key=lambda entry: -entry.accuracy)
    scores = _some([f"{entry.variant} {entry.accuracy:.3f} {span(entry.accuracy_interval)}" for entry in entries])
    methods = listed(list(dict.fromkeys(entry.accuracy_interval.method for entry in entries)))
    return [f"Accuracy with 95 % intervals ({methods}; {_images(entries)}): {scores}."]


def _some(entries: Sequence[str]) -> str:
    """All of them, or of many the first and how many more there are."""
    if len(entries) <= MOST_IN_PAIRS:
        return ", ".join(entries)
    return f"{', '.join(entries[:_VARIANTS_NAMED])}; and {len(entries) - _VARIANTS_NAMED} more"


def _images(entries: Sequence[VariantStatistics]) -> str:
    return f"{listed(list(dict.fromkeys(str(entry.images) for entry in entries)))} test images"


def difference_sentences(statistics: StudyStatistics, analysis: PipelineAnalysis | None = None) -> list[str]:
    """Which variants differ, which do not as far as these images can show, and what could not be compared.

    A pair that a gain of the analysis tells of is left to that: it is another test, corrected for fewer, and two
    verdicts on one question would contradict each other.
    """
    gains = {frozenset((analysis.baseline, entry.variant)) for entry in analysis.gains} if analysis else set()
    pairs = [entry for entry in statistics.comparisons if frozenset((entry.first, entry.second)) not in gains]
    sentences = []
    if pairs:
        if analysis is not None and len(pairs) < len(statistics.comparisons):
            sentences.append(
                "Two questions, each corrected for its own number of tests: which variants differ from each other "
                f"(pairs), and which gain over {analysis.baseline} (gains)."
            )
        sentences += _extremes(statistics)
        how = ", adjusted" if len(statistics.comparisons) > 1 else ""
        sure = sorted((entry for entry in pairs if entry.significant), key=_gap, reverse=True)
        named = sure[:_PAIRS_NAMED]
        sentences += [_better(entry, how) for entry in pairs if entry in named]
        if len(sure) > len(named):
            sentences.append(f"{len(sure) - len(named)} more pairs differ, by less than these.")
        sentences += _undecided(statistics, pairs)
    return [*sentences, *statistics.refused]


def _gap(comparison: Comparison) -> float:
    return abs(comparison.difference)


def _extremes(statistics: StudyStatistics) -> list[str]:
    """The best and the worst variant, where the tests single one out among three or more."""
    wins: dict[str, int] = {entry.variant: 0 for entry in statistics.variants}
    losses = dict(wins)
    for comparison in statistics.comparisons:
        if comparison.significant:
            better, worse = _order(comparison)
            wins[better] += 1
            losses[worse] += 1
    rivals = len(statistics.variants) - 1
    if rivals < 2:  # noqa: PLR2004 - of two, the comparison itself says it
        return []
    found = [f"Best: {name}, better than each other variant." for name, count in wins.items() if count == rivals]
    return found + [f"Worst: {name}, below each other variant." for name, count in losses.items() if count == rivals]


def _order(comparison: Comparison) -> tuple[str, str]:
    pair = (comparison.first, comparison.second)
    return pair if comparison.difference > 0 else (pair[1], pair[0])


def _better(comparison: Comparison, how: str) -> str:
    better, worse = _order(comparison)
    interval = comparison.interval
    if better == comparison.second:
        interval = Interval(-interval.high, -interval.low, interval.method, interval.level)
    return (
        f"{better} recognises more than {worse}: by {abs(comparison.difference):.3f} "
        f"{span(interval)}, {p_words(comparison.adjusted_p)} ({comparison.method}{how})."
    )


def _undecided(statistics: StudyStatistics, told: Sequence[Comparison]) -> list[str]:
    open_pairs = [entry for entry in told if not entry.significant]
    if not open_pairs:
        return []
    first = statistics.of(open_pairs[0].first)
    images = first.images if first else 0
    count = len(statistics.comparisons)
    how = listed(list(dict.fromkeys(entry.method for entry in open_pairs)))
    if count > 1:
        how += f", {statistics.correction} correction for {count} comparisons"
    if len(open_pairs) < len(told):
        pairs = "; ".join(f"{entry.first} and {entry.second}" for entry in open_pairs[:_PAIRS_NAMED])
        if len(open_pairs) > _PAIRS_NAMED:
            pairs += f"; and {len(open_pairs) - _PAIRS_NAMED} more pairs"
        return [f"No difference that {images} images can show ({how}) between: {pairs}."]
    compared = list(dict.fromkeys(name for entry in open_pairs for name in (entry.first, entry.second)))
    return [f"Between {listed(compared)} there is no difference that {images} images can show ({how})."]


def step_sentences(statistics: StudyStatistics) -> list[str]:
    """The effects of steps that the images show, or that they show none; nothing without a complete set."""
    return [sentence for analysis in statistics.factorials for sentence in _effects(analysis)]


def _effects(analysis: FactorialAnalysis) -> list[str]:
    sure = [effect for effect in analysis.effects if effect.significant]
    how = f"{analysis.correction} correction for {len(analysis.effects)} effects"
    if not sure:
        steps = listed(analysis.steps)
        images = analysis.images
        return [f"Of {steps}, none has an effect and no two interact as far as {images} images can show ({how})."]
    return [
        f"{effect_sentence(analysis, effect)} (effect {effect.estimate:+.3f} {span(effect.interval)}, "
        f"{p_words(effect.adjusted_p)}; {effect.method}, {how})."
        for effect in sure
    ]


def pipeline_sentences(analysis: PipelineAnalysis | None) -> list[str]:
    """Which pipelines gain, and what orders and strengths do, where the images show it; nothing without a design."""
    if analysis is None:
        return []
    gains = [(entry.variant, entry.gain) for entry in analysis.gains]
    effects = [(effect_words(entry.kind, entry.steps), entry.effect) for entry in analysis.effects]
    trends = [(f"{entry.parameter} of {entry.pipeline}, a value further", entry.trend) for entry in analysis.curves]
    shares = [
        f"Of the variance of the gain of {entry.pipelines} pipelines of {entry.length} steps, beyond what images and "
        f"seeds make of it, {100 * entry.order_corrected:.0f} % is order and the rest selection."
        for entry in analysis.shares
        if entry.order_corrected is not None and entry.adjusted_order_p < 1 - LEVEL
    ]
    return [
        *_shown(f"Gain over {analysis.baseline}", "pipelines", gains, analysis),
        *_shown("Effects of steps and places", "effects", effects, analysis),
        *shares,
        *_shown("Trends of strengths", "trends", trends, analysis),
    ]


def _shown(
    what: str, plural: str, tests: Sequence[tuple[str, TestedDifference]], analysis: PipelineAnalysis
) -> list[str]:
    """The largest of the significant ones, or that there are none."""
    if not tests:
        return []
    how = tests[0][1].method
    if len(tests) > 1:
        how += f", {analysis.correction} correction for {len(tests)} {plural}"
    sure = sorted((entry for entry in tests if entry[1].significant), key=lambda entry: -abs(entry[1].estimate))
    if not sure:
        return [f"{what}: none that {analysis.images} images can show ({how})."]
    named = [f"{name} {test.estimate:+.3f} {span(test.interval)}" for name, test in sure[:_PAIRS_NAMED]]
    more = f"; and {len(sure) - len(named)} more" if len(sure) > len(named) else ""
    if others := len(tests) - len(sure):
        more += f"; the rest ({others}): none that {analysis.images} images can show"
    return [f"{what}: {'; '.join(named)}{more} ({how})."]


def copy_sentences(statistics: StudyStatistics) -> list[str]:
    """What groups within the test set do to the methods that take each image as evidence of its own."""
    copied = [entry for entry in statistics.variants if entry.groups < entry.images and len(entry.seeds) == 1]
    if not copied:
        return []
    entry = copied[0]
    return [
        f"The {entry.images} test images are {entry.groups} groups, near copies and given groups counted once: the "
        "intervals of the accuracy and the comparisons take them as independent and are too sure; those of F1 do not."
    ]


def seed_sentences(statistics: StudyStatistics) -> list[str]:
    """The spread over seeds beside the error of the test images, or that it is not known."""
    several = [entry for entry in statistics.variants if entry.seed_spread is not None]
    if not several:
        return [
            "One seed: how much the scores move with another one is not known and not in the intervals; "
            "--repeats 3 measures it."
        ]
    spreads = _some(
        [
            f"{entry.variant} {entry.seed_spread:.3f} ({len(entry.seeds)} seeds) against {entry.sampling_error:.3f}"
            for entry in several
        ]
    )
    return [
        "Standard deviation of the accuracy over seeds, against the standard error that the choice of test images "
        f"makes: {spreads}."
    ]
