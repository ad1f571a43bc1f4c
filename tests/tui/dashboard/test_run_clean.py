"""`c` on the results: the same study again, under the clean protocol."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import StorageError
from tui.screens.results.results import ResultsScreen
from tui.screens.training.screen import TrainingScreen

SIZE = (160, 40)


async def to_results(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("enter")
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, ResultsScreen), "results")


async def test_the_study_of_this_process_runs_again_with_its_own_configuration(kit, make_app):
    engine = kit.FakeEngine()
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await to_results(kit, pilot)
        assert "Clean" in kit.screen_text(pilot.app)
        await pilot.press("c")
        await kit.until(pilot, lambda: len(engine.configs) == 2, "second study")
        first, second = engine.configs
        assert (first.protocol, second) == ("official", replace(first, protocol="clean"))


async def test_while_the_clean_study_runs_its_curves_are_shown_and_nothing_else_starts(kit, make_app):
    engine = kit.FakeEngine(hold=lambda event: len(engine.configs) == 2)
    async with make_app(engine).run_test(size=SIZE) as pilot:
        await to_results(kit, pilot)
        record = pilot.app.session.state.record
        await pilot.press("c")
        await kit.until(pilot, engine.holding.is_set, "second study")
        assert isinstance(pilot.app.screen, TrainingScreen)
        assert not pilot.app.session.can_run_clean(record)
        pilot.app.session.run_clean(record)
        assert len(engine.configs) == 2


@pytest.fixture
async def opened(kit, make_app):
    """Results of a study that this process did not run, in an app whose engine knows its folder."""

    async def open_(pilot, protocol="official"):
        await to_results(kit, pilot)
        app = pilot.app
        started = replace(app.session.state.record.started, protocol=protocol, folder="/elsewhere/runs/20200101-0000")
        record = replace(app.session.state.record, started=started)
        app.push_screen(ResultsScreen(app.session, record))
        await pilot.pause()
        return record

    return open_


async def test_another_runs_configuration_comes_from_its_folder(kit, make_app, opened):
    engine = kit.FakeEngine()
    asked = []

    def load_config(folder):
        asked.append(folder)
        return replace(kit.CONFIG, seed=41, variants=("bbox",))

    engine.load_config = load_config
    async with make_app(engine).run_test(size=SIZE) as pilot:
        record = await opened(pilot)
        assert pilot.app.session.runs_dir_of(record) == Path("/elsewhere/runs")
        await pilot.press("c")
        await kit.until(pilot, lambda: len(engine.configs) == 2, "second study")
        assert asked == [Path("/elsewhere/runs/20200101-0000")]
        assert (engine.configs[1].seed, engine.configs[1].protocol) == (41, "clean")


async def test_a_folder_that_cannot_be_read_is_said(kit, make_app, opened):
    engine = kit.FakeEngine()

    def load_config(folder):
        raise StorageError(f"{folder}/study.json is damaged")

    engine.load_config = load_config
    async with make_app(engine).run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await kit.until(pilot, lambda: "study.json is damaged" in kit.screen_text(pilot.app), "complaint")
        assert len(engine.configs) == 1
        assert isinstance(pilot.app.screen, ResultsScreen)


async def test_only_an_official_study_can_be_run_clean(kit, make_app, opened):
    engine = kit.FakeEngine()
    async with make_app(engine).run_test(size=SIZE) as pilot:
        record = await opened(pilot, "clean")
        assert "Run clean" not in kit.screen_text(pilot.app)
        await pilot.press("c")
        pilot.app.session.run_clean(record)
        await pilot.pause()
        assert len(engine.configs) == 1
