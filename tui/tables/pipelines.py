"""What orders, strengths and selections of steps do, and the scores of two classes, as tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from engine.events.record import StudyRecord, protocol_name
from engine.reports.pipelines import (
    OrderEffect,
    PipelineAnalysis,
    Rate,
    TestedDifference,
    changed_images,
    effect_words,
)
from engine.reports.statistics import LEVEL, Interval
from tui.looks.formatting import NOTHING, interval_text, number, p_text, share, signed
from tui.looks.keys import key
from tui.tables.data import Cell, Column, Line, TableData, numbers, table_of, words
from tui.tables.statistics import DIFFERS

Shorten = Callable[[str], str]
"""From a variant's name to what stands for it."""


@dataclass(frozen=True)
class Part:
    """One table: `key` names it, `title` heads it, `legend` says how it is to be read."""

    key: str
    title: str
    data: TableData
    legend: str


def part_heading(record: StudyRecord, analysis: PipelineAnalysis, part: Part) -> str:
    """What stands over one of the tables."""
    seeds = f"; {len(analysis.seeds)} seeds" if len(analysis.seeds) > 1 else ""
    return f"{part.title}, protocol {protocol_name(record)} ({analysis.correction}; n = {analysis.images}{seeds})"


def analysis_parts(analysis: PipelineAnalysis, shorten: Shorten = lambda name: name) -> tuple[Part, ...]:
    """The tables that the study has rows for."""
    parts = (
        Part("gains", f"Gain over {analysis.baseline}", _gains(analysis, shorten), _gain_legend(analysis)),
        Part("effects", "Steps, places, length", _effects(analysis, shorten), _effect_legend(analysis)),
        Part("mirrors", "Mirror pairs", _mirrors(analysis, shorten), _test_legend(analysis.mirrors, analysis)),
        Part("order", "Order against selection", _shares(analysis), _SHARES_LEGEND),
        Part("strengths", "Strengths", _curves(analysis, shorten), _CURVES_LEGEND),
        Part("trends", "Trends of strengths", _trends(analysis, shorten), _test_legend(analysis.curves, analysis)),
        Part("two classes", f"Two classes, {analysis.positive} positive", _two(analysis, shorten), _TWO_LEGEND),
    )
    return tuple(part for part in parts if part.data.rows)


def seed_warning(analysis: PipelineAnalysis) -> str:
    """What one seed cannot say; "" for several."""
    if len(analysis.seeds) > 1:
        return ""
    return "One seed: tests say whether these networks differ, not whether their pipelines do. --repeats 3 says that."


# ---------------------------------------------------------------- cells


def _value(column: Column, text: str, value: float | None) -> tuple[Column, Cell]:
    return column, Cell(text, value)


def _tested(test: TestedDifference, heading: str, correction: str) -> Line:
    yield _value(numbers(heading, "accuracy"), f"{signed(test.estimate)}{_mark(test)}", test.estimate)
    yield numbers("95 % interval"), interval_text(test.interval, signed)
    yield _value(numbers("p"), p_text(test.p_value), -test.p_value)
    yield _value(numbers("adjusted p", correction), p_text(test.adjusted_p), -test.adjusted_p)


def _mark(test: TestedDifference) -> str:
    return f" {DIFFERS}" if test.significant else "  "


def _test_legend(tests: Sequence[object], analysis: PipelineAnalysis) -> str:
    adjusted = f"p adjusted for {len(tests)} tests ({analysis.correction})" if len(tests) > 1 else "p"
    return f"95 % intervals, {adjusted}. {DIFFERS} significant: p below {share(1 - LEVEL)[:3]}."


# ---------------------------------------------------------------- tables


