"""Accuracy against resolution on the screen: chart, tables, progress."""

import threading

import numpy as np
import pytest

from engine.config.recipes import RECIPES
from engine.errors import WeightsError
from engine.events.record import StudyRecord
from engine.events.study import JobFinished, StudyFinished, StudyStarted
from engine.finished.explain.curves import count_ladder, native_sizes, resolution_answers
from engine.reports.resolution import SIZES, ResolutionReport
from engine.reports.results import Averages, ClassScores, DatasetSummary, JobResult, Metrics, Seconds
from tests.tui.fake_engine import FakeEngine
from tui.looks.palette import variant_style
from tui.screens.networks.inside import InsideScreen
from tui.screens.networks.resolution import ResolutionScreen

CLASSES = ("apu_nahasapeemapetilon", "marge_simpson")
VARIANTS = ("vanilla", "bbox", "denoise", "superres")
SCREENS = [(80, 24), (120, 40), (200, 50)]
IDS = ["80x24", "120x40", "200x50"]
TEST, HELD_OUT = 300, 131


@pytest.fixture
def record():
    average = Averages(0.5, 0.5, 0.5)
    scores = tuple(ClassScores(name, 0.5, 0.5, 0.5, 3) for name in CLASSES)
    metrics = Metrics(0.5, average, average, average, scores, ((1, 2), (0, 3)))
    dataset = DatasetSummary("s", "/s", "split", False, CLASSES, (20, 3), (3, 3), 0, 0)
    started = StudyStarted(
        study="s",
        dataset=dataset,
        variants=VARIANTS,
        protocol="clean",
        recipe=RECIPES["quick"],
        seed=0,
        program_version="0",
        folder="/runs/s",
    )
    jobs = [JobFinished(result=JobResult(name, 0, 0, "done", "", metrics, 0.5, 1, Seconds())) for name in VARIANTS]
    return StudyRecord.from_events([started, *jobs, StudyFinished(status="done", folder="/runs/s")])


def ladder(place, part):
    """The accuracy falls by a point a size, and by eight from 48 pixels on; the first images are the right ones."""
    images, largest = (TEST, 229) if part == "test" else (HELD_OUT, 640)
    longer = np.linspace(90 if part == "test" else 350, largest, images).astype(np.int64)
    shares = [0.8 - 0.1 * place - 0.01 * step - 0.08 * (size <= 48) for step, size in enumerate((999, *SIZES))]
    right = np.stack([np.arange(images) < share * images for share in shares], axis=1)
    return count_ladder(VARIANTS[place], part, longer, SIZES, right)


def measured(variants=VARIANTS):
    sizes = (
        native_sizes("training", np.linspace(352, 640, 2849).astype(np.int64)),
        native_sizes("test", np.linspace(92, 229, TEST).astype(np.int64)),
    )
    ladders = tuple(ladder(VARIANTS.index(name), part) for name in variants for part in ("test", "held out"))
    report = ResolutionReport("s", 0, 0, sizes, ladders, notes=("a note",))
    return ResolutionReport("s", 0, 0, sizes, ladders, resolution_answers(report), ("a note",))


@pytest.mark.parametrize("size", SCREENS, ids=IDS)
async def test_all_variants_and_one(show, record, snapshot, size):
    async with show(
        lambda session: ResolutionScreen(session, record), size, engine=FakeEngine(stored=measured())
    ) as shown:
        await shown.until(lambda: "● vanilla  ▲ bbox  ■ denoise  ◆ superres" in shown.text)
        assert shown.text == snapshot
        await shown.press("tab")
        await shown.until(lambda: "● test images  + held-out images" in shown.text)
        assert shown.text == snapshot


async def test_colours_are_the_variants_own(show, record):
    async with show(lambda session: ResolutionScreen(session, record), engine=FakeEngine(stored=measured())) as shown:
        await shown.until(lambda: "◆ superres" in shown.text)
        drawn = {
            segment.style.color.triplet.hex
            for strip in shown.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.color and segment.style.color.triplet
        }
        assert {variant_style(name).colour for name in VARIANTS} <= drawn


async def test_tab_goes_round(show, record):
    async with show(lambda session: ResolutionScreen(session, record), engine=FakeEngine(stored=measured())) as shown:
        await shown.until(lambda: "all variants on the test images" in shown.text)
        for name in VARIANTS:
            await shown.press("tab")
            await shown.until(lambda name=name: f"{name}: all its figures" in shown.text)
        await shown.press("tab")
        await shown.until(lambda: "all variants on the test images" in shown.text)
        await shown.press("shift+tab")
        await shown.until(lambda: "superres: all its figures" in shown.text)


async def test_measuring_shows_progress_and_then_figures_and_answers(show, record):
    engine = FakeEngine(report=measured())
    async with show(lambda session: ResolutionScreen(session, record), (120, 60), engine=engine) as shown:
        await shown.until(lambda: "Press Enter to measure" in shown.text)
        await shown.press("tab")
        assert "Press Enter to measure" in shown.text
        await shown.press("enter")
        await shown.until(lambda: "25 %" in shown.text and "vanilla: colour removed" in shown.text)
        assert engine.asked[0] is not threading.main_thread()
        engine.go.set()
        await shown.until(lambda: "0.800 [.751 .841]" in shown.text)
        assert "The test images have 0.32 of the training images' size" in shown.text
        assert "Measure" not in shown.text


async def test_variants_that_are_missing_can_be_measured(show, record):
    engine = FakeEngine(report=measured(), stored=measured(("vanilla", "bbox")))
    async with show(lambda session: ResolutionScreen(session, record), engine=engine) as shown:
        await shown.until(lambda: "not measured yet: denoise, superres; press Enter" in shown.text)
        await shown.press("enter")
        await shown.until(engine.holding.is_set)
        await shown.until(lambda: "25 %" in shown.text and "▲ bbox" in shown.text)
        engine.go.set()
        await shown.until(lambda: "◆ superres" in shown.text and "not measured" not in shown.text)


async def test_one_variant_alone_has_one_view(show, record):
    async with show(
        lambda session: ResolutionScreen(session, record), engine=FakeEngine(stored=measured(("vanilla",)))
    ) as shown:
        await shown.until(lambda: "● test images  + held-out images" in shown.text)
        await shown.press("tab")
        assert "vanilla: all its figures" in shown.text
        assert "tab: " not in shown.text


async def test_a_failure_keeps_what_was_known_and_can_be_tried_again(show, record):
    engine = FakeEngine(stored=measured(("vanilla", "bbox")), error=WeightsError("no weights"))
    engine.go.set()
    async with show(lambda session: ResolutionScreen(session, record), engine=engine) as shown:
        await shown.press("enter")
        await shown.until(lambda: "no weights" in shown.text)
        assert "▲ bbox" in shown.text
        assert "Measure" in shown.text


async def test_leaving_stops_the_measurement(show, record):
    engine = FakeEngine(report=measured())
    async with show(lambda session: ResolutionScreen(session, record), engine=engine) as shown:
        await shown.press("enter")
        await shown.until(engine.holding.is_set)
        await shown.press("escape")
        await shown.until(engine.stopped.is_set)


async def test_from_inside_the_networks(show, images, record):
    engine = FakeEngine(stored=measured())
    async with show(lambda session: InsideScreen(session, record), engine=engine) as shown:
        await shown.press("r")
        await shown.until(lambda: isinstance(shown.screen, ResolutionScreen) and "▲ bbox" in shown.text)
