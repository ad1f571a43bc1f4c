"""The keys of charts on the training screen and where runs are compared."""

import re

import pytest
from textual.widgets import Input

from engine.events.study import BatchTrained
from tests.tui.many_variants import many_events
from tui.looks.chart_options import ChartOptions
from tui.screens.charts.board import ChartBoard
from tui.screens.history.compared_runs import MarkedRun
from tui.screens.history.run_comparison import RunCurvesScreen
from tui.screens.training.loss_chart import LossChart
from tui.screens.training.screen import TrainingScreen

SIZE = (120, 40)


def in_bbox(event):
    return isinstance(event, BatchTrained) and (event.variant, event.step) == ("bbox", 11)


@pytest.fixture
async def training(kit, make_app):
    """Opens the training screen with vanilla done and bbox under way."""

    async def begin(pilot):
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, TrainingScreen), "training")
        await kit.until(pilot, lambda: len(pilot.app.session.state.job("bbox").losses) == 12, "batches")
        await kit.settled(pilot)
        return pilot.app.screen.query_one(ChartBoard)

    return make_app(kit.FakeEngine(hold=in_bbox)), begin


def step(text):
    found = re.search(r"step (\d+)  epoch", text)
    return int(found[1]) if found else None


async def test_the_cursor_reads_every_chart_and_moves_by_keys(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        board = await begin(pilot)
        assert step(await kit.settled(pilot)) is None
        await pilot.press("right")
        text = await kit.settled(pilot)
        assert step(text) == 12, "it begins at the newest value of the marked variant"
        losses = app.session.state.job("bbox").losses
        assert re.search(rf"▲ bbox {losses[11]:.4g} \([\d.]+\)", text)
        assert re.search(r"● vanilla [\d.]+ \([\d.]+\)", text)
        assert text.count("┊") >= 2 * 7, "on both charts that have curves"
        await pilot.press("left", "left")
        assert step(await kit.settled(pilot)) == 10
        await pilot.press("home")
        assert step(await kit.settled(pilot)) == 1
        await pilot.press("shift+right")
        assert step(await kit.settled(pilot)) == 3
        await pilot.press("end")
        assert step(await kit.settled(pilot)) == 12
        await pilot.press("space")
        assert step(await kit.settled(pilot)) is None
        assert board.plots.cursor is None


async def test_the_cursor_follows_the_mouse(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        await begin(pilot)
        await pilot.click("#chart-1", offset=(16, 6))
        await kit.until(pilot, lambda: step(kit.screen_text(app)) is not None, "cursor")
        first = step(await kit.settled(pilot))
        assert app.screen.marked == 1
        await pilot.mouse_down("#chart-1", offset=(16, 6))
        await pilot.hover("#chart-1", offset=(22, 6))
        await pilot.mouse_up("#chart-1", offset=(22, 6))
        assert step(await kit.settled(pilot)) >= first


async def test_zoom_keeps_the_cursor_and_says_what_is_seen(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        board = await begin(pilot)
        await pilot.press("o", "home", "plus", "plus")
        text = await kit.settled(pilot)
        assert "step 1–8" in text
        assert step(text) == 1
        await pilot.press("greater_than_sign")
        assert "step 3–10" in await kit.settled(pilot)
        await pilot.press("less_than_sign", "minus", "minus", "minus")
        assert board.plots.view.mode == "all"
        await pilot.press("v")
        assert "tail, step" in await kit.settled(pilot)
        await pilot.press("v", "i")
        text = await kit.settled(pilot)
        assert "tail" not in text
        assert "y zoomed" in text
        await pilot.press("u", "v")
        assert "step 1–" not in await kit.settled(pilot)


async def test_the_wheel_zooms(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        board = await begin(pilot)
        chart = app.screen.query_one("#chart-1", LossChart)
        chart.post_message(chart.Wheeled(10.0, 0.5, 1, on_y=False))
        await kit.until(pilot, lambda: board.plots.view.mode == "frozen", "x")
        chart.post_message(chart.Wheeled(10.0, 0.5, 1, on_y=True))
        await kit.until(pilot, lambda: board.plots.view.y != (0.0, 1.0), "y")


async def test_axes_scales_and_smoothing_are_set_by_keys(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        await begin(pilot)
        await pilot.press("f", "a")
        assert "x: epoch" in await kit.settled(pilot)
        await pilot.press("a", "k", "c")
        text = await kit.settled(pilot)
        assert all(words in text for words in ("x: time", "y locked", "not clipped"))
        await pilot.press("z", "z")
        assert "smoothed 0.98" in await kit.settled(pilot)
        await pilot.press(*["Z"] * 9)
        assert "smoothed 0," in await kit.settled(pilot)


async def test_locked_charts_have_one_y_range(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        await begin(pilot)
        await pilot.press("k")
        await kit.settled(pilot)
        charts = list(app.screen.query(LossChart))[:2]
        assert charts[0].window.y == charts[1].window.y
        await pilot.press("k")
        await kit.settled(pilot)
        assert charts[0].window.y != charts[1].window.y


async def test_metrics_follow_each_other_and_stand_beside_each_other_at_last(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        board = await begin(pilot)
        await pilot.press("e")
        assert "training accuracy" in await kit.settled(pilot)
        await pilot.press("e")
        assert "learning rate" in await kit.settled(pilot), "nothing is kept for validation"
        await pilot.press("e", "e")
        text = await kit.settled(pilot)
        assert all(metric.title.split()[0] in text for metric in board.metrics())
        assert board.page == [1, 1, 1, 1]
        await pilot.press("e")
        assert "loss by batch" in await kit.settled(pilot)
        assert board.page == [0, 1, 2, 3]


async def test_words_choose_charts(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        board = await begin(pilot)
        await pilot.press("slash", *"bbox", "space", *"loss|rate", "enter")
        text = await kit.settled(pilot)
        assert board.has_focus
        assert board.page == [1, 1]
        assert "learning rate" in text
        await pilot.press("slash", "escape")
        await kit.settled(pilot)
        assert (board.plots.words, board.page) == ("", [0, 1, 2, 3])
        assert not app.screen.query_one(".chart-line", Input).display


async def test_the_user_sets_the_grid_and_turns_its_pages(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        board = await begin(pilot)
        await pilot.press("1", "G", *"1x2", "enter")
        await kit.settled(pilot)
        assert board.page == [0, 1]
        await pilot.press("right_square_bracket")
        await kit.settled(pilot)
        assert (board.page, app.screen.marked) == ([2, 3], 2)


async def test_news_are_drawn_in_their_own_time_and_keys_at_once(kit, training):
    app, begin = training
    async with app.run_test(size=SIZE) as pilot:
        await begin(pilot)
        screen = app.screen
        screen._pace._next = float("inf")
        screen.show_news(news=True)
        assert screen.news_waiting
        await pilot.press("right")
        assert step(kit.screen_text(app)) == 12
        screen._pace._next = 0.0
        screen.show_news(news=False)
        assert not screen.news_waiting


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_runs_are_read_by_one_cursor(kit, make_app, size):
    from engine.events.record import StudyRecord
    from tui.looks.palette import run_style

    runs = [
        MarkedRun(name, run_style(place), StudyRecord.from_events(many_events()))
        for place, name in enumerate(("first", "second"))
    ]
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await kit.ready(pilot)
        app.push_screen(RunCurvesScreen(runs, ChartOptions(x="epoch", smoothing=0.6)))
        await kit.until(pilot, lambda: "loss by batch" in kit.screen_text(app), "chart")
        await pilot.press("home")
        text = await kit.settled(pilot)
        assert step(text) == 1
        assert "mean and band, smoothed 0.6, x: epoch" in text
        assert re.search(r"● first [\d.]+ \([\d.]+\) [\d.]+–", text)
        await pilot.press("o")
        assert " first vanilla" in await kit.settled(pilot), "every variant of every run"
        await pilot.press("o")
        await pilot.press("b", "slash", *"hsv", "space", *"second", "space", *"seed1", "enter")
        board = app.screen.query_one(ChartBoard)
        names = {source.name for source in board.shown_sources()}
        assert names
        assert all(name.startswith("second ") and "hsv" in name for name in names)


async def test_enter_ends_the_line_also_when_there_are_results(kit, make_app):
    async with make_app(kit.FakeEngine()).run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: type(pilot.app.screen).__name__ == "ResultsScreen", "results")
        await pilot.press("escape")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, TrainingScreen), "training")
        await pilot.press("G", *"1x2", "enter")
        assert isinstance(pilot.app.screen, TrainingScreen)
        await kit.settled(pilot)
        assert len([chart for chart in pilot.app.screen.query(LossChart) if chart.display]) == 2
        await pilot.press("enter")
        await kit.until(pilot, lambda: type(pilot.app.screen).__name__ == "ResultsScreen", "results again")