def _gains(analysis: PipelineAnalysis, shorten: Shorten) -> TableData:
    def lines() -> Iterator[Line]:
        for entry in analysis.gains:
            yield (
                (words("pipeline"), shorten(entry.variant)),
                _value(numbers("steps"), str(entry.length), entry.length),
                _value(numbers("accuracy"), share(entry.accuracy), entry.accuracy),
                *_tested(entry.gain, "gain", analysis.correction),
                _value(numbers("broken", "images"), f"{entry.broken:,}", entry.broken),
                _value(numbers("mended", "images"), f"{entry.mended:,}", entry.mended),
            )

    return table_of(lines())


def _gain_legend(analysis: PipelineAnalysis) -> str:
    method = analysis.gains[0].gain.method if analysis.gains else ""
    most = "most seeds get " if len(analysis.seeds) > 1 else "are "
    return (
        f"Gain: accuracy minus that of {analysis.baseline} on the same images and seeds ({method}). Broken: images "
        f"that {most}right with {analysis.baseline} and wrong with the pipeline; mended: the reverse. "
        f"{_test_legend(analysis.gains, analysis)}"
    )


def _effects(analysis: PipelineAnalysis, shorten: Shorten) -> TableData:
    def line(entry: OrderEffect) -> Line:
        yield words("effect"), effect_words(entry.kind, [shorten(step) for step in entry.steps])
        yield from _tested(entry.effect, "difference", analysis.correction)
        yield _value(numbers("pipelines"), str(entry.pipelines), entry.pipelines)

    return table_of(map(line, analysis.effects))


def _effect_legend(analysis: PipelineAnalysis) -> str:
    r = analysis.length_correlation
    length = "" if r is None else f" Gain and number of steps: r = {r:.2f}."
    return (
        "With a step minus the same pipelines without it; a place minus other orders of the same steps."
        f"{length} {_test_legend(analysis.effects, analysis)}"
    )


def _mirrors(analysis: PipelineAnalysis, shorten: Shorten) -> TableData:
    def lines() -> Iterator[Line]:
        for pair in analysis.mirrors:
            yield (
                (words("pipeline"), shorten(pair.first)),
                (words("its mirror"), shorten(pair.second)),
                *_tested(pair.difference, "difference", analysis.correction),
            )

    return table_of(lines())


def _shares(analysis: PipelineAnalysis) -> TableData:
    def lines() -> Iterator[Line]:
        for entry in analysis.shares:
            selection_p = entry.adjusted_selection_p
            selection = None if entry.selections == 1 else 1 - entry.order
            yield (
                _value(replace(numbers("steps"), better="lower"), str(entry.length), entry.length),
                _value(numbers("pipelines"), str(entry.pipelines), entry.pipelines),
                _value(numbers("sets"), str(entry.selections), entry.selections),
                _value(numbers("deviation", "of gain"), number(entry.deviation), entry.deviation),
                _value(numbers("order"), share(entry.order), entry.order),
                _value(numbers("selection"), _share(selection), selection),
                _value(numbers("noise"), share(entry.noise), entry.noise),
                _value(numbers("order", "without noise"), _share(entry.order_corrected), entry.order_corrected),
                (numbers("95 % interval"), _interval(entry.interval)),
                _value(numbers("p of order", "adjusted"), p_text(entry.adjusted_order_p), -entry.adjusted_order_p),
                (numbers("p of selection", "adjusted"), NOTHING if selection_p is None else p_text(selection_p)),
            )

    return table_of(lines())


def _share(value: float | None) -> str:
    return NOTHING if value is None else share(value)


def _interval(interval: Interval | None) -> str:
    return NOTHING if interval is None else interval_text(interval)


_SHARES_LEGEND = (
    "Shares of the sum of squares of the gains of all pipelines of one length: within sets of the same steps (order), "
    "between sets (selection). Noise: what images and seeds alone make of it, estimated; without noise: the share of "
    "the order once that is taken off both. p by permutation, adjusted."
)


