"""What stands on the screens, as text, at three sizes."""

from dataclasses import replace

import pytest

from engine.events.study import BatchTrained

SIZES = [(80, 24), (120, 40), (200, 50)]
IDS = ["80x24", "120x40", "200x50"]


def in_mid_training(event):
    return isinstance(event, BatchTrained) and (event.variant, event.step) == ("bbox", 11)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize("demo", [False, True], ids=["data", "demo"])
async def test_set_up(kit, make_app, snapshot, size, demo):
    config = replace(kit.CONFIG, data=None) if demo else kit.CONFIG
    async with make_app(None, config).run_test(size=size) as pilot:
        await kit.ready(pilot)
        assert await kit.settled(pilot) == snapshot


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_training(kit, make_app, snapshot, size):
    engine = kit.FakeEngine(hold=in_mid_training)
    async with make_app(engine).run_test(size=size) as pilot:
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(
            pilot, lambda: pilot.app.session.state and len(pilot.app.session.state.job("bbox").losses) == 12
        )
        assert await kit.settled(pilot) == snapshot
        await pilot.press("o")
        assert await kit.settled(pilot) == snapshot


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_help(kit, make_app, snapshot, size):
    async with make_app().run_test(size=size) as pilot:
        await kit.ready(pilot)
        await pilot.press("question_mark")
        assert await kit.settled(pilot) == snapshot
