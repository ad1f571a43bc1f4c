"""Orders, strengths and two classes: on the screen at every size, without one, and in every export."""

import csv
import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from io import StringIO

import pytest
from textual.pilot import Pilot

from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from engine.events.study_json import study_to_json
from engine.finished.dossier import Exported
from tests.study_schema import assert_valid
from tests.tui.results.screens import pressed, screen_text
from tui.console.report import report_text
from tui.export.formats import FORMATS
from tui.screens.results.comparisons import ComparisonScreen
from tui.screens.results.pipelines import ChangedImagesScreen, PipelinesScreen
from tui.screens.results.results import ResultsScreen
from tui.tables.pipelines import analysis_parts, changed_data, pipelines_line
from tui.tables.statistics import verdict
from tui.widgets.metrics_table import SortableTable

Show = Callable[..., AbstractAsyncContextManager[Pilot[None]]]

SIZES = [(80, 24), (120, 40), (200, 50)]
PARTS = ["gains", "effects", "mirrors", "order", "strengths", "trends", "two classes"]


def test_the_tables_have_a_row_a_pipeline_effect_pair_length_and_value(orders: StudyRecord) -> None:
    assert orders.analysis is not None
    parts = {part.key: part.data.rows for part in analysis_parts(orders.analysis)}
    assert list(parts) == PARTS
    assert [len(rows) for rows in parts.values()] == [67, 4 + 1 + 4 + 4 + 6 + 3 + 1 - 1, 30, 3, 3, 1, 68]


def test_the_line_on_the_results_counts_and_names_the_key(orders: StudyRecord, four: StudyRecord) -> None:
    assert pipelines_line(orders).startswith("pipelines (k): of 67, ")
    assert pipelines_line(four) == ""


def test_broken_and_mended_images_are_as_many_as_the_table_says(orders: StudyRecord) -> None:
    assert orders.analysis is not None
    for entry in orders.analysis.gains[:8]:
        changes = [row.cells[0].text for row in changed_data(orders, entry.variant).rows]
        assert (changes.count("broken"), changes.count("mended")) == (entry.broken, entry.mended)
        assert changes == sorted(changes)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
async def test_every_table_shows_its_rows_and_spells_out_the_one_under_the_cursor(
    show: Show, orders: StudyRecord, size: tuple[int, int]
) -> None:
    assert orders.analysis is not None
    async with show(orders, size) as pilot:
        await pressed(pilot, "k")
        assert isinstance(pilot.app.screen, PipelinesScreen)
        for part in analysis_parts(orders.analysis):
            assert part.title in screen_text(pilot)
            table = pilot.app.screen.query_one(SortableTable)
            assert table.row_count == len(part.data.rows)
            assert table.size.height >= 8
            await pressed(pilot, "ctrl+end")
            assert part.data.rows[table.cursor_row].cells[0].text in screen_text(pilot)
            await pressed(pilot, "v")
        assert analysis_parts(orders.analysis)[0].title in screen_text(pilot)
        await pressed(pilot, "k")
        assert isinstance(pilot.app.screen, ResultsScreen)


async def test_gains_sort_and_open_the_images_that_change(show: Show, orders: StudyRecord) -> None:
    assert orders.analysis is not None
    worst = min(orders.analysis.gains, key=lambda entry: entry.gain.estimate)
    async with show(orders, (80, 24)) as pilot:
        await pressed(pilot, "k", "s", "s", "s", "S", "home")
        await pressed(pilot, "ctrl+home")
        table = pilot.app.screen.query_one(SortableTable)
        assert table.sort_key == "gain accuracy"
        assert worst.variant in screen_text(pilot)
        await pressed(pilot, "enter")
        assert isinstance(pilot.app.screen, ChangedImagesScreen)
        assert f"{worst.variant}: {worst.broken} broken, {worst.mended} mended against vanilla" in screen_text(pilot)
        await pressed(pilot, "escape", "v", "i")
        assert isinstance(pilot.app.screen, PipelinesScreen), "effects have no images"


async def test_a_study_without_such_a_design_has_no_key_for_it(show: Show, four: StudyRecord) -> None:
    async with show(four) as pilot:
        await pressed(pilot, "k")
        assert isinstance(pilot.app.screen, ResultsScreen)


async def test_where_there_are_too_many_for_pairs_the_gains_are_the_one_answer(show: Show, orders: StudyRecord) -> None:
    assert verdict(orders) == ""
    async with show(orders, (120, 40)) as pilot:
        assert "pairs differ" not in screen_text(pilot)
        await pressed(pilot, "p")
        assert isinstance(pilot.app.screen, PipelinesScreen)


async def test_an_older_run_of_many_variants_has_a_list_of_pairs(show: Show, orders: StudyRecord) -> None:
    async with show(replace(orders, analysis=None), (120, 40)) as pilot:
        await pressed(pilot, "p")
        assert isinstance(pilot.app.screen, ComparisonScreen)
        assert "vanilla - equalize" in screen_text(pilot)
        await pressed(pilot, "end")
        assert "68 variants make 2,278 pairs" in screen_text(pilot)


def test_without_a_screen_every_table_is_printed(orders: StudyRecord, four: StudyRecord) -> None:
    assert orders.analysis is not None
    text = report_text(orders, StringIO())
    for part in analysis_parts(orders.analysis):
        assert part.title in text
    assert "nlmeans+hsv+rescale+equalize" in text
    assert "Gain over" not in report_text(four, StringIO())


def test_json_holds_the_analysis_and_keeps_to_the_schema(orders: StudyRecord, four: StudyRecord) -> None:
    found = study_to_json(orders)
    assert_valid(found)
    assert len(found["pipelines"]["gains"]) == 67
    assert study_to_json(four)["pipelines"] is None
    assert_valid(study_to_json(four))


@pytest.mark.parametrize("form", ["md", "html"])
def test_reports_have_a_section_of_all_tables(orders: StudyRecord, four: StudyRecord, form: str) -> None:
    text = FORMATS[form].render(Exported(orders, StudyConfig())).decode()
    assert "Orders, strengths and selections" in text
    assert orders.analysis is not None
    for part in analysis_parts(orders.analysis):
        assert part.title in text
    assert "Orders, strengths" not in FORMATS[form].render(Exported(four)).decode()


def test_csv_has_a_file_a_table(orders: StudyRecord, four: StudyRecord) -> None:
    assert orders.analysis is not None
    files = FORMATS["csv"].render(Exported(orders))
    tables = {name: list(csv.DictReader(io.StringIO(data.decode()), strict=True)) for name, data in files.items()}
    first, gain = tables["gains.csv"][0], orders.analysis.gains[0]
    assert (first["variant"], float(first["gain_estimate"])) == (gain.variant, gain.gain.estimate)
    assert float(first["gain_interval_low"]) == gain.gain.interval.low
    assert {row["kind"] for row in tables["order_effects.csv"]} == {"step", "first", "last", "ends", "length"}
    assert [row["length"] for row in tables["variance_shares.csv"]] == ["2", "3", "4"]
    assert [row["value"] for row in tables["strengths.csv"]] == ["0.05", "0.1", "0.2"]
    assert tables["two_classes.csv"][0]["area_gain_estimate"] == ""
    assert tables["two_classes.csv"][1]["area_gain_estimate"] != ""
    assert len(tables["mirrors.csv"]) == 30
    assert sum(row["change"] == "broken" for row in tables["changed.csv"]) == sum(
        entry.broken for entry in orders.analysis.gains
    )
    assert "gains.csv" not in FORMATS["csv"].render(Exported(four))
