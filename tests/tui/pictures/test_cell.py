"""The images behind a cell of a confusion matrix."""

from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.errors import StorageError
from engine.events.record import StudyRecord, run_folder
from engine.events.study import JobFinished, StudyFinished, StudyStarted
from engine.reports.results import Averages, ClassScores, DatasetSummary, JobResult, Metrics, Prediction, Seconds
from tui.screens.images.cell import CellScreen
from tui.screens.images.side_by_side import SideBySideScreen

CLASSES = ("apu_nahasapeemapetilon", "marge_simpson")
RED = (200, 30, 20)


def metrics():
    average = Averages(0.5, 0.5, 0.5)
    scores = tuple(ClassScores(name, 0.5, 0.5, 0.5, 20) for name in CLASSES)
    return Metrics(0.5, average, average, average, scores, ((0, 20), (0, 3)))


def said(variant, sure):
    """Every Apu taken for Marge, the first image the surest."""
    predictions = tuple(
        Prediction(
            f"{'test' if number == 1 else 'train'}/apu/pic_{number}.jpg", 0, 1, (1 - (p := sure - number / 100), p)
        )
        for number in range(20)
    )
    return JobFinished(
        result=JobResult(variant, 0, 0, "done", "", metrics(), 0.5, 1, Seconds(), predictions if sure else ())
    )


def record(*jobs):
    dataset = DatasetSummary("s", "/s", "split", False, CLASSES, (20, 3), (20, 3), 0, 0)
    started = StudyStarted(
        study="s",
        dataset=dataset,
        variants=("vanilla", "denoise"),
        protocol="official",
        recipe=RECIPES["quick"],
        seed=0,
        program_version="0",
        folder="/runs/s",
    )
    return StudyRecord.from_events([started, *jobs, StudyFinished(status="done", folder="/runs/s")])


@pytest.fixture
def two():
    right = said("denoise", 0.4)
    corrected = tuple(replace(one, predicted=0) for one in right.result.predictions)
    return record(said("vanilla", 0.9), JobFinished(result=replace(right.result, predictions=corrected)))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_pictures_come_surest_first_with_their_probabilities(show, two, size):
    async with show(lambda session: CellScreen(session, two, "vanilla", 0, 1), size) as shown:
        await shown.until(lambda: RED in shown.colours())
        assert "20 images of apu taken for marge" in shown.text
        assert "90 % marge, 10 % apu" in shown.text
        assert shown.text.index("90 % marge") < shown.text.index("89 % marge")
        assert "1 of 20" in shown.text
        assert "0.100 ◂ true" in shown.text


async def test_what_other_variants_said_stands_beside(show, two):
    async with show(lambda session: CellScreen(session, two, "vanilla", 0, 1)) as shown:
        await shown.until(lambda: "what the variants predicted" in shown.text)
        assert "vanilla   ✗ marge 0.90" in shown.text
        assert "denoise   ✓ apu 0.60" in shown.text


async def test_arrows_move_over_the_images(show, two):
    async with show(lambda session: CellScreen(session, two, "vanilla", 0, 1), (80, 24)) as shown:
        await shown.until(lambda: RED in shown.colours())
        columns = shown.screen.grid.columns
        await shown.press("down", "right")
        await shown.until(lambda: f"{columns + 2} of 20" in shown.text)
        await shown.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        await shown.until(lambda: "20 of 20" in shown.text)


async def test_enter_shows_the_image_under_every_variant_and_what_each_said(show, two):
    async with show(lambda session: CellScreen(session, two, "vanilla", 0, 1)) as shown:
        await shown.until(lambda: RED in shown.colours())
        await shown.press("right", "enter")
        assert isinstance(shown.screen, SideBySideScreen)
        await shown.until(lambda: "✗ marge 0.89" in shown.text and "✓ apu 0.61" in shown.text)
        assert "2 of 20" in shown.text


async def test_boxes_go_and_come(show, two):
    def boxed(colours):
        return any(red > 220 and green < 120 for red, green, _ in colours)

    async with show(lambda session: CellScreen(session, two, "vanilla", 0, 1)) as shown:
        await shown.until(lambda: boxed(shown.colours()))
        await shown.press("o")
        await shown.until(lambda: RED in shown.colours() and not boxed(shown.colours()))


async def test_without_its_data_a_run_still_says_what_was_said(show, two):
    async with show(
        lambda session: CellScreen(session, two, "vanilla", 0, 1), error=StorageError("/runs/s is no run folder")
    ) as shown:
        await shown.until(lambda: "/runs/s is no run" in shown.text)
        assert "90 % marge, 10 % apu" in shown.text
        await shown.press("enter")
        assert isinstance(shown.screen, CellScreen)


async def test_a_study_without_predictions_says_so(show):
    async with show(lambda session: CellScreen(session, record(said("vanilla", 0)), "vanilla", 0, 1)) as shown:
        await shown.until(lambda: "were not kept for this study" in shown.text)
        await shown.press("right", "pagedown", "o", "enter")


def test_the_run_folder_is_where_the_study_says(two):
    assert str(run_folder(two)) == "/runs/s"
