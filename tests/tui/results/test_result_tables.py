"""What stands in the tables of results: marks, order, what is blank."""

import math
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from engine.config.recipes import PAPER_DROPOUT, RECIPES, get_recipe
from engine.events.record import StudyRecord
from tui.tables.data import Cell, Column, Row, TableData, mark_best
from tui.tables.facts import recipe_words, short_names, shortfalls, study_facts, warnings
from tui.tables.results import class_data, confusion_cell, confusion_table, metrics_data, metrics_table, per_class_table


def column_of(data: TableData, key: str) -> dict[str, Cell]:
    index = [column.key for column in data.columns].index(key)
    return {row.key: row.cells[index] for row in (*data.rows, *data.apart)}


def best_of(data: TableData, key: str) -> set[str]:
    return {row for row, cell in column_of(data, key).items() if cell.best}


def text_of(table: object, width: int = 160) -> str:
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(table)
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_best_is_highest_score_and_lowest_loss_and_time(four: StudyRecord) -> None:
    data = metrics_data(four)
    assert best_of(data, "accuracy") == {"superres"}
    assert best_of(data, "loss") == {"vanilla"}, "NaN competes for nothing"
    assert best_of(data, "train") == {"bbox"}
    assert best_of(data, "preprocess") == set(), "cached images make these times unlike"


def test_ties_are_all_marked(four: StudyRecord) -> None:
    assert best_of(metrics_data(four), "worst") == {"vanilla", "superres"}


def test_values_that_look_the_same_tie() -> None:
    rows = [Row(name, (Cell("0.500", value),)) for name, value in (("a", 0.50001), ("b", 0.50002), ("c", 0.4))]
    marked = mark_best([Column("x", "x")], rows)
    assert [row.cells[0].best for row in marked] == [True, True, False]


def test_stopped_and_failed_variants_and_baselines_are_never_best(mixed: StudyRecord) -> None:
    data = metrics_data(mixed)
    assert column_of(data, "accuracy")["bbox"].text == "0.980"
    assert best_of(data, "accuracy") == set(), "one finished variant alone is no best"
    assert column_of(data, "accuracy")["thumbnail_1nn"].value == 1.0
    assert column_of(data, "accuracy")["denoise"].text == "–"


def test_status_and_reasons_are_told(mixed: StudyRecord) -> None:
    assert {name: cell.text for name, cell in column_of(metrics_data(mixed), "status").items() if cell.text} == {
        "vanilla": "done",
        "bbox": "stopped",
        "denoise": "failed",
        "superres": "not run",
    }
    assert dict(shortfalls(mixed)) == {
        "bbox": "stopped on request",
        "denoise": "failed: no space left on the disk",
        "superres": "not run",
    }


def test_no_status_column_where_all_finished(four: StudyRecord) -> None:
    assert "status" not in [column.key for column in metrics_data(four).columns]
    assert shortfalls(four) == []


@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
def test_the_average_is_named_and_used(four: StudyRecord, average: str) -> None:
    data = metrics_data(four, average)  # type: ignore[arg-type] - the parameter is one of them
    heads = {column.key: column.unit for column in data.columns}
    assert heads["precision"] == heads["recall"] == heads["f1"] == average
    result = four.result("vanilla")
    assert result is not None
    assert result.metrics is not None
    assert column_of(data, "precision")["vanilla"].text == f"{getattr(result.metrics.precision, average):.3f}"


def test_sorting_puts_the_best_first_and_blanks_last(mixed: StudyRecord) -> None:
    data = metrics_data(mixed)
    assert [row.key for row in data.sorted_by("accuracy").rows] == ["bbox", "vanilla", "denoise", "superres"]
    assert [row.key for row in data.sorted_by("accuracy", reverse=True).rows] == [
        "vanilla",
        "bbox",
        "denoise",
        "superres",
    ]
    assert data.sorted_by("accuracy").apart == data.apart


def test_nan_loss_sorts_last_and_is_said(four: StudyRecord) -> None:
    data = metrics_data(four)
    assert [row.key for row in data.sorted_by("loss").rows] == ["vanilla", "superres", "bbox", "denoise"]
    assert column_of(data, "loss")["denoise"].text == "NaN"


