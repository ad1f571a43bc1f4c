"""The screen that uses a model, driven by keys."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.widgets import DataTable

from engine.config.model import ModelRequest
from engine.errors import WeightsError
from tui.pictures.picture import Picture
from tui.screens.predict import ImagesScreen, PredictScreen

SIZES = [(80, 24), (120, 40), (200, 50)]
REQUEST = ModelRequest(Path("/runs/20260101-120000-aaaaaa"), offline=True)


class Host(App[None]):
    def __init__(self, engine, paths, request):
        super().__init__()
        self.engine, self.predict = engine, PredictScreen(engine, request, ("vanilla", "bbox"), paths)

    def on_mount(self):
        self.push_screen(self.predict)

    def action_back(self):
        self.pop_screen()


@asynccontextmanager
async def shown(engine, *paths, request=REQUEST, size=(120, 40)):
    async with Host(engine, paths, request).run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


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
async def test_answers_stand_with_confidence_runner_up_and_reason(fake, tmp_path, size):
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


async def test_it_asks_for_images_first_and_refuses_what_is_not_there(fake, tmp_path):
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


async def test_leaving_the_question_says_how_to_come_back_to_it(fake):
    async with shown(fake()) as pilot:
        await pilot.press("escape")
        assert "d: name a file" in text(pilot)
        await pilot.press("d")
        assert isinstance(pilot.app.screen, ImagesScreen)


async def test_tab_asks_the_next_variant_about_the_same_images(fake, tmp_path):
    engine = fake()
    async with shown(engine, tmp_path) as pilot:
        await until(pilot, "3 of 3 images")
        await pilot.press("tab")
        await until(pilot, "▲ bbox")
        await until(pilot, "3 of 3 images")
        assert pilot.app.predict.query_one("#answers", DataTable).row_count == 3
        await pilot.press("shift+tab")
        await until(pilot, "● vanilla")
        assert [(request.variant, paths) for request, paths in engine.asked] == [
            (variant, (tmp_path,)) for variant in ("vanilla", "bbox", "vanilla")
        ]


async def test_answers_come_one_by_one_and_a_stop_keeps_them(fake, tmp_path):
    engine = fake(hold=1)
    async with shown(engine, tmp_path) as pilot:
        await until(pilot, "1 of 3 images")
        assert "left" in text(pilot).splitlines()[1]
        await pilot.press("s")
        await until(pilot, "stopped")
        assert engine.stopped.wait(10)
        assert pilot.app.predict.query_one("#answers", DataTable).row_count == 1


async def test_leaving_the_screen_stops_the_model(fake, tmp_path):
    engine = fake(hold=1)
    async with shown(engine, tmp_path) as pilot:
        await until(pilot, "1 of 3 images")
        await pilot.press("escape")
        assert await asyncio.to_thread(engine.stopped.wait, 10)


async def test_what_was_asked_before_does_not_come_into_the_new_table(fake, tmp_path):
    engine = fake(hold=2)
    async with shown(engine, tmp_path) as pilot:
        await until(pilot, "2 of 3 images")
        engine.hold = None
        await pilot.press("tab")
        engine.go.set()
        await until(pilot, "3 of 3 images")
        assert pilot.app.predict.query_one("#answers", DataTable).row_count == 3


@pytest.mark.parametrize("error", [WeightsError("the run's weights are gone"), RuntimeError("a bug")])
async def test_a_model_that_cannot_be_used_is_told(fake, tmp_path, error):
    async with shown(fake(error=error), tmp_path) as pilot:
        await until(pilot, str(error))


async def test_notes_of_the_model_are_shown(fake, tmp_path):
    async with shown(fake(notes=("new images have no box",)), tmp_path) as pilot:
        await until(pilot, "new images have no box")


async def test_the_marked_image_and_its_probabilities_are_drawn(fake, tmp_path):
    async with shown(fake(), tmp_path) as pilot:
        await until(pilot, "3 of 3 images")
        await pilot.press("down", "down")
        await until(pilot, "0.500 ██████")
        picture = pilot.app.predict.query_one(Picture)
        assert picture.key == f"{tmp_path}/c.jpg"
