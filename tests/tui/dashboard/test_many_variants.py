"""65 variants on the screens, at 80 x 24 and where there is more room."""

from dataclasses import replace

import pytest

from engine.events.record import StudyRecord
from engine.events.study import EpochTrained
from engine.reports.run_summary import RunSummary
from tests.tui.dashboard.kit import screen_text
from tests.tui.host import Host
from tests.tui.many_variants import SUMMARY, VARIANTS, many_events
from tui.screens.history.words import about_text
from tui.screens.pipeline import PipelineScreen
from tui.screens.results.calibration import ErrorTable, ReliabilityChart
from tui.screens.results.results import ResultsScreen
from tui.screens.training.chart_grid import ChartGrid
from tui.screens.training.screen import TrainingScreen
from tui.widgets.metrics_table import MetricsTable

LAST = VARIANTS[-1]


def in_the_last_job(event):
    return isinstance(event, EpochTrained) and (event.variant, event.seed) == (LAST, 1)


@pytest.fixture(scope="module")
def finished() -> StudyRecord:
    return StudyRecord.from_events(many_events())


@pytest.fixture
async def training(kit, make_app):
    """The last variant's second job is trained; a function that presses keys and tells the screen."""

    async def begin(pilot):
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, TrainingScreen), "training")
        await kit.until(pilot, lambda: pilot.app.session.state.job_place(LAST) == "2/2", "the last job")
        return await kit.settled(pilot)

    engine = kit.FakeEngine(summary=SUMMARY, stream=lambda variants: many_events(ending=False), hold=in_the_last_job)
    return make_app(engine, replace(kit.CONFIG, variants=VARIANTS, repeats=2)), begin


async def test_training_at_80x24_counts_the_variants_and_shows_the_one_under_way(kit, training):
    app, begin = training
    async with app.run_test(size=(80, 24)) as pilot:
        text = await begin(pilot)
        assert "✓64 " in text.splitlines()[1]
        assert LAST in text
        await pilot.press("tab")
        assert "vanilla" in await kit.settled(pilot)
        await pilot.press("0")
        assert LAST in await kit.settled(pilot)


async def test_the_list_scrolls_with_the_marked_variant_and_charts_come_in_pages(kit, training):
    app, begin = training
    async with app.run_test(size=(120, 40)) as pilot:
        text = await begin(pilot)
        assert "of 65" in text
        assert "65 " in text
        assert LAST in text, "the marked variant is named in full"
        grid = pilot.app.screen.query_one(ChartGrid)
        assert grid.page[-1] == 64
        await pilot.press("1")
        text = await kit.settled(pilot)
        assert "variants 1–" in text
        assert grid.page[0] == 0
        assert 1 < len(grid.page) <= 9
        await pilot.press("right_square_bracket")
        await kit.settled(pilot)
        assert grid.page[0] == pilot.app.screen.marked > 0
        await pilot.press("left_square_bracket")
        await kit.settled(pilot)
        assert grid.page[0] == 0


async def test_of_many_curves_on_one_axis_only_the_marked_one_is_strong(kit, training):
    app, begin = training
    async with app.run_test(size=(120, 40)) as pilot:
        await begin(pilot)
        await pilot.press("o")
        text = await kit.settled(pilot)
        assert f"{LAST} " in text
        assert "and 64 others, faint" in text


async def test_a_key_shows_the_whole_pipeline(kit, training):
    app, begin = training
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        await pilot.press("d")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, PipelineScreen), "window")
        text = await kit.settled(pilot)
        assert "65 of 65" in text
        assert [line.strip(" │") for line in text.splitlines() if "2  nlmeans" in line]
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, TrainingScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=["80x24", "120x40", "200x50"])
async def test_results_scroll_under_their_head(tmp_path, finished, size):
    app = Host(lambda session: ResultsScreen(session, finished), tmp_path / "runs")
    async with app.run_test(size=size) as pilot:
        for _ in range(3):
            await pilot.pause()
        table, line = app.screen.query_one(MetricsTable), app.screen.query_one("#pipeline")
        assert table.size.height <= size[1] // 2
        assert "1 of 65" in str(line.render())
        await pilot.press("ctrl+end")
        await pilot.pause()
        assert f"65 of 65 {'□'} {LAST}" in str(line.render())
        assert table.scroll_y > 0
        assert table.region.bottom < size[1]
        shown = [matrix for matrix in app.screen.query("ConfusionMatrix") if matrix.display]
        assert 1 <= len(shown) <= 4
        assert LAST in [matrix.variant for matrix in shown]
        await pilot.press("d")
        await pilot.pause()
        assert isinstance(app.screen, PipelineScreen)


async def test_many_variants_are_the_rows_of_the_classes(tmp_path, finished):
    app = Host(lambda session: ResultsScreen(session, finished), tmp_path / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(3):
            await pilot.pause()
        await pilot.press("v")
        await pilot.pause()
        table = app.screen.query_one("ClassTable")
        assert table.row_count == 65
        assert len(table.columns) == 1 + 3 * 3
        assert app.screen.focused is table
        await pilot.press("down", "d")
        await pilot.pause()
        assert isinstance(app.screen, PipelineScreen)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])
async def test_calibration_has_a_table_and_the_chart_of_the_marked_variant(tmp_path, finished, size):
    app = Host(lambda session: ResultsScreen(session, finished), tmp_path / "runs")
    async with app.run_test(size=size) as pilot:
        await pilot.press("b")
        await pilot.pause()
        table, chart = app.screen.query_one(ErrorTable), app.screen.query_one(ReliabilityChart)
        assert (table.row_count, app.screen.focused) == (65, table)
        await pilot.press("ctrl+end")
        await pilot.pause()
        assert LAST in str(chart.border_title)
        assert chart.region.bottom < size[1]
        await pilot.press("s", "s", "s")
        await pilot.pause()
        assert table.sort_words == "calibration error"
        assert finished.statistics is not None
        least = min(finished.statistics.variants, key=lambda entry: entry.calibration.expected_error)
        assert table.row_key_at(0) == least.variant


def test_a_run_of_many_variants_is_described_by_its_best(tmp_path):
    accuracies = tuple((name, place / 100) for place, name in enumerate(VARIANTS))
    words = about_text(RunSummary(tmp_path / "run", "run", "done", accuracies=accuracies)).plain
    assert (
        words == f"✓ done  run   {VARIANTS[64]} 0.640   {VARIANTS[63]} 0.630   {VARIANTS[62]} 0.620   62 others below"
    )


async def test_an_edited_recipe_leaves_the_study_its_last_line_at_80x24(kit, make_app):
    recipe = replace(kit.CONFIG.recipe, kernel_size=3, epochs=2)
    app = make_app(kit.FakeEngine(summary=SUMMARY), replace(kit.CONFIG, variants=VARIANTS, recipe=recipe))
    async with app.run_test(size=(80, 24)) as pilot:
        await kit.until(pilot, lambda: "Enter starts" in screen_text(pilot.app), "the last line")
        text = screen_text(pilot.app)
        first = next(line for line in text.splitlines() if "[x] 1" in line)
        assert "…" not in first