def test_classes_without_test_images_are_blank(many: StudyRecord) -> None:
    data = class_data(many)
    untested = data.rows[41]
    assert untested.cells[1].text == "0"
    assert {cell.text for cell in untested.cells[2:]} == {"–"}
    worst = column_of(metrics_data(many), "worst")["vanilla"]
    assert worst.value is not None
    assert worst.value > 0, "an untested class is not the worst"


def test_best_variant_of_a_class_is_marked(four: StudyRecord) -> None:
    data = class_data(four)
    homer = {column.key: cell for column, cell in zip(data.columns, data.rows[0].cells, strict=True)}
    assert [key for key, cell in homer.items() if cell.best and key.startswith("f1")] == ["f1:superres"]


def test_equal_variants_of_a_class_are_not_marked(many: StudyRecord) -> None:
    assert not any(cell.best for row in class_data(many).rows for cell in row.cells)


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("homer_simpson", "lisa_simpson"), ("homer", "lisa")),
        (("sideshow_bob", "sideshow_mel", "moe"), ("sideshow_bob", "sideshow_mel", "moe")),
        (("cat", "cat_big"), ("cat", "cat_big")),
        (("_", "a b"), ("_", "a")),
    ],
)
def test_short_names_stay_distinct(classes: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert short_names(classes) == expected


def test_confusion_cells() -> None:
    assert confusion_cell((40, 10, 0), 0, normalise=False) == "40"
    assert confusion_cell((40, 10, 0), 1, normalise=True) == "0.20"
    assert confusion_cell((40, 10, 0), 2, normalise=True) == "·"
    assert confusion_cell((0, 0, 0), 0, normalise=True) == "–"


def test_facts_name_what_the_numbers_rest_on(four: StudyRecord) -> None:
    facts = dict(study_facts(four))
    assert facts["data"] == "demo (6 classes, 1,905 train, 300 test)"
    assert (facts["protocol"], facts["recipe"], facts["seed"]) == ("official", "paper", "0")
    assert facts["machine"] == "cpu ×2 bf16"
    assert facts["super-resolution weights"] == "shipped (NinaSR-B0 x2)"


def test_overridden_recipes_say_so() -> None:
    assert recipe_words(get_recipe("paper")) == "paper"
    changed = replace(get_recipe("paper"), epochs=2, image_size=(96, 128))
    assert recipe_words(changed) == "paper with image_size 96x128, epochs 2"


def test_a_recipe_of_another_name_or_meaning_today_says_so() -> None:
    renamed = f"paper-dropout-{PAPER_DROPOUT}"
    assert recipe_words(replace(get_recipe("paper"), name=renamed)) == f"{renamed}, now called paper"
    other = next(recipe for name, recipe in RECIPES.items() if name.startswith("paper-"))
    assert recipe_words(replace(other, name="paper")) == f"paper with dropout_place {other.dropout_place}"


def test_only_warnings_are_warnings(four: StudyRecord) -> None:
    assert [notice.level for notice in warnings(four)] == ["warning"]


def test_rich_tables_hold_every_figure(four: StudyRecord, confusion: Callable[..., object]) -> None:
    text = text_of(metrics_table(four, "weighted"))
    assert "▸0.813" in text
    assert "weighted" in text
    assert text.index("superres") < text.index("majority")
    classes = text_of(per_class_table(four))
    assert "apu_nahasapeemapetilon" in classes
    assert "recall" not in classes
    assert "recall" in text_of(per_class_table(four, ("recall",)))


def test_rich_matrix_says_its_axes(four: StudyRecord) -> None:
    result = four.result("vanilla")
    assert result is not None
    assert result.metrics is not None
    text = text_of(confusion_table(result.metrics, [score.name for score in result.metrics.per_class], title="vanilla"))
    assert "rows true, columns predicted" in text
    row = next(line for line in text.splitlines() if line.startswith("apu"))
    assert row.split() == ["apu", "11", "5", "·", "·", "·", "34"]


def test_an_empty_record_makes_empty_tables() -> None:
    record = StudyRecord()
    assert metrics_data(record).rows == ()
    assert class_data(record).rows == ()
    assert study_facts(record) == [("study", "not begun")]


def test_unfinished_variants_run(four: StudyRecord) -> None:
    four.finished = None
    four.results.clear()
    assert shortfalls(four)[0] == ("vanilla", "running")
    assert all(math.isnan(cell.value or math.nan) for cell in metrics_data(four).rows[0].cells[2:])
