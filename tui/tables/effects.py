"""Effects of steps and their interactions, as texts, tables and charts."""

from rich.table import Table
from rich.text import Text

from engine.config.combinations import complete_sets, has_steps, nearest_set
from engine.config.expressions import ALL_COMBINATIONS
from engine.config.variants import PLAIN
from engine.events.record import StudyRecord, evaluated_results, protocol_name
from engine.reports.effects import effect_name, effect_sentence
from engine.reports.statistics import LEVEL, FactorialAnalysis, FactorialEffect
from tui.looks.formatting import interval_text, p_text, p_words, share, signed
from tui.looks.keys import key
from tui.looks.palette import variant_mark
from tui.tables.data import Line, TableData, numbers, table_of, to_rich, words
from tui.tables.statistics import DIFFERS

NO_EFFECTS = "An older version of the program made this study: it holds no effects of steps."

_SETS_TOLD = 3
_LEAST_AXIS = 12
_EFFECT_COLUMNS = 2 + 7 + 2 + 13 + 2 + 10  # of the numbers beside an effect's name and axis, with their gaps
_ACCURACY_COLUMNS = 2 + 4 + 2  # the same for an accuracy
_INSIDE = 0.96
"""Part of an axis that its values take, so that none lies on the edge."""


def factorials(record: StudyRecord) -> tuple[FactorialAnalysis, ...]:
    """The complete sets of combinations that the study's statistics hold."""
    return record.statistics.factorials if record.statistics else ()


def effects_title(record: StudyRecord) -> str:
    """What stands over the effects."""
    parts = [f"Effects of steps, protocol {protocol_name(record)}"]
    if found := factorials(record):
        parts.append(_how(found[0]))
    return " ".join(parts)


def effects_line(record: StudyRecord) -> str:
    """Which effects are significant, in a line that names the key to them; "" where the study has no complete set."""
    told: dict[object, str] = {}
    for analysis in factorials(record):
        if sure := [f"{effect_name(one)} {signed(one.estimate)}" for one in analysis.effects if one.significant]:
            told[analysis.steps] = ", ".join(sure)
        else:  # said once of all orders of the same steps
            told.setdefault(frozenset(analysis.steps), f"none significant of {', '.join(analysis.steps)}")
    parts = list(told.values())
    more = f"; and {len(parts) - _SETS_TOLD} more sets" if len(parts) > _SETS_TOLD else ""
    return f"effects of steps ({key('results.effects', 'f')}): {'; '.join(parts[:_SETS_TOLD])}{more}" if parts else ""


def set_words(analysis: FactorialAnalysis) -> str:
    """Which set of variants this is."""
    return f"{', '.join(analysis.steps)}: all {len(analysis.variants)} combinations"


def _how(analysis: FactorialAnalysis) -> str:
    methods = " / ".join(dict.fromkeys(effect.method for effect in analysis.effects))
    words = [f"n = {analysis.images}"]
    if len(analysis.seeds) > 1:
        words.append(f"{len(analysis.seeds)} seeds")
    return f"({methods}, {analysis.correction}; {'; '.join(words)})"


def effects_legend(analysis: FactorialAnalysis) -> str:
    """How the numbers are to be read."""
    intervals = " / ".join(dict.fromkeys(effect.interval.method for effect in analysis.effects))
    return (
        "Effect of a step: mean accuracy of the variants with it minus the mean of those without. Interaction of two: "
        "half the difference of the one's effect with and without the other; of three: the same of the interaction of "
        f"two. 95 % intervals ({intervals}), p adjusted for {len(analysis.effects)} effects ({analysis.correction}). "
        f"{DIFFERS} significant: p below {share(1 - LEVEL)[:3]}."
    )


def effect_sentences(analysis: FactorialAnalysis) -> tuple[str, ...]:
    """A sentence an effect, in their order."""
    return tuple(f"{effect_sentence(analysis, effect)}." for effect in analysis.effects)


def missing_words(record: StudyRecord) -> str:
    """Why there are no effects, and which variants to add for some."""
    done = tuple(result.variant for result in evaluated_results(record) if result.status == "done")
    statistics = record.statistics
    if complete_sets(done):
        refused = [words for words in (statistics.refused if statistics else ()) if "effects of" in words]
        return " ".join(refused) or NO_EFFECTS
    steps, lacking = nearest_set(done)
    wanted = ",".join(dict.fromkeys((*done, *lacking)))
    new, build, all_eight = key("app.new", "n"), key("setup.build", "+"), key("setup.combinations", "A")
    return (
        f"The effects of steps need every combination of two or three of them in one order, {PLAIN} among them. For "
        f"{' and '.join(steps)} this study lacks {', '.join(lacking)}: press {new}, then {build} to put a combination "
        f"together; or --variants {wanted}. {all_eight} on the set-up screen, or --variants {ALL_COMBINATIONS}, takes "
        "the eight of three."
    )


# ---------------------------------------------------------------- tables


