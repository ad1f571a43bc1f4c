import json
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from engine.config.recipes import RECIPES
from engine.errors import DatasetError
from engine.events.study import BatchTrained, MachineChosen, StudyFinished
from tui.app.help import HelpScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.setup.options import DataScreen, OptionsScreen
from tui.screens.setup.screen import SetupScreen
from tui.screens.training.loss_chart import LossChart
from tui.screens.training.screen import TrainingScreen

SIZE = (120, 40)


def batch(variant, step):
    return lambda event: isinstance(event, BatchTrained) and (event.variant, event.step) == (variant, step)


async def start(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("enter")
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, TrainingScreen), "training screen")


async def hold(kit, pilot):
    await start(kit, pilot)
    await kit.until(pilot, pilot.app.session.engine.holding.is_set, "hold")
    await kit.until(pilot, lambda: pilot.app.session.state.job("vanilla").losses, "losses")


# ---------------------------------------------------------------- set-up


async def test_the_set_up_tells_the_data_and_what_the_study_costs(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        text = kit.screen_text(pilot.app)
        for words in (
            "springfield",
            "Kaggle archive",
            "700 train, 150 test",
            "33 % train",
            "homer",
            "truncated image",
            "4:00",
        ):
            assert words in text


async def test_digits_space_and_a_choose_variants(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        screen = pilot.app.screen
        await pilot.press("1", "5")
        assert screen.study_config().variants == ("bbox", "denoise", "superres", "superres-full")
        await pilot.press("down", "space")
        assert "bbox" not in screen.chosen
        await pilot.press("a")
        assert screen.chosen >= {"vanilla", "bbox", "denoise", "superres"}
        await pilot.press("a")
        assert not screen.chosen
        await pilot.press("enter")
        assert "no variant chosen" in kit.screen_text(pilot.app)
        assert pilot.app.session.engine.configs == []


async def test_enter_before_the_data_is_read_starts_the_study_when_it_is(kit, make_app, monkeypatch):
    engine, may_read = kit.FakeEngine(), threading.Event()
    read = engine.inspect_dataset

    def wait_and_read(config):
        assert may_read.wait(10)
        return read(config)

    monkeypatch.setattr(engine, "inspect_dataset", wait_and_read)
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await pilot.press("enter")
        assert "as soon as the data set is read" in kit.screen_text(pilot.app)
        may_read.set()
        await kit.until(pilot, lambda: engine.configs, "start")


async def test_a_click_chooses_a_variant(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        await pilot.click("#variants", offset=(6, 2))
        assert "denoise" not in pilot.app.screen.chosen


async def test_the_recipe_goes_round_and_its_numbers_can_be_edited(kit, make_app):
    async with make_app().run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        names = [*RECIPES]
        for step in range(1, len(names) + 2):
            await pilot.press("r")
            place = (names.index("quick") + step) % len(names)
            assert pilot.app.screen.config.recipe == RECIPES[names[place]]
        await pilot.press("e")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, OptionsScreen))
        pilot.app.screen.query_one("#epochs", Input).value = "0"
        pilot.app.screen.query_one("#image-size", Input).value = "64x80"
        await pilot.press("enter")
        assert "--epochs 0" in kit.screen_text(pilot.app)
        pilot.app.screen.query_one("#epochs", Input).value = "7"
        pilot.app.screen.query_one("#seed", Input).value = "11"
        pilot.app.screen.query_one("#minutes", Input).value = "2.5"
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        config = pilot.app.screen.study_config()
        assert (config.recipe.epochs, config.recipe.image_size, config.seed) == (7, (64, 80), 11)
        assert config.budget_minutes == 2.5
        assert "2.5 min" in kit.screen_text(pilot.app)
        assert "edited" in kit.screen_text(pilot.app)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("epochs", "five", "no whole number"),
        ("minutes", "soon", "no number"),
        ("minutes", "-3", "--budget -3"),
        ("batch-size", "1", "--batch-size 1"),
        ("learning-rate", "fast", "no number"),
        ("learning-rate", "nan", "--lr"),
        ("image-size", "255", "height x width"),
        ("seed", "-1", "--seed"),
    ],
)
async def test_numbers_that_cannot_be_used_are_refused_where_they_stand(kit, make_app, field, value, words):
    async with make_app().run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        await pilot.press("e")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, OptionsScreen))
        pilot.app.screen.query_one(f"#{field}", Input).value = value
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, OptionsScreen)
        assert words in kit.screen_text(pilot.app)


