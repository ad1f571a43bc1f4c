"""How statistics read: intervals, verdicts, pairs, calibration, and what is said where there are none."""

import math
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from rich.text import Text

from engine.events.record import StudyRecord
from engine.reports.statistics import Comparison, Interval
from tui.console.report import report_text
from tui.looks.formatting import interval_text, p_text, p_words, share, signed
from tui.tables.facts import setting_facts, table_words
from tui.tables.results import metrics_data
from tui.tables.statistics import (
    calibration_table,
    comparison_legend,
    comparison_table,
    leak_warning,
    reliability_chart,
    seed_words,
    turned,
    used_bins,
    verdict,
)

Edit = Callable[..., StudyRecord]


@pytest.fixture
def with_comparisons(four: StudyRecord) -> Edit:
    """The four variants with the comparisons of another study."""

    def edit(*comparisons: Comparison, refused: tuple[str, ...] = ()) -> StudyRecord:
        assert four.statistics is not None
        four.statistics = replace(four.statistics, comparisons=comparisons, refused=refused)
        return four

    return edit


def comparison(first: str, second: str, difference: float, p: float) -> Comparison:
    interval = Interval(difference - 0.05, difference + 0.04, "Newcombe, paired")
    return Comparison(first, second, difference, interval, 20, 10, "exact McNemar", p / 2, p, p < 0.05)


def report(record: StudyRecord) -> str:
    return report_text(record, StringIO())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.7581, ".758"), (1.0, "1.00"), (-0.0614, "-.061"), (0.9996, "1.00"), (0.0, ".000"), (math.nan, "   –")],
)
def test_shares_take_four_characters(value: float, text: str) -> None:
    assert share(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0129, "+.013"), (-0.2, "-.200"), (-0.0001, " .000"), (1.0, "+1.00")])
def test_differences_take_five_characters(value: float, text: str) -> None:
    assert signed(value) == text


def test_p_values_are_never_zero() -> None:
    assert [p_text(value) for value in (0.0, 0.0132, 1.0)] == ["< .001", ".013", "1.00"]
    assert (p_words(0.0), p_words(0.0132), p_words(1.0)) == ("p < .001", "p = .013", "p = 1.00")


def test_the_table_of_variants_shows_intervals_beside_the_scores(four: StudyRecord) -> None:
    data = metrics_data(four)
    assert four.statistics is not None
    vanilla = four.statistics.of("vanilla")
    assert vanilla is not None
    cells = dict(zip((column.key for column in data.columns), data.rows[0].cells, strict=True))
    assert (cells["accuracy"].text, cells["accuracy"].note) == ("0.807", " [.758 .847]")
    assert cells["f1"].note.strip() == interval_text(vanilla.macro_f1_interval)
    assert cells["precision"].note == ""
    assert {len(row.cells[1].note) for row in (*data.rows, *data.apart)} == {12}, "numbers stay under each other"


def test_the_interval_of_macro_f1_is_not_put_beside_another_average(four: StudyRecord) -> None:
    data = metrics_data(four, "weighted")
    places = {column.key: place for place, column in enumerate(data.columns)}
    assert data.rows[0].cells[places["f1"]].note == ""
    assert data.rows[0].cells[places["accuracy"]].note


def test_scores_that_hold_jobs_which_the_statistics_leave_out_get_no_interval(repeated: StudyRecord) -> None:
    key = next(key for key in repeated.results if key.variant == "vanilla" and key.seed == 2)
    other = next(result for found, result in repeated.results.items() if found.variant == "bbox")
    repeated.results[key] = replace(repeated.results[key], status="stopped", metrics=other.metrics)
    rows = {row.key: row for row in metrics_data(repeated).rows}
    places = [column.key for column in metrics_data(repeated).columns]
    assert rows["vanilla"].cells[places.index("accuracy")].note.strip() == ""
    assert rows["bbox"].cells[places.index("accuracy")].note.strip()


def test_without_statistics_the_table_is_as_it_was(mixed: StudyRecord) -> None:
    assert all(cell.note == "" for row in metrics_data(mixed).rows for cell in row.cells)
    assert (verdict(mixed), seed_words(mixed), leak_warning(mixed)) == ("", "", "")
    assert comparison_table(mixed) is None
    assert calibration_table(mixed) is None


def test_the_verdict_says_that_nothing_differs(leaking: StudyRecord) -> None:
    assert verdict(leaking) == "no pair differs significantly (exact McNemar, Holm; n = 300)"


def test_the_verdict_names_what_differs_the_better_first(with_comparisons: Edit) -> None:
    record = with_comparisons(comparison("vanilla", "bbox", -0.1, 0.01), comparison("vanilla", "denoise", 0.01, 0.9))
    assert verdict(record).startswith("1 of 2 pairs differ significantly")
    assert verdict(record).endswith(": bbox above vanilla")


def test_a_long_verdict_is_cut_after_three(with_comparisons: Edit) -> None:
    names = ("vanilla", "bbox", "denoise", "superres")
    pairs = [comparison(a, b, 0.1, 0.01) for a in names for b in names if a < b]
    assert verdict(with_comparisons(*pairs)).endswith(" and 3 more")


