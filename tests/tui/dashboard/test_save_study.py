"""The study on the set-up screen is written as a file."""

from engine.config.study import StudyConfig
from engine.config.study_file import read_study
from tui.screens.setup.save import SaveScreen
from tui.screens.setup.screen import SetupScreen


async def test_the_study_is_written_and_nothing_that_is_there_is_lost(kit, make_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with make_app().run_test(size=(80, 24)) as pilot:
        await kit.ready(pilot)
        await pilot.press("s")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen), "the window")
        await pilot.press("enter")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen), "set-up")
        (found,) = read_study("my.toml")
        shown = pilot.app.screen.study_config()
        assert StudyConfig(**found).variants == shown.variants
        assert StudyConfig(**found).recipe == shown.recipe
        await pilot.press("s")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen), "the window again")
        await pilot.press("enter")
        await kit.until(pilot, lambda: "my.toml exists" in kit.screen_text(pilot.app), "the refusal")