async def test_unusable_data_is_one_line_and_another_path_can_be_named(kit, make_app, tmp_path):
    engine = kit.FakeEngine(inspect_error=DatasetError("/data/springfield: no images found"))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await kit.until(pilot, lambda: "no images found" in kit.screen_text(pilot.app))
        assert "press d" in kit.screen_text(pilot.app)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, SetupScreen)
        await pilot.press("d")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
        pilot.app.screen.query_one(Input).value = str(tmp_path / "nothing")
        await pilot.press("enter")
        await kit.until(pilot, lambda: "no such file" in kit.screen_text(pilot.app))
        pilot.app.screen.query_one(Input).value = str(tmp_path)
        await pilot.press("enter")
        await kit.ready(pilot)
        assert "springfield" in kit.screen_text(pilot.app)


async def test_the_demo_says_so_on_every_screen(kit, make_app):
    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    async with make_app(engine, replace(kit.CONFIG, data=None)).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "demo set" in kit.screen_text(pilot.app)
        await hold(kit, pilot)
        assert "demo set" in kit.screen_text(pilot.app)
        engine.go.set()
        await kit.until(pilot, lambda: type(pilot.app.screen).__name__ == "ResultsScreen")
        await kit.until(pilot, lambda: "demo" in kit.screen_text(pilot.app).lower())


async def test_an_unexpected_mistake_while_reading_does_not_end_the_app(kit, make_app):
    engine = kit.FakeEngine(inspect_error=RuntimeError("oh"))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await kit.until(pilot, lambda: "RuntimeError: oh" in kit.screen_text(pilot.app))


# ---------------------------------------------------------------- training


async def test_curves_grow_and_the_study_ends_in_its_results(kit, make_app):
    engine = kit.FakeEngine(hold=batch("bbox", 9))
    app = make_app(engine, replace(kit.CONFIG, variants=("vanilla", "bbox")))
    async with app.run_test(size=SIZE) as pilot:
        await start(kit, pilot)
        await kit.until(
            pilot, lambda: app.session.load and "98 %" in kit.screen_text(app) and "50 %" in kit.screen_text(app)
        )
        text = kit.screen_text(app)
        for words in (
            "springfield",
            "protocol official",
            "recipe quick",
            "cpu ×2 bf16",
            "98 %",
            "acc 0.700",
            "25 img/s",
            "left",
        ):
            assert words in text
        engine.go.set()
        await kit.until(pilot, lambda: type(app.screen).__name__ == "ResultsScreen", "results")
        await pilot.press("escape")
        await kit.until(pilot, lambda: isinstance(app.screen, TrainingScreen), "curves")
        await pilot.press("enter")
        await kit.until(pilot, lambda: type(app.screen).__name__ == "ResultsScreen", "results again")
        await pilot.press("n")
        await kit.until(pilot, lambda: isinstance(app.screen, SetupScreen), "set-up")
        await pilot.press("enter")
        await kit.until(pilot, lambda: len(engine.configs) == 2, "second study")
    assert app.session.exit_record.started.study == "20010909-0146"


async def test_views_change_by_key_and_hidden_charts_are_not_drawn(kit, make_app):
    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await hold(kit, pilot)
        app, charts = pilot.app, list(pilot.app.screen.query(LossChart))
        await kit.until(pilot, lambda: charts[0].drawn and "loss by batch" in kit.screen_text(app))
        assert [chart.display for chart in charts] == [True, True, True, True, False]
        assert charts[4].drawn == 0
        await pilot.press("o")
        await kit.until(pilot, lambda: charts[4].drawn == 1, "overlay")
        assert [chart.display for chart in charts] == [False] * 4 + [True]
        drawn = [chart.drawn for chart in charts]
        await pilot.press("y")
        await kit.until(pilot, lambda: "log scale" in kit.screen_text(app))
        assert [chart.drawn for chart in charts[:4]] == drawn[:4]
        await pilot.press("o", "f", "tab")
        await kit.until(pilot, lambda: [chart.display for chart in charts] == [False, True, False, False, False])
        await pilot.press("shift+tab", "m", "m")
        await kit.until(pilot, lambda: charts[0].display and "smoothed" not in kit.screen_text(app), "raw")
        await pilot.press("4")
        await kit.until(pilot, lambda: charts[3].display)
        await pilot.press("f")
        await kit.until(pilot, lambda: sum(chart.display for chart in charts) == 4)
        await pilot.press("l")
        await kit.until(pilot, lambda: "╭ log" not in kit.screen_text(app))


