"""The screen that uses a model, driven by keys."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.widgets import DataTable

from engine.config.model import ModelRequest
from engine.errors import WeightsError
from tests.tui.host import Host
from tui.pictures.picture import Picture
from tui.screens.predict import ImagesScreen, PredictScreen

SIZES = [(80, 24), (120, 40), (200, 50)]
REQUEST = ModelRequest(Path("/runs/20260101-120000-aaaaaa"), offline=True)


@pytest.fixture
def shown(tmp_path):
    @asynccontextmanager
    async def show(engine, *paths, request=REQUEST, size=(120, 40)):
        app = Host(
            lambda session: PredictScreen(session, request, ("vanilla", "bbox"), paths), tmp_path / "runs", engine
        )
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield pilot

    return show


def answers_of(pilot):
    """The table, below the window that asks for images where there is one."""
    return next(screen for screen in pilot.app.screen_stack if isinstance(screen, PredictScreen))


def text(pilot):
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def table_rows(pilot):
    return [" ".join(line.split("│")[0].split()) for line in text(pilot).splitlines()]


async def until(pilot, *words, read=text):
    for _ in range(500):
        found = read(pilot)
        if all(word in found for word in words):
            await pilot.pause()
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{words!r} never came\n{text(pilot)}")


@pytest.mark.parametrize("size", SIZES)
async def test_answers_stand_with_confidence_runner_up_and_reason(shown, fake, tmp_path, size):
    async with shown(fake(), tmp_path, size=size) as pilot:
        await until(pilot, "3 of 3 images")
        # The table measures its columns after it has its rows.
        await until(
            pilot,
            "bart 0.700 homer 0.200 a.jpg",
            "refused b.jpg: an empty file",
            "homer 0.500 apu 0.250 c.jpg",
            read=table_rows,
        )
        assert "1 refused" in text(pilot)
        assert "left" not in text(pilot).splitlines()[1]


async def test_it_asks_for_images_first_and_refuses_what_is_not_there(shown, fake, tmp_path):
    engine = fake()
    async with shown(engine) as pilot:
        assert isinstance(pilot.app.screen, ImagesScreen)
        await pilot.press(*"nope", "enter")
        assert "nope: there is no such file or folder" in text(pilot)
        assert engine.asked == []
        pilot.app.screen.query_one("#path").value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, "3 of 3 images")
        assert engine.asked == [(ModelRequest(REQUEST.folder, "vanilla", offline=True), (tmp_path,))]


async def test_leaving_the_question_says_how_to_come_back_to_it(shown, fake):
    async with shown(fake()) as pilot:
        await pilot.press("escape")
        assert "d: name a file" in text(pilot)
        await pilot.press("d")
        assert isinstance(pilot.app.screen, ImagesScreen)


async def test_tab_asks_the_next_variant_about_the_same_images(shown, fake, tmp_path):
    engine = fake()
    async with shown(engine, tmp_path) as pilot:
        await until(pilot, "3 of 3 images")
        await pilot.press("tab")
        await until(pilot, "▲ bbox")
        await until(pilot, "3 of 3 images")
        assert answers_of(pilot).query_one("#answers", DataTable).row_count == 3
        await pilot.press("shift+tab")
        await until(pilot, "● vanilla")
        assert [(request.variant, paths) for request, paths in engine.asked] == [
            (variant, (tmp_path,)) for variant in ("vanilla", "bbox", "vanilla")
        ]


async def test_answers_come_one_by_one_and_a_stop_keeps_them(shown, fake, tmp_path):
    engine = fake(hold_after=1)
    async with shown(engine, tmp_path) as pilot:
        await until(pilot, "1 of 3 images")
        assert "left" in text(pilot).splitlines()[1]
        await until(pilot, "s Stop")
        await pilot.press("s")
        await until(pilot, "stopped")
        assert engine.stopped.wait(10)
        assert answers_of(pilot).query_one("#answers", DataTable).row_count == 1


async def test_leaving_the_screen_stops_the_model(shown, fake, tmp_path):
    engine = fake(hold_after=1)
    async with shown(engine, tmp_path) as pilot:
        await until(pilot, "1 of 3 images")
        await pilot.press("escape")
        assert await asyncio.to_thread(engine.stopped.wait, 10)


async def test_what_was_asked_before_does_not_come_into_the_new_table(shown, fake, tmp_path):
    engine = fake(hold_after=2)
    async with shown(engine, tmp_path) as pilot:
        await until(pilot, "2 of 3 images")
        engine.hold_after = None
        await pilot.press("tab")
        engine.go.set()
        await until(pilot, "3 of 3 images")
        assert answers_of(pilot).query_one("#answers", DataTable).row_count == 3


@pytest.mark.parametrize("error", [WeightsError("the run's weights are gone"), RuntimeError("a bug")])
async def test_a_model_that_cannot_be_used_is_told(shown, fake, tmp_path, error):
    async with shown(fake(error=error), tmp_path) as pilot:
        await until(pilot, str(error))


async def test_notes_of_the_model_are_shown(shown, fake, tmp_path):
    async with shown(fake(notes=("new images have no box",)), tmp_path) as pilot:
        await until(pilot, "new images have no box")


async def test_the_marked_image_and_its_probabilities_are_drawn(shown, fake, tmp_path):
    async with shown(fake(), tmp_path) as pilot:
        await until(pilot, "3 of 3 images")
        await pilot.press("down", "down")
        await until(pilot, "0.500 ██████")
        picture = answers_of(pilot).query_one(Picture)
        assert picture.key == f"{tmp_path}/c.jpg"
