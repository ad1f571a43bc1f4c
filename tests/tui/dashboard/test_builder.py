"""The builder of variants: steps are picked, ordered and set by keys, and seen on an image of the data."""

import threading
from dataclasses import replace

import pytest

from engine.config.expressions import expand_names
from engine.errors import DatasetError
from tests.tui.fake_images import FakeImages
from tui.pictures.picture import Picture
from tui.pictures.service import Pictures
from tui.screens.setup.builder import BuilderScreen
from tui.screens.setup.screen import SetupScreen
from tui.screens.setup.step_lists import PipelineList, StepList
from tui.screens.setup.variant_list import VariantList

SIZES = [(80, 24), (120, 40), (200, 50)]
IDS = ["80x24", "120x40", "200x50"]


async def opened(kit, pilot):
    await kit.ready(pilot)
    await pilot.press("plus")
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, BuilderScreen), "builder")
    await pilot.pause()
    return pilot.app.screen


async def closed(kit, pilot):
    await kit.until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen), "set-up")
    await pilot.pause()
    return pilot.app.screen


async def pick(pilot, *names):
    """Take steps in through the filter."""
    for name in names:
        await pilot.press("slash", "ctrl+u", *name, "enter")
        steps = pilot.app.screen.query_one(StepList)
        steps.highlighted = steps.get_option_index(name)
        await pilot.press("space", "escape")


def expression(pilot):
    return pilot.app.screen.query_one("#expression").value


def said(kit, pilot):
    """What stands on the screen, in one line: words may wrap anywhere."""
    return " ".join(kit.screen_text(pilot.app).replace("│", " ").split())


# ---------------------------------------------------------------- the pipeline


async def test_steps_are_found_picked_and_taken_to_the_study(kit, make_app):
    engine = kit.FakeEngine()
    async with make_app(engine).run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pilot.press("slash", *"non-local", "enter")
        assert [option.id for option in pilot.app.screen.query_one(StepList).options] == ["nlmeans"]
        await pilot.press("enter", "escape")
        assert len(pilot.app.screen.query_one(StepList).options) > 20
        await pick(pilot, "clahe")
        assert expression(pilot) == "nlmeans+clahe"
        assert "resized, denoised by non-local means, local contrast equalised (CLAHE)" in said(kit, pilot)
        await kit.until(pilot, lambda: "1 new: the study of 5 variants takes 5:00" in said(kit, pilot), "estimate")
        await pilot.press("a")
        screen = await closed(kit, pilot)
        assert screen.query_one(VariantList).marked == "nlmeans+clahe"
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: engine.configs, "start")
        assert engine.configs[0].variants == (*kit.CONFIG.variants, "nlmeans+clahe")


