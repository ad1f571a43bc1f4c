"""Browsing the data set, and one image through every variant."""

import pytest

from engine.errors import DatasetError
from engine.reports.audit import AuditReport
from tui.pictures.picture import Picture, PictureGrid
from tui.pictures.service import Pictures
from tui.screens.images.browse import BrowseScreen
from tui.screens.images.side_by_side import SideBySideScreen, VariantColumn

SIZES = [(80, 24), (120, 40), (200, 50)]
FOUR = ("vanilla", "bbox", "denoise", "superres")
RED, BLUE = (200, 30, 20), (20, 40, 220)


def audit(*groups):
    return AuditReport("near", ("a", "b"), (19, 2), (1, 1), (0, 0), (0, 0), (), (), (), (), groups, 0, 0, 0, 0)


def browse(images, **options):
    return lambda session: BrowseScreen(session, lambda: images, FOUR, **options)


@pytest.mark.parametrize("size", SIZES)
async def test_a_page_shows_as_many_thumbnails_as_fit(show, images, size):
    async with show(browse(images), size) as shown:
        await shown.until(lambda: RED in shown.colours())
        grid = shown.screen.query_one(PictureGrid)
        await shown.until(lambda: shown.text.count("48×36") == min(20, grid.capacity))
        assert f"page 1 of {-(-20 // grid.capacity)}" in shown.text
        assert "19 train, 1 test, 2 boxed" in shown.text
        assert grid.capacity >= 8


async def test_pictures_are_read_away_from_the_screens_thread(show, images):
    async with show(browse(images)) as shown:
        await shown.until(lambda: RED in shown.colours())
    assert images.threads == {"pictures"}


async def test_boxes_are_drawn(show, images):
    async with show(browse(images)) as shown:
        await shown.until(lambda: any(red > 220 and green < 120 for red, green, _ in shown.colours()))
        assert "box 26×22 at 4,6" in shown.text


async def test_tab_goes_to_the_next_class(show, images):
    async with show(browse(images)) as shown:
        await shown.until(lambda: RED in shown.colours())
        await shown.press("tab")
        await shown.until(lambda: BLUE in shown.colours())
        assert RED not in shown.colours()
        assert "2 of 2" in shown.text
        await shown.press("tab")
        await shown.until(lambda: "1 of 2" in shown.text)


async def test_arrows_and_pages_move_the_mark(show, images):
    async with show(browse(images), (80, 24)) as shown:
        await shown.until(lambda: RED in shown.colours())
        columns, capacity = shown.screen.grid.columns, shown.screen.grid.capacity
        for key, place in (("right", 1), ("down", 1 + columns), ("pagedown", 1 + columns + capacity), ("end", 19)):
            await shown.press(key)
            assert shown.screen.chosen == images.images[place]
        await shown.until(lambda: "page 3 of 3" in shown.text)
        await shown.press("home", "left")
        assert shown.screen.chosen == images.images[0]


async def test_near_copies_are_marked_where_the_audit_knows_them(show, images):
    report = audit(("train/apu/pic_0.jpg", "train/apu/pic_3.jpg", "train/apu/pic_4.jpg"))
    async with show(browse(images, audit=report)) as shown:
        await shown.until(lambda: "≈ 2 near copies" in shown.text)
        assert "≈3 copied" in shown.text
        await shown.press("right")
        await shown.until(lambda: "no near copy" in shown.text)


async def test_a_data_set_that_cannot_be_read_says_why(show):
    def fail():
        raise DatasetError("simpsons.zip: gone")

    async with show(lambda session: BrowseScreen(session, fail, FOUR)) as shown:
        await shown.until(lambda: "simpsons.zip: gone" in shown.text)
        await shown.press("enter", "tab", "down", "pagedown")


async def test_one_broken_picture_does_not_cost_the_others(show, images):
    images.broken = "train/apu/pic_2.jpg"
    async with show(browse(images)) as shown:
        await shown.until(lambda: "damaged" in shown.text and RED in shown.colours())


async def test_pictures_can_be_off(show, images):
    async with show(browse(images), pictures=Pictures("off")) as shown:
        await shown.until(lambda: "pictures are off" in shown.text)
        assert not shown.colours()
        assert "pic_0" in shown.text
    assert not images.threads


async def test_no_color_draws_shades(show, images, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with show(browse(images)) as shown:
        await shown.until(lambda: shown.text.count("48×36") == 20 and "▒" in shown.text)
        assert "▀" not in shown.text
        dark = shown.text
        shown.app.theme = "textual-light"
        await shown.until(lambda: shown.text.translate(str.maketrans("░▓", "▓░")) == dark)
        assert shown.text != dark


@pytest.mark.parametrize("size", SIZES)
async def test_enter_shows_an_image_through_every_variant(show, images, size):
    async with show(browse(images), size) as shown:
        await shown.until(lambda: RED in shown.colours())
        await shown.press("enter")
        await shown.until(lambda: shown.text.count("32×24") == 4 and shown.text.count("changed 7.5 of 255") == 3)
        assert isinstance(shown.screen, SideBySideScreen)
        assert shown.text.count("changed 7.5 of 255") == 3
        assert "1.2 ms" in shown.text
        await shown.until(lambda: {RED, (100, 15, 10)} <= shown.colours())  # results, and differences below them
        await shown.press("escape")
        assert isinstance(shown.screen, BrowseScreen)


async def test_steps_that_an_image_does_not_need_are_said(show, images):
    async with show(lambda session: SideBySideScreen(session, images, "train/apu/pic_0.jpg", FOUR)) as shown:
        await shown.until(lambda: shown.text.count("32×24") == 4)
        assert "crop     not used" in shown.text


async def test_next_image_and_original(show, images):
    async with show(lambda session: SideBySideScreen(session, images, "train/marge/pic_0.jpg", ("vanilla",))) as shown:
        await shown.until(lambda: BLUE in shown.colours())
        picture = shown.screen.query_one(VariantColumn).query_one(".picture", Picture)
        await shown.press("o")
        await shown.until(lambda: picture.drawing is not None and picture.drawing.size == (36, 48))
        await shown.press("n")
        await shown.until(lambda: "2 of 3" in shown.text)
        await shown.press("p", "p")
        await shown.until(lambda: "3 of 3" in shown.text)


async def test_columns_that_do_not_fit_are_scrolled_to(show, images):
    five = (*FOUR, "superres-full")
    async with show(lambda session: SideBySideScreen(session, images, "train/apu/pic_0.jpg", five), (60, 24)) as shown:
        await shown.until(lambda: shown.text.count("32×24") == 3)
        assert "superres-full" not in shown.text
        await shown.press("right", "right")
        await shown.until(lambda: "superres-full" in shown.text)
        assert "vanilla" not in shown.text


async def test_a_picture_that_cannot_be_processed_says_why(show, images):
    images.broken = "train/apu/pic_0.jpg"
    async with show(lambda session: SideBySideScreen(session, images, "train/apu/pic_0.jpg", FOUR)) as shown:
        await shown.until(lambda: "damaged" in shown.text)
