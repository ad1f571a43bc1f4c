"""The settings screen, and how the dashboard goes by the settings."""

from dataclasses import replace

import pytest
from textual.widgets import OptionList

from tui.app.settings import KeyScreen, SettingsScreen
from tui.looks.chart_options import ChartOptions
from tui.settings.file import read_settings
from tui.settings.values import USUAL

SIZE = (120, 40)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "settings.toml"


async def opened(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("comma")
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, SettingsScreen), "settings")
    await kit.settled(pilot)
    return pilot.app.screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=["80x24", "120x40", "200x50"])
async def test_it_shows_every_setting_and_the_keys(kit, make_app, file, size):
    async with make_app(settings_file=file).run_test(size=size) as pilot:
        await opened(kit, pilot)
        text = kit.screen_text(pilot.app)
        for words in ("theme", "refresh_rate", "images", "charts.smoothing", "app.back", "Colours of"):
            assert words in text
        await pilot.press("end")  # at 80x24 the list scrolls, so that the keys have room
        await kit.until(pilot, lambda: "charts.columns" in kit.screen_text(pilot.app), "the last setting")


async def test_a_change_counts_at_once_and_is_written(kit, make_app, file):
    app = make_app(settings_file=file)
    async with app.run_test(size=SIZE) as pilot:
        await opened(kit, pilot)
        usual = app.theme
        await pilot.press("left")
        await kit.until(pilot, lambda: app.theme == "colour-blind-light", "the last theme")
        assert read_settings(file)[0].theme == "colour-blind-light"
        await pilot.press("down", "right")
        await kit.until(pilot, lambda: app.session.settings.refresh_rate == 0.5, "rate")
        await pilot.press(*["down"] * 4, "right", *["up"] * 5, "delete")
        await kit.until(pilot, lambda: app.theme == usual, "the usual theme")
        assert read_settings(file)[0] == replace(USUAL, refresh_rate=0.5, charts=ChartOptions(x="epoch"))
        assert app.session.seconds_between_draws == 1 / 30, "the command line goes first"


async def test_a_key_is_set_told_of_and_set_back(kit, make_app, file):
    app = make_app(settings_file=file)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(kit, pilot)
        await pilot.press("tab", "slash", *"setup.recipe", "enter")
        await kit.until(pilot, lambda: screen.query_one("#keys", OptionList).option_count == 1, "one key")
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(app.screen, KeyScreen), "question")
        await pilot.press("p")
        await kit.until(pilot, lambda: app.screen is screen, "answer")
        assert read_settings(file)[0].keys == {"setup.recipe": "p"}
        assert "p is also the key of setup.protocol (Protocol)" in kit.screen_text(app)
        await pilot.press("escape", "escape")
        await kit.until(pilot, lambda: app.screen is not screen, "set-up")
        await kit.until(pilot, lambda: "p: next" in kit.screen_text(app), "the key in the words")
        recipe = app.screen.config.recipe
        await pilot.press("p")
        await kit.until(pilot, lambda: app.screen.config.recipe is not recipe, "recipe")
        await opened(kit, pilot)
        await pilot.press("tab", "slash", *"setup.recipe", "enter", "delete")
        await kit.until(pilot, lambda: not app.session.settings.keys, "usual")
        assert read_settings(file)[0].keys == {}


async def test_escape_leaves_the_key_as_it_is(kit, make_app, file):
    app = make_app(settings_file=file)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(kit, pilot)
        await pilot.press("tab", "enter")
        await kit.until(pilot, lambda: isinstance(app.screen, KeyScreen), "question")
        await pilot.press("escape")
        await kit.until(pilot, lambda: app.screen is screen, "answer")
        assert not file.exists()


async def test_a_file_that_cannot_be_written_is_told_of(kit, make_app, file):
    file.write_text("theme = ")
    app = make_app(settings_file=file)
    async with app.run_test(size=SIZE) as pilot:
        await opened(kit, pilot)
        await pilot.press("right")
        await kit.until(pilot, lambda: "not written" in kit.screen_text(app), "told")
        assert file.read_text() == "theme = "


async def test_the_dashboard_begins_as_the_settings_say(kit, make_app, file):
    settings = replace(USUAL, theme="nord", keys={"setup.recipe": "f6", "setup.recipes": "f7", "app.help": "f8"})
    app = make_app(settings=settings, settings_file=file, problems=["settings.toml: unknown setting 'them'"])
    told = []
    app.notify = lambda message, **_: told.append(message)
    async with app.run_test(size=SIZE) as pilot:
        await kit.ready(pilot)
        assert app.theme == "nord"
        await kit.until(pilot, lambda: len(told) == 2, "both problems are told")
        assert told[0] == "settings.toml: unknown setting 'them'"
        assert told[1].startswith("keys.setup.recipes: no such binding: did you mean 'setup.recipe'?")
        assert app.session.settings.keys == {"setup.recipe": "f6", "app.help": "f8"}
        await kit.until(pilot, lambda: "f6: next" in kit.screen_text(app), "the key in the words")
        recipe = app.screen.config.recipe
        await pilot.press("f6")
        await kit.until(pilot, lambda: app.screen.config.recipe is not recipe, "recipe")
        await pilot.press("f8")
        await kit.until(
            pilot, lambda: "Set-up" in kit.screen_text(app) and "F6" in kit.screen_text(app).upper(), "help"
        )