def test_two_variants_alone_are_called_the_two(with_comparisons: Edit) -> None:
    record = with_comparisons(comparison("vanilla", "bbox", 0.01, 0.5))
    assert verdict(record) == "the two do not differ significantly (exact McNemar; n = 300)"


def test_the_leak_stands_under_the_official_protocol_only(leaking: StudyRecord) -> None:
    assert leak_warning(leaking) == "299 of 300 test images (99.7 %) are copies of training images"
    assert leaking.started is not None
    leaking.started = replace(leaking.started, protocol="clean")
    assert leak_warning(leaking) == ""


def test_several_seeds_are_named_and_their_spread_stands_apart(repeated: StudyRecord) -> None:
    assert table_words(repeated) == "protocol grouped, mean of 3 seeds"
    assert dict(setting_facts(repeated))["seed"] == "0–2"
    assert repeated.statistics is not None
    vanilla = repeated.statistics.of("vanilla")
    assert vanilla is not None
    assert f"vanilla .040 ({share(vanilla.sampling_error)})" in seed_words(repeated)
    places = [column.key for column in metrics_data(repeated).columns]
    assert metrics_data(repeated).rows[0].cells[places.index("spread")].text == "0.040"
    assert "paired bootstrap over images and seeds" in verdict(repeated)


def test_seeds_that_did_not_end_are_not_counted(repeated: StudyRecord) -> None:
    for key in [key for key in repeated.results if key.seed == 2]:
        del repeated.results[key]
    assert table_words(repeated) == "protocol grouped, mean of 2 of 3 seeds"
    for key in [key for key in repeated.results if key.seed == 1]:
        del repeated.results[key]
    assert table_words(repeated) == "protocol grouped, 1 of 3 seeds"
    repeated.results.clear()
    assert table_words(repeated) == "protocol grouped, mean of 3 seeds", "what will be"


def test_a_comparison_turns_round() -> None:
    difference, interval = turned(comparison("a", "b", 0.1, 0.5), "b")
    assert difference == -0.1
    assert (round(interval.low, 3), round(interval.high, 3)) == (-0.14, -0.05)


def test_refused_comparisons_are_told(with_comparisons: Edit) -> None:
    record = with_comparisons(comparison("vanilla", "bbox", 0.1, 0.5), refused=("superres is in no comparison.",))
    assert record.statistics is not None
    assert comparison_legend(record.statistics)[-1] == "superres is in no comparison."
    assert "superres is in no comparison." in report(record)


def test_a_reliability_chart_has_its_bars_and_strokes(four: StudyRecord) -> None:
    assert four.statistics is not None
    entry = four.statistics.variants[0]
    places = used_bins(four.statistics.variants)
    lines = reliability_chart(entry, places, 60, "#56b4e9")
    assert len(lines) == len(places) + 1
    assert {line.cell_len for line in lines} == {60}
    for line, one in zip(lines[1:], entry.calibration.bins[places.start : places.stop], strict=True):
        assert line.plain.count("┃") == (one.count > 0)
        assert line.plain.split()[-1] == str(one.count)


def test_no_probabilities_no_bins(four: StudyRecord) -> None:
    assert four.statistics is not None
    entry = four.statistics.variants[0]
    empty = replace(
        entry,
        calibration=replace(
            entry.calibration,
            expected_error=math.nan,
            bins=tuple(replace(one, count=0, accuracy=math.nan) for one in entry.calibration.bins),
        ),
    )
    assert used_bins([empty]) == range(0)
    four.statistics = replace(four.statistics, variants=(empty,))
    assert calibration_table(four) is not None
    assert isinstance(reliability_chart(empty, range(2), 40, "red")[1], Text)


def test_the_report_holds_all_of_it(leaking: StudyRecord) -> None:
    text = report(leaking)
    for words in (
        "0.807 [.758 .847]",
        "Results, protocol official",
        "no pair differs significantly (exact McNemar, Holm; n = 300)",
        "copies of training images: --protocol clean trains without them",
        "Comparisons, protocol official",
        "vanilla - denoise",
        "no difference shown",
        "Calibration, protocol official",
        "expected error",
        "Classes, protocol official",
        "vanilla, protocol official: counts",
    ):
        assert words in text


def test_the_report_of_several_seeds_names_them(repeated: StudyRecord) -> None:
    text = report(repeated)
    assert "Results, protocol grouped, mean of 3 seeds" in text
    assert "vanilla, protocol grouped, sum of 3 seeds: counts" in text
    assert "* vanilla above bbox" in text


def test_the_report_of_an_older_run_has_no_statistics(mixed: StudyRecord) -> None:
    text = report(mixed)
    assert "Comparisons" not in text
    assert "Calibration" not in text
    assert "0.807" in text


def test_numbers_of_a_report_stay_under_each_other(four: StudyRecord) -> None:
    rows = [line for line in report(four).splitlines() if "0.807 [" in line or ("majority" in line and "0.167" in line)]
    places = {line.index("0.807") if "0.807" in line else line.index("0.167") for line in rows}
    assert len(rows) == 2
    assert len(places) == 1