async def test_steps_are_moved_and_removed_and_senseless_orders_refused(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pick(pilot, "grey", "edges", "bbox")
        assert expression(pilot) == "bbox+grey+edges", "the crop goes first whenever it is taken in"
        await pilot.press("tab", "home", "down", "right")
        assert expression(pilot) == "bbox+edges+grey"
        await pilot.press("left")
        assert expression(pilot) == "bbox+grey+edges", "the mark went along"
        await pilot.press("left")
        assert expression(pilot) == "bbox+grey+edges"
        assert "bbox comes first, for boxes are in the original's pixels: write bbox+grey+edges" in said(kit, pilot)
        await pilot.press("minus")
        assert expression(pilot) == "bbox+edges"
        assert "comes first" not in said(kit, pilot)


async def test_a_step_twice_is_refused(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pick(pilot, "grey")
        await pilot.press("slash", *"grey", "enter", "enter")
        assert "grey stands in it twice: name each step once" in said(kit, pilot)
        assert expression(pilot) == "grey"


async def test_a_parameter_is_stepped_typed_and_put_back(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pick(pilot, "clahe")
        await pilot.press("tab", "down", "right", "right")
        assert expression(pilot) == "clahe(clip=10)"
        meaning = "clip: how far a tile's histogram may rise above its mean, as in OpenCV; a number from 1 to 100"
        assert str(pilot.app.screen.query_one("#meaning").render()) == meaning
        await pilot.press("enter", "ctrl+u", *"400")
        assert "clip=400: give a number from 1 to 100" in said(kit, pilot)
        await pilot.press("enter")
        assert expression(pilot) == "clahe(clip=10)", "a value that is refused is not taken"
        await pilot.press("ctrl+u", *"3.50", "enter")
        assert expression(pilot) == "clahe(clip=3.5)"
        assert isinstance(pilot.app.screen.focused, PipelineList)
        await pilot.press("enter", *"9", "escape")
        assert expression(pilot) == "clahe(clip=3.5)", "escape changes nothing"
        await pilot.press("minus")
        assert expression(pilot) == "clahe"
        assert isinstance(pilot.app.screen, BuilderScreen)


async def test_several_values_make_several_variants(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pick(pilot, "gaussian", "jpeg")
        await pilot.press("tab", "home", "down", "v", "v")
        assert expression(pilot) == "gaussian(sigma=1|2|5)+jpeg"
        assert "3 variants, 3 new" in said(kit, pilot)
        await kit.until(pilot, lambda: "3 new: the study of 7 variants takes 7:00" in said(kit, pilot), "estimate")
        await pilot.press("a")
        screen = await closed(kit, pilot)
        assert screen.study_config().variants[-3:] == expand_names(["gaussian(sigma=1|2|5)+jpeg"])


async def test_all_orders_and_all_subsets_with_their_number_and_time(kit, make_app):
    engine = kit.FakeEngine()
    async with make_app(engine).run_test(size=(80, 24)) as pilot:
        await opened(kit, pilot)
        await pick(pilot, "equalize", "rescale", "nlmeans", "hsv")
        await pilot.press("u")
        assert expression(pilot) == "subsets(equalize,rescale,nlmeans,hsv)"
        assert "16 variants" in said(kit, pilot)
        await pilot.press("u", "o")
        assert expression(pilot) == "orders(equalize,rescale,nlmeans,hsv)"
        assert "65 variants" in said(kit, pilot)
        new = "64 new: the study of 68 variants takes 1:08:00"
        await kit.until(pilot, lambda: new in said(kit, pilot), "estimate")
        await pilot.press("a")
        await closed(kit, pilot)
        assert "variants: 68 of 69" in said(kit, pilot)
        await kit.ready(pilot)
        await pilot.press("enter")
        await kit.until(pilot, lambda: engine.configs, "start")
        assert len(engine.configs[0].variants) == 68


# ---------------------------------------------------------------- the expression


async def test_an_expression_is_checked_as_it_is_typed(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pilot.press("e", *"clahe(clip=2")
        assert "a parenthesis has no partner" in said(kit, pilot)
        await pilot.press(*"|4)+gry")
        assert "unknown step 'gry': did you mean 'grey'?" in said(kit, pilot)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, BuilderScreen), "what stands for no variant is not taken"
        await pilot.press("backspace", "backspace", *"rey")
        assert [row.place for row in pilot.app.screen.query_one(PipelineList)._rows] == [0, 0, 0, 1]
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, BuilderScreen)
        await pick(pilot, "edges")
        assert expression(pilot) == "clahe(clip=2|4)+grey+edges", "what was typed is gone on with by keys"


async def test_a_list_of_expressions_is_taken_as_it_is_written(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pilot.press("e", *"vanilla,orders(grey,edges)+jpeg,hsv")
        assert "7 variants, 6 new" in said(kit, pilot)
        await pilot.press("escape", "o")
        assert "cannot be taken apart into steps" in said(kit, pilot)
        await pilot.press("tab", "enter")
        screen = await closed(kit, pilot)
        assert screen.study_config().variants[4:] == expand_names(["orders(grey,edges)+jpeg", "hsv"])


async def test_what_does_the_same_as_a_chosen_variant_is_left_out(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pilot.press("e", *"denoise(weight=0.05|0.1)")
        assert "left out: denoise(weight=0.1), the same as denoise" in said(kit, pilot)
        await pilot.press("enter")
        screen = await closed(kit, pilot)
        assert screen.study_config().variants == (*kit.CONFIG.variants, "denoise(weight=0.05)")
        await pilot.press("plus")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, BuilderScreen), "builder")
        await pilot.press("e", *"vanilla,bbox")
        assert "chosen already" in said(kit, pilot)


async def test_two_that_do_the_same_make_no_study_and_say_so(kit, make_app):
    engine = kit.FakeEngine()
    config = replace(kit.CONFIG, variants=("vanilla", "denoise(weight=0.1)"))
    async with make_app(engine, config).run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        await pilot.press("3")
        assert "denoise and denoise(weight=0.1) do the same to every image: name one of them" in said(kit, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert not engine.configs
        await pilot.press("3")
        assert "do the same" not in said(kit, pilot)


async def test_escape_and_taking_nothing_change_nothing(kit, make_app):
    async with make_app().run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pilot.press("a", "left", "right", "minus", "v", "o", "u", "tab", "minus", "right", "v", "enter")
        assert isinstance(pilot.app.screen, BuilderScreen)
        await pick(pilot, "grey")
        await pilot.press("escape")
        screen = await closed(kit, pilot)
        assert screen.study_config().variants == kit.CONFIG.variants


# ---------------------------------------------------------------- the pictures


def shown(pilot, name):
    return pilot.app.screen.query_one(f"#{name}", Picture).key


async def test_the_image_is_shown_before_and_after_and_the_next_one_by_a_key(kit, make_app):
    images = FakeImages()
    async with make_app(kit.FakeEngine(images=images)).run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await kit.until(pilot, lambda: "as vanilla" in said(kit, pilot), "plain image")
        await pick(pilot, "grey")
        await kit.until(pilot, lambda: "PSNR 24.0 dB SSIM 0.900" in said(kit, pilot), "preview")
        assert "32×24 1.2 ms" in said(kit, pilot)
        assert "apu/pic_0.jpg" in shown(pilot, "before")
        assert shown(pilot, "after").startswith("preview grey of train/apu/pic_0.jpg")
        await pilot.press("n")
        await kit.until(pilot, lambda: "grey of train/marge/pic_0.jpg" in shown(pilot, "after"), "next class")
        await pilot.press("p", "p")
        await kit.until(pilot, lambda: "grey of train/apu/pic_19.jpg" in shown(pilot, "after"), "last image")
        await pilot.press("f")
        await kit.until(pilot, lambda: pilot.app.screen.query_one("#after").size.width > 50, "large")
        await pilot.press("escape")
        await kit.until(pilot, lambda: pilot.app.screen.query_one("#after").size.width < 50, "all parts")


async def test_of_many_changes_only_the_last_is_computed_after_the_one_under_way(kit, make_app):
    images = FakeImages(go=threading.Event())  # those of the builder alone: the set-up's pictures are off
    async with make_app(kit.FakeEngine(images=images), pictures=Pictures("off")).run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await kit.until(pilot, lambda: images.previewed == ["vanilla"], "first")
        await pick(pilot, "gaussian")
        await pilot.press("tab", "down", "right", "right", "right")
        assert "computing ..." in said(kit, pilot)
        images.go.set()
        await kit.until(pilot, lambda: "gaussian(sigma=10)" in shown(pilot, "after"), "last")
        assert images.previewed == ["vanilla", "gaussian(sigma=10)"]
        await pilot.press("right", "left")
        await kit.until(pilot, lambda: "PSNR" in said(kit, pilot), "known")
        assert images.previewed.count("gaussian(sigma=10)") == 1, "what is known is not computed again"


async def test_an_image_that_cannot_be_read_says_so_and_the_next_one_shows(kit, make_app):
    images = FakeImages(broken="train/apu/pic_0.jpg")
    async with make_app(kit.FakeEngine(images=images)).run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await kit.until(pilot, lambda: said(kit, pilot).count("damaged") >= 1, "words")
        await pilot.press("n")
        await kit.until(pilot, lambda: "as vanilla" in said(kit, pilot), "next")


async def test_without_images_variants_are_built_all_the_same(kit, make_app):
    engine = kit.FakeEngine()
    engine.go.set()
    async with make_app(engine).run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await kit.until(pilot, lambda: "there are no pictures" in said(kit, pilot), "words")
        await pick(pilot, "grey")
        await pilot.press("a")
        assert (await closed(kit, pilot)).study_config().variants[-1] == "grey"


async def test_with_pictures_off_the_figures_stand(kit, make_app):
    engine = kit.FakeEngine(images=FakeImages())
    async with make_app(engine, pictures=Pictures("off")).run_test(size=(120, 40)) as pilot:
        await opened(kit, pilot)
        await pick(pilot, "grey")
        await kit.until(pilot, lambda: "PSNR 24.0 dB" in said(kit, pilot), "figures")
        assert "pictures are off (--images)" in said(kit, pilot)


async def test_data_that_fail_after_the_screen_opened_leave_the_keys_alive(kit, make_app):
    engine = kit.FakeEngine(inspect_error=DatasetError("gone"))
    async with make_app(engine).run_test(size=(120, 40)) as pilot:
        await kit.until(pilot, lambda: "gone" in kit.screen_text(pilot.app), "error")
        await pilot.press("plus")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, BuilderScreen), "builder")
        await pick(pilot, "grey")
        assert "1 new: the study of 5 variants takes ..." in said(kit, pilot)


# ---------------------------------------------------------------- the list of 65 variants

MANY = expand_names(["orders(equalize,rescale,nlmeans,hsv)"])


async def test_65_variants_are_scrolled_chosen_and_dropped(kit, make_app):
    async with make_app(None, replace(kit.CONFIG, variants=MANY)).run_test(size=(80, 24)) as pilot:
        await kit.ready(pilot)
        screen = pilot.app.screen
        assert "variants: 65 of 69" in said(kit, pilot)
        await pilot.press("end")
        assert "hsv+nlmeans+rescale+equalize resized, converted to HSV," in said(kit, pilot), "whole, in its own line"
        await pilot.press("space")
        assert "variants: 64 of 69" in said(kit, pilot)
        assert MANY[-1] not in screen.study_config().variants
        await pilot.press("minus")
        assert "variants: 64 of 68" in said(kit, pilot)
        assert screen.query_one(VariantList).marked == MANY[0] or screen.query_one(VariantList).marked in MANY
        await pilot.press("asterisk")
        assert screen.study_config().variants == tuple(screen.choice.listed)
        await pilot.press("asterisk")
        assert "variants: 0 of 68" in said(kit, pilot)
        await pilot.press("underscore")
        assert "variants: 0 of 5" in said(kit, pilot)
        assert "resized only" in said(kit, pilot), "names fit again: no line of their own"


# ---------------------------------------------------------------- how it looks


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_builder(kit, make_app, snapshot, size):
    engine = kit.FakeEngine(images=FakeImages())
    async with make_app(engine, pictures=Pictures("off")).run_test(size=size) as pilot:
        await opened(kit, pilot)
        await pick(pilot, "bbox", "clahe", "denoise")
        await pilot.press("tab", "up", "v", "v", "o")
        await kit.until(pilot, lambda: "the study of" in said(kit, pilot) and ":00" in said(kit, pilot), "estimate")
        await kit.until(pilot, lambda: "PSNR" in said(kit, pilot), "preview")
        assert await kit.settled(pilot) == snapshot


@pytest.mark.parametrize("size", SIZES, ids=IDS)
async def test_set_up_of_65(kit, make_app, snapshot, size):
    async with make_app(None, replace(kit.CONFIG, variants=MANY)).run_test(size=size) as pilot:
        await kit.ready(pilot)
        await pilot.press("end")
        assert await kit.settled(pilot) == snapshot
