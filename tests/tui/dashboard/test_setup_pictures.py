"""The set-up's pictures: where there is room, and only then."""

import pytest

from tests.tui.fake_images import FakeImages
from tui.pictures.picture import Picture
from tui.pictures.service import Pictures
from tui.screens.setup.pictures import ClassPictures, VariantPictures

SIZES = [(80, 24), (120, 40), (200, 50)]
IDS = ["80x24", "120x40", "200x50"]


async def opened(kit, pilot):
    await kit.ready(pilot)
    await kit.until(pilot, lambda: pilot.app.screen.query(VariantPictures), "pictures")
    await kit.until(pilot, lambda: pilot.app.screen.query_one(VariantPictures)._gallery is not None, "images")
    await kit.settled(pilot)
    return pilot.app.screen


def drawn(part):
    return [picture.key for picture in part.query(Picture) if picture.key and picture.drawing is not None]


@pytest.mark.parametrize("size", SIZES[1:], ids=IDS[1:])
async def test_every_class_and_every_chosen_variant_has_its_picture(kit, make_app, size):
    images = FakeImages()
    async with make_app(kit.FakeEngine(images=images)).run_test(size=size) as pilot:
        screen = await opened(kit, pilot)
        classes, variants = screen.query_one(ClassPictures), screen.query_one(VariantPictures)
        await kit.until(pilot, lambda: len(drawn(classes)) == len(images.classes), "classes")
        await kit.until(pilot, lambda: len(drawn(variants)) == 1 + len(screen.choice.names), "variants")
        assert set(images.previewed) == set(screen.choice.names)
        await pilot.press("2")
        await kit.until(pilot, lambda: len(drawn(variants)) == 1 + len(screen.choice.names), "one variant less")
        assert "bbox" not in " ".join(drawn(variants))
        text = kit.screen_text(pilot.app)
        for words in ("libraries ready", "Enter starts", "apu", "one image through the variants", "as it is"):
            assert words in text


async def test_where_there_is_no_room_nothing_moves(kit, make_app):
    shown = []
    for engine in (kit.FakeEngine(images=FakeImages()), kit.FakeEngine()):
        async with make_app(engine).run_test(size=SIZES[0]) as pilot:
            await (opened(kit, pilot) if engine.images else kit.ready(pilot))
            shown.append(await kit.settled(pilot))
    assert shown[0] == shown[1]


async def test_room_is_looked_for_when_the_terminal_changes(kit, make_app):
    async with make_app(kit.FakeEngine(images=FakeImages())).run_test(size=SIZES[0]) as pilot:
        screen = await opened(kit, pilot)
        parts = screen.query_one(ClassPictures), screen.query_one(VariantPictures)
        assert [part.display for part in parts] == [False, False]
        await pilot.resize_terminal(*SIZES[1])
        await kit.until(pilot, lambda: all(part.display for part in parts), "room")
        await pilot.resize_terminal(*SIZES[0])
        await kit.until(pilot, lambda: not any(part.display for part in parts), "no room")


async def test_without_pictures_no_image_is_opened(kit, make_app):
    images = FakeImages()
    async with make_app(kit.FakeEngine(images=images), pictures=Pictures("off")).run_test(size=SIZES[1]) as pilot:
        await kit.ready(pilot)
        await kit.settled(pilot)
        assert not pilot.app.screen.query(VariantPictures)
        assert not images.previewed


async def test_another_recipe_is_another_picture(kit, make_app):
    images = FakeImages()
    async with make_app(kit.FakeEngine(images=images)).run_test(size=SIZES[1]) as pilot:
        screen = await opened(kit, pilot)
        await kit.until(pilot, lambda: len(images.previewed) == len(screen.choice.names), "first")
        images.identity = "another"
        await pilot.press("r")
        await kit.until(pilot, lambda: len(images.previewed) == 2 * len(screen.choice.names), "again")
