import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.events.study import BatchTrained
from tui.app.help import HelpScreen
from tui.screens.setup.screen import SetupScreen
from tui.screens.training.loss_chart import LossChart
from tui.screens.training.screen import TrainingScreen

SIZE = (120, 40)


def batch(variant, step):
    return lambda event: isinstance(event, BatchTrained) and (event.variant, event.step) == (variant, step)


async def hold(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("enter")
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, TrainingScreen), "training screen")
    await kit.until(pilot, pilot.app.session.engine.holding.is_set, "hold")
    await kit.until(pilot, lambda: pilot.app.session.state.job("vanilla").losses, "losses")


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


async def test_the_line_of_keys_is_not_cut(kit, make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await kit.ready(pilot)
        narrow = (await kit.settled(pilot)).splitlines()[-1]
        assert narrow.endswith("? Keys q Quit")
        assert "Browse" not in narrow
        await pilot.resize_terminal(*SIZE)
        await kit.until(pilot, lambda: kit.screen_text(pilot.app).splitlines()[-1].endswith("b Browse ? Keys q Quit"))


async def test_the_set_up_says_what_fits_when_the_terminal_changes(kit, make_app):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await kit.ready(pilot)
        narrow = await kit.settled(pilot)
        await pilot.resize_terminal(*SIZE)
        assert await kit.settled(pilot) != narrow
        await pilot.resize_terminal(80, 24)
        await kit.until(pilot, lambda: kit.screen_text(pilot.app) == narrow, "as it was")


def test_the_first_screen_is_drawn_before_heavy_libraries():
    code = (
        "import sys, json; import tui.app.app; "
        "print(json.dumps([n for n in ('torch','torchvision','plotext','numpy','psutil','PIL') if n in sys.modules]))"
    )
    root = Path(__file__).parents[3]
    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(out.stdout) == []