async def test_an_unchanged_chart_is_drawn_once(kit, make_app):
    engine = kit.FakeEngine(hold=batch("bbox", 5))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await hold(kit, pilot)
        await kit.until(pilot, lambda: len(pilot.app.session.state.job("bbox").losses) == 6)
        first = pilot.app.screen.query_one("#chart-0", LossChart)
        await kit.until(pilot, lambda: first.drawn)
        drawn = first.drawn
        pilot.app.screen.show_state()
        await pilot.pause()
        assert first.drawn == drawn


async def test_a_click_marks_a_chart(kit, make_app):
    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await hold(kit, pilot)
        await kit.until(pilot, lambda: pilot.app.screen.query_one("#chart-2").size)
        await pilot.click("#chart-2")
        assert pilot.app.screen.marked == 2
        await pilot.click("#panel", offset=(4, 5))
        assert pilot.app.screen.marked == 1


async def test_pause_says_when_it_takes_effect(kit, make_app):
    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await hold(kit, pilot)
        await pilot.press("p")
        await kit.until(pilot, lambda: "pausing after this batch" in kit.screen_text(pilot.app))
        engine.go.set()
        await kit.until(pilot, lambda: pilot.app.session.state.paused)
        await kit.until(pilot, lambda: " paused " in kit.screen_text(pilot.app))
        assert pilot.app.session.engine_running
        await pilot.press("p")
        await kit.until(pilot, lambda: not pilot.app.session.engine_running)


async def test_stopping_asks_once(kit, make_app):
    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await hold(kit, pilot)
        control = pilot.app.session.source.control
        await pilot.press("s")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("n")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, TrainingScreen))
        assert not control.stop_requested
        await pilot.press("s", "y")
        await kit.until(pilot, lambda: "stopping after this batch" in kit.screen_text(pilot.app))
        engine.go.set()
        await kit.until(pilot, lambda: not pilot.app.session.engine_running)


async def test_leaving_asks_while_a_study_runs_and_never_waits_for_it(kit, make_app):
    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    app = make_app(engine)
    async with app.run_test(size=SIZE) as pilot:
        await hold(kit, pilot)
        await pilot.press("q")
        await kit.until(pilot, lambda: "A study is running" in kit.screen_text(app))
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(app.screen, TrainingScreen), "enter alone stays")
        await pilot.press("ctrl+c", "y")
        await kit.until(pilot, lambda: app._exit, "exit")
    assert app.return_code == 0
    assert app.session.engine_running
    assert app.session.source.control.stop_requested
    assert app.session.exit_record is not None


async def test_leaving_an_idle_app_asks_nothing(kit, make_app):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        await pilot.press("q")
        await kit.until(pilot, lambda: app._exit)
    assert app.session.exit_record is None
    assert not app.session.engine_running


async def test_a_nan_is_a_warning_and_a_gap(kit, make_app):
    engine = kit.FakeEngine(hold=batch("vanilla", 12), stream=lambda variants: kit.study_events(variants, nan_at=8))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await hold(kit, pilot)
        await kit.until(pilot, lambda: "the loss of batch 9 is NaN" in kit.screen_text(pilot.app))


async def test_wrong_input_found_at_the_start_returns_to_the_set_up(kit, make_app):
    def refuse(variants):
        raise DatasetError("--batch-size 900: larger than the set")
        yield

    engine = kit.FakeEngine(stream=refuse)
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: "--batch-size 900" in kit.screen_text(pilot.app))
        assert isinstance(pilot.app.screen, SetupScreen)


async def test_a_mistake_of_ours_stays_readable_and_another_study_can_begin(kit, make_app):
    engine = kit.FakeEngine(run_error=ZeroDivisionError("division by zero"))
    app = make_app(engine)
    async with app.run_test(size=SIZE) as pilot:
        await start(kit, pilot)
        await kit.until(pilot, lambda: "ZeroDivisionError: division by zero" in kit.screen_text(app))
        text = kit.screen_text(app)
        assert "Traceback" not in text
        assert "crash-" in text
        assert app.session.exit_failure.report.exists()
        await pilot.press("n")
        await kit.until(pilot, lambda: isinstance(app.screen, SetupScreen))


