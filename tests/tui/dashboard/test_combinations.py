"""Combinations of steps: put together on the set-up screen, eight of them while training."""

from dataclasses import replace

import pytest

from engine.config.combinations import COMBINATIONS
from engine.events.study import BatchTrained
from tui.screens.setup.choices import VariantChoice
from tui.screens.setup.combine import CombineScreen
from tui.screens.setup.screen import SetupScreen
from tui.screens.training.screen import TrainingScreen
from tui.screens.training.variants_panel import VariantsPanel

SIZES = [(80, 24), (120, 40), (200, 50)]
IDS = ["80x24", "120x40", "200x50"]


async def opened(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("plus")
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, CombineScreen), "combine")


async def closed(kit, pilot):
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen), "set-up")
    return pilot.app.screen


async def test_a_combination_is_put_together_listed_chosen_and_dropped(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pilot.press("3", "2")
        assert "superres+denoise" in kit.screen_text(pilot.app)
        await pilot.press("enter")
        screen = await closed(kit, pilot)
        assert screen.study_config().variants[-1] == "superres+denoise"
        assert "[x] 6" in kit.screen_text(pilot.app)
        await pilot.press("6")
        assert "superres+denoise" not in screen.study_config().variants
        assert "[ ] 6" in kit.screen_text(pilot.app)
        await pilot.press("minus")
        assert "superres+denoise" not in kit.screen_text(pilot.app)
        await pilot.press("home", "minus")
        assert "vanilla" in kit.screen_text(pilot.app), "the table's variants stay"


async def test_a_study_of_a_combination_runs(kit, make_app):
    engine = kit.FakeEngine()
    async with make_app(engine).run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pilot.press("space", "down", "space", "enter")
        await closed(kit, pilot)
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: engine.configs, "start")
        assert engine.configs[0].variants == ("vanilla", "bbox", "denoise", "superres", "bbox+denoise")


async def test_steps_are_ordered_as_far_as_it_makes_sense(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        window = pilot.app.screen
        await pilot.press("2", "3", "1")
        assert window.words == ("bbox", "denoise", "superres"), "the crop goes first whenever it is taken in"
        await pilot.press("3", "3", "left")
        assert window.words == ("bbox", "superres", "denoise")
        await pilot.press("left")
        assert window.words == ("bbox", "superres", "denoise"), "nothing goes before the crop"
        await pilot.press("right")
        assert window.words == ("bbox", "denoise", "superres")
        await pilot.press("4")
        assert window.words == ("bbox", "denoise", "superres-full"), "one super-resolution in place of the other"
        await pilot.press("2", "2")
        assert window.words == ("bbox", "denoise", "superres-full"), "nothing comes after it"


async def test_nothing_is_added_without_a_step_or_by_escape(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, CombineScreen)
        await pilot.press("1", "2", "escape")
        screen = await closed(kit, pilot)
        assert screen.study_config().variants == kit.CONFIG.variants


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
    choice.add("bbox+denoise")
    assert choice.listed[5:] == ["bbox+denoise", "denoise+superres", "superres+denoise"]
    choice.toggle_combinations()
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
        await pilot.press("plus")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, CombineScreen), "combine")
        await pilot.press("3", "2")
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