def _curves(analysis: PipelineAnalysis, shorten: Shorten) -> TableData:
    def lines() -> Iterator[Line]:
        for curve in analysis.curves:
            for point in curve.points:
                yield (
                    (words("pipeline"), shorten(curve.pipeline)),
                    (words("parameter"), f"{curve.step} {curve.parameter}"),
                    _value(numbers("value"), f"{point.value:g}", point.value),
                    _value(numbers("accuracy"), share(point.accuracy), point.accuracy),
                    (numbers("95 % interval", "accuracy"), interval_text(point.interval)),
                    *_point_gain(point.gain, analysis.correction),
                )

    return table_of(lines())


def _point_gain(gain: TestedDifference | None, correction: str) -> Line:
    if gain is None:
        return
    yield _value(numbers("gain"), f"{signed(gain.estimate)}{_mark(gain)}", gain.estimate)
    yield numbers("95 % interval", "gain"), interval_text(gain.interval, signed)
    yield _value(numbers("adjusted p", correction), p_text(gain.adjusted_p), -gain.adjusted_p)


_CURVES_LEGEND = "One parameter varies (*), all else is equal. The gain's p is adjusted with those of all pipelines."


def _trends(analysis: PipelineAnalysis, shorten: Shorten) -> TableData:
    def lines() -> Iterator[Line]:
        for curve in analysis.curves:
            yield (
                (words("pipeline"), shorten(curve.pipeline)),
                (words("values"), " ".join(f"{point.value:g}" for point in curve.points)),
                *_tested(curve.trend, "from value to value", analysis.correction),
            )

    return table_of(lines())


def _two(analysis: PipelineAnalysis, shorten: Shorten) -> TableData:
    def rate(heading: str, value: Rate) -> Line:
        yield _value(numbers(heading), share(value.value), value.value)
        yield numbers("95 % interval", heading), interval_text(value.interval)

    def lines() -> Iterator[Line]:
        for entry in analysis.two_class:
            yield (
                (words("pipeline"), shorten(entry.variant)),
                *rate("sensitivity", entry.sensitivity),
                *rate("specificity", entry.specificity),
                *rate("ROC area", entry.roc_area),
                *_area_gain(entry.area_gain),
                _value(numbers("errors"), f"{entry.errors:.1f}", entry.errors),
                _value(numbers("errors", "matched"), _count(entry.errors_matched), entry.errors_matched),
                _value(numbers("shift"), _share(entry.shift_share), entry.shift_share),
            )

    return table_of(lines())


def _area_gain(gain: TestedDifference | None) -> Line:
    text, value, p_value = NOTHING, None, NOTHING
    if gain is not None:
        text, value, p_value = f"{signed(gain.estimate)}{_mark(gain)}", gain.estimate, p_text(gain.adjusted_p)
    yield _value(numbers("area gain"), text, value)
    yield numbers("adjusted p", "area"), p_value


def _count(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"


_TWO_LEGEND = (
    "Errors: wrong answers, mean over seeds; matched: once the threshold is moved until as many images are called "
    "positive as without a step, which looks at no label. Shift: share of the errors gained that this takes away, "
    "where the gain's interval lies below 0; what is left is damage in both directions."
)


# ---------------------------------------------------------------- image by image


def changed_data(record: StudyRecord, variant: str) -> TableData:
    """The test images that a pipeline breaks and mends, broken ones first."""
    analysis = record.analysis
    if analysis is None:
        return table_of(())
    changed = changed_images(record.results.values(), analysis.baseline, variant, analysis.seeds)
    broken_first = sorted(changed.items(), key=lambda item: item[1])
    return table_of(((words("change"), change), (words("image"), path)) for path, change in broken_first)


def pipelines_line(record: StudyRecord) -> str:
    """How many pipelines gain or lose, in a line that names the key; "" where the study has no such design."""
    analysis = record.analysis
    if analysis is None or not analysis.gains:
        return ""
    sure = [entry for entry in analysis.gains if entry.gain.significant]
    better = sum(entry.gain.estimate > 0 for entry in sure)
    how = f"{better} better and {len(sure) - better} worse than {analysis.baseline}, significantly"
    return f"pipelines ({key('results.pipelines', 'k')}): of {len(analysis.gains)}, {how}"
