"""Intervals, comparisons and calibration of a study, as texts and tables."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from rich.table import Table
from rich.text import Text

from engine.config.grammar import JOIN
from engine.events.record import StudyRecord, protocol_name
from engine.reports.results import JobResult
from engine.reports.statistics import LEVEL, MOST_IN_PAIRS, Comparison, Interval, StudyStatistics, VariantStatistics
from tui.looks.formatting import NOTHING, interval_text, number, p_text, p_words, share, signed
from tui.looks.variant_names import MANY
from tui.tables.data import Cell, Column, Line, Row, TableData, number_cell, numbers, table_of, to_rich, words
from tui.tables.facts import table_words

DIFFERS = "*"
"""Stands beside a significant difference."""

NO_STATISTICS = "This study holds no statistics: it has not ended, or an older version of the program made it."

_SAME = 5e-4  # scores that look alike at three decimals
_PAIRS_NAMED = 3
_LABEL = 11  # columns of a bin's range
_AROUND_BAR = _LABEL + 14
_LEAST_BAR = 10


def covering_statistics(record: StudyRecord, result: JobResult | None) -> VariantStatistics | None:
    """The statistics that belong to a variant's scores; None where these hold jobs that the statistics leave out."""
    if result is None or result.metrics is None or record.statistics is None:
        return None
    found = record.statistics.of(result.variant)
    return found if found is not None and abs(found.accuracy - result.metrics.accuracy) < _SAME else None


def turned(comparison: Comparison, first: str) -> tuple[float, Interval]:
    """The difference and its interval as `first` minus the other."""
    if comparison.first == first:
        return comparison.difference, comparison.interval
    interval = comparison.interval
    return -comparison.difference, Interval(-interval.high, -interval.low, interval.method, interval.level)


# ---------------------------------------------------------------- the verdict in a line


def verdict(record: StudyRecord) -> str:
    """Which pairs differ significantly, with the test behind it; "" where there is nothing to compare.

    Also where each variant is compared with one alone: the gains of pipelines say that, and more sharply.
    """
    statistics = record.statistics
    if statistics is None or not statistics.comparisons or gains_replace_pairs(record):
        return ""
    how = comparison_words(record, statistics)
    sure = [entry for entry in statistics.comparisons if entry.significant]
    if not sure:
        pairs = "no pair differs" if len(statistics.comparisons) > 1 else "the two do not differ"
        return f"{pairs} significantly ({how})"
    if len(statistics.comparisons) == 1:
        return f"the two differ significantly ({how}): {_ordered(sure[0])}"
    named = "; ".join(_ordered(entry) for entry in sure[:_PAIRS_NAMED])
    more = f" and {len(sure) - _PAIRS_NAMED} more" if len(sure) > _PAIRS_NAMED else ""
    return f"{len(sure)} of {len(statistics.comparisons)} pairs differ significantly ({how}): {named}{more}"


def gains_replace_pairs(record: StudyRecord) -> bool:
    """Whether there are too many variants for pairs, so that their gains over the plain one are what is looked at."""
    return record.analysis is not None and record.statistics is not None and not has_all_pairs(record.statistics)


def _ordered(comparison: Comparison) -> str:
    pair = (comparison.first, comparison.second)
    better, worse = pair if comparison.difference > 0 else (pair[1], pair[0])
    return f"{better} above {worse}"


def comparison_words(record: StudyRecord, statistics: StudyStatistics) -> str:
    """The test, the correction, the number of images: "exact McNemar, Holm; n = 300"; for statistics with pairs."""
    methods = list(dict.fromkeys(entry.method for entry in statistics.comparisons))
    if len(statistics.comparisons) > 1:
        methods.append(statistics.correction)
    images = "/".join(dict.fromkeys(str(entry.images) for entry in statistics.variants))
    seeds = max(len(entry.seeds) for entry in statistics.comparisons)
    words = [f"n = {images}"]
    if seeds > 1:
        words.append(f"{seeds} seeds")
    if record.started is not None and record.started.folds > 1:
        words.append(f"{record.started.folds} folds")
    return "; ".join((", ".join(methods), *words))


