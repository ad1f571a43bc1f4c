"""Predictions without a screen: on standard output as they come, or as one JSON object at the end."""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine import keep_memory
from engine.config.model import ModelRequest
from engine.errors import FAILURE, WRONG_USE
from engine.events.codec import to_jsonable
from engine.reports.prediction import ImagePrediction, ModelOpened, PredictionEvent
from engine.reports.results import SkippedFile
from tui.console.stdout import OutputError, results_alone_on_stdout
from tui.looks.formatting import count, json_line, rate


def run_predictions(request: ModelRequest, paths: Sequence[Path], *, as_json: bool) -> int:
    """Predict images with a model, write the predictions, and return the exit status.

    Raises:
        SimpsonsError: the model cannot be used, or the predictions cannot be written.
    """
    keep_memory()  # of use only before there are other threads
    from engine import predict_images

    with results_alone_on_stdout() as results:
        output = _Output(results, as_json=as_json)
        with output.progress:
            predict_images(request, paths, output.take)
        output.finish()
    return output.status


@dataclass
class _Output:
    """The predictions so far, and where they are written."""

    results: TextIO
    as_json: bool
    model: ModelOpened | None = None
    predictions: list[ImagePrediction] = field(default_factory=list)
    predicted: int = 0
    refused: list[SkippedFile] = field(default_factory=list)
    started: float = 0.0

    def __post_init__(self) -> None:
        drawn = self.as_json and sys.stderr is not None and sys.stderr.isatty()  # lines of text show it themselves
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=Console(stderr=True), transient=True, disable=not drawn)
        self._task = self.progress.add_task("predicting", total=None)

    def take(self, event: PredictionEvent) -> None:
        """The model, a prediction or a refusal."""
        if isinstance(event, ModelOpened):
            self._begin(event)
            return
        self.progress.advance(self._task)
        if isinstance(event, SkippedFile):
            self.refused.append(event)
            _say(f"{event.path}: {event.reason}")
            return
        self.predicted += 1
        if self.as_json:
            self.predictions.append(event)
        else:
            self._write(f"{self._line(event)}\n")

    def finish(self) -> None:
        """The end of the output, and a line on how it went."""
        if self.as_json:
            self._write(json_line(self._to_json()))
        seconds = time.monotonic() - self.started
        refused = f", {count(len(self.refused))} could not be used" if self.refused else ""
        speed = f", {rate(self.predicted / seconds)}" if self.predicted and seconds > 0 else ""
        _say(f"{count(self.predicted)} images predicted{refused}{speed}")

    @property
    def status(self) -> int:
        """The exit status."""
        if not self.predicted:
            return WRONG_USE
        return FAILURE if self.refused else 0

    def _begin(self, model: ModelOpened) -> None:
        self.model, self.started = model, time.monotonic()
        self.progress.update(self._task, total=model.images)
        which = f"{model.variant} of run {model.study} (seed {model.seed}, fold {model.fold})"
        _say(f"{which}, computing on {model.device} {model.precision}, {count(model.images)} images")
        for note in model.notes:
            _say(note)

    def _line(self, prediction: ImagePrediction) -> str:
        """Columns that stay in place, the path last because it may be of any length."""
        assert self.model is not None
        width = max(map(len, self.model.classes))
        best = [
            f"{self.model.classes[label]:{width}}  {prediction.probabilities[label]:.3f}"
            for label in prediction.ranking[:2]
        ]
        return "  ".join([*best, prediction.path])

    def _to_json(self) -> dict[str, Any]:
        assert self.model is not None
        classes = self.model.classes
        return {
            "run": self.model.study,
            "variant": self.model.variant,
            "seed": self.model.seed,
            "fold": self.model.fold,
            "classes": list(classes),
            "notes": list(self.model.notes),
            "images": [
                {
                    "path": prediction.path,
                    "predicted": classes[prediction.predicted],
                    "confidence": prediction.confidence,
                    "probabilities": dict(zip(classes, prediction.probabilities, strict=True)),
                }
                for prediction in self.predictions
            ],
            "refused": to_jsonable(self.refused),
        }

    def _write(self, text: str) -> None:
        try:
            self.results.write(text)
            self.results.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            with suppress(OSError, ValueError):  # what is buffered must not be tried again at the end
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.results.fileno())
            reason = error.strerror or error
            raise OutputError(f"the predictions could not be written to standard output ({reason})") from error


def _say(message: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{message}\n")
