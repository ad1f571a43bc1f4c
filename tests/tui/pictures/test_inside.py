"""Inside the network, what it loses, and pairs of copies as pictures."""

import threading

import numpy as np
import pytest
from textual.app import ComposeResult
from textual.screen import Screen

from engine.config.recipes import RECIPES
from engine.errors import WeightsError
from engine.events.record import StudyRecord
from engine.events.study import JobFinished, StudyFinished, StudyStarted
from engine.finished.explain.answers import draw_answers
from engine.finished.explain.measuring import measure_change
from engine.reports.explanation import ExplanationReport
from engine.reports.pictures import InsideView
from engine.reports.results import Averages, ClassScores, DatasetSummary, JobResult, Metrics, Prediction, Seconds
from tests.tui.fake_engine import FakeEngine
from tui.pictures.pair import PairPictures
from tui.screens.images.side_by_side import SideBySideScreen
from tui.screens.networks.ablation import MeasuredScreen
from tui.screens.networks.inside import InsideScreen

CLASSES = ("apu_nahasapeemapetilon", "marge_simpson")
INPUT, SAID, TRUE = (10, 200, 30), (220, 40, 30), (40, 60, 230)
WAIT = 10


def plain(colour):
    return np.full((24, 32, 3), colour, np.uint8)


class Looker:
    def __init__(self, variant, error=None):
        self.variant, self.error, self.asked = variant, error, []

    def look(self, path, label):
        self.asked.append((path, label, threading.current_thread() is threading.main_thread()))
        if self.error:
            raise self.error
        blocks = (("block1", plain((90, 0, 90))), ("block2", plain((0, 90, 90))))
        return InsideView(
            plain(INPUT), (0.2, 0.8), 1, plain(SAID), plain(TRUE), True, False, blocks, plain((70, 70, 70))
        )


def engine_of(images, report=None, error=None, broken=None):
    """Looks, measures and finds images as told; `broken` is raised by the networks, `error` by all else."""
    return FakeEngine(images=images, report=report, error=error, explainer=lambda variant: Looker(variant, broken))


@pytest.fixture
def record():
    average = Averages(0.5, 0.5, 0.5)
    scores = tuple(ClassScores(name, 0.5, 0.5, 0.5, 3) for name in CLASSES)
    metrics = Metrics(0.5, average, average, average, scores, ((1, 2), (0, 3)))
    said = tuple(
        Prediction(f"train/apu/pic_{number}.jpg", 0, predicted, (0.5, 0.5))
        for number, predicted in ((0, 0), (2, 1), (3, 1))
    )
    dataset = DatasetSummary("s", "/s", "split", False, CLASSES, (20, 3), (3, 3), 0, 0)
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
    jobs = [
        JobFinished(result=JobResult(variant, 0, 0, "done", "", metrics, 0.5, 1, Seconds(), said))
        for variant in ("vanilla", "denoise")
    ]
    return StudyRecord.from_events([started, *jobs, StudyFinished(status="done", folder="/runs/s")])


@pytest.fixture
def report():
    labels = np.repeat([0, 1], 30)
    before, after = labels.copy(), labels.copy()
    after[:25] = 1
    ablation = measure_change(
        "vanilla", "colour removed", "test", labels=labels, before=before, after=after, classes=CLASSES
    )
    trained = measure_change(
        "vanilla", "box greyed", "trained on", labels=labels, before=before, after=before, classes=CLASSES
    )
    return ExplanationReport("s", 0, 0, (ablation, trained), draw_answers((ablation, trained)), ("a note",))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_six_pictures_of_one_image(show, images, record, size):
    async with show(lambda session: InsideScreen(session, record), size, engine=engine_of(images)) as shown:
        await shown.until(lambda: {INPUT, SAID, TRUE, (90, 0, 90), (0, 90, 90), (70, 70, 70)} <= shown.colours())
        for words in ("input 32×24", "for marge (predicted)", "nothing for apu (true)", "block2", "filters"):
            assert words in shown.text
        assert "✗ true apu; predicted marge 0.80, apu 0.20" in shown.text
        assert "train/apu/pic_0.jpg   image 1 of 3" in shown.text