async def test_a_failed_study_tells_its_reason(kit, make_app):
    def fail(variants):
        for event in kit.study_events(variants):
            yield event
            if isinstance(event, MachineChosen):
                yield StudyFinished(time=kit.START + 9, status="failed", reason="the disk is full")
                return

    async with make_app(kit.FakeEngine(stream=fail)).run_test(size=SIZE) as pilot:
        await start(kit, pilot)
        await kit.until(pilot, lambda: "study failed: the disk is full   n: new study" in kit.screen_text(pilot.app))


# ---------------------------------------------------------------- help, commands, sizes


async def test_help_lists_every_key_of_every_screen(kit, make_app):
    from tui.app.app import DashboardApp
    from tui.app.help import sections

    async with make_app().run_test(size=(120, 400)) as pilot:
        await kit.ready(pilot)
        await pilot.press("question_mark")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await kit.until(pilot, lambda: "Everywhere" in kit.screen_text(pilot.app))
        text = kit.screen_text(pilot.app)
        for name, bindings in sections(SetupScreen, DashboardApp).items():
            assert name in text
            assert [binding.tooltip for binding in bindings if binding.tooltip not in text] == []
        keys_twice = [line for line in text.splitlines() if re.search(r"│ +(\S+) \1 ", line)]
        assert keys_twice == [], "keys that are displayed alike are listed once"
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, SetupScreen)


async def test_bindings_have_their_own_ids_and_explain_themselves():
    from tui.app.app import DashboardApp
    from tui.app.help import sections

    found = sections(SetupScreen, DashboardApp)
    assert list(found)[:2] == ["Set-up", "Everywhere"]
    table = [binding for bindings in found.values() for binding in bindings]
    assert len({binding.id for binding in table}) == len(table)
    assert all(binding.tooltip and binding.description for binding in table)


async def test_the_command_palette_offers_what_is_valid_now(kit, make_app):
    from tui.app.command_palette import StudyCommands

    async def offered(app):
        provider = StudyCommands(app.screen)
        return {hit.display async for hit in provider.discover()}

    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        assert {"Start", "Recipe", "Quit"} <= await offered(pilot.app)
        assert "Pause" not in await offered(pilot.app)
        await hold(kit, pilot)
        assert {"Pause", "Overlay"} <= await offered(pilot.app)
        assert not {"Start", "Results", "New study"} & await offered(pilot.app)
        engine.go.set()
        await kit.until(pilot, lambda: type(pilot.app.screen).__name__ == "ResultsScreen")
        await pilot.press("escape")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, TrainingScreen))
        assert {"Results", "New study"} <= await offered(pilot.app)
        assert "Pause" not in await offered(pilot.app)
        hits = [hit async for hit in StudyCommands(pilot.app.screen).search("overlay")]
        assert len(hits) == 1
        await hits[0].command()
        assert pilot.app.screen.overlay


async def test_a_terminal_that_is_too_small_gets_one_line_and_recovers(kit, make_app):
    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    app = make_app(engine)
    async with app.run_test(size=SIZE) as pilot:
        await hold(kit, pilot)
        await pilot.resize_terminal(20, 5)
        await kit.until(pilot, lambda: "Enlarge" in kit.screen_text(app))
        assert "springfield" not in kit.screen_text(app)
        engine.go.set()
        await kit.until(pilot, lambda: not app.session.engine_running)
        await pilot.resize_terminal(80, 24)
        await kit.until(pilot, lambda: type(app.screen).__name__ == "ResultsScreen", "results after growing")


async def test_it_opens_in_a_terminal_that_is_too_small(kit, make_app):
    app = make_app()
    async with app.run_test(size=(20, 5)) as pilot:
        await kit.until(pilot, lambda: "Enlarge" in kit.screen_text(app))
        await pilot.press("q")
        await kit.until(pilot, lambda: app._exit)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_screens_are_laid_anew_when_the_terminal_changes(kit, make_app, size):
    engine = kit.FakeEngine(hold=batch("vanilla", 5))
    app = make_app(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        await hold(kit, pilot)
        await pilot.resize_terminal(*size)
        await kit.until(pilot, lambda: app.size == size)
        await kit.until(pilot, lambda: max(map(len, kit.screen_text(app).splitlines())) >= size[0] - 1)
        shown = [chart for chart in app.screen.query(LossChart) if chart.display]
        assert len(shown) == (1 if size[0] < 100 else 4)


def test_the_first_screen_is_drawn_before_heavy_libraries():
    code = (
        "import sys, json; import tui.app.app; "
        "print(json.dumps([n for n in ('torch','torchvision','plotext','numpy','psutil','PIL') if n in sys.modules]))"
    )
    root = Path(__file__).parents[3]
    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(out.stdout) == []