def effects_data(analysis: FactorialAnalysis) -> TableData:
    """An effect a row: estimate, interval, p values, what it means, and the test."""

    def line(effect: FactorialEffect) -> Line:
        yield words("effect"), effect_name(effect)
        yield numbers("estimate", "accuracy"), signed(effect.estimate)
        yield numbers("95 % interval"), interval_text(effect.interval, signed)
        yield numbers("p"), p_text(effect.p_value)
        yield numbers("adjusted p", analysis.correction), p_text(effect.adjusted_p)
        yield words("what it says"), f"{DIFFERS if effect.significant else ' '} {effect_sentence(analysis, effect)}"
        yield words("method"), effect.method

    return table_of(map(line, analysis.effects))


def effects_tables(record: StudyRecord) -> list[Table]:
    """For a text of any width: a table a set, none where there is no complete set."""
    return [
        to_rich(effects_data(analysis).without("method"), f"{effects_title(record)}: {set_words(analysis)}")
        for analysis in factorials(record)
    ]


# ---------------------------------------------------------------- drawn


def effect_chart(analysis: FactorialAnalysis, width: int) -> list[Text]:
    """A line an effect: name, estimate, interval, adjusted p, and the interval on an axis that all share.

    The axis has a stroke at 0: an interval that does not reach it shows an effect.
    """
    effects = analysis.effects
    named = max(len(effect_name(effect)) for effect in effects)
    reach = max(max(abs(effect.interval.low), abs(effect.interval.high)) for effect in effects) or 1.0
    axis = _axis_width(width, named + _EFFECT_COLUMNS)
    head = f"{'':<{named}}  {'effect':<7}  {'95 % interval':<13}  {'p':<10}"
    lines = [Text(head + (_scale(signed(-reach), "0", signed(reach), axis) if axis else ""), "dim")]
    return [*lines, *(_effect_line(effect, named, reach, axis) for effect in effects)]


def _effect_line(effect: FactorialEffect, named: int, reach: float, axis: int) -> Text:
    sure = effect.significant
    return Text.assemble(
        (f"{effect_name(effect):<{named}}", "bold" if sure else ""),
        f"  {signed(effect.estimate)}{f' {DIFFERS}' if sure else '  '}",
        (f"  {interval_text(effect.interval, signed)}  ", "" if sure else "dim"),
        (f"{p_words(effect.adjusted_p):<10}", "" if sure else "dim"),
        _drawn_interval(effect, reach, axis) if axis else "",
    )


def accuracy_chart(analysis: FactorialAnalysis, width: int) -> list[Text]:
    """A line a variant: its name, which steps it applies, its accuracy, and where that lies between all of them."""
    named = max(map(len, analysis.variants)) + 2
    marks = sum(len(step) + 1 for step in analysis.steps)
    low, high = min(analysis.accuracies), max(analysis.accuracies)
    axis = _axis_width(width, named + 2 + marks + _ACCURACY_COLUMNS)
    head = f"{'variant':<{named}}  {''.join(f'{step} ' for step in analysis.steps)} {'acc':>4}  "
    lines = [Text(head + (_scale(share(low), "", share(high), axis) if axis else ""), "dim")]
    best = max(analysis.accuracies)
    for variant, accuracy in zip(analysis.variants, analysis.accuracies, strict=True):
        applied = has_steps(variant, analysis.steps)
        ticks = "".join(
            f"{'✓' if there else '·':<{len(step) + 1}}" for step, there in zip(analysis.steps, applied, strict=True)
        )
        line = Text.assemble(
            variant_mark(variant),
            (f" {variant:<{named}}", "bold" if accuracy == best else ""),
            f"{ticks:>{marks}} ",
            (f"{share(accuracy)}  ", "bold" if accuracy == best else ""),
        )
        if axis:
            place = round((axis - 1) * (accuracy - low) / (high - low)) if high > low else 0
            line.append("·" * place, "dim").append_text(variant_mark(variant))
        lines.append(line)
    return lines


def _axis_width(width: int, taken: int) -> int:
    """What is left for an axis; 0 where that is too little."""
    left = width - taken
    return left if left >= _LEAST_AXIS else 0


def _scale(low: str, middle: str, high: str, width: int) -> str:
    """The ends and the middle of an axis."""
    line = list(" " * width)
    for text, start in ((low, 0), (middle, round((width - len(middle)) / 2)), (high, width - len(high))):
        line[start : start + len(text)] = text
    return "".join(line)


def _drawn_interval(effect: FactorialEffect, reach: float, width: int) -> Text:
    def place(value: float) -> int:
        return round((width - 1) * (1 + _INSIDE * value / reach) / 2)

    low, middle, high = (place(value) for value in (effect.interval.low, effect.estimate, effect.interval.high))
    cells = [" "] * width
    cells[place(0)] = "┊"
    cells[low : high + 1] = "─" * (high + 1 - low)
    cells[low], cells[high], cells[middle] = "├", "┤", "●"
    if not effect.significant and low < place(0) < high and place(0) != middle:
        cells[place(0)] = "┼"
    return Text("".join(cells), "bold" if effect.significant else "")