def seed_words(record: StudyRecord) -> str:
    """The spread over seeds apart from the error of the test images, where there are several seeds; else ""."""
    entries = record.statistics.variants if record.statistics else ()
    several = [entry for entry in entries if entry.seed_spread is not None]
    if not several:
        return ""
    if len(several) > MANY:
        low, middle, high = _range([one.seed_spread or 0 for one in several])
        error = _range([one.sampling_error for one in several])[1]
        words = f"median {share(middle)}, from {share(low)} to {share(high)} ({share(error)})"
        return f"standard deviation over seeds (standard error of the test images), of {len(several)} variants: {words}"
    spreads = "; ".join(f"{one.variant} {share(one.seed_spread or 0)} ({share(one.sampling_error)})" for one in several)
    return f"standard deviation over seeds (standard error of the test images): {spreads}"


def _range(values: Sequence[float]) -> tuple[float, float, float]:
    return min(values), median(values), max(values)


def leak_warning(record: StudyRecord) -> str:
    """What stands beside every figure that copies of training images are in; else ""."""
    if record.audit is None or not record.audit.leaks or protocol_name(record) != "official":
        return ""
    return record.audit.leak_sentence


# ---------------------------------------------------------------- comparisons


def comparison_title(record: StudyRecord) -> str:
    """What stands over comparisons."""
    statistics = record.statistics
    how = f" ({comparison_words(record, statistics)})" if statistics and statistics.comparisons else ""
    return f"Comparisons, protocol {protocol_name(record)}{how}"


def has_all_pairs(statistics: StudyStatistics) -> bool:
    """Whether every two variants are compared where they can be, so that a matrix of them makes sense."""
    variants = len(statistics.variants)
    return variants <= MOST_IN_PAIRS or len(statistics.comparisons) >= variants


def comparison_data(statistics: StudyStatistics) -> TableData:
    """A row a pair: difference, interval, p values, what follows from them, and the test."""

    def line(entry: Comparison) -> Line:
        yield words("pair"), f"{entry.first} - {entry.second}"
        yield numbers("difference", "accuracy"), signed(entry.difference)
        yield numbers("95 % interval"), interval_text(entry.interval, signed)
        yield numbers("only first", "correct"), f"{entry.first_only:,}"
        yield numbers("only second", "correct"), f"{entry.second_only:,}"
        yield numbers("p"), p_text(entry.p_value)
        yield numbers("adjusted p", statistics.correction), p_text(entry.adjusted_p)
        yield words("verdict"), f"{DIFFERS} {_ordered(entry)}" if entry.significant else "no difference shown"
        yield words("method"), entry.method

    return table_of(map(line, statistics.comparisons))


def comparison_table(record: StudyRecord) -> Table | None:
    """Every pair, for a text of any width; None where nothing was compared."""
    statistics = record.statistics
    if statistics is None or not statistics.comparisons:
        return None
    return to_rich(comparison_data(statistics).without("method"), comparison_title(record))


def comparison_matrix(statistics: StudyStatistics, heads: Sequence[Text]) -> Table:
    """Variants against variants: row minus column, interval, adjusted p; `heads` name the variants in their order.

    The names of combinations are broken after their steps: what stands below them is narrower.
    """
    variants = [entry.variant for entry in statistics.variants]
    heads = [_broken(head) for head in heads]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style="")
    table.add_column("", no_wrap=True)
    for head in heads:
        table.add_column(head, no_wrap=True)
    for row, head in zip(variants, heads, strict=True):
        table.add_row(head, *(_matrix_cell(statistics, row, column) for column in variants))
    return table


def _broken(head: Text) -> Text:
    return Text(f"{JOIN}\n").join(head.split(JOIN))


def _matrix_cell(statistics: StudyStatistics, row: str, column: str) -> Text:
    comparison = statistics.between(row, column) if row != column else None
    if comparison is None:
        return Text("·" if row == column else "not compared", "dim")
    difference, interval = turned(comparison, row)
    sure = comparison.significant
    return Text.assemble(
        (f"{signed(difference)}{f' {DIFFERS}' if sure else ''}", "bold underline" if sure else ""),
        "\n",
        (interval_text(interval, signed), "" if sure else "dim"),
        "\n",
        (p_words(comparison.adjusted_p), "" if sure else "dim"),
    )


def comparison_legend(statistics: StudyStatistics) -> list[str]:
    """What the cells of the matrix mean, and which comparisons were refused."""
    if not statistics.comparisons:
        return list(statistics.refused)
    intervals = " / ".join(dict.fromkeys(entry.interval.method for entry in statistics.comparisons))
    count = len(statistics.comparisons)
    adjusted = f"p adjusted for {count} comparisons ({statistics.correction})" if count > 1 else "p"
    limit = share(1 - LEVEL)[:3]
    minus = "the row minus the column" if has_all_pairs(statistics) else "the first minus the second"
    return [
        f"Accuracy of {minus}, 95 % interval ({intervals}), {adjusted}.",
        f"{DIFFERS} significant: p below {limit}. Without it: no difference that these images can show.",
        *statistics.refused,
    ]


