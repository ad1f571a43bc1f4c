"""An engine that says what a test wants it to say of images."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import StudyStopped
from engine.reports.prediction import ImagePrediction, ModelOpened
from engine.reports.results import SkippedFile
from tui.session.engine import LocalEngine

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


class FakeEngine(LocalEngine):
    """Answers at once, or holds after `hold` answers until it is stopped or `go` is set."""

    def __init__(self, *, hold=None, error=None, notes=()):
        self.asked, self.error, self.notes, self.hold = [], error, notes, hold
        self.go, self.holding, self.stopped = threading.Event(), threading.Event(), threading.Event()

    def read_image(self, paths, shown):
        return np.full((12, 16, 3), 200, np.uint8)

    def predict_images(self, request, paths, take, control):
        self.asked.append((request, tuple(paths)))
        if self.error is not None:
            raise self.error
        take(replace(MODEL, variant=request.variant or "vanilla", notes=self.notes))
        for number, answer in enumerate(answers(paths[0])):
            if number == self.hold:
                self.holding.set()
                while not self.go.wait(0.01):
                    if control.stop_requested:
                        self.stopped.set()
                        raise StudyStopped
            take(answer)


@pytest.fixture
def fake():
    return FakeEngine
