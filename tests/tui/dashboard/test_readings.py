"""The set-up's choice of what trains and what tests."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import engine
from engine.config.study import StudyConfig
from engine.errors import DatasetError
from tui.screens.setup.readings import ReadingsScreen
from tui.screens.setup.screen import SetupScreen


@pytest.fixture
def two_sets(tmp_path):
    """Class folders in two places, one of them with test images."""
    for number, folder in enumerate(
        ("new/train/a", "new/train/b", "new/test/a", "new/test/b", "old/a", "old/b", "old/c")
    ):
        (tmp_path / folder).mkdir(parents=True)
        for shade in (0, 90):
            Image.new("RGB", (8, 6), (number * 30, shade, 90)).save(tmp_path / folder / f"{shade}.png")
    return tmp_path


async def test_another_reading_is_chosen_by_keyboard(kit, make_app, two_sets):
    readings = engine.dataset_readings(StudyConfig(data=two_sets))
    old = next(place for place, reading in enumerate(readings) if reading.train == Path("old"))
    app = make_app(config=replace(kit.CONFIG, data=two_sets))
    async with app.run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        await pilot.press("l")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, ReadingsScreen), "the window")
        await kit.until(pilot, lambda: "old/ trains (6 images, 3 classes)" in kit.screen_text(pilot.app), "the list")
        await pilot.press(*["down"] * old, "enter")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen), "set-up")
        assert pilot.app.screen.study_config().train == Path("old")


def test_the_readings_open_as_they_say(two_sets):
    config = StudyConfig(data=two_sets)
    first, *others = engine.dataset_readings(config)
    assert first.words == "new/train/ trains (4 images, 2 classes); new/test/ tests (4 images)"
    assert (first.train, first.test, first.val) == (None, None, None)
    for reading in others:
        summary = engine.inspect_dataset(replace(config, train=reading.train, test=reading.test, val=reading.val))
        assert f"{len(summary.classes)} classes" in reading.words


async def test_a_label_file_is_one_more_reading(kit, make_app, two_sets):
    (two_sets / "labels.csv").write_text("path,label\nold/a/0.png,x\nold/b/0.png,y\nold/c/0.png,x\nold/c/90.png,y\n")
    *_, last = engine.dataset_readings(StudyConfig(data=two_sets))
    assert (last.words, last.labels) == ("labels.csv gives the labels", Path("labels.csv"))
    app = make_app(config=replace(kit.CONFIG, data=two_sets))
    async with app.run_test(size=(120, 40)) as pilot:
        await kit.ready(pilot)
        await pilot.press("l")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, ReadingsScreen), "the window")
        await kit.until(pilot, lambda: "labels.csv gives the labels" in kit.screen_text(pilot.app), "the list")
        await pilot.press("end", "enter")
        await kit.until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen), "set-up")
        assert pilot.app.screen.study_config().labels == Path("labels.csv")


def test_label_files_come_first_where_folders_give_no_classes(two_sets):
    data = two_sets / "old" / "a"
    for folder in ("train", "test"):
        (data / folder).mkdir()
        Image.new("RGB", (8, 6), "red").save(data / folder / "1.png")
        (data / folder / "metadata.csv").write_text("file_name,label\n1.png,x\n")
    first, *others = engine.dataset_readings(StudyConfig(data=data))
    assert (first.words, first.labels) == ("test/metadata.csv, train/metadata.csv gives the labels", None)
    assert [reading.labels for reading in others[:2]] == [Path("test/metadata.csv"), Path("train/metadata.csv")]


def test_the_demo_set_has_no_choice_and_no_data_is_an_error(tmp_path):
    assert engine.dataset_readings(StudyConfig()) == ()
    with pytest.raises(DatasetError, match="nowhere"):
        engine.dataset_readings(StudyConfig(data=tmp_path / "nowhere"))