async def test_keys_go_through_images_variants_and_mistakes(show, images, record):
    engine = engine_of(images)
    async with show(lambda session: InsideScreen(session, record), engine=engine) as shown:
        await shown.until(lambda: "image 1 of 3" in shown.text and "✗" in shown.text)
        await shown.press("n")
        await shown.until(lambda: "image 2 of 3" in shown.text)
        await shown.press("p", "p")
        await shown.until(lambda: "image 3 of 3" in shown.text)
        await shown.press("tab")
        await shown.until(lambda: "denoise" in shown.text and "✗" in shown.text)
        assert engine.explainers["denoise"].asked[-1] == ("train/apu/pic_3.jpg", 0, False)
        await shown.press("m")
        await shown.until(lambda: "mistake 2 of 2" in shown.text)


async def test_one_picture_can_fill_the_screen(show, images, record):
    async with show(lambda session: InsideScreen(session, record), engine=engine_of(images)) as shown:
        await shown.until(lambda: SAID in shown.colours())
        await shown.press("z", "z")
        await shown.until(lambda: shown.colours() == {SAID})
        await shown.press("z", "z", "z", "z", "z")
        await shown.until(lambda: {INPUT, SAID, TRUE} <= shown.colours())


async def test_weights_that_are_gone_are_said(show, images, record):
    engine = engine_of(images, broken=WeightsError("weights/vanilla: cannot be read"))
    async with show(lambda session: InsideScreen(session, record), engine=engine) as shown:
        await shown.until(lambda: "weights/vanilla: cannot be read" in shown.text)
        await shown.press("n", "z", "m")


async def test_from_inside_to_the_steps_of_every_variant(show, images, record):
    async with show(lambda session: InsideScreen(session, record), engine=engine_of(images)) as shown:
        await shown.until(lambda: INPUT in shown.colours())
        await shown.press("s")
        await shown.until(lambda: isinstance(shown.screen, SideBySideScreen) and "1.2 ms" in shown.text)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_measuring_shows_progress_and_then_figures_and_answers(show, images, record, report, size):
    engine = engine_of(images, report)
    async with show(lambda session: MeasuredScreen(session, record), size, engine=engine) as shown:
        await shown.until(lambda: "Press Enter to measure" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "25 %" in shown.text and "vanilla: colour removed" in shown.text)
        engine.go.set()
        await shown.until(lambda: "[.487 .699]" in shown.text or "0.583" in shown.text)
        assert "colour removed" in shown.text
        assert "* boxed training images" in shown.text
        await shown.press("v")
        await shown.until(lambda: ("100→17" if size[0] == 80 else "30→5/30") in shown.text)


async def test_answers_stand_below_the_figures(show, images, record, report):
    engine = engine_of(images, report)
    engine.go.set()
    async with show(lambda session: MeasuredScreen(session, record), (120, 40), engine=engine) as shown:
        await shown.press("enter")
        await shown.until(lambda: "Apu's skin colour, vanilla" in shown.text)
        assert "a note" in shown.text


async def test_leaving_stops_the_measurement(show, images, record, report):
    engine = engine_of(images, report)
    async with show(lambda session: MeasuredScreen(session, record), engine=engine) as shown:
        await shown.press("enter")
        await shown.until(engine.holding.is_set)
        await shown.press("escape")
        await shown.until(engine.stopped.is_set)


async def test_a_measurement_that_fails_says_why_and_can_be_tried_again(show, images, record):
    engine = engine_of(images, error=WeightsError("no weights"))
    engine.go.set()
    async with show(lambda session: MeasuredScreen(session, record), engine=engine) as shown:
        await shown.press("enter")
        await shown.until(lambda: "no weights" in shown.text)
        assert "Measure" in shown.text


class PairScreen(Screen):
    def __init__(self, session):
        super().__init__()
        self._session = session

    def compose(self) -> ComposeResult:
        yield PairPictures(self._session.pictures)


async def test_a_pair_stands_side_by_side(show, images):
    async with show(PairScreen) as shown:
        pair = shown.screen.query_one(PairPictures)
        pair.show("train/apu/pic_0.jpg", "train/marge/pic_0.jpg")
        assert not shown.colours()
        pair.use(images, "")
        await shown.until(lambda: {(200, 30, 20), (20, 40, 220)} <= shown.colours())
        pair.show()
        await shown.until(lambda: not shown.colours())


async def test_a_pair_without_its_images_says_why(show):
    async with show(PairScreen) as shown:
        pair = shown.screen.query_one(PairPictures)
        pair.use(None, "the archive is gone")
        pair.show("a.jpg", "b.jpg")
        await shown.until(lambda: "the archive is gone" in shown.text)