# ---------------------------------------------------------------- calibration


def calibration_title(record: StudyRecord) -> str:
    """What stands over reliability tables and charts."""
    return f"Calibration, {table_words(record)}"


def calibration_table(record: StudyRecord) -> Table | None:
    """Share correct and number of predictions by confidence, the expected calibration error below; None without any."""
    entries = record.statistics.variants if record.statistics else ()
    if not entries:
        return None
    title = f"{calibration_title(record)} (share correct of the predictions made with that confidence)"
    return to_rich(_calibration_data(entries), title)


def _calibration_data(entries: Sequence[VariantStatistics]) -> TableData:
    def line(place: int) -> Line:
        bins = [(entry.variant, entry.calibration.bins[place]) for entry in entries]
        yield words("confidence"), bin_text(bins[0][1].low, bins[0][1].high)
        for variant, one in bins:
            text = f"{share(one.accuracy)} ({one.count})" if one.count else NOTHING
            yield numbers(variant, "correct (n)"), text

    def errors() -> Line:
        yield words("confidence"), "expected error"
        for entry in entries:
            yield numbers(entry.variant, "correct (n)"), error_text(entry)

    return table_of(map(line, used_bins(entries)), [errors()])


def calibration_errors(entries: Sequence[VariantStatistics]) -> TableData:
    """A row a variant: its accuracy, the mean predicted probability, and the expected calibration error."""

    def row(place: int, entry: VariantStatistics) -> Row:
        bins = [one for one in entry.calibration.bins if one.count]
        predictions = sum(one.count for one in bins)
        mean = sum(one.confidence * one.count for one in bins) / predictions if predictions else None
        numbers_of = (entry.accuracy, mean, entry.calibration.expected_error)
        return Row(entry.variant, (Cell(entry.variant, place), *map(number_cell, numbers_of)))

    columns = (
        Column("variant", "variant", better="lower", marked=False, numeric=False),
        numbers("accuracy"),
        numbers("mean", "probability"),
        replace(numbers("calibration", "error"), better="lower"),
    )
    return TableData(columns, tuple(row(place, entry) for place, entry in enumerate(entries)))


def used_bins(entries: Sequence[VariantStatistics]) -> range:
    """The places of the bins from the first to the last that any variant has predictions in."""
    used = [place for entry in entries for place, one in enumerate(entry.calibration.bins) if one.count]
    return range(min(used), max(used) + 1) if used else range(0)


def bin_text(low: float, high: float) -> str:
    """(.60 .67]."""
    return f"({_two(low)} {_two(high)}]"


def _two(value: float) -> str:
    return f"{value:.2f}".removeprefix("0") if value < 1 else "1.0"


def error_text(entry: VariantStatistics) -> str:
    """The expected calibration error with three decimals."""
    return number(entry.calibration.expected_error)


def reliability_chart(entry: VariantStatistics, places: range, width: int, colour: str) -> list[Text]:
    """One line for each bin in `places`: its range, a bar as long as the share correct, the number.

    A stroke stands at the mean confidence: a bar that ends before it was too sure, one that passes it not sure enough.
    """
    bar_width = max(_LEAST_BAR, width - _AROUND_BAR)
    lines = [Text(f"{'confidence':<{_LABEL}}{'0':<{bar_width - 1}}1{'correct':>8}{'n':>6}", "dim")]
    for one in entry.calibration.bins[places.start : places.stop]:
        line = Text(f"{bin_text(one.low, one.high):<{_LABEL}}", "dim" if one.count == 0 else "")
        if one.count == 0:
            lines.append(line.append(" " * bar_width).append(f"{NOTHING:>8}{0:>6}", "dim"))
            continue
        filled = round(one.accuracy * bar_width)
        stroke = min(bar_width - 1, int(one.confidence * bar_width))
        for place in range(bar_width):
            if place == stroke:
                line.append("┃", "bold")
            else:
                line.append("█" if place < filled else "·", colour if place < filled else "dim")
        lines.append(line.append(f"{share(one.accuracy):>8}{one.count:>6,}"))
    return lines
