"""A model at work in a thread, and what it has said so far, for a screen that looks when it is ready."""

import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from engine.config.model import ModelRequest
from engine.events.control import StudyControl
from engine.reports.prediction import ModelOpened, PredictionEvent
from tui.session.background import Work
from tui.session.engine import Engine


class PredictionFeed(Work):
    """One question to a model; `start` begins, `drain` gives what is new, `stop` ends it after the image under way.

    Attributes:
        model: which model answers, once it is loaded.
        done: answers and refusals that were drained.
    """

    def __init__(
        self, engine: Engine, request: ModelRequest, paths: Sequence[Path], runs_dir: Path | None = None
    ) -> None:
        self.model: ModelOpened | None = None
        self.done = 0
        self._control = StudyControl()
        self._news: deque[PredictionEvent] = deque()
        self._began = self._last = 0.0
        paths = tuple(paths)
        super().__init__(
            "predict", lambda: engine.predict_images(request, paths, self._news.append, self._control), runs_dir
        )

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end."""
        return self._control.stop_requested

    def stop(self) -> None:
        """Have it end soon; nothing more is drained that was not said before."""
        self._control.stop()

    def drain(self) -> list[PredictionEvent]:
        """The answers since the last call; the model itself becomes `model`."""
        found: list[PredictionEvent] = []
        while self._news:
            event = self._news.popleft()
            if isinstance(event, ModelOpened):
                self.model = event
                self._began = self._last = time.monotonic()
                continue
            found.append(event)
        if found:
            self.done += len(found)
            self._last = time.monotonic()
        return found

    @property
    def images_per_second(self) -> float | None:
        """The rate so far, from the model's being ready to the last answer."""
        seconds = self._last - self._began
        return self.done / seconds if self.done and seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """What the rest will take at this rate."""
        per_second = self.images_per_second
        return (self.model.images - self.done) / per_second if self.model is not None and per_second else None
