"""Combinations of steps: all eight on the set-up screen and while training."""

from dataclasses import replace

import pytest

from engine.config.combinations import COMBINATIONS
from engine.events.study import BatchTrained
from tui.screens.setup.choices import VariantChoice
from tui.screens.training.screen import TrainingScreen
from tui.screens.training.variants_panel import VariantsPanel

SIZES = [(80, 24), (120, 40), (200, 50)]
IDS = ["80x24", "120x40", "200x50"]


async def test_all_eight_at_a_key_and_none_at_the_next(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        screen = pilot.app.screen
        await pilot.press("A")
        assert screen.study_config().variants == COMBINATIONS
        await pilot.press("9")
        assert screen.study_config().variants == COMBINATIONS[:-1]
        await pilot.press("A", "A")
        assert screen.choice.chosen == set()
        assert "bbox+denoise" not in kit.screen_text(pilot.app)


async def test_combinations_of_the_command_line_are_listed(kit, make_app):
    config = replace(kit.CONFIG, variants=("vanilla", "bbox+superres"))
    async with make_app(None, config).run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        assert pilot.app.screen.study_config().variants == ("vanilla", "bbox+superres")
        assert "[x] 6" in kit.screen_text(pilot.app)


def test_the_list_keeps_one_order_however_it_came_about():
    choice = VariantChoice(("superres+denoise", "denoise+superres"))
    choice.add(["bbox+denoise"])
    assert choice.listed[5:] == ["bbox+denoise", "denoise+superres", "superres+denoise"]
    choice.choose("combinations", "vanilla")
    assert choice.listed[5:] == [*COMBINATIONS[4:], "superres+denoise"]
    assert choice.names == (*COMBINATIONS, "superres+denoise")


# ---------------------------------------------------------------- how it looks

ALL = {"variants": COMBINATIONS}


def in_the_sixth(event):
    return isinstance(event, BatchTrained) and (event.variant, event.step) == (COMBINATIONS[5], 11)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_set_up_of_eight(kit, make_app, snapshot, size):
    async with make_app(None, replace(kit.CONFIG, **ALL)).run_test(size=size) as pilot:
        await kit.ready(pilot)
        assert await kit.settled(pilot) == snapshot


async def train_eight(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("enter")
    await kit.until(
        pilot, lambda: pilot.app.session.state and len(pilot.app.session.state.job(COMBINATIONS[5]).losses) == 12
    )


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_training_of_eight(kit, make_app, snapshot, size):
    engine = kit.FakeEngine(hold=in_the_sixth)
    async with make_app(engine, replace(kit.CONFIG, **ALL)).run_test(size=size) as pilot:
        await train_eight(kit, pilot)
        assert await kit.settled(pilot) == snapshot


async def test_digits_up_to_nine_mark_a_variant_and_clicks_hit_the_right_one(kit, make_app):
    engine = kit.FakeEngine(hold=in_the_sixth)
    async with make_app(engine, replace(kit.CONFIG, **ALL)).run_test(size=(120, 32)) as pilot:
        await train_eight(kit, pilot)
        screen = pilot.app.screen
        assert isinstance(screen, TrainingScreen)
        await pilot.press("8")
        assert screen.marked == 7
        await kit.settled(pilot)
        lines = kit.screen_text(pilot.app).splitlines()
        row = next(place for place, line in enumerate(lines) if " 7 " in line and "denoise+superres" in line)
        panel = screen.query_one(VariantsPanel)
        await pilot.click(VariantsPanel, offset=(5, row - panel.region.y))
        assert screen.marked == 6
