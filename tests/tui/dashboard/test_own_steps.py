"""A run with a step of the user's own, in a dashboard that was not told of it."""

from dataclasses import replace

import pytest

from engine.config.own_steps import OwnStep
from engine.events.study import StudyStarted
from engine.runs import RunFolder
from tui.screens.results.results import ResultsScreen
from tui.screens.setup.screen import SetupScreen

VARIANTS = ("vanilla", "mine(level=4)+denoise")
STEPS = (OwnStep("mine", "/some/where.py", "ab" * 32, (("level", "3"),)),)


@pytest.fixture
def config(kit):
    return replace(kit.CONFIG, variants=VARIANTS, steps=STEPS)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_the_set_up_says_that_a_step_was_not_named(kit, make_app, config, size):
    async with make_app(config=config).run_test(size=size) as pilot:
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await kit.until(pilot, lambda: "variants: 2 of 6" in kit.screen_text(pilot.app))
        assert size[1] < 40 or "its step of your own" in kit.screen_text(pilot.app)


async def test_its_results_are_shown(kit, make_app, config, tmp_path):
    run = RunFolder.create(tmp_path / "runs", config)
    for event in kit.study_events(VARIANTS):
        run.append(replace(event, steps=STEPS) if isinstance(event, StudyStarted) else event)
    run.close()
    async with make_app(config=config, watch=run.folder).run_test(size=(120, 40)) as pilot:
        await kit.until(pilot, lambda: pilot.app.session.has_results)
        await pilot.press("r")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, ResultsScreen))
        await kit.until(pilot, lambda: "mine(level=4)" in kit.screen_text(pilot.app))
