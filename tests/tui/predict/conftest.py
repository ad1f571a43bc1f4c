"""An engine that says what a test wants it to say of images."""

from dataclasses import replace

import pytest

from engine.reports.prediction import ImagePrediction, ModelOpened
from engine.reports.results import SkippedFile
from tests.tui.fake_engine import FakeEngine

MODEL = ModelOpened(
    study="20260101-120000-aaaaaa",
    folder="/runs/20260101-120000-aaaaaa",
    variant="vanilla",
    seed=0,
    fold=0,
    classes=("apu", "bart", "homer"),
    image_size=(96, 128),
    device="cpu",
    device_name="a processor",
    precision="fp32",
    images=3,
)


def answers(folder):
    return (
        ImagePrediction(f"{folder}/a.jpg", (0.1, 0.7, 0.2)),
        SkippedFile(f"{folder}/b.jpg", "an empty file"),
        ImagePrediction(f"{folder}/c.jpg", (0.25, 0.25, 0.5)),
    )


class Predictor(FakeEngine):
    """Answers at once, or holds after `hold_after` answers until it is stopped or `go` is set."""

    def __init__(self, *, notes=(), **options):
        super().__init__(**options)
        self._notes = notes

    def predicted(self, request, paths):
        return (replace(MODEL, variant=request.variant or "vanilla", notes=self._notes), *answers(paths[0]))


@pytest.fixture
def fake():
    return Predictor
